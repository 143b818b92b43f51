"""A bag: the folder that archive.zip unpacks to, where a file may have another name than in the manifest.

The service writes names otherwise that not every system can hold, and whoever unpacks it may too. So a file that is
not under its own name is known by its size and SHA-256.
"""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from transfer_service.client.delivery.delivery import BESIDE_THE_FILES
from transfer_service.client.delivery.download import Wanted, digest_of

RELEASE_MANIFEST: Final = "release-manifest.json"
DATA: Final = "data"
_SIGNED_BY_NOBODY: Final = (
    "README.txt", "bag-info.txt", "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"
)  # fmt: skip


def is_bag(folder: Path) -> bool:
    """Whether that is an unpacked bag, and not what `fetch` left."""
    return (folder / RELEASE_MANIFEST).is_file() and not (folder / BESIDE_THE_FILES).exists()


def tag_files(base: Path) -> frozenset[Path]:
    """What belongs in a bag beside the files."""
    return frozenset(base / name for name in (RELEASE_MANIFEST, *_SIGNED_BY_NOBODY))


def in_bag(wanted: Iterable[Wanted], base: Path, there: Iterable[Path]) -> list[Wanted]:
    """Each where it lies: under its own name, or else under any that no other file has, or else nowhere."""
    data, files = base / DATA, list(wanted)
    names = {place.relative_to(data).as_posix(): place for place in there if place.is_relative_to(data)}
    named = [replace(each, place=names[each.path]) for each in files if each.path in names]
    free = set(names.values()) - {each.place for each in named}
    return named + _by_content([each for each in files if each.path not in names], free, data)


def _by_content(wanted: list[Wanted], free: Iterable[Path], data: Path) -> list[Wanted]:
    sizes, found = {each.size_bytes for each in wanted}, defaultdict[str, list[Path]](list)
    for place in sorted(free):
        with suppress(OSError):  # what can't be read is no file of ours
            if not place.is_symlink() and place.is_file() and place.stat().st_size in sizes:
                found[digest_of(place)].append(place)
    return [
        replace(each, place=found[each.digest].pop(0) if found[each.digest] else data / each.path) for each in wanted
    ]
