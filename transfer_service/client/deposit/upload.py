"""One file, part by part: read once, hashed, sent, and watched for changes while that goes on.

What leaves is what was hashed: a part is read into memory, and sent from there however often it takes. A file that
does not look the same before, while and after it is read is refused (`Changed`), however alike its bytes may be.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, BinaryIO

from transfer_service.client.deposit.journal import Journal, Stamp
from transfer_service.client.deposit.scan import LocalFile
from transfer_service.client.failures import ClientFailure, IntegrityBroken
from transfer_service.client.patience import ComeLater
from transfer_service.client.progress import Progress
from transfer_service.client.service import Service
from transfer_service.sealing.layout import Layout

Memory = Callable[[int], memoryview]


class Changed(ClientFailure):
    """The file changed while it was sent."""

    code = "file_changed"
    message = "it changed while it was sent"


class Unreadable(ClientFailure):
    """The file can't be read, or not any more."""

    code = "file_unreadable"
    message = "it can't be read"


@dataclass(frozen=True, slots=True)
class Packet:
    """Where files go: a packet at a service, and who is told."""

    service: Service
    url: str
    journal: Journal
    progress: Progress


@dataclass(frozen=True, slots=True)
class Part:
    """One part in memory, and which it is."""

    number: int
    data: memoryview
    sha256: bytes


class Upload:
    """One file on its way. ``known`` is the file as the service has it, where it has begun already."""

    def __init__(self, packet: Packet, file: LocalFile, known: Mapping[str, Any] | None = None) -> None:
        self.file, self.sha256 = file, ""
        self.failure: ClientFailure | None = None
        self._packet, self._layout = packet, Layout.for_size(file.size_bytes)
        self._id: str | None = known["id"] if known else None
        self._stamp: Stamp | None = None
        self._inode = 0
        self._unsent = self._layout.part_count
        self._lock = Lock()

    def parts(self, memory: Memory) -> Iterator[Part]:
        """Every part that is not there yet, in order, each read when it is asked for, into memory of the asking thread.

        Changed, Unreadable.
        """
        self._packet.progress.file_began(self.file.path, self.file.size_bytes)
        try:
            with self.file.place.open("rb", buffering=0) as stream:
                yield from self._read(stream, memory)
        except OSError as error:
            raise Unreadable(f"it can't be read: {error.strerror}") from None

    def send(self, part: Part) -> None:
        """Send one part; after the last, say that the file is complete."""
        put = _Put(self._packet, f"{self._url()}/parts", part, self.file.path)
        self._packet.journal.note_sending()
        self._packet.service.patience.until(put.once)
        self._count(1)

    def _read(self, stream: BinaryIO, memory: Memory) -> Iterator[Part]:
        status = os.fstat(stream.fileno())
        self._stamp, self._inode = Stamp.of(status), status.st_ino
        if self._stamp.size_bytes != self.file.size_bytes:
            raise Changed
        arrived, whole = self._arrived(), hashlib.sha256()
        for number in range(1, self._layout.part_count + 1):
            data = memory(self._layout.part_size(number))
            _fill(stream, data)
            self._check_unchanged(stream)
            whole.update(data)
            if number == self._layout.part_count:
                self._all_read(whole.hexdigest())
            if number in arrived:
                self._packet.progress.moved(self.file.path, len(data))
                self._count(1)
            else:
                yield Part(number, data, hashlib.sha256(data).digest())

    def _arrived(self) -> set[int]:
        if self._id is None:
            return set()
        self._remember()
        return arrived_parts(self._packet.service, f"{self._packet.url}/files/{self._id}/parts")

    def _check_unchanged(self, stream: BinaryIO) -> None:
        if Stamp.of(os.fstat(stream.fileno())) != self._stamp:
            raise Changed

    def _all_read(self, digest: str) -> None:
        # What was read is one file from beginning to end; what has its name now may be another.
        now = self.file.place.stat()
        if (Stamp.of(now), now.st_ino) != (self._stamp, self._inode):
            raise Changed
        self.sha256 = digest

    def _url(self) -> str:
        """Where the file is at the service, which is told of it before its first part."""
        with self._lock:
            if self._id is None:
                self._id = self._plan()
                self._remember()
            return f"{self._packet.url}/files/{self._id}"

    def _plan(self) -> str:
        file = self.file
        fields = {"path": file.path, "size": file.size_bytes, "kind": file.kind, "transport": "gateway"}
        planned = self._packet.service.post(f"{self._packet.url}/files", fields)
        if (planned["part_size"], planned["part_count"]) != (self._layout.part_bytes, self._layout.part_count):
            raise IntegrityBroken("The service cuts files in another way than this client knows: update it.")
        return str(planned["id"])

    def _remember(self) -> None:
        if self._id is not None and self._stamp is not None:
            self._packet.journal.remember_file(self._id, self._stamp, self.sha256 or None)

    def _count(self, parts: int) -> None:
        with self._lock:
            self._unsent -= parts
            if self._unsent or self.failure is not None:
                return
        url = self._url()
        self._remember()
        self._packet.service.post(f"{url}/complete", {"sha256": self.sha256})
        self._packet.progress.file_done(self.file.path)


class _Put:
    """One part on its way, as often as it takes; never again once it is there."""

    def __init__(self, packet: Packet, url: str, part: Part, path: str) -> None:
        self._packet, self._url, self._part, self._path = packet, url, part, path
        self._lost = False

    def once(self) -> None:
        """Send it; ComeLater."""
        if self._lost and self._part.number in arrived_parts(self._packet.service, self._url):
            self._packet.progress.moved(self._path, len(self._part.data))
            return
        digest = base64.b64encode(self._part.sha256).decode()
        headers = {"Content-Digest": f"sha-256=:{digest}:"}
        moved = _Counted(self._packet.progress, self._path)
        try:
            self._packet.service.put(f"{self._url}/{self._part.number}", self._part.data, headers, moved.count)
        except ComeLater as later:
            self._lost = later.after_s is None
            moved.undo()
            raise


class _Counted:
    def __init__(self, progress: Progress, path: str) -> None:
        self._progress, self._path, self._bytes = progress, path, 0

    def count(self, size_bytes: int) -> None:
        self._bytes += size_bytes
        self._progress.moved(self._path, size_bytes)

    def undo(self) -> None:
        self._progress.moved(self._path, -self._bytes)


def arrived_parts(service: Service, url: str) -> set[int]:
    """The numbers of the parts that the service has."""
    return {part["number"] for part in service.get(url)["items"]}


def digest_of(file: LocalFile) -> str:
    """SHA-256 (hex) of a file as it is now. Unreadable."""
    try:
        with file.place.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise Unreadable(f"it can't be read: {error.strerror}") from None


def _fill(stream: BinaryIO, data: memoryview) -> None:
    """Read exactly so many bytes. Changed where there are fewer."""
    have = 0
    while have < len(data):
        read = stream.readinto(data[have:])  # type: ignore[attr-defined]  # an unbuffered file has it
        if not read:
            raise Changed
        have += read
