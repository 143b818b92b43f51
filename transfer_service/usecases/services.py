"""Services: what a review service does with its own token: see what is released to it, redeem it, say that it has it.

The token is the proof, so there is no challenge and no secret. The first redemption under a release issues a link in
the same transaction: so that staff see it, revoke it, and account for it as for any other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.disclosure import Disclosure, Receipt
from transfer_service.domain.link import Link, Redemption, Verification
from transfer_service.domain.manifest import sizes_listed
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Actor, Credential, ServiceActor
from transfer_service.domain.policy import check_is_service, check_live
from transfer_service.domain.release import Release
from transfer_service.errors import FileUnknown, NotAuthenticated, NotFetched, NotFound, NotNow, RecipientChanged
from transfer_service.ports import Database, Slice, Transaction
from transfer_service.sealing.tokens import mint_secret, token_hash
from transfer_service.usecases.admit import Admit, Redeemed
from transfer_service.usecases.issue import link_event
from transfer_service.usecases.notices import names_service
from transfer_service.usecases.reach import check_recipient, service_link
from transfer_service.usecases.refusals import MOST_ROWS, record_refusal

REFUSED = "release.redeem_refused"


@dataclass(frozen=True, slots=True, repr=False)
class ReleasedTo:
    """A release as the service that it names finds it in its list. ``acknowledged_at``: it said it has all files."""

    release: Release
    files: int
    bytes: int
    redemptions: int
    acknowledged_at: datetime | None


@dataclass(frozen=True)
class Services:
    """A release to a recipient that the patient read as a service is all the permission there is, and all it takes."""

    database: Database
    admit: Admit

    def released(self, actor: Actor, now: datetime, *, limit: int, cursor: str | None) -> Slice[ReleasedTo]:
        """What this service can redeem now, newest first. A page may be short and have a next one all the same."""
        service = check_is_service(actor)
        about = {"naming": service.recipient_id, "live_at": now, "of_closed_packets_of": service.organization_id}
        with self.database.reading() as tx:
            found = tx.page(Release, service.organization_id, limit=limit, cursor=cursor, **about)
            shown = [
                _listed(tx, service, release)
                for release in found.items
                if names_service(tx, release, service.recipient_id) and _may_redeem(tx, service, release)
            ]
            return Slice(shown, found.next_cursor)

    def redeem(self, actor: Actor, release_id: UUID, replay: str | None, now: datetime) -> Redeemed:
        """Counts one redemption; repeated by the same token with its Idempotency-Key, a fresh token for the same one.

        NotFound unless it was signed, or is for treatment, and names this service. What refuses links refuses here.
        """
        service = check_is_service(actor)
        try:
            with self.database.changing() as tx:
                return self._let_in(tx, service, _release(tx, service, release_id), replay, now)
        except NotNow as refusal:
            with self.database.changing() as tx:
                _record_refusal(tx, service, _release(tx, service, release_id), refusal.code, now)
            raise

    def acknowledge(
        self, actor: Actor, release_id: UUID, file_ids: Iterable[UUID] | None, now: datetime
    ) -> list[Receipt]:
        """It says which files it has (None: all); every receipt of the release so far. FileUnknown, NotFetched.

        Whether or not the release still lives: what was received was received.
        """
        service = check_is_service(actor)
        with self.database.changing() as tx:
            release = _release(tx, service, release_id)
            granted = release.grant_to(service.recipient_id).file_ids
            known = _receipts(tx, service, release)
            new = {*(granted if file_ids is None else file_ids)} - {receipt.file_id for receipt in known}
            _check_fetched(tx, service, release, new)
            receipts = [_receipt(service, release, file_id, now) for file_id in granted if file_id in new]
            if receipts:
                tx.save(_event("release.acknowledged", service, release, now, files=len(receipts)), *receipts)
            return [*known, *receipts]

    def _let_in(
        self, tx: Transaction, service: ServiceActor, release: Release, replay: str | None, now: datetime
    ) -> Redeemed:
        _check_token_lives(tx, service, now)
        link = service_link(tx, release, service.recipient_id) or _issued(tx, service, release, now)
        check_live(link, release, tx.get(Packet, release.organization_id, release.packet_id), now)
        check_recipient(tx, release, service.recipient_id)
        kept = self.admit.replay(link, replay and f"{service.credential_id} {replay}", b"service")
        redemption = self.admit.former(tx, link, kept, now)
        if redemption is None:
            link = replace(link, redemptions=link.redemptions + 1)
            proof = service.credential_id
            redemption = Redemption(uuid4(), link.organization_id, link.id, proof, now, kept.key, kept.body)
            event = link_event("link.redeemed", service, link, now, redemptions=link.redemptions)
            tx.save(event, link, redemption)
        return self.admit.admit(tx, link, redemption, service, now)


def _release(tx: Transaction, service: ServiceActor, release_id: UUID) -> Release:
    """Locked where it changes, so that two first redemptions make one link. NotFound."""
    release = tx.get(Release, service.organization_id, release_id)
    if release.permitted_at is None or not names_service(tx, release, service.recipient_id):
        raise NotFound
    return release


def _check_token_lives(tx: Transaction, service: ServiceActor, now: datetime) -> None:
    """Whoever revokes a token ends what it opened so far: a request that waited meanwhile must open nothing more."""
    tokens = tx.find(Credential, service.organization_id, id=service.credential_id)
    if not any(token.is_live(now) for token in tokens):
        raise NotAuthenticated


def _may_redeem(tx: Transaction, service: ServiceActor, release: Release) -> bool:
    try:
        check_recipient(tx, release, service.recipient_id)
    except RecipientChanged:
        return False
    link = service_link(tx, release, service.recipient_id)
    return link is None or link.revoked_at is None


def _issued(tx: Transaction, service: ServiceActor, release: Release, now: datetime) -> Link:
    """A link that lives as long as its release, and whose secret nobody knows. Refusals of a live release."""
    release.check_live(now)
    tx.get(Packet, release.organization_id, release.packet_id).check_closed()
    link = Link(
        id=uuid4(),
        organization_id=release.organization_id,
        packet_id=release.packet_id,
        release_id=release.id,
        recipient_id=service.recipient_id,
        secret_hash=token_hash(mint_secret()),
        verification=Verification.SERVICE_TOKEN,
        passcode=None,
        issued_at=now,
        issued_by=service.recipient_id,
        expires_at=release.expires_at,
        max_redemptions=None,
    )
    tx.save(link_event("link.issued", service, link, now), link)
    return link


def _record_refusal(tx: Transaction, service: ServiceActor, release: Release, code: str, now: datetime) -> None:
    """A disclosure refused, where there is a link that it would have been made by; else in the audit log alone."""
    link = service_link(tx, release, service.recipient_id)
    if link is not None:
        record_refusal(tx, link, service, code, now)
    elif not _was_refused_often(tx, service, release):
        tx.save(_event(REFUSED, service, release, now, code=code))


def _was_refused_often(tx: Transaction, service: ServiceActor, release: Release) -> bool:
    """Whether more entries would tell nothing new: MOST_ROWS of this service, or as many of ten that take turns."""
    entries = tx.audit_page(
        release.organization_id, limit=10 * MOST_ROWS, cursor=None, action=REFUSED, packet=release.packet_id
    ).items
    its = [entry for entry in entries if entry.subject["recipient"] == str(service.recipient_id)]
    return len(its) >= MOST_ROWS or len(entries) >= 10 * MOST_ROWS


def _listed(tx: Transaction, service: ServiceActor, release: Release) -> ReleasedTo:
    granted = release.grant_to(service.recipient_id).file_ids
    packet = tx.get(Packet, release.organization_id, release.packet_id)
    sizes = sizes_listed(packet.signed_manifest())
    link, receipts = service_link(tx, release, service.recipient_id), _receipts(tx, service, release)
    return ReleasedTo(
        release=release,
        files=len(granted),
        bytes=sum(sizes[file_id] for file_id in granted),
        redemptions=link.redemptions if link else 0,
        acknowledged_at=receipts[-1].confirmed_at if len(receipts) == len(granted) else None,
    )


def _receipts(tx: Transaction, service: ServiceActor, release: Release) -> list[Receipt]:
    return tx.find(Receipt, service.organization_id, release_id=release.id, recipient_id=service.recipient_id)


def _check_fetched(tx: Transaction, service: ServiceActor, release: Release, file_ids: set[UUID]) -> None:
    """A fetch that was begun is enough: how it ended is recorded a moment after its last byte has arrived."""
    if not file_ids <= {*release.grant_to(service.recipient_id).file_ids}:
        raise FileUnknown("The release gives this recipient no such file.")
    about = {"packet_id": release.packet_id, "release_id": release.id, "recipient_id": service.recipient_id}
    begun = {each.file_id for each in tx.find(Disclosure, service.organization_id, **about)}
    if not file_ids <= begun:
        raise NotFetched


def _receipt(service: ServiceActor, release: Release, file_id: UUID, now: datetime) -> Receipt:
    return Receipt(uuid4(), service.organization_id, release.id, service.recipient_id, file_id, now)


def _event(action: str, service: ServiceActor, release: Release, now: datetime, **facts: str | int) -> Event:
    subject = {"packet": release.packet_id, "release": release.id, "recipient": service.recipient_id}
    return Event(action, service, now, subject, facts)
