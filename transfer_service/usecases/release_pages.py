"""The page of a packet's releases: whom each names, how it stands, its links, and what the one who looks may do now."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from transfer_service.domain.document import DocumentKind, ReleaseDocument
from transfer_service.domain.language import Language
from transfer_service.domain.link import Link, LinkState
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import Actor, Department, Recipient, Staff, StaffActor
from transfer_service.domain.policy import (
    check_may_ask_releases,
    check_may_oversee_releases,
    is_allowed,
)
from transfer_service.domain.release import Grant, Release, ReleaseState, shown_state
from transfer_service.errors import NotFound, NotNow
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.form_templates import language_of_form
from transfer_service.usecases.issue import Issue, LinkView
from transfer_service.usecases.posted import ListedRelease, listed
from transfer_service.usecases.reach import owned_packet, release_and_packet


@dataclass(frozen=True, slots=True, repr=False)
class Named:
    """A recipient as the patient reads them, the files for them, and whether the directory still says the same."""

    recipient: Recipient
    files: tuple[PacketFile, ...]
    is_still: bool


@dataclass(frozen=True, slots=True, repr=False)
class LinkLine:
    """A link, what it is worth now, to whom, and who of the staff issued it."""

    link: Link
    state: LinkState
    recipient: Recipient
    issued_by: str


@dataclass(frozen=True, slots=True)
class Mays:
    """What the one who looks may do with a release as it stands."""

    resend: bool
    bring_scan: bool
    confirm: bool
    withdraw: bool
    issue: bool


@dataclass(frozen=True, slots=True, repr=False)
class ReleaseCard:
    """A release with all that is shown of it. ``scan`` is of the form on paper, ``scanned_by`` who brought it."""

    release: ListedRelease
    state: str
    named: tuple[Named, ...]
    links: tuple[LinkLine, ...]
    asked_by: str
    scan: ReleaseDocument | None
    scanned_by: str | None
    may: Mays


@dataclass(frozen=True, slots=True, repr=False)
class ReleasesPage:
    """The packet and its releases, newest first. ``may_ask``: for another one."""

    packet: Packet
    file_count: int
    cards: tuple[ReleaseCard, ...]
    may_ask: bool


@dataclass(frozen=True, slots=True, repr=False)
class AskPage:
    """What a release can be asked with: files by path, recipients by name, languages in which its form is approved."""

    packet: Packet
    files: tuple[PacketFile, ...]
    recipients: tuple[Recipient, ...]
    languages: tuple[Language, ...]
    language: Language
    treatment_allowed: bool
    latest: datetime


@dataclass(frozen=True)
class ReleasePages:
    """Coordinators and privacy officers look; coordinators ask."""

    database: Database
    issue: Issue

    def of_packet(self, actor: Actor, packet_id: UUID, now: datetime) -> ReleasesPage:
        """NotAllowed, NotFound."""
        staff = check_may_oversee_releases(actor)
        views = self.issue.of_packet(staff, packet_id, now)
        with self.database.reading() as tx:
            packet = owned_packet(tx, staff, packet_id)
            releases = tx.find(Release, packet.organization_id, packet_id=packet.id)
            desk = self._desk(tx, staff, packet, views, now)
            return ReleasesPage(
                packet=packet,
                file_count=len(desk.files),
                cards=tuple(desk.card(release) for release in reversed(releases)),
                may_ask=_asks(staff) and _passes(packet.check_closed),
            )

    def card(self, actor: Actor, release_id: UUID, now: datetime) -> tuple[Packet, ReleaseCard]:
        """One release; NotAllowed, NotFound."""
        staff = check_may_oversee_releases(actor)
        with self.database.reading() as tx:
            release, packet = release_and_packet(tx, staff, release_id)
        views = self.issue.of_packet(staff, packet.id, now)
        with self.database.reading() as tx:
            return packet, self._desk(tx, staff, packet, views, now).card(release)

    def link(self, actor: Actor, link_id: UUID, now: datetime) -> tuple[Packet, LinkLine]:
        """One link; NotAllowed, NotFound."""
        staff = check_may_oversee_releases(actor)
        with self.database.reading() as tx:
            release_id = tx.get(Link, staff.organization_id, link_id).release_id
        packet, card = self.card(staff, release_id, now)
        return packet, next(line for line in card.links if line.link.id == link_id)

    def before_asking(self, actor: Actor, packet_id: UUID, now: datetime) -> AskPage:
        """NotAllowed, NotFound, PacketNotClosed, PacketRetired."""
        staff = check_may_ask_releases(actor)
        with self.database.reading() as tx:
            packet = owned_packet(tx, staff, packet_id)
            packet.check_closed()
            of = packet.organization_id
            return AskPage(
                packet=packet,
                files=tuple(sorted(tx.find(PacketFile, of, packet_id=packet.id), key=lambda file: file.path)),
                recipients=tuple(sorted(tx.find(Recipient, of), key=lambda each: (each.name.casefold(), each.id))),
                languages=tuple(each for each in Language if _is_approved(tx, packet, each)),
                language=language_of_form(tx, packet, None),
                treatment_allowed=tx.get(Department, of, packet.department_id).treatment_allowed,
                latest=now + self.issue.limits.release_for,
            )

    def _desk(
        self, tx: Transaction, staff: StaffActor, packet: Packet, views: Iterable[LinkView], now: datetime
    ) -> "_Desk":
        files = {file.id: file for file in tx.find(PacketFile, packet.organization_id, packet_id=packet.id)}
        return _Desk(tx, staff, packet, files, tuple(views), self.issue, now)


@dataclass(frozen=True)
class _Desk:
    """One look at one packet."""

    tx: Transaction
    staff: StaffActor
    packet: Packet
    files: Mapping[UUID, PacketFile]
    views: tuple[LinkView, ...]
    issue: Issue
    now: datetime

    def card(self, release: Release) -> ReleaseCard:
        documents = self.tx.find(ReleaseDocument, release.organization_id, release_id=release.id)
        scan = next((each for each in documents if each.kind is DocumentKind.PAPER), None)
        return ReleaseCard(
            release=listed(self.tx, release),
            state=shown_state(release, self.now),
            named=tuple(self._named(release, grant) for grant in release.grants),
            links=tuple(self._line(release, view) for view in self.views if view.link.release_id == release.id),
            asked_by=self._staff_name(release.requested_by),
            scan=scan,
            scanned_by=self._staff_name(scan.made_by) if scan and scan.made_by else None,
            may=self._mays(release, scan),
        )

    def _named(self, release: Release, grant: Grant) -> Named:
        read = self.tx.recipient_version(release.organization_id, grant.recipient_id, grant.recipient_version)
        today = self.tx.get(Recipient, release.organization_id, grant.recipient_id)
        files = tuple(self.files[each] for each in grant.file_ids if each in self.files)
        return Named(read, files, today.is_still(read))

    def _line(self, release: Release, view: LinkView) -> LinkLine:
        named = self._named(release, release.grant_to(view.link.recipient_id))
        return LinkLine(view.link, view.state, named.recipient, self._staff_name(view.link.issued_by))

    def _staff_name(self, staff_id: UUID) -> str:
        """Empty for what is no member of staff's: a review service's link comes of itself."""
        try:
            return self.tx.get(Staff, self.staff.organization_id, staff_id).name
        except NotFound:
            return ""

    def _mays(self, release: Release, scan: ReleaseDocument | None) -> Mays:
        asks, is_there = _asks(self.staff), _passes(self.packet.check_closed)
        letters_until = release.ends_at + self.issue.limits.patient_secret_for
        return Mays(
            resend=asks and bool(release.email) and self.now < letters_until,
            bring_scan=asks and is_there and _passes(lambda: release.check_unsigned(self.now)),
            confirm=is_there
            and _passes(lambda: release.check_may_be_confirmed(self.now))
            and scan is not None
            and scan.made_by != self.staff.staff_id,
            withdraw=release.state is not ReleaseState.WITHDRAWN and self.now < release.expires_at,
            issue=asks and is_there and _passes(lambda: release.check_live(self.now)),
        )


def _asks(staff: StaffActor) -> bool:
    return is_allowed(lambda: check_may_ask_releases(staff))


def _is_approved(tx: Transaction, packet: Packet, language: Language) -> bool:
    return _passes(lambda: language_of_form(tx, packet, language))


def _passes(check: Callable[[], object]) -> bool:
    """Whether the state of things permits it."""
    try:
        check()
    except NotNow:
        return False
    return True
