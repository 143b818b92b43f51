"""Verify: a completed file is assembled, read back from the store, opened, and compared, before it counts.

Whoever does it holds a lease on the file, with a fence that grows each time, so that a worker that was
thought dead can't write its result over its successor's. Steps:

1. claim     Take the lease.
2. assemble  Many parts: complete the upload with the intent's list, and no other; then ask the store what is there.
3. read      Every part back from the store, opened, hashed, the digests compared.
4. settle    In one transaction: verified, with headers, SHA-256, CRC-32 and ETag pinned; or rejected, with why.
"""

import hashlib
import logging
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from transfer_service.domain.packet import AssemblyIntent, FileState, Packet, PacketFile, Part
from transfer_service.domain.people import SystemActor
from transfer_service.errors import (
    DigestMismatch,
    NotFound,
    ObjectMissing,
    PacketRetired,
    PartsMissing,
    PartsRefused,
    SealBroken,
    StoreRefused,
    UploadGone,
)
from transfer_service.logs import on_behalf_of
from transfer_service.ports import Database, Keyring, ObjectStore, StoredObject, Transaction
from transfer_service.sealing.keys import SecretKey, file_key
from transfer_service.sealing.layout import Layout
from transfer_service.sealing.part import PartOpener
from transfer_service.usecases.deposit import file_event
from transfer_service.usecases.leases import Lease, LeaseLost, Leases, file_ids, reject
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.reach import packet_key

READ_BYTES = 128 * 1024  # from a store as slow as 8 KiB/s it comes well within a lease


_log = logging.getLogger(__name__)


class _Tally:
    """SHA-256 and CRC-32 of all plaintext that went by."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()
        self.crc32 = 0

    def update(self, plaintext: bytes) -> None:
        self.sha256.update(plaintext)
        self.crc32 = zlib.crc32(plaintext, self.crc32)


@dataclass(frozen=True, slots=True)
class _Findings:
    """What reading back found: the plaintext's digest and checksum, and each part with its header."""

    sha256: str
    crc32: int
    parts: list[Part]


@dataclass(frozen=True)
class Verify:
    """The worker's. ``clock`` is asked again in the long step, to keep the lease alive."""

    database: Database
    keyring: Keyring
    store: ObjectStore
    limits: Limits
    clock: Callable[[], datetime]

    def next_file(self) -> bool:
        """Verify the file that waits longest; False where none waits. Raises ``Unavailable`` to try again later."""
        file = self._claim()
        if file is None:
            return False
        with on_behalf_of(self._request(file)):
            self._verify(file)
        return True

    def _request(self, file: PacketFile) -> str | None:
        """The request that completed the file, so that the log tells of both under one id."""
        with self.database.reading() as tx:
            return tx.request_behind(file.organization_id, file.completed_at) if file.completed_at else None

    def _verify(self, file: PacketFile) -> None:
        try:
            file = self._assembled(file)
            outcome = partial(self._accept, findings=self._read_back(file))
        except (DigestMismatch, SealBroken, PartsMissing, PacketRetired, StoreRefused) as why:
            outcome = partial(self._reject, code=why.code)
        except (LeaseLost, NotFound):
            return  # another worker has it, or it was deleted
        self._settle(file, outcome)

    @property
    def _leases(self) -> Leases:
        return Leases(self.database, self.clock, self.limits.lease_for, FileState.VERIFYING)

    def _claim(self) -> PacketFile | None:
        return self._leases.claim(lambda tx, now: tx.files_to_verify(now, limit=1))

    def _held(self, tx: Transaction, file: PacketFile) -> PacketFile:
        return self._leases.held(tx, file)

    def _assembled(self, file: PacketFile) -> PacketFile:
        """The file with its object whole in the store and the object's ETag pinned. ObjectMissing, SealBroken."""
        if file.etag is not None:
            return file
        if file.object_key is None:
            raise ObjectMissing
        with self.database.reading() as tx:
            intent = tx.get(AssemblyIntent, file.organization_id, file.id)
        if file.upload_id is not None:
            self._complete(file, intent, file.object_key, file.upload_id)
        stored = self.store.head(file.object_key)
        if stored is None:
            raise ObjectMissing
        if file.upload_id is None and stored.etag != intent.parts[0][1]:
            raise SealBroken
        return self._pinned(file, stored)

    def _pinned(self, file: PacketFile, stored: StoredObject) -> PacketFile:
        if stored.size_bytes != Layout(file.size_bytes, file.part_bytes).sealed_size:
            raise SealBroken
        with self.database.changing() as tx:
            pinned = replace(self._held(tx, file), etag=stored.etag)
            tx.keep(pinned)
        return pinned

    def _complete(self, file: PacketFile, intent: AssemblyIntent, key: str, upload_id: str) -> None:
        """Join the parts by the intent's list; twice refused, or parts gone, is PartsMissing."""
        try:
            try:
                self.store.complete_upload(key, upload_id, intent.parts)
            except PartsRefused:
                intent = self._second_intent(file, intent, key, upload_id)
                self.store.complete_upload(key, upload_id, intent.parts)
        except PartsRefused:
            raise PartsMissing from None
        except UploadGone:
            pass  # completed before, by this intent: the store says next what is there

    def _second_intent(self, file: PacketFile, intent: AssemblyIntent, key: str, upload_id: str) -> AssemblyIntent:
        """One new intent from what the store has; PartsMissing with the numbers where it lacks any.

        A store may list several attempts at one part: the one that was recorded is taken where it is there.
        """
        stored: dict[int, list[str]] = {}
        for part in self.store.list_parts(key, upload_id):
            stored.setdefault(part.number, []).append(part.etag)
        missing = [number for number, _ in intent.parts if number not in stored]
        if missing or intent.attempt > 1:
            raise PartsMissing(parts=missing)
        parts = tuple((number, etag if etag in stored[number] else stored[number][-1]) for number, etag in intent.parts)
        again = replace(intent, parts=parts, attempt=2, made_at=self.clock())
        with self.database.changing() as tx:
            self._held(tx, file)
            tx.keep(again)
        return again

    def _read_back(self, file: PacketFile) -> _Findings:
        with self.database.reading() as tx:
            packet = tx.get(Packet, file.organization_id, file.packet_id)
            parts = tx.find(Part, file.organization_id, file_id=file.id)
        key = file_key(packet_key(self.keyring, packet), file.id)
        lease, whole = Lease(self._leases, file), _Tally()
        opened = [self._read_part(file, part, key, whole, lease) for part in parts]
        if file.declared_sha256 not in {None, whole.sha256.hexdigest()}:
            raise DigestMismatch
        return _Findings(whole.sha256.hexdigest(), whole.crc32, opened)

    def _read_part(self, file: PacketFile, part: Part, key: SecretKey, whole: _Tally, lease: Lease) -> Part:
        """The part with its header pinned, and its digest where it came with none; DigestMismatch, SealBroken."""
        layout = Layout(file.size_bytes, file.part_bytes)
        opener = PartOpener(key, file.packet_id, file.id, layout, part.number)
        alone = hashlib.sha256()
        for plaintext in self._opened(file, layout, opener, part.number):
            lease.keep()
            whole.update(plaintext)
            alone.update(plaintext)
        if part.sha256 not in {None, alone.hexdigest()}:
            raise DigestMismatch
        return replace(part, header=opener.header, sha256=alone.hexdigest())

    def _opened(self, file: PacketFile, layout: Layout, opener: PartOpener, number: int) -> Iterator[bytes]:
        start, length = layout.sealed_part_start(number), layout.sealed_part_size(number)
        with self.store.read(file.object_key or "", file.etag or "", start, length) as body:
            while sealed := body.read(READ_BYTES):
                yield opener.update(sealed)
        yield opener.finish()

    def _settle(self, file: PacketFile, outcome: Callable[[Transaction, PacketFile], None]) -> None:
        try:
            with self.database.changing() as tx:
                outcome(tx, replace(self._held(tx, file), lease_until=None))
        except LeaseLost:
            pass

    def _accept(self, tx: Transaction, file: PacketFile, findings: _Findings) -> None:
        verified = replace(file, state=FileState.VERIFIED, sha256=findings.sha256, crc32=findings.crc32, upload_id=None)
        event = file_event("file.verified", SystemActor(file.organization_id, "worker"), file, self.clock())
        tx.save(event, verified, *findings.parts)
        _log.info("A file is verified.", extra=file_ids(verified))

    def _reject(self, tx: Transaction, file: PacketFile, code: str) -> None:
        reject(tx, file, code, self.clock())
