"""Retire: a packet's links die at once; after a grace period its key and its objects are destroyed.

Signed forms, the accounting and the audit log stay. Destroying the wrapped key shreds the packet; that is
complete only when the last backup that holds it is gone too.

What the worker does of this are steps on their own, so that one which fails holds up no other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from transfer_service.audit.entry import Event, Fact
from transfer_service.domain.packet import Packet, PacketState
from transfer_service.domain.people import Actor, SystemActor
from transfer_service.domain.policy import check_may_retire, check_may_retire_now
from transfer_service.ports import Database, ObjectStore, Transaction
from transfer_service.usecases.deposit import let_go
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.one_by_one import OneByOne
from transfer_service.usecases.reach import kept_packet

AT_ONCE = 100
FILES_AT_ONCE = 200  # some tenths of a second, in which nobody else can write


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Retire:
    """Coordinators retire with grace, privacy officers also without; the worker sweeps."""

    database: Database
    store: ObjectStore
    limits: Limits
    _one_by_one: OneByOne = field(default_factory=OneByOne, repr=False)

    def retire(self, actor: Actor, packet_id: UUID, now: datetime, *, at_once: bool = False) -> Packet:
        """The packet is over before this returns. PacketNotClosed is no bar: an open one can be retired too."""
        staff = check_may_retire_now(actor) if at_once else check_may_retire(actor)
        with self.database.changing() as tx:
            packet = kept_packet(tx, staff, packet_id)
            if packet.destroy_at is not None and (not at_once or packet.destroy_at <= now):
                return packet
            return self._retired(tx, staff, packet, now, timedelta(0) if at_once else self.limits.grace_for)

    def sweep(self, now: datetime) -> int:
        """Every step below, one after another; how many things they did something to."""
        steps = (self.abandon, self.end_retention, self.destroy, self.sweep_leftovers, self.forget)
        return sum(step(now) for step in steps)

    def abandon(self, now: datetime) -> int:
        """Retire deposits that nobody wrote to for long; how many. They have the same grace as others."""
        with self.database.reading() as tx:
            abandoned = tx.packets_abandoned(now - self.limits.abandoned_after, AT_ONCE)
        return self._one_by_one.do(abandoned, lambda packet: self._end(packet, now, "abandoned"))

    def end_retention(self, now: datetime) -> int:
        """Retire packets that were closed longer ago than the operator set, where one did; how many."""
        if self.limits.retention_for is None:
            return 0
        with self.database.reading() as tx:
            past = tx.packets_past_retention(now - self.limits.retention_for, AT_ONCE)
        return self._one_by_one.do(past, lambda packet: self._end(packet, now, "retention"))

    def destroy(self, now: datetime, go_on: Callable[[], bool] = _always) -> int:
        """Destroy retired packets whose grace is over; how many. ``go_on`` is asked between transactions."""
        with self.database.reading() as tx:
            due = tx.packets_to_destroy(now, AT_ONCE)
        return self._one_by_one.do(due, lambda packet: go_on() and self._destroy(packet, now, go_on))

    def sweep_leftovers(self, now: datetime) -> int:
        """Remove objects that nothing refers to from the store; how many. Unavailable leaves the rest for later."""
        with self.database.reading() as tx:
            leftovers = tx.leftovers_due(now, AT_ONCE)
        if leftovers:
            self._remove({leftover.object_key for leftover in leftovers})
            with self.database.changing() as tx:
                tx.drop(*leftovers)
        return len(leftovers)

    def forget(self, now: datetime) -> int:
        """Remove kept answers, challenges and credentials that ended long ago; how many."""
        with self.database.changing() as tx:
            return tx.forget(now)

    def _retired(
        self, tx: Transaction, actor: Actor, packet: Packet, now: datetime, grace: timedelta, **facts: Fact
    ) -> Packet:
        if packet.state is not PacketState.RETIRED:
            packet = replace(packet.moved(PacketState.RETIRED), retired_at=now)
        packet = replace(packet, destroy_at=now + grace)
        tx.save(Event("packet.retired", actor, now, {"packet": packet.id}, facts), packet)
        return packet

    def _end(self, found: Packet, now: datetime, reason: str) -> bool:
        """Retire it for that reason, unless it was written to since it was found."""
        with self.database.changing() as tx:
            packet = tx.get(Packet, found.organization_id, found.id)
            if packet == found:
                self._retired(tx, _worker_of(packet), packet, now, self.limits.grace_for, reason=reason)
        return packet == found

    def _destroy(self, packet: Packet, now: datetime, go_on: Callable[[], bool]) -> bool:
        """The key, then some files at a time; False where it was told to stop before the last of them."""
        self._shred(packet, now)
        while self._let_some_go(packet, now):
            if not go_on():
                return False
        return True

    def _shred(self, found: Packet, now: datetime) -> None:
        """Nothing opens the packet after this, whatever comes of the rest."""
        with self.database.changing() as tx:
            packet = tx.get(Packet, found.organization_id, found.id)
            if packet.wrapped_key is not None:
                facts = {"files": tx.file_count(packet)}
                event = Event("packet.destroyed", _worker_of(packet), now, {"packet": packet.id}, facts)
                tx.save(event, replace(packet, wrapped_key=None))

    def _let_some_go(self, found: Packet, now: datetime) -> bool:
        """What the files were stays known, their objects are swept. Whether there may be more of them."""
        with self.database.changing() as tx:
            files = tx.files_to_let_go(found, FILES_AT_ONCE)
            for file in files:
                let_go(tx, file, self.limits, now)
                tx.keep(replace(file, object_key=None, upload_id=None))
            packet = tx.get(Packet, found.organization_id, found.id)
            more = len(files) == FILES_AT_ONCE
            if not more and packet.destroyed_at is None:
                tx.keep(replace(packet, destroyed_at=now))  # recorded when it was shredded
        return more

    def _remove(self, keys: set[str]) -> None:
        for upload in self.store.uploads():
            if upload.key in keys:
                self.store.abort_upload(upload.key, upload.upload_id)
        for key in keys:
            self.store.delete(key)


def _worker_of(packet: Packet) -> SystemActor:
    return SystemActor(packet.organization_id, "worker")
