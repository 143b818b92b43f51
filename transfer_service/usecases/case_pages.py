"""The page of one packet: all that its department sees of it, and what the one who looks may do now."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from transfer_service.domain.packet import Packet, PacketFile, PacketState
from transfer_service.domain.people import Actor, Department, StaffActor
from transfer_service.domain.policy import (
    check_keeps,
    check_may_keep_contacts,
    check_may_open_packets,
    check_may_read_packets,
    check_may_retire,
    check_may_retire_now,
    check_owns,
    check_sees,
    is_allowed,
)
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.reach import seen_packet


@dataclass(frozen=True, slots=True)
class Mays:
    """What the one who looks may do with the packet as it stands."""

    deposit: bool
    close: bool
    keep_contact: bool
    succeed: bool
    retire: bool
    retire_now: bool


@dataclass(frozen=True, slots=True, repr=False)
class CasePage:
    """A packet, its files (oldest first), whose it is, who contributes, and the packets that start from it."""

    packet: Packet
    files: list[PacketFile]
    department: Department
    contributors: list[Department]
    successors: list[Packet]
    may: Mays


@dataclass(frozen=True)
class CasePages:
    """Whoever may read the packet reads its page."""

    database: Database

    def of(self, actor: Actor, packet_id: UUID) -> CasePage:
        """NotAllowed, NotFound."""
        staff = check_may_read_packets(actor)
        with self.database.reading() as tx:
            packet = seen_packet(tx, staff, packet_id)
            departments = tx.each(
                Department, packet.organization_id, {packet.department_id, *packet.contributing_department_ids}
            )
            return CasePage(
                packet=packet,
                files=tx.find(PacketFile, packet.organization_id, packet_id=packet.id),
                department=departments[packet.department_id],
                contributors=[departments[each] for each in packet.contributing_department_ids],
                successors=_successors(tx, staff, packet),
                may=_mays(staff, packet),
            )


def _successors(tx: Transaction, staff: StaffActor, packet: Packet) -> list[Packet]:
    # They have the same patient: asked by the record number, it is a look into an index.
    record_number = packet.case.patient.record_number
    found = tx.find(Packet, packet.organization_id, record_number=record_number, predecessor_id=packet.id)
    return [each for each in found if is_allowed(partial(check_sees, staff, each))]


def _mays(staff: StaffActor, packet: Packet) -> Mays:
    owns = is_allowed(lambda: check_owns(staff, packet))
    deposits = is_allowed(lambda: check_may_open_packets(staff))
    retires = is_allowed(lambda: check_may_retire(staff)) and is_allowed(lambda: check_keeps(staff, packet))
    is_retired = packet.state is PacketState.RETIRED
    return Mays(
        deposit=deposits and packet.state is PacketState.OPEN,
        close=deposits and owns and packet.state is PacketState.OPEN,
        keep_contact=is_allowed(lambda: check_may_keep_contacts(staff)) and owns and not is_retired,
        succeed=deposits and packet.state is PacketState.CLOSED,
        retire=retires and not is_retired,
        retire_now=is_allowed(lambda: check_may_retire_now(staff)) and packet.wrapped_key is not None,
    )
