"""A connection that gives up on a sender who stalls or trickles.

gunicorn's body reader loops over ``recv`` until it has what it was asked for, so that one byte every few
seconds keeps a thread for ever. Only ``recv`` itself sees every byte come: the pace is kept here. Time that
the reader spends elsewhere (sealing, storing) is not the sender's, and is not counted.

Nor may clients together keep every thread: who waits for one outside of a transfer's slot takes a waiting place.
"""

import math
import select
import socket
import time
from dataclasses import dataclass
from threading import BoundedSemaphore

from transfer_service.errors import Busy

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyTooSlow(TimeoutError):
    """The sender stalled, or sends less than the least rate."""


@dataclass(frozen=True)
class Pace:
    """The slowest sending that is waited for, in whole seconds.

    ``stall_s``: seconds without any byte. After ``grace_s`` seconds of waiting in all, the average since the
    start must be ``bytes_per_s`` at least.
    """

    stall_s: float = 30.0
    grace_s: float = 30.0
    bytes_per_s: float = 8192.0


class PacedSocket(socket.socket):
    """A socket whose ``recv`` keeps a pace while one is set, and sends an owed 100 Continue first.

    Where ``waiting_places`` are given and the request has no ``has_slot``, a read or write that would wait takes one
    first and keeps it until ``give_place_back``; without a free one a read raises Busy, a write TimeoutError.
    """

    send_timeout_s = 60.0
    waiting_places: BoundedSemaphore | None = None
    has_slot = False
    _has_place = False
    _pace: Pace | None = None
    _waited_s = 0.0
    _received = 0
    _owes_continue = False

    def set_pace(self, pace: Pace | None) -> None:
        """Keep ``pace`` from here on, counting anew; None: as the socket's own timeout says."""
        self._pace, self._waited_s, self._received = pace, 0.0, 0

    def owe_continue(self) -> None:
        """Send ``100 Continue`` (RFC 9110 section 10.1.1) when the body is first asked for, not before."""
        self._owes_continue = True

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive as a socket does; raises BodyTooSlow where the pace is not kept."""
        if self._pace is None:
            return super().recv(bufsize, flags)
        if not self._may_wait(select.POLLIN):
            raise Busy
        if self._owes_continue:
            self._owes_continue = False
            self.sendall(_CONTINUE)
        return self._receive(self._pace, bufsize, flags)

    def sendall(self, data: bytes | memoryview, flags: int = 0, /) -> None:  # type: ignore[override]  # Buffer is of Python 3.12
        """Send as a socket does, within the send timeout whatever a read waited for before."""
        self._wait_at_most(self.send_timeout_s)
        left = data if self.has_slot else self._not_sent_at_once(memoryview(data), flags)
        if left and not self._may_wait(select.POLLOUT):
            raise TimeoutError("Every waiting place is taken.")
        super().sendall(left, flags)

    def give_place_back(self) -> None:
        """The request is over: its place is free, and the slot it had is no longer its own."""
        self.has_slot = False
        if self._has_place and self.waiting_places is not None:
            self._has_place = False
            self.waiting_places.release()

    def _may_wait(self, for_event: int) -> bool:
        if self.waiting_places is None or self.has_slot or self._has_place or self._is_ready(for_event):
            return True
        self._has_place = self.waiting_places.acquire(blocking=False)
        return self._has_place

    def _not_sent_at_once(self, data: memoryview, flags: int) -> memoryview:
        while data and self._is_ready(select.POLLOUT):
            data = data[super().send(data, flags) :]
        return data

    def _is_ready(self, event: int) -> bool:
        poll = select.poll()
        poll.register(self, event)
        return bool(poll.poll(0))

    def _receive(self, pace: Pace, bufsize: int, flags: int) -> bytes:
        started = time.monotonic()
        # Whole seconds, so that it seldom changes: each change costs a system call.
        self._wait_at_most(max(math.ceil(self._patience(pace)), 1))
        try:
            data = super().recv(bufsize, flags)
        except TimeoutError:
            raise BodyTooSlow from None
        finally:
            self._waited_s += time.monotonic() - started
        self._received += len(data)
        if self._patience(pace) <= 0:
            raise BodyTooSlow
        return data

    def _wait_at_most(self, seconds: float) -> None:
        if self.gettimeout() != seconds:
            self.settimeout(seconds)

    def _patience(self, pace: Pace) -> float:
        """Seconds that may pass now before the sender is behind."""
        due = max(pace.grace_s, self._received / pace.bytes_per_s)
        return min(pace.stall_s, max(due - self._waited_s, 0.0))
