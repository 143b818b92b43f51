"""Describe: what a department says of a packet while it is open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.packet import NotIncluded, PacketFile
from transfer_service.domain.people import Actor
from transfer_service.domain.policy import check_may_open_packets
from transfer_service.ports import Database
from transfer_service.usecases.deposit import PacketView
from transfer_service.usecases.reach import seen_packet


@dataclass(frozen=True)
class Describe:
    """Depositors and coordinators say it; the patient reads it on the form."""

    database: Database

    def not_included(self, actor: Actor, packet_id: UUID, items: Sequence[NotIncluded], now: datetime) -> PacketView:
        """What exists and is not in the packet, in place of what was said before. PacketNotOpen."""
        staff = check_may_open_packets(actor)
        with self.database.changing() as tx:
            packet = seen_packet(tx, staff, packet_id)
            packet.check_open()
            case = replace(packet.case, not_included=tuple(items))
            if case != packet.case:
                packet = replace(packet, case=case, written_at=now)
                event = Event("packet.not_included_said", staff, now, {"packet": packet.id}, {"items": len(items)})
                tx.save(event, packet)
            return PacketView(packet, tx.find(PacketFile, packet.organization_id, packet_id=packet.id))
