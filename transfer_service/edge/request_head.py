"""A request's head (and a small body) gathered from a socket without waiting: no thread until it is there.

The bytes are only collected here. gunicorn's parser is the one that reads them.
"""

import re

HEAD_BYTES = 32 * 1024
REQUEST_LINE_BYTES = 8190
SMALL_BODY_BYTES = 64 * 1024

_END = b"\r\n\r\n"
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,6})[ \t]*(?=\r\n)", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:", re.IGNORECASE)


class RequestHead:
    """What has arrived of one request."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._needed: int | None = None

    def __len__(self) -> int:
        return len(self._bytes)

    def add(self, data: bytes) -> None:
        """Take what the socket gave."""
        searched = max(len(self._bytes) - len(_END) + 1, 0)
        self._bytes += data
        if self._needed is None:
            self._look_for_end(searched)

    def is_here(self) -> bool:
        """Whether the parser can read the head without waiting for more, be it only to refuse it."""
        return self._needed is not None and len(self._bytes) >= self._needed

    def excess(self) -> int | None:
        """The status to refuse with where the head exceeds its bounds: 414 or 431; else None."""
        if self._needed is not None or len(self._bytes) <= HEAD_BYTES:
            return None
        return 431 if 0 <= self._bytes.find(b"\r\n") <= REQUEST_LINE_BYTES else 414

    def take(self) -> bytes:
        """Return all that arrived, and start anew."""
        taken = bytes(self._bytes)
        self._bytes.clear()
        self._needed = None
        return taken

    def _look_for_end(self, searched: int) -> None:
        end = self._bytes.find(_END, searched, HEAD_BYTES)
        if end >= 0:
            self._needed = end + len(_END) + _small_body_bytes(bytes(self._bytes[: end + 2]))
        elif _BARE_LINE_FEED.search(self._bytes, searched, HEAD_BYTES):
            self._needed = 0


def _small_body_bytes(head: bytes) -> int:
    """How many bytes of body to wait for with the head: none where that is not certain."""
    lengths = _LENGTH.findall(head)
    if len(lengths) != 1 or _EXPECT.search(head):
        return 0
    length = int(lengths[0])
    return length if length <= SMALL_BODY_BYTES else 0
