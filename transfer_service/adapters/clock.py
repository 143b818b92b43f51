"""The clock. A wall clock that jumps back would let what has expired live again: then nothing is granted."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from transfer_service.errors import Unavailable

MAX_STEP_BACK = timedelta(seconds=60)


def _wall() -> datetime:
    return datetime.now(UTC)


class Clock:
    """The time in UTC. Raises ``Unavailable`` once it is over a minute behind the latest that was ever told."""

    def __init__(self, wall: Callable[[], datetime] = _wall) -> None:
        self._wall = wall
        self._latest = wall()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Now."""
        now = self._wall()
        with self._lock:
            self._latest = max(self._latest, now)
            if self._latest - now > MAX_STEP_BACK:
                raise Unavailable("The clock has jumped back; nothing is granted until it is right.")
        return now
