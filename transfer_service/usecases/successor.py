"""Succeed: a closed packet never changes; what is new goes into another packet that starts from it.

The successor has a key and objects of its own, so that retiring either packet harms the other in nothing. Its files
are sealed anew by the worker (``carry``), and verified like every file. No release of the predecessor applies to it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event, Fact
from transfer_service.domain.opinion import Conclusion, Opinion, OpinionState
from transfer_service.domain.packet import FileState, Packet, PacketFile, PacketState
from transfer_service.domain.people import Actor, StaffActor
from transfer_service.domain.policy import check_may_open_packets, check_may_read_packets
from transfer_service.domain.successor import CaseChanges, Changes, changes_between
from transfer_service.errors import FileUnknown, Invalid, NotFound
from transfer_service.ports import Database, Keyring, Transaction
from transfer_service.usecases.deposit import PacketView
from transfer_service.usecases.once import id_made_by
from transfer_service.usecases.reach import packet_key_context, seen_packet


@dataclass(frozen=True, slots=True, repr=False)
class SuccessorDraft:
    """What is to be otherwise than in the predecessor; without ``file_ids`` every file is carried over.

    ``answers_opinion_id``: the opinion on the predecessor that asked for more material, which this packet is to bring.
    """

    case: CaseChanges = field(default_factory=CaseChanges)
    file_ids: tuple[UUID, ...] | None = None
    note: str | None = None
    answers_opinion_id: UUID | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ChangesView:
    """What differs from the predecessor."""

    predecessor_id: UUID
    changes: Changes


@dataclass(frozen=True)
class Successors:
    """Whoever may deposit in a packet may open its successor."""

    database: Database
    keyring: Keyring

    def open(
        self, actor: Actor, packet_id: UUID, draft: SuccessorDraft, now: datetime, *, form: str | None = None
    ) -> PacketView:
        """An open packet of the same department and patient, its files being carried; by the same form the same one.

        NotFound, PacketNotClosed, PacketRetired, FileUnknown, Invalid.
        """
        staff = check_may_open_packets(actor)
        successor_id = id_made_by(staff, form)
        _, wrapped = self.keyring.generate(packet_key_context(staff.organization_id, successor_id))
        with self.database.changing() as tx:
            former = seen_packet(tx, staff, packet_id)
            for known in tx.find(Packet, former.organization_id, id=successor_id, predecessor_id=former.id):
                return PacketView(known, tx.find(PacketFile, known.organization_id, packet_id=known.id))
            former.check_closed()
            _check_answers(tx, former, draft.answers_opinion_id)
            files = _chosen(tx, former, draft.file_ids)
            packet = _successor(former, successor_id, wrapped, staff, draft, now)
            carried = [_carried(packet, file, now) for file in files]
            facts: dict[str, Fact] = {"predecessor": str(former.id), "files": len(carried)}
            if draft.answers_opinion_id is not None:
                facts["answers"] = str(draft.answers_opinion_id)
            tx.save(Event("packet.opened", staff, now, {"packet": packet.id}, facts), packet, *carried)
        return PacketView(packet, carried)

    def changes(self, actor: Actor, packet_id: UUID) -> ChangesView:
        """What differs from the predecessor. NotFound, also for a packet that has none."""
        staff = check_may_read_packets(actor)
        with self.database.reading() as tx:
            packet = seen_packet(tx, staff, packet_id)
            if packet.predecessor_id is None:
                raise NotFound("This packet does not start from another one.")
            before, after = (
                tx.find(PacketFile, packet.organization_id, packet_id=each)
                for each in (packet.predecessor_id, packet.id)
            )
        return ChangesView(packet.predecessor_id, changes_between(before, after))


def _check_answers(tx: Transaction, packet: Packet, opinion_id: UUID | None) -> None:
    """Invalid unless it is an opinion on that very packet, was sent, and asked for more material."""
    if opinion_id is None:
        return
    asked = tx.find(Opinion, packet.organization_id, packet_id=packet.id, id=opinion_id, state=OpinionState.SENT)
    if not any(each.reply and each.reply.conclusion is Conclusion.NEEDS_MORE_MATERIAL for each in asked):
        raise Invalid("No opinion of that id asked for more material than this packet holds.")


def _chosen(tx: Transaction, packet: Packet, file_ids: tuple[UUID, ...] | None) -> list[PacketFile]:
    files = tx.find(PacketFile, packet.organization_id, packet_id=packet.id)
    if file_ids is None:
        return files
    wanted = set(file_ids)
    if not wanted <= {file.id for file in files}:
        raise FileUnknown
    return [file for file in files if file.id in wanted]


def _successor(
    former: Packet, successor_id: UUID, wrapped_key: bytes, staff: StaffActor, draft: SuccessorDraft, now: datetime
) -> Packet:
    return Packet(
        id=successor_id,
        organization_id=former.organization_id,
        department_id=former.department_id,
        contributing_department_ids=former.contributing_department_ids,
        state=PacketState.OPEN,
        case=draft.case.applied(former.case),
        note=draft.note or former.note,
        created_at=now,
        created_by=staff.staff_id,
        written_at=now,
        wrapped_key=wrapped_key,
        predecessor_id=former.id,
        answers_opinion_id=draft.answers_opinion_id,
    )


def _carried(packet: Packet, source: PacketFile, now: datetime) -> PacketFile:
    """Cut as its source is, so that one part comes of one part, and to have the digest that is pinned there."""
    return PacketFile(
        id=uuid4(),
        organization_id=packet.organization_id,
        packet_id=packet.id,
        path=source.path,
        kind=source.kind,
        media_type=source.media_type,
        size_bytes=source.size_bytes,
        part_bytes=source.part_bytes,
        part_count=source.part_count,
        state=FileState.RECEIVING,
        created_at=now,
        declared_sha256=source.sha256,
        lease_until=now,
        carried_from=source.id,
    )
