"""Slides that were sent already under another name: told by their bytes, which are read only where a size agrees."""

from collections.abc import Iterable

from transfer_service.client.deposit.journal import Stamp
from transfer_service.client.deposit.scan import LocalFile
from transfer_service.client.deposit.upload import digest_of
from transfer_service.client.watch.slides import Slide


class Digests:
    """SHA-256 (hex) of files that were read, for as long as they look the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, str]] = {}

    def of(self, file: LocalFile) -> str:
        """Unreadable."""
        known = self._known.get(file.path)
        if known is None or known[0] != file.stamp:
            known = self._known[file.path] = (file.stamp, digest_of(file))
        return known[1]

    def forget_all_but(self, files: Iterable[LocalFile]) -> None:
        """Keep only what is in the folder now."""
        known = self._known
        self._known = {file.path: known[file.path] for file in files if file.path in known} if known else {}


class Pool:
    """What a case has, by size: digests (hex) of what was sent, and slides that are about to be."""

    def __init__(self, digests: Digests, sent: Iterable[tuple[int, str]]) -> None:
        self._digests = digests
        self._sent: dict[int, set[str]] = {}
        self._coming: dict[int, list[LocalFile]] = {}
        for size_bytes, digest in sent:
            self._sent.setdefault(size_bytes, set()).add(digest)

    def add(self, slide: Slide) -> None:
        """It is about to be sent."""
        for file in slide.files:
            self._coming.setdefault(file.size_bytes, []).append(file)

    def has(self, slide: Slide) -> bool:
        """Whether every file of the slide is here already, under whatever name. Unreadable."""
        sizes = {*self._sent, *self._coming}
        if not all(file.size_bytes in sizes for file in slide.files):
            return False
        return all(self._digests.of(file) in self._with_size(file.size_bytes) for file in slide.files)

    def _with_size(self, size_bytes: int) -> set[str]:
        coming = {self._digests.of(file) for file in self._coming.get(size_bytes, ())}
        return coming | self._sent.get(size_bytes, set())
