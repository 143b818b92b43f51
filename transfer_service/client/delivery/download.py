"""One file: into a temporary name beside its final one, resumed by ranges, and renamed once its digest is right."""

import errno
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import urllib3

from transfer_service.client.failures import ClientFailure, DiskFull, IntegrityBroken
from transfer_service.client.patience import ComeLater
from transfer_service.client.progress import Progress
from transfer_service.client.service import Service

BLOCK_BYTES: Final = 1024 * 1024
_PARTIAL, _UNSATISFIABLE = 206, 416
_PAUSE_S: Final = 0.5
#: What says that no more fits: the disk, a quota, a file system's largest file.
_FULL: Final = frozenset({"ENOSPC", "EDQUOT", "EFBIG"})


class InTheWay(ClientFailure):
    """Another file has that name already."""

    code = "in_the_way"
    message = "another file of that name is there already; move it away, or say --overwrite"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of the manifest, and its final place here."""

    id: str
    path: str
    size_bytes: int
    digest: str
    place: Path

    @property
    def partial(self) -> Path:
        """Its temporary name, beside the final one."""
        return self.place.with_name(f".{self.place.name}.part")

    def missing_bytes(self) -> int:
        """How many bytes are still to come, as far as sizes tell."""
        for place in (self.place, self.partial):
            if place.is_file() and place.stat().st_size <= self.size_bytes:
                return self.size_bytes - place.stat().st_size
        return self.size_bytes


class Download:
    """Fetches one file. Raises InTheWay, DiskFull, IntegrityBroken, and what the service refuses."""

    def __init__(self, service: Service, wanted: Wanted, progress: Progress, *, overwrite: bool) -> None:
        self._service, self._wanted, self._progress = service, wanted, progress
        self._overwrite = overwrite
        self._have = 0
        self._digest = hashlib.sha256()

    def run(self) -> None:
        """Fetch it, unless it is there."""
        wanted = self._wanted
        self._progress.file_began(wanted.path, wanted.size_bytes)
        try:
            if self._is_there():
                self._progress.moved(wanted.path, wanted.size_bytes)
            elif os.path.lexists(wanted.place) and not self._overwrite:
                raise InTheWay
            else:
                self._fetch()
        except OSError as error:
            raise _as_failure(error, wanted.place) from None
        self._progress.file_done(wanted.path)

    def _is_there(self) -> bool:
        place, size_bytes = self._wanted.place, self._wanted.size_bytes
        if place.is_symlink() or not place.is_file() or place.stat().st_size != size_bytes:
            return False
        return digest_of(place) == self._wanted.digest

    def _fetch(self) -> None:
        for _ in range(2):
            with _opened(self._wanted.partial) as file:
                self._take_up(file)
                self._receive(file)
                os.fsync(file.fileno())
            if self._digest.hexdigest() == self._wanted.digest:
                # Whatever the file's name was before, the whole file is there, or nothing is.
                os.replace(self._wanted.partial, self._wanted.place)  # noqa: PTH105 - as said
                return
            self._progress.moved(self._wanted.path, -self._have)
            self._wanted.partial.unlink()
        raise IntegrityBroken("What came does not have the digest that the manifest names.")

    def _take_up(self, file: BinaryIO) -> None:
        """Hash what an earlier run left."""
        self._have, self._digest = 0, hashlib.sha256()
        if os.fstat(file.fileno()).st_size > self._wanted.size_bytes:
            file.truncate(0)
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            self._count(block)

    def _receive(self, file: BinaryIO) -> None:
        everything = False
        while not everything:
            everything = self._service.patience.until(lambda: self._some(file))

    def _some(self, file: BinaryIO) -> bool:
        """Whether the rest came. ComeLater where nothing did: patience is for a service that gives nothing at all."""
        wanted, before = self._wanted, self._have
        if before == wanted.size_bytes > 0:
            return True
        headers = {"Range": f"bytes={before}-", "If-Range": f'"{wanted.digest}"'} if before else {}
        try:
            with self._service.streamed(f"/redeemed/files/{wanted.id}", headers) as answer:
                self._copy(answer, file)
        except ComeLater:
            if self._have == before:
                raise
            time.sleep(_PAUSE_S)
        return self._have == wanted.size_bytes

    def _copy(self, answer: urllib3.BaseHTTPResponse, file: BinaryIO) -> None:
        self._place(answer, file)
        for block in answer.stream(BLOCK_BYTES, decode_content=False):
            self._service.patience.check()
            if self._have + len(block) > self._wanted.size_bytes:
                raise IntegrityBroken("More bytes came than the manifest names.")
            self._write(memoryview(block), file)
            self._count(block)

    def _write(self, block: memoryview, file: BinaryIO) -> None:
        """All of it: an unbuffered file may take less at a time, and says so when it is full."""
        try:
            while block:
                block = block[file.write(block) :]
        except OSError as error:
            raise _as_failure(error, self._wanted.place) from None

    def _place(self, answer: urllib3.BaseHTTPResponse, file: BinaryIO) -> None:
        """Go on where the answer begins: at what was asked for, or at the beginning."""
        if answer.status == _PARTIAL:
            if not answer.headers.get("Content-Range", "").startswith(f"bytes {self._have}-"):
                raise IntegrityBroken("Another range came than was asked for.")
        elif self._have:
            self._progress.moved(self._wanted.path, -self._have)
            file.seek(0)
            file.truncate(0)
            self._have, self._digest = 0, hashlib.sha256()

    def _count(self, block: bytes) -> None:
        self._digest.update(block)
        self._have += len(block)
        self._progress.moved(self._wanted.path, len(block))


def digest_of(place: Path) -> str:
    """SHA-256 (hex) of a file. OSError."""
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _opened(place: Path) -> BinaryIO:
    """The temporary file, made where it is not there; a link in its place is not followed, where systems can tell."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(place, flags, 0o600), "r+b", buffering=0)


def _as_failure(error: OSError, place: Path) -> ClientFailure:
    if errno.errorcode.get(error.errno or 0) in _FULL:
        return DiskFull(f"There is no room left for {place.name}.")
    return ClientFailure(f"it can't be written: {error.strerror}")
