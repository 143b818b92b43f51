"""A range of a sealed object, read to its end although the store breaks off.

A store lets go of a reader who is slow for minutes (SeaweedFS was seen to, after some three), and it may be started
again meanwhile. What has not come is asked for anew, of the very version that was pinned; whoever opens it checks
every chunk all the same.
"""

from collections.abc import Callable
from contextlib import ExitStack

from transfer_service.errors import Unavailable
from transfer_service.ports import ObjectBody

FRUITLESS_TRIES = 3


class SealedRange:
    """``length`` bytes from ``start``; ``read(start, length)`` opens them at the store. Use it in a ``with`` statement.

    It opens at once, so that the store may send before anybody reads.
    """

    def __init__(self, read: Callable[[int, int], ObjectBody], start: int, length: int) -> None:
        self._read, self._at, self._end = read, start, start + length
        self._bodies = ExitStack()
        self._fruitless = 0
        self._body = self._opened()

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; empty only at the end. Unavailable where the store breaks off again and again."""
        while True:
            try:
                piece = self._body.read(size)
            except Unavailable:
                self._fruitless += 1
                if self._fruitless >= FRUITLESS_TRIES:
                    raise
                self._body = self._opened()
            else:
                self._fruitless, self._at = 0, self._at + len(piece)
                return piece

    def _opened(self) -> ObjectBody:
        self._bodies.close()
        return self._bodies.enter_context(self._read(self._at, self._end - self._at))

    def __enter__(self) -> "SealedRange":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._bodies.close()
