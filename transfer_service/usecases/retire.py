"""Retire: a packet's links die at once; after a grace period its key and its objects are destroyed.

Signed forms, the accounting and the audit log stay. Destroying the wrapped key shreds the packet; that is
complete only when the last backup that holds it is gone too.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.packet import Packet, PacketFile, PacketState
from transfer_service.domain.people import Actor, SystemActor
from transfer_service.domain.policy import check_may_retire, check_may_retire_now
from transfer_service.ports import Database, ObjectStore, Transaction
from transfer_service.usecases.deposit import let_go
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.reach import owned_packet

AT_ONCE = 100


@dataclass(frozen=True)
class Retire:
    """Coordinators retire with grace, privacy officers also without; the worker sweeps."""

    database: Database
    store: ObjectStore
    limits: Limits

    def retire(self, actor: Actor, packet_id: UUID, now: datetime, *, at_once: bool = False) -> Packet:
        """The packet is over before this returns. PacketNotClosed is no bar: an open one can be retired too."""
        staff = check_may_retire_now(actor) if at_once else check_may_retire(actor)
        with self.database.changing() as tx:
            packet = owned_packet(tx, staff, packet_id)
            if packet.destroy_at is not None and (not at_once or packet.destroy_at <= now):
                return packet
            return self._retired(tx, staff, packet, now, now if at_once else now + self.limits.grace_for)

    def sweep(self, now: datetime) -> int:
        """Everything whose time has come: abandoned deposits, retired packets, leftover objects; how many."""
        return self._abandon(now) + self._destroy(now) + self._sweep_leftovers(now) + self._forget(now)

    def _retired(self, tx: Transaction, actor: Actor, packet: Packet, now: datetime, destroy_at: datetime) -> Packet:
        if packet.state is not PacketState.RETIRED:
            packet = replace(packet.moved(PacketState.RETIRED), retired_at=now)
        packet = replace(packet, destroy_at=destroy_at)
        tx.save(Event("packet.retired", actor, now, {"packet": packet.id}), packet)
        return packet

    def _abandon(self, now: datetime) -> int:
        with self.database.reading() as tx:
            abandoned = tx.packets_abandoned(now - self.limits.abandoned_after, AT_ONCE)
        for found in abandoned:
            with self.database.changing() as tx:
                packet = tx.get(Packet, found.organization_id, found.id)
                if packet == found:
                    self._retired(tx, SystemActor(packet.organization_id, "worker"), packet, now, now)
        return len(abandoned)

    def _destroy(self, now: datetime) -> int:
        with self.database.reading() as tx:
            due = tx.packets_to_destroy(now, AT_ONCE)
        for found in due:
            with self.database.changing() as tx:
                packet = tx.get(Packet, found.organization_id, found.id)
                if packet.destroyed_at is None:
                    self._destroyed(tx, packet, now)
        return len(due)

    def _destroyed(self, tx: Transaction, packet: Packet, now: datetime) -> None:
        """The key is gone with this; what the files were stays known, their objects are swept."""
        files = tx.find(PacketFile, packet.organization_id, packet_id=packet.id)
        for file in files:
            let_go(tx, file, self.limits, now)
        worker = SystemActor(packet.organization_id, "worker")
        event = Event("packet.destroyed", worker, now, {"packet": packet.id}, {"files": len(files)})
        emptied = [replace(file, object_key=None, upload_id=None) for file in files]
        tx.save(event, replace(packet, wrapped_key=None, destroyed_at=now), *emptied)

    def _sweep_leftovers(self, now: datetime) -> int:
        with self.database.reading() as tx:
            leftovers = tx.leftovers_due(now, AT_ONCE)
        if leftovers:
            self._remove({leftover.object_key for leftover in leftovers})
            with self.database.changing() as tx:
                tx.drop(*leftovers)
        return len(leftovers)

    def _remove(self, keys: set[str]) -> None:
        for upload in self.store.uploads():
            if upload.key in keys:
                self.store.abort_upload(upload.key, upload.upload_id)
        for key in keys:
            self.store.delete(key)

    def _forget(self, now: datetime) -> int:
        with self.database.changing() as tx:
            return tx.forget(now)
