"""Ends a download whose client has stalled when what permitted it has ended.

A running download is asked again between its blocks. A client that reads slowly keeps its thread inside one
write for as long as the server is patient, and the kernel goes on sending what it holds: here somebody else asks.
"""

import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from transfer_service.errors import NotAuthenticated, NotNow

_log = logging.getLogger(__name__)

ASK_EVERY_S = 0.75
_ON_ZERO_SECONDS = struct.pack("ii", 1, 0)


def reset_on_close(connection: socket.socket) -> None:
    """Let the next close send a reset, and discard what the kernel has not sent yet (SO_LINGER with zero seconds)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ON_ZERO_SECONDS)


@contextmanager
def watched(
    connection: socket.socket | None, still_permitted: Callable[[], object] | None
) -> Iterator[Callable[[], None]]:
    """Watch the download that runs inside, where both are given; it calls what it gets whenever a block has gone.

    While none goes, ``still_permitted`` is asked every ASK_EVERY_S in a thread of its own. Once that raises NotNow
    or NotAuthenticated, the connection is shut down: the write that hangs fails, and the close resets.
    """
    if connection is None or still_permitted is None:
        yield lambda: None
        return
    watch = _Watch(connection, still_permitted)
    watch.start()
    try:
        yield watch.moved.set
    finally:
        watch.stop()


class _Watch(threading.Thread):
    def __init__(self, connection: socket.socket, still_permitted: Callable[[], object]) -> None:
        super().__init__(name="stalled-download", daemon=True)
        self.moved = threading.Event()
        self._over = threading.Event()
        self._connection, self._still_permitted = connection, still_permitted
        self._lock = threading.Lock()

    def run(self) -> None:
        while not self._over.wait(ASK_EVERY_S):
            if self.moved.is_set():
                self.moved.clear()
            elif not self._is_permitted():
                self._cut()
                return

    def stop(self) -> None:
        """Once this returns, the connection is not touched any more."""
        self._over.set()
        with self._lock:
            pass

    def _is_permitted(self) -> bool:
        try:
            self._still_permitted()
        except (NotNow, NotAuthenticated) as refusal:
            _log.warning("A stalled download was cut off: %s", refusal.code)
            return False
        except Exception:  # noqa: BLE001 - whatever it is, the download itself meets it at its next block
            _log.warning("A stalled download could not be checked.")
        return True

    def _cut(self) -> None:
        with self._lock:
            if not self._over.is_set():
                with suppress(OSError):
                    reset_on_close(self._connection)
                    self._connection.shutdown(socket.SHUT_RDWR)
