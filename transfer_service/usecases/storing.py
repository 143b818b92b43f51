"""Storing: a sealed part is put where it will be read from, and counts once a transaction says so.

A file of one part is PUT under a fresh key that is swept unless it is adopted; a file of many parts is one multipart
upload. Every key is written down before the store hears of it, so that a crash at any point leaves nothing for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from transfer_service.domain.packet import FileState, Leftover, Packet, PacketFile, Part
from transfer_service.domain.people import Actor
from transfer_service.errors import FileNotReceiving, NotFound, UploadGone
from transfer_service.ports import Database, ObjectStore, Transaction
from transfer_service.sealing.keys import SecretKey
from transfer_service.sealing.layout import Layout
from transfer_service.usecases.deposit import file_event, let_go
from transfer_service.usecases.doors import Door
from transfer_service.usecases.fresh_objects import FreshObjects
from transfer_service.usecases.limits import Limits

TOUCH_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, repr=False)
class PartPlan:
    """A part that may come now, and from whom: which, how many plaintext bytes, and the key that will seal it."""

    actor: Actor
    file: PacketFile
    key: SecretKey
    number: int

    @property
    def layout(self) -> Layout:
        """How the file is cut."""
        return Layout(self.file.size_bytes, self.file.part_bytes)

    @property
    def size_bytes(self) -> int:
        """Exactly how many bytes the part has."""
        return self.layout.part_size(self.number)


#: Who sends which file; the file as it is now. Raises where no part of it may come (any more).
Expected = Callable[[Transaction, Actor, PacketFile], PacketFile]


def still_receiving(door: Door) -> Expected:
    """What others may have completed or deleted meanwhile is expected no more; and the door may have shut."""

    def expected(tx: Transaction, actor: Actor, file: PacketFile) -> PacketFile:
        try:
            current = tx.get(PacketFile, file.organization_id, file.id)
        except NotFound:
            raise FileNotReceiving from None
        door.filled(tx, actor, file.packet_id).check_open()
        current.check_receiving()
        return current

    return expected


class Storing:
    """Where the parts of files go."""

    def __init__(self, database: Database, store: ObjectStore, limits: Limits, expected: Expected) -> None:
        self._database, self._store, self._limits, self._expected = database, store, limits, expected
        self._fresh = FreshObjects(database, store, limits)

    def keep(self, plan: PartPlan, sealed: memoryview, sha256: str | None, now: datetime) -> None:
        """Put one sealed part, and let it count in the place of any earlier attempt. FileNotReceiving, Unavailable."""
        if plan.file.part_count == 1:
            self._keep_whole(plan, sealed, sha256, now)
        else:
            self._keep_part(plan, sealed, sha256, now)

    def _keep_whole(self, plan: PartPlan, sealed: memoryview, sha256: str | None, now: datetime) -> None:
        key, etag = self._fresh.put(sealed, now)
        with self._database.changing() as tx:
            file = self._started(tx, plan, now)
            let_go(tx, file, self._limits, now)
            tx.keep(replace(file, object_key=key), _arrived(plan, etag, sha256))
            tx.drop(Leftover(key, sweep_after=now))
            _touch(tx, file, now)

    def _keep_part(self, plan: PartPlan, sealed: memoryview, sha256: str | None, now: datetime) -> None:
        object_key, upload_id = self._upload(plan, now)
        try:
            etag = self._store.put_part(object_key, upload_id, plan.number, sealed)
        except UploadGone:
            raise FileNotReceiving from None
        with self._database.changing() as tx:
            file = self._expected(tx, plan.actor, plan.file)
            if file.upload_id != upload_id:
                raise FileNotReceiving
            tx.keep(_arrived(plan, etag, sha256))
            _touch(tx, file, now)

    def _upload(self, plan: PartPlan, now: datetime) -> tuple[str, str]:
        """The file's multipart upload, begun by whichever part comes first."""
        with self._database.reading() as tx:
            file = self._expected(tx, plan.actor, plan.file)
        if file.state is FileState.RECEIVING and file.object_key and file.upload_id:
            return file.object_key, file.upload_id
        key = self._fresh.key(now)
        upload_id = self._store.begin_upload(key)
        with self._database.changing() as tx:
            file = self._started(tx, plan, now)
            if file.object_key and file.upload_id:
                return file.object_key, file.upload_id
            tx.keep(replace(file, object_key=key, upload_id=upload_id))
            tx.drop(Leftover(key, sweep_after=now))
        return key, upload_id

    def _started(self, tx: Transaction, plan: PartPlan, now: datetime) -> PacketFile:
        """The file as it is now; a rejected one starts anew, with nothing received."""
        file = self._expected(tx, plan.actor, plan.file)
        if file.state is not FileState.REJECTED:
            return file
        let_go(tx, file, self._limits, now)
        tx.drop(*tx.find(Part, file.organization_id, file_id=file.id))
        anew = file.received_anew()
        tx.save(file_event("file.restarted", plan.actor, anew, now), anew)
        return anew


def _arrived(plan: PartPlan, etag: str, sha256: str | None) -> Part:
    return Part(plan.file.organization_id, plan.file.id, plan.number, plan.size_bytes, etag, sha256)


def _touch(tx: Transaction, file: PacketFile, now: datetime) -> None:
    """Say that the deposit is alive; seldom, for it writes the whole packet row."""
    packet = tx.get(Packet, file.organization_id, file.packet_id)
    if now - packet.written_at >= TOUCH_EVERY:
        tx.keep(replace(packet, written_at=now))
