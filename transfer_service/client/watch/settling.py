"""When a file has stopped growing: it looked the same over two looks and for long enough, and can be opened."""

from collections.abc import Iterable
from os import fstat
from typing import Final

from transfer_service.client.deposit.journal import Stamp
from transfer_service.client.deposit.scan import LocalFile

_LOOKS: Final = 2


class Settling:
    """Since when each file has looked as it does. Instants are seconds of a clock that nobody sets.

    Between two runs nothing is remembered: a file must settle anew.
    """

    def __init__(self, settle_for_s: float) -> None:
        self._for_s = settle_for_s
        self._known: dict[str, tuple[Stamp, float, int]] = {}

    def look(self, files: Iterable[LocalFile], at_s: float) -> None:
        """All files as they are now; what is gone is forgotten."""
        known = self._known
        self._known = {file.path: _seen(known.get(file.path), file.stamp, at_s) for file in files}

    def why_not(self, files: Iterable[LocalFile], at_s: float) -> str:
        """Why they are not settled; empty where all are."""
        for file in files:
            if file.size_bytes == 0:
                return "it is empty so far"
            _, since_s, looks = self._known[file.path]
            if looks < _LOOKS or at_s - since_s < self._for_s:
                return f"it has to stay as it is for {self._for_s:g} s"
        return ""


def why_not_readable(files: Iterable[LocalFile]) -> str:
    """Why one of them can't be opened as it was seen; empty where all can. Windows lets scanners lock it."""
    for file in files:
        try:
            with file.place.open("rb") as stream:
                if Stamp.of(fstat(stream.fileno())) != file.stamp:
                    return "it is being written"
        except OSError as error:
            return f"it can't be opened: {error.strerror}"
    return ""


def _seen(known: tuple[Stamp, float, int] | None, stamp: Stamp, at_s: float) -> tuple[Stamp, float, int]:
    if known is None or known[0] != stamp:
        return stamp, at_s, 1
    return stamp, known[1], known[2] + 1
