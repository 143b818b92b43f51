"""What is in a folder: the files to send, and all that is not one. Nothing is followed, nothing is opened."""

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import Final

from transfer_service.client.deposit.journal import Stamp
from transfer_service.client.deposit.paths import packet_path, path_identity, why_refused
from transfer_service.client.failures import UsageWrong
from transfer_service.client.long_paths import reachable

#: What file managers leave behind, pictures of the folder's files among it.
LITTER: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini"})

LINK, SPECIAL, UNREADABLE, NAME = "link", "special", "unreadable", "name"
SKIPPABLE: Final = (LINK, SPECIAL, UNREADABLE, NAME)

KINDS: Final = {
    "slide": {".svs", ".ndpi", ".tif", ".tiff", ".mrxs", ".scn", ".bif", ".vms", ".svslide", ".isyntax"},
    "radiology": {".dcm", ".dicom"},
    "report": {".pdf"},
}


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to send: its path in the packet, where it is, and how it looked when it was seen."""

    path: str
    local: str
    size_bytes: int
    mtime_ns: int

    @property
    def place(self) -> Path:
        """Where it is; made when it is asked for, as there may be a hundred thousand of them."""
        return Path(self.local)

    @property
    def stamp(self) -> Stamp:
        """How it looked."""
        return Stamp(self.size_bytes, self.mtime_ns)

    @property
    def kind(self) -> str:
        """What it is called in the packet, by its ending."""
        ending = Path(self.path).suffix.lower()
        return next((kind for kind, endings in KINDS.items() if ending in endings), "other")


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something that can't be sent as it is, by its local path. ``kind`` is link, special, unreadable or name."""

    path: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Contents:
    """A folder's files by path, what of it is odd, and what is left out on purpose."""

    files: tuple[LocalFile, ...]
    oddities: tuple[Oddity, ...] = ()
    empty_folders: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """All of it."""
        return sum(file.size_bytes for file in self.files)


def scan(folder: Path, *, leave_out: Iterable[str] = ()) -> Contents:
    """Everything below a folder; UsageWrong where it is none.

    ``leave_out`` are patterns (``*.tmp``, ``raw/*``, ``./top.txt``) of relative paths or of names, in any case of
    letters.
    """
    found = _Found([translate(pattern.lower()) for pattern in leave_out])
    try:
        found.look_into(reachable(folder), ())
    except OSError as error:
        raise UsageWrong(f"{folder} can't be read as a folder: {error.strerror}.") from None
    return found.contents()


class _Found:
    def __init__(self, leave_out: Sequence[str]) -> None:
        self._leave_out = re.compile("|".join(leave_out)) if leave_out else None
        self._files: list[LocalFile] = []
        self._oddities: list[Oddity] = []
        self._empty: list[str] = []
        self._left_out: list[str] = []

    def look_into(self, folder: Path, names: tuple[str, ...]) -> None:
        """Look at what is in one folder, and in those below it. OSError where it can't be read."""
        with os.scandir(folder) as entries:
            children = sorted(entries, key=lambda entry: entry.name)
        if not children and names:
            self._empty.append("/".join(names))
        for entry in children:
            self._look_at(entry, (*names, entry.name))

    def contents(self) -> Contents:
        """What was found, with files of one and the same name for the service taken out."""
        files, doubles = _once_each(self._files)
        return Contents(files, (*self._oddities, *doubles), tuple(self._empty), tuple(self._left_out))

    def _look_at(self, entry: os.DirEntry[str], names: tuple[str, ...]) -> None:
        path = "/".join(names)
        if self._is_left_out(path, entry.name):
            self._left_out.append(path)
            return
        try:
            status = entry.stat(follow_symlinks=False)
            self._sort(entry, status, names)
        except OSError as error:
            self._oddities.append(Oddity(path, UNREADABLE, f"it can't be read: {error.strerror}"))

    def _sort(self, entry: os.DirEntry[str], status: os.stat_result, names: tuple[str, ...]) -> None:
        path = "/".join(names)
        if _is_link(status):
            self._oddities.append(Oddity(path, LINK, "a link: what it points to may not be of this case"))
        elif stat.S_ISDIR(status.st_mode):
            self.look_into(Path(entry.path), names)
        elif not stat.S_ISREG(status.st_mode):
            self._oddities.append(Oddity(path, SPECIAL, "a socket, pipe or device"))
        elif not os.access(entry.path, os.R_OK):
            self._oddities.append(Oddity(path, UNREADABLE, "you may not read it"))
        elif why := why_refused(packet_path(names)):
            self._oddities.append(Oddity(path, NAME, why))
        else:
            self._files.append(LocalFile(packet_path(names), entry.path, status.st_size, status.st_mtime_ns))

    def _is_left_out(self, path: str, name: str) -> bool:
        if name.lower() in LITTER or name.startswith("._"):
            return True
        if self._leave_out is None:
            return False
        words = (f"./{path}".lower(), path.lower(), name.lower())
        return any(map(self._leave_out.match, words))


def _is_link(status: os.stat_result) -> bool:
    """A symbolic link, or what Windows has like one: a junction."""
    junction = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT, which Python names on Windows alone
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == junction


def _once_each(found: list[LocalFile]) -> tuple[tuple[LocalFile, ...], list[Oddity]]:
    """The files by path, and all but the first of those that Windows, and so the service, would take for one."""
    first: dict[str, LocalFile] = {}
    doubles = []
    for file in sorted(found, key=lambda file: (file.path, file.local)):
        other = first.setdefault(path_identity(file.path), file)
        if other is not file:
            doubles.append(Oddity(file.path, NAME, f"the service takes its name for that of {other.path}"))
    return tuple(first.values()), doubles
