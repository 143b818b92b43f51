"""Archive: a bag as one ZIP (APPNOTE 6.3.10), every byte of it known before any file is read.

Nothing is compressed, and the CRC-32 and size of each file were pinned when it was verified: so its local header comes
before its bytes, the whole has a length, and byte N is always byte N. The structures are written by ``zipfile``.
"""

import hashlib
import stat
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, UnsupportedOperation
from zipfile import ZipFile, ZipInfo
from zlib import crc32

from transfer_service.domain.bag import Bag
from transfer_service.domain.packet import PacketFile

_UNIX = 3
_READABLE = (stat.S_IFREG | 0o644) << 16


@dataclass(frozen=True, slots=True, repr=False)
class Stretch:
    """Bytes [start, stop) of an archive: the archive's own, or a whole file's."""

    start: int
    stop: int
    source: bytes | PacketFile

    def is_touched(self, start: int, stop: int) -> bool:
        """Whether archive bytes [start, stop) hold some of it; an empty file, the last byte before it."""
        return (self.start < stop and start < self.stop) or start < self.start == self.stop <= stop


@dataclass(frozen=True, slots=True, repr=False)
class Archive:
    """One ZIP. ``etag`` is a SHA-256 (hex) over all of its bytes but the files', whose own SHA-256s are among them."""

    name: str
    stretches: tuple[Stretch, ...]
    etag: str

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        return self.stretches[-1].stop

    def touched(self, start: int, stop: int) -> Iterator[tuple[bytes | PacketFile, int, int]]:
        """What archive bytes [start, stop) are made of, in order: of each source, its bytes [first, last)."""
        for index in range(bisect_right(self.stretches, start, key=lambda each: each.stop), len(self.stretches)):
            stretch = self.stretches[index]
            if not stretch.is_touched(start, stop):
                return
            yield stretch.source, max(start, stretch.start) - stretch.start, min(stop, stretch.stop) - stretch.start


def archive_of(bag: Bag) -> Archive:
    """The bag's archive, laid out without a look at any file."""
    laid_out = _LayingOut(bag.signed_at)
    for place, text in bag.tag_files.items():
        laid_out.add(f"{bag.name}/{place}", len(text), crc32(text), text)
    for place, file in bag.payload.items():
        laid_out.add(f"{bag.name}/{place}", file.size_bytes, file.crc32 or 0, file)
    return Archive(bag.name, *laid_out.finished())


class _LayingOut:
    """One entry after the other. ``moment`` is every entry's time of change, in UTC."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._entries: list[ZipInfo] = []
        self._stretches: list[Stretch] = []
        self._digest = hashlib.sha256()
        self._at = 0

    def add(self, name: str, size_bytes: int, crc: int, source: bytes | PacketFile) -> None:
        """An entry's header, and its bytes."""
        entry = ZipInfo(name, self._moment.timetuple()[:6])
        entry.create_system, entry.external_attr = _UNIX, _READABLE
        entry.file_size = entry.compress_size = size_bytes
        entry.CRC, entry.header_offset = crc, self._at
        self._entries.append(entry)
        header = entry.FileHeader()
        self._append(header, len(header))
        self._append(source, size_bytes)

    def finished(self) -> tuple[tuple[Stretch, ...], str]:
        """All stretches, the central directory the last of them; and the tag."""
        directory = _After(self._at)
        with ZipFile(directory, "w") as archive:
            archive.filelist.extend(self._entries)
        self._append(directory.getvalue(), len(directory.getvalue()))
        return tuple(self._stretches), self._digest.hexdigest()

    def _append(self, source: bytes | PacketFile, size_bytes: int) -> None:
        if isinstance(source, bytes):
            self._digest.update(source)
        self._stretches.append(Stretch(self._at, self._at + size_bytes, source))
        self._at += size_bytes


class _After(BytesIO):
    """Where ``zipfile`` writes the directory to, ``at`` bytes of entries standing before; it can't seek there."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def tell(self) -> int:
        return self._at + super().tell()

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002 - the signature is BytesIO's
        raise UnsupportedOperation
