"""Carry: the worker seals a predecessor's file anew, part by part, for the packet that starts from it.

A turn is a few parts of the file that was not served for longest, under a lease with a fence, so that one huge file
holds up no small one. What is there is asked of the database in each turn: a worker that died is gone on from.

1. claim     Take the lease.
2. carry     Part after part: read from the predecessor, opened with the header that is pinned there, sealed under the
             successor's own key, and put as a depositor's part is.
3. complete  Once all are there: the file is verified like every other, against the predecessor's digest.

Where the predecessor ends, or does not open, the file is rejected with why: it can be sent by hand, or deleted.
Memory: one sealed part. Plaintext never touches a disk.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from transfer_service.domain.packet import FileState, Packet, PacketFile, PacketState, Part
from transfer_service.domain.people import Actor, SystemActor
from transfer_service.errors import FileNotReceiving, PacketRetired, PartsMissing, SealBroken, StoreRefused, UploadGone
from transfer_service.logs import on_behalf_of
from transfer_service.ports import Database, Keyring, ObjectStore, Transaction
from transfer_service.sealing.keys import SecretKey, file_key
from transfer_service.sealing.part import PartOpener, PartSealer
from transfer_service.usecases.deposit import begin_verifying
from transfer_service.usecases.leases import Lease, LeaseLost, Leases, reject
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.reach import packet_key
from transfer_service.usecases.sealed_range import SealedRange
from transfer_service.usecases.storing import PartPlan, Storing

READ_BYTES = 128 * 1024  # as in verify: from a store as slow as 8 KiB/s it comes well within a lease
PARTS_A_TURN = 4


@dataclass(frozen=True, slots=True, repr=False)
class _Source:
    """The predecessor's file, and what opens it."""

    file: PacketFile
    key: SecretKey


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where a file is carried to, and from where."""

    successor: Packet
    predecessor: Packet
    source: PacketFile


@dataclass(frozen=True)
class Carry:
    """The worker's. ``clock`` is asked again while a part is read, to keep the lease alive."""

    database: Database
    keyring: Keyring
    store: ObjectStore
    limits: Limits
    clock: Callable[[], datetime]

    def next_turn(self) -> bool:
        """Carry some parts of one file; False where none waits. Raises ``Unavailable`` to try again later."""
        file = self._claim()
        if file is None:
            return False
        with on_behalf_of(self._request(file)):
            self._take_turn(file)
        return True

    @property
    def _leases(self) -> Leases:
        return Leases(self.database, self.clock, self.limits.lease_for, FileState.RECEIVING)

    def _claim(self) -> PacketFile | None:
        """Nothing is locked while there is none."""
        with self.database.reading() as tx:
            waits = tx.files_to_carry(self.clock(), limit=1)
        return self._leases.claim(lambda tx, now: tx.files_to_carry(now, limit=1)) if waits else None

    def _request(self, file: PacketFile) -> str | None:
        """The request that opened the successor, so that the log tells of both under one id."""
        with self.database.reading() as tx:
            return tx.request_behind(file.organization_id, file.created_at)

    def _take_turn(self, file: PacketFile) -> None:
        try:
            if self._carry_some(file):
                self._pass_on(file)
            else:
                self._complete(file)
        except LeaseLost:
            pass  # another worker has it, or it was deleted
        except FileNotReceiving:
            self._reject(file, UploadGone.code)
        except (PacketRetired, SealBroken, StoreRefused, PartsMissing) as why:
            self._reject(file, why.code)

    def _carry_some(self, file: PacketFile) -> bool:
        """Whether there are more parts to carry after these."""
        with self.database.reading() as tx:
            ends = _ends(tx, file)
            pinned = tx.find(Part, file.organization_id, file_id=ends.source.id)
            there = {part.number for part in tx.find(Part, file.organization_id, file_id=file.id)}
        source = _Source(ends.source, file_key(packet_key(self.keyring, ends.predecessor), ends.source.id))
        key = file_key(packet_key(self.keyring, ends.successor), file.id)
        lease, storing = Lease(self._leases, file), Storing(self.database, self.store, self.limits, self._expected)
        missing = [part for part in pinned if part.number not in there]
        for part in missing[:PARTS_A_TURN]:
            plan = PartPlan(_worker_of(file), file, key, part.number)
            storing.keep(plan, self._resealed(source, part, plan, lease), None, self.clock())
        return len(missing) > PARTS_A_TURN

    def _resealed(self, source: _Source, part: Part, plan: PartPlan, lease: Lease) -> memoryview:
        """One sealed part, from the other; SealBroken, ObjectMissing, LeaseLost."""
        ours, theirs, layout = plan.file, source.file, plan.layout
        opener = PartOpener(source.key, theirs.packet_id, theirs.id, layout, part.number)
        sealer = PartSealer(plan.key, ours.packet_id, ours.id, layout, part.number)
        read = partial(self.store.read, theirs.object_key or "", theirs.etag or "")
        start, length = layout.sealed_part_start(part.number), layout.sealed_part_size(part.number)
        with SealedRange(read, start, length) as body:
            while sealed := body.read(READ_BYTES):
                lease.keep()
                sealer.update(opener.update(sealed))
        sealer.update(opener.finish())
        if opener.header != part.header:
            raise SealBroken
        return sealer.finish()

    def _expected(self, tx: Transaction, _worker: Actor, file: PacketFile) -> PacketFile:
        """The file as it is now, if it is still ours, and both packets are there. LeaseLost, PacketRetired."""
        held = self._leases.held(tx, file)
        _ends(tx, held)
        return held

    def _pass_on(self, file: PacketFile) -> None:
        """The others' turn: who was served last comes last."""
        with self.database.changing() as tx:
            tx.keep(replace(self._leases.held(tx, file), lease_until=self.clock()))

    def _complete(self, file: PacketFile) -> None:
        with self.database.changing() as tx:
            whole = replace(self._expected(tx, _worker_of(file), file), lease_until=None)
            begin_verifying(tx, _worker_of(file), whole, None, self.clock())

    def _reject(self, file: PacketFile, code: str) -> None:
        try:
            with self.database.changing() as tx:
                held = replace(self._leases.held(tx, file), lease_until=None)
                reject(tx, held, _why(tx, held, code), self.clock())
        except LeaseLost:
            pass


def _ends(tx: Transaction, file: PacketFile) -> _Ends:
    """Both packets, as long as neither is over. PacketRetired."""
    successor = tx.get(Packet, file.organization_id, file.packet_id)
    if successor.state is PacketState.RETIRED or file.carried_from is None:
        raise PacketRetired
    source = tx.get(PacketFile, file.organization_id, file.carried_from)
    predecessor = tx.get(Packet, file.organization_id, source.packet_id)
    predecessor.check_closed()
    return _Ends(successor, predecessor, source)


def _why(tx: Transaction, file: PacketFile, code: str) -> str:
    """That a packet is over is why its objects are not there."""
    try:
        _ends(tx, file)
    except PacketRetired as over:
        return over.code
    return code


def _worker_of(file: PacketFile) -> SystemActor:
    return SystemActor(file.organization_id, "worker")
