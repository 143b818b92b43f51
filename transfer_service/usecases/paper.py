"""Paper: the patient signs a printed form, one member of staff brings its scan, and another confirms what stands on it.

1. A coordinator sends the scan. The release awaits confirmation; a better scan replaces it.
2. Another member of staff looks at it, and types what stands there, with the digest of what they saw.
3. The same member can't confirm what they brought; that they tried is recorded.

Nothing leaves before the third step is done. The patient can withdraw, or sign on the page, at any time before.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID

from transfer_service.audit.entry import Event, Fact
from transfer_service.domain.document import (
    BEGINNING_BYTES,
    DocumentKind,
    ReleaseDocument,
    check_begins_as,
    check_is_scan_type,
)
from transfer_service.domain.people import Actor, StaffActor
from transfer_service.domain.policy import check_may_ask_releases, check_may_oversee_releases
from transfer_service.domain.release import (
    Medium,
    Release,
    ReleaseState,
    Signature,
    Signer,
    check_signs_by_name,
)
from transfer_service.domain.webhook import NoticeKind
from transfer_service.errors import DocumentChanged, Invalid, NotFound, SecondPersonNeeded
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.documents import DocumentDraft, Documents
from transfer_service.usecases.notices import notices_of
from transfer_service.usecases.reach import owned_packet

#: The day on a form is where it was signed; ours is UTC's.
ELSEWHERE = timedelta(days=1)


@dataclass(frozen=True, slots=True, repr=False)
class ScanPlan:
    """A scan that may come now, of which release, and who brings it."""

    staff: StaffActor
    draft: DocumentDraft


@dataclass(frozen=True, slots=True, repr=False)
class PaperDraft:
    """What stands on the paper, as whoever confirms it reads it; ``document_sha256`` (hex) is of the scan they saw."""

    document_sha256: str
    name: str
    signer: Signer
    signed_on: date
    authority: str | None = None


@dataclass(frozen=True)
class Papers:
    """Coordinators bring scans; whoever oversees releases looks at them, and confirms those of others."""

    database: Database
    documents: Documents
    clock: Callable[[], datetime]

    def expect(self, actor: Actor, release_id: UUID, media_type: str, size_bytes: int, now: datetime) -> ScanPlan:
        """May a scan come?

        NotFound, ScanRefused, ReleaseWithdrawn, ReleaseNotRequested, ReleaseExpired, PacketRetired.
        """
        staff = check_may_ask_releases(actor)
        with self.database.reading() as tx:
            release = _unsigned(tx, staff, release_id, now)
        check_is_scan_type(media_type)
        return ScanPlan(staff, DocumentDraft(release, DocumentKind.PAPER, media_type, size_bytes, staff.staff_id))

    def take(self, plan: ScanPlan, body: Iterable[memoryview]) -> tuple[Release, ReleaseDocument]:
        """Keep the scan, in the place of a former one. ScanRefused, and the refusals of ``expect``: it took a while."""
        scan = _checked(plan.draft.media_type, iter(body))
        document = self.documents.stored(plan.draft, scan, self.clock())
        now = self.clock()
        with self.database.changing() as tx:
            release = _unsigned(tx, plan.staff, document.release_id, now)
            if release.state is ReleaseState.REQUESTED:
                release = release.moved(ReleaseState.AWAITING_CONFIRMATION)
            event = _event("release.paper_received", plan.staff, release, document, now, size_bytes=document.size_bytes)
            self.documents.keep(tx, event, document, release)
        return release, document

    def confirm(self, actor: Actor, release_id: UUID, draft: PaperDraft, now: datetime) -> Release:
        """Signed, from now on. SecondPersonNeeded is recorded.

        ReleaseWithdrawn, NothingToConfirm, ReleaseExpired, PacketRetired, DocumentChanged, Invalid.
        """
        staff = check_may_oversee_releases(actor)
        try:
            with self.database.changing() as tx:
                return self._confirmed(tx, staff, release_id, draft, now)
        except SecondPersonNeeded:
            with self.database.changing() as tx:
                release, document = self._scan(tx, staff, release_id)
                tx.save(_event("release.paper_refused", staff, release, document, now, code=SecondPersonNeeded.code))
            raise

    def look(self, actor: Actor, release_id: UUID) -> ReleaseDocument:
        """The scan's facts; NotFound where there is none."""
        staff = check_may_oversee_releases(actor)
        with self.database.reading() as tx:
            return self._scan(tx, staff, release_id)[1]

    def show(
        self, actor: Actor, document: ReleaseDocument, start: int, stop: int, now: datetime
    ) -> Generator[bytes, None, None]:
        """Plaintext [start, stop) of the scan; that it was shown is recorded before. NotFound once it was replaced."""
        staff = check_may_oversee_releases(actor)
        with self.database.changing() as tx:
            release, present = self._scan(tx, staff, document.release_id)
            if present.id != document.id:
                raise NotFound
            tx.save(_event("release.paper_shown", staff, release, document, now))
        return self.documents.read(document, start, stop)

    def _confirmed(
        self, tx: Transaction, staff: StaffActor, release_id: UUID, draft: PaperDraft, now: datetime
    ) -> Release:
        release = _owned(tx, staff, release_id)
        release.check_may_be_confirmed(now)
        document = self.documents.of(tx, release, DocumentKind.PAPER)
        if document.made_by == staff.staff_id:
            raise SecondPersonNeeded
        if document.sha256 != draft.document_sha256:
            raise DocumentChanged
        check_signs_by_name(draft.name, draft.signer, draft.authority)
        _check_day(draft.signed_on, release, now)
        release = replace(
            release.moved(ReleaseState.SIGNED), signature=_signature(draft, staff, document), signed_at=now
        )
        facts = {"form_sha256": release.form.sha256, "manifest_sha256": release.manifest_sha256}
        event = _event(
            "release.signed",
            staff,
            release,
            document,
            now,
            signer=draft.signer.value,
            medium=Medium.PAPER.value,
            **facts,
        )
        tx.save(event, release, *notices_of(tx, release, NoticeKind.RELEASED, now))
        return release

    def _scan(self, tx: Transaction, staff: StaffActor, release_id: UUID) -> tuple[Release, ReleaseDocument]:
        release = tx.get(Release, staff.organization_id, release_id)
        owned_packet(tx, staff, release.packet_id)
        return release, self.documents.of(tx, release, DocumentKind.PAPER)


def _owned(tx: Transaction, staff: StaffActor, release_id: UUID) -> Release:
    """A release of a packet that is the actor's, and is there still."""
    release = tx.get(Release, staff.organization_id, release_id)
    owned_packet(tx, staff, release.packet_id).check_closed()
    return release


def _unsigned(tx: Transaction, staff: StaffActor, release_id: UUID, now: datetime) -> Release:
    release = _owned(tx, staff, release_id)
    release.check_unsigned(now)
    return release


def _checked(media_type: str, body: Iterator[memoryview]) -> Iterator[memoryview]:
    """The body again, which begins as it says."""
    beginning = b""
    while len(beginning) < BEGINNING_BYTES and (block := next(body, None)) is not None:
        beginning += block
    check_begins_as(media_type, beginning)
    return chain([memoryview(beginning)], body)


def _check_day(signed_on: date, release: Release, now: datetime) -> None:
    """Invalid: nobody signs a form before there is one, or tomorrow."""
    if not (release.requested_at - ELSEWHERE).date() <= signed_on <= (now + ELSEWHERE).date():
        raise Invalid("The day of the signature lies between the day when the release was asked for and today.")


def _signature(draft: PaperDraft, staff: StaffActor, document: ReleaseDocument) -> Signature:
    return Signature(
        name=draft.name,
        signer=draft.signer,
        authority=draft.authority,
        email="",
        medium=Medium.PAPER,
        signed_on=draft.signed_on,
        confirmed_by=staff.staff_id,
        document_sha256=document.sha256,
    )


def _event(
    action: str, staff: StaffActor, release: Release, document: ReleaseDocument, now: datetime, **facts: Fact
) -> Event:
    subject = {"packet": release.packet_id, "release": release.id, "document": document.id}
    return Event(action, staff, now, subject, {"document_sha256": document.sha256, **facts})
