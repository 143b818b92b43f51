"""Paths that every system can write and every checking tool can read, in place of those that some can't.

A packet keeps the name that a file was deposited with, whatever it is. In an archive, which is unpacked on machines
that we know nothing of, a name is written otherwise where it must be:

- ``< > : " | ? *``, a device's name (``CON``, ``nul.svs``), a space or full stop at the end: Windows can't write them.
- ``%``: RFC 8493 section 2.1.3 wants it as ``%25`` in a bag's manifest; ``sha256sum`` and ``bagit.py`` don't know.
- White space at the end, which is lost where a line of a manifest is read.
- A file where another file's folder is, and what is the same once letters of both cases are one.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import partial
from itertools import count

from transfer_service.domain.paths import MAX_NAME_BYTES, path_identity

_UNWRITABLE = re.compile(r'[<>:"|?*%]|[\s.](?=[\s.]*\Z)')
# Microsoft, "Naming Files, Paths, and Namespaces": with any ending, and the superscript digits too.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=[ ]*(\.|\Z))", re.IGNORECASE)

LONGEST_ENDING = 16


def portable_paths(paths: Iterable[str]) -> dict[str, str]:
    """Each path with the one to write it under: most with itself. The same paths in the same order give the same."""
    wanted = {path: "/".join(_portable(name) for name in path.split("/")) for path in paths}
    taken = {path_identity(folder) for path in wanted.values() for folder in _folders(path)}
    numbers: defaultdict[str, Iterator[int]] = defaultdict(partial(count, 2))
    chosen: dict[str, str] = {}
    for path, portable in sorted(wanted.items(), key=lambda each: each[0] != each[1]):
        chosen[path] = _free(portable, taken, numbers)
        taken.add(path_identity(chosen[path]))
    return chosen


def _portable(name: str) -> str:
    writable = _UNWRITABLE.sub("_", name)
    device = _DEVICE.match(writable)
    return f"{writable[: device.end(1) - 1]}_{writable[device.end(1) :]}" if device else writable


def _folders(path: str) -> Iterator[str]:
    names = path.split("/")
    return ("/".join(names[:depth]) for depth in range(1, len(names)))


def _free(path: str, taken: Container[str], numbers: Mapping[str, Iterator[int]]) -> str:
    """The path, or with ``~2``, ``~3`` … before its ending. Where ten thousand are alike, no number is tried twice."""
    if path_identity(path) not in taken:
        return path
    tried = map(partial(_numbered, path), numbers[path_identity(_numbered(path, 2))])
    return next(each for each in tried if path_identity(each) not in taken)


def _numbered(path: str, number: int) -> str:
    """As long as a name may be, and no longer."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".") if "." in name[1:][-LONGEST_ENDING:] else (name, "", "")
    tail = f"~{number}{dot}{ending}"
    kept = stem.encode()[: max(0, MAX_NAME_BYTES - len(tail.encode()))].decode(errors="ignore")
    return f"{folder}{slash}{kept}{tail}"
