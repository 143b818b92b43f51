"""What a packet waits for, from the domain's own objects as they are loaded one by one: what the lists are held to."""

from uuid import UUID

from tests.stages import Stages
from transfer_service.domain.document import DocumentKind, ReleaseDocument
from transfer_service.domain.link import Link, Redemption
from transfer_service.domain.opinion import Opinion, OpinionState
from transfer_service.domain.packet import FileState, Packet, PacketFile, PacketState
from transfer_service.domain.people import RecipientKind, StaffActor
from transfer_service.domain.release import Release
from transfer_service.domain.waiting import (
    FileFacts,
    LinkFacts,
    OpinionFacts,
    PacketFacts,
    ReleaseFacts,
    Wait,
    wait_of,
)
from transfer_service.errors import LinkLocked, LinkUsedUp
from transfer_service.ports import PacketsAsked, Transaction


def listed(stages: Stages, actor: StaffActor | None = None, **asked: object) -> dict[UUID, Wait]:
    """What the list says, by packet; each page of two must go on where the last one ended."""
    found, cursor = {}, None
    while True:
        page = stages.journey.overview.packets(
            actor or stages.coordinator, PacketsAsked(**asked), stages.now, limit=2, cursor=cursor
        ).lines
        assert not found.keys() & {line.id for line in page.items}
        found |= {line.id: line.wait for line in page.items}
        cursor = page.next_cursor
        if cursor is None:
            return found


def expected(stages: Stages, packet_id: UUID) -> Wait:
    with stages.database.reading() as tx:
        return wait_of(facts_of(stages, tx, tx.get(Packet, stages.hospital.id, packet_id)), stages.now)


def facts_of(stages: Stages, tx: Transaction, packet: Packet) -> PacketFacts:
    of, its = packet.organization_id, {"packet_id": packet.id}
    successors = [
        each
        for each in tx.find(Packet, of)
        if each.predecessor_id == packet.id and each.state is not PacketState.RETIRED
    ]
    sent = [opinion for opinion in tx.find(Opinion, of, **its) if opinion.state is OpinionState.SENT]
    return PacketFacts(
        state=packet.state,
        opened_at=packet.created_at,
        closed_at=packet.closed_at,
        retired_at=packet.retired_at,
        succeeded_at=min((each.created_at for each in successors), default=None),
        files=_files(packet, tx.find(PacketFile, of, **its)),
        releases=tuple(_release(tx, release) for release in tx.find(Release, of, **its)),
        links=tuple(_link(stages, tx, link) for link in tx.find(Link, of, **its)),
        opinions=tuple(OpinionFacts(it.release_id, it.recipient_id, it.sent_at, it.shared_at) for it in sent),
    )


def _files(packet: Packet, files: list[PacketFile]) -> FileFacts:
    if packet.state not in {PacketState.OPEN, PacketState.CLOSING}:
        return FileFacts()

    def completed(state: FileState) -> list:
        return [file.completed_at or packet.created_at for file in files if file.state is state]

    return FileFacts(
        rejected_at=min(completed(FileState.REJECTED), default=None),
        verifying_at=min(completed(FileState.VERIFYING), default=None),
        verified_at=max(completed(FileState.VERIFIED), default=None),
        receiving=any(file.state is FileState.RECEIVING and not file.is_being_carried for file in files),
        carried=any(file.is_being_carried for file in files),
    )


def _release(tx: Transaction, release: Release) -> ReleaseFacts:
    of = release.organization_id
    read = [tx.recipient_version(of, grant.recipient_id, grant.recipient_version) for grant in release.grants]
    documents = tx.find(ReleaseDocument, of, release_id=release.id)
    scans = [each for each in documents if each.kind is DocumentKind.PAPER]
    return ReleaseFacts(
        id=release.id,
        state=release.state,
        basis=release.basis,
        recipients=tuple(recipient.id for recipient in read),
        services=frozenset(recipient.id for recipient in read if recipient.kind is RecipientKind.SERVICE),
        requested_at=release.requested_at,
        signed_at=release.signed_at,
        expires_at=release.expires_at,
        withdrawn_at=release.withdrawn_at,
        scanned_at=scans[0].made_at if scans else None,
    )


def _link(stages: Stages, tx: Transaction, link: Link) -> LinkFacts:
    redeemed = tx.find(Redemption, link.organization_id, link_id=link.id)
    return LinkFacts(
        release_id=link.release_id,
        recipient_id=link.recipient_id,
        issued_at=link.issued_at,
        expires_at=link.expires_at,
        revoked_at=link.revoked_at,
        redeemed_at=redeemed[0].redeemed_at if redeemed else None,
        spent=_is_spent(stages, link),
    )


def _is_spent(stages: Stages, link: Link) -> bool:
    try:
        link.check_unlocked(stages.limits.wrong_answers)
        link.check_redeemable()
    except (LinkLocked, LinkUsedUp):
        return True
    return False
