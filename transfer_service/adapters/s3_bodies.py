"""Bodies on their way to and from S3: sent without being copied, received with every byte counted."""

import logging
import time
from typing import Self

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from transfer_service.errors import Unavailable

SLOWEST_READ_BYTES_PER_S = 64 * 1024
"""A body that arrives more slowly than this, beyond one read timeout of grace, is given up."""

_log = logging.getLogger(__name__)


class SentBytes:
    """A seekable reader over bytes that hands out views, so that a part is sent without being copied.

    urllib3 asks for 128 KiB at a time, and a socket timeout then bounds each of these instead of the
    whole part, as it would if the bytes were given to ``sendall`` at once.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        self._view = memoryview(data).cast("B")
        self._at = 0

    def __len__(self) -> int:
        return len(self._view)

    def read(self, size: int = -1) -> memoryview:
        """The next ``size`` bytes, or all that are left."""
        end = len(self._view) if size < 0 else self._at + size
        piece = self._view[self._at : end]
        self._at += len(piece)
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to ``offset``, counted as ``io.IOBase.seek`` does; botocore rewinds so before it retries."""
        self._at = (0, self._at, len(self._view))[whence] + offset
        return self._at

    def tell(self) -> int:
        """Where the next read starts."""
        return self._at


class S3ObjectBody:
    """An open ranged read that counts: the end of the stream is the end of the range, or an error.

    Blocks of 256 KiB were the fastest to read.
    """

    def __init__(self, raw: BaseHTTPResponse, length: int, grace_s: float) -> None:
        self._raw = raw
        self._left = length
        self._patience_s = grace_s + length / SLOWEST_READ_BYTES_PER_S

    def read(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end of the range, where none are left; else ``Unavailable``."""
        pieces = []
        wanted = min(size, self._left)
        while wanted:
            piece = self._received(wanted)
            pieces.append(piece)
            self._left -= len(piece)
            wanted -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _received(self, size: int) -> bytes:
        """What has arrived, as soon as anything has. Only the time spent here counts: a slow reader may be slow."""
        started = time.monotonic()
        try:
            piece = self._raw.read1(size)
        except HTTPError as error:
            raise self._given_up(type(error).__name__) from None
        self._patience_s -= time.monotonic() - started
        if not piece:
            raise self._given_up("ended early")
        if self._patience_s < 0:
            raise self._given_up("too slow")
        return piece

    def _given_up(self, why: str) -> Unavailable:
        self._raw.close()
        _log.warning("The object store broke off the body of a read: %s.", why)
        return Unavailable()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._raw.close()  # drops the connection where bytes are left, instead of draining them
