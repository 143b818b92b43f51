"""Receive: the bytes of a deposit, part by part or in one stream, sealed on their way to the store.

Memory: one sealed part a running upload. Every attempt is sealed afresh; `storing` puts it where it is read from.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from uuid import UUID

from transfer_service.domain.packet import FileState, Packet, PacketFile, Part
from transfer_service.domain.paths import normal_path
from transfer_service.domain.people import Actor
from transfer_service.errors import (
    DigestMismatch,
    PartNumberWrong,
    PartSizeWrong,
    PathTaken,
)
from transfer_service.ports import Database, Keyring, ObjectStore, Transaction
from transfer_service.sealing.keys import SecretKey, file_key
from transfer_service.sealing.layout import Layout
from transfer_service.sealing.part import PartSealer
from transfer_service.usecases.deposit import FileDraft, begin_verifying, drop_file, file_event, planned
from transfer_service.usecases.doors import DEPARTMENT, Door
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.reach import file_of, packet_key
from transfer_service.usecases.storing import PartPlan, Storing, still_receiving

SENT = frozenset({FileState.VERIFYING, FileState.VERIFIED})


@dataclass(frozen=True, slots=True, repr=False)
class ContentPlan:
    """A whole file that may come now; ``known`` is the finished file it repeats, where it repeats one."""

    actor: Actor
    file: PacketFile
    key: SecretKey
    known: bool


@dataclass(frozen=True)
class Receive:
    """What they send whom the door lets in. Each call has two steps, so that nothing is read before it is known to fit.

    ``clock`` is asked when the bytes have come, which may be hours after they were expected.
    """

    database: Database
    keyring: Keyring
    store: ObjectStore
    limits: Limits
    clock: Callable[[], datetime]
    door: Door = DEPARTMENT

    def expect_part(self, actor: Actor, packet_id: UUID, file_id: UUID, number: int) -> PartPlan:
        """May this part come? NotFound, PacketNotOpen, FileNotReceiving, PartNumberWrong."""
        with self.database.reading() as tx:
            packet = self.door.filled(tx, actor, packet_id)
            file = file_of(tx, packet, file_id)
            packet.check_open()
            file.check_receiving()
            if not 1 <= number <= file.part_count:
                raise PartNumberWrong(part_count=file.part_count)
            return PartPlan(actor, file, file_key(packet_key(self.keyring, packet), file.id), number)

    def take_part(self, plan: PartPlan, body: Iterable[memoryview], sha256: bytes | None) -> None:
        """Seal and store one part. PartSizeWrong, DigestMismatch, FileNotReceiving; then nothing has changed."""
        sealer = PartSealer(plan.key, plan.file.packet_id, plan.file.id, plan.layout, plan.number)
        digest = hashlib.sha256()
        for block in body:
            sealer.update(block)
            if sha256 is not None:
                digest.update(block)
        sealed = sealer.finish()
        if sha256 is not None and digest.digest() != sha256:
            raise DigestMismatch
        storing = Storing(self.database, self.store, self.limits, still_receiving(self.door))
        storing.keep(plan, sealed, sha256.hex() if sha256 else None, self.clock())

    def expect_content(self, actor: Actor, packet_id: UUID, draft: FileDraft, now: datetime) -> ContentPlan:
        """May this whole file come? It replaces its own unfinished file. PathTaken, PathInvalid, FileTooLarge."""
        with self.database.changing() as tx:
            packet = self.door.filled(tx, actor, packet_id)
            former = self._at(tx, packet, draft.path)
            known = former if former is not None and former.state in SENT else None
            if known is not None:
                _check_may_repeat(known, draft)
            file = known or self._begun(tx, actor, packet, draft, former, now)
        key = file_key(packet_key(self.keyring, packet), file.id)
        return ContentPlan(actor, file, key, known=known is not None)

    def take_content(self, plan: ContentPlan, body: Iterable[memoryview]) -> PacketFile:
        """Seal and store a whole file and begin to verify it. DigestMismatch, PartSizeWrong, PathTaken."""
        stream = _Stream(body)
        if plan.known:
            return self._compare(plan.file, stream)
        layout = Layout(plan.file.size_bytes, plan.file.part_bytes)
        for number in range(1, layout.part_count + 1):
            part = PartPlan(plan.actor, plan.file, plan.key, number)
            self.take_part(part, stream.take(layout.part_size(number)), None)
        stream.check_over()
        return self._finish(plan, stream.digest.hexdigest(), self.clock())

    def _finish(self, plan: ContentPlan, sha256: str, now: datetime) -> PacketFile:
        with self.database.changing() as tx:
            file = still_receiving(self.door)(tx, plan.actor, plan.file)
            if (file.declared_sha256 or sha256) != sha256:
                drop_file(tx, file, self.limits, now)
                tx.save(file_event("file.refused", plan.actor, file, now, code=DigestMismatch.code))
            else:
                return begin_verifying(tx, plan.actor, file, sha256, now)
        raise DigestMismatch

    def _at(self, tx: Transaction, packet: Packet, path: str) -> PacketFile | None:
        """The file at that path; PathTaken where its path differs in case alone."""
        for file in tx.find(PacketFile, packet.organization_id, packet_id=packet.id, path=normal_path(path)):
            if file.path != normal_path(path):
                raise PathTaken
            return file
        return None

    def _begun(
        self,
        tx: Transaction,
        actor: Actor,
        packet: Packet,
        draft: FileDraft,
        former: PacketFile | None,
        now: datetime,
    ) -> PacketFile:
        """A new file, in the place of the unfinished one where there is one; PathTaken where parts of that would go."""
        packet.check_open()
        file = replace(planned(packet, draft, self.limits, now), streamed=True)
        if former is not None:
            self._check_replaceable(tx, former)
            drop_file(tx, former, self.limits, now)
            tx.save(file_event("file.replaced", actor, former, now))
        tx.save(file_event("file.planned", actor, file, now), file, replace(packet, written_at=now))
        return file

    def _check_replaceable(self, tx: Transaction, former: PacketFile) -> None:
        """PathTaken for what somebody sends by parts: a stream replaces what was one, was rejected, or never began."""
        if former.is_being_carried:
            raise PathTaken
        if former.streamed or former.state is FileState.REJECTED:
            return
        if tx.find(Part, former.organization_id, file_id=former.id):
            raise PathTaken

    def _compare(self, file: PacketFile, stream: "_Stream") -> PacketFile:
        for _ in stream.take(file.size_bytes):
            pass
        stream.check_over()
        if stream.digest.hexdigest() != (file.declared_sha256 or file.sha256):
            raise PathTaken
        return file


class _Stream:
    """A body cut into parts: takes exactly so many bytes at a time, hashing all that goes by."""

    def __init__(self, body: Iterable[memoryview]) -> None:
        self._blocks: Iterator[memoryview] = iter(body)
        self.digest = hashlib.sha256()

    def take(self, size: int) -> Iterator[memoryview]:
        """Blocks of ``size`` bytes in all; PartSizeWrong where the body ends before."""
        while size:
            block = next(self._blocks, None)
            if block is None:
                raise PartSizeWrong
            if len(block) > size:
                self._blocks = chain([block[size:]], self._blocks)
                block = block[:size]
            size -= len(block)
            self.digest.update(block)
            yield block

    def check_over(self) -> None:
        """PartSizeWrong where bytes are left."""
        if any(len(block) for block in self._blocks):
            raise PartSizeWrong


def _check_may_repeat(former: PacketFile, draft: FileDraft) -> None:
    declared = former.declared_sha256 or former.sha256
    if former.size_bytes != draft.size_bytes or draft.sha256 not in {None, declared}:
        raise PathTaken
