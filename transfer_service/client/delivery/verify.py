"""Verify: a folder's files against the manifest that came with them, and that against a key that did not.

The folder is what `fetch` left, or the bag that archive.zip unpacks to.
"""

import os
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from transfer_service.client.delivery.bag import RELEASE_MANIFEST, in_bag, is_bag, tag_files
from transfer_service.client.delivery.delivery import BESIDE_THE_FILES, Delivery
from transfer_service.client.delivery.download import Wanted, digest_of
from transfer_service.client.delivery.landing import OWN_FOLDER
from transfer_service.client.failures import IntegrityBroken, OnlyDigests
from transfer_service.client.long_paths import reachable
from transfer_service.client.progress import Progress, Silence


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found right: the release, so many files, and the id of the key that signed for them."""

    release_id: str
    files: int
    size_bytes: int
    key_id: str


def verify_folder(folder: Path, public_key_pem: str | None, progress: Progress | None = None) -> Verified:
    """Exactly the manifest's files, each with its size and SHA-256, under the pinned key's signature.

    IntegrityBroken says what is changed, missing, or there without being in the manifest. OnlyDigests where all files
    are right and no key was given.
    """
    bag, progress = is_bag(folder), progress or Silence()
    delivery = Delivery.load(folder, RELEASE_MANIFEST if bag else BESIDE_THE_FILES)
    if public_key_pem is not None:
        delivery.check_signature(public_key_pem)
    base = reachable(folder)
    there = frozenset(_all(base)) - (tag_files(base) if bag else frozenset())
    wanted = delivery.wanted(base)
    if bag:
        wanted = in_bag(wanted, base, there)
    progress.begin("verifying", len(wanted), sum(each.size_bytes for each in wanted))
    wrong = {each.path: why for each in wanted if (why := _why_wrong(each, there, progress))}
    known = {each.place for each in wanted}
    wrong |= {place.relative_to(base).as_posix(): "it is not in the manifest" for place in there - known}
    if wrong:
        raise IntegrityBroken("What is here is not what was released.", files=wrong)
    if public_key_pem is None:
        raise OnlyDigests
    return Verified(
        str(delivery.manifest["release"]), len(wanted), sum(each.size_bytes for each in wanted), delivery.key_id
    )


def _why_wrong(wanted: Wanted, there: Container[Path], progress: Progress) -> str | None:
    progress.file_began(wanted.path, wanted.size_bytes)
    try:
        why = _difference(wanted, there)
    except OSError as error:
        why = f"it can't be read: {error.strerror}"
    progress.moved(wanted.path, wanted.size_bytes)
    if why:
        progress.file_failed(wanted.path, why)
    else:
        progress.file_done(wanted.path)
    return why


def _difference(wanted: Wanted, there: Container[Path]) -> str | None:
    if wanted.place not in there or wanted.place.is_symlink() or not wanted.place.is_file():
        return "it is missing"
    if wanted.place.stat().st_size != wanted.size_bytes or digest_of(wanted.place) != wanted.digest:
        return "it is changed"
    return None


def _all(base: Path) -> Iterator[Path]:
    """Everything below the folder that is not a folder itself, or is a link to one; not what is ours."""
    for above, folders, names in os.walk(base):
        if Path(above) == base and OWN_FOLDER in folders:
            folders.remove(OWN_FOLDER)
        links = [name for name in folders if Path(above, name).is_symlink()]
        yield from (Path(above, name) for name in (*names, *links))
