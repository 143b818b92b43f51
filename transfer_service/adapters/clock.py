"""The clock. A wall clock that jumps back would let what has expired live again: then nothing is granted.

One that jumps forward ends things sooner than was promised. What has only expired lives again once the clock is put
right, but what was destroyed does not: so the clock says whether it is to be trusted with that.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from transfer_service.errors import Unavailable

MAX_STEP_BACK = timedelta(seconds=60)
MAX_STEP_FORWARD = timedelta(minutes=5)
DOUBTED_FOR = timedelta(hours=24)
COURSES_REMEMBERED = 8

_log = logging.getLogger(__name__)


def _wall() -> datetime:
    return datetime.now(UTC)


def _steady() -> float:
    """Seconds that nobody sets, and that go on while the machine is suspended. Source: clock_gettime(2).

    Linux's CLOCK_MONOTONIC stops then; other systems, which have no CLOCK_BOOTTIME, let theirs go on.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class _Course:
    """How the wall clock runs: ``wall`` when the steady one told ``steady_s``; the latest it ever told before that;
    and since when (by the steady one) it is doubted.
    """

    wall: datetime
    steady_s: float
    latest: datetime
    doubted_since_s: float | None = None

    def at(self, steady_s: float) -> datetime:
        """What it should tell then, if nobody sets it."""
        return self.wall + timedelta(seconds=steady_s - self.steady_s)


class Clock:
    """The time in UTC. Raises ``Unavailable`` while it is over a minute behind the latest that was ever told.

    A forward jump is told as it is. When the wall clock is put right again, which is back to within a minute of what
    the ``steady`` one makes of the time before the jump, the jump is forgotten: nothing is refused for it.
    """

    def __init__(self, wall: Callable[[], datetime] = _wall, steady: Callable[[], float] = _steady) -> None:
        self._wall, self._steady = wall, steady
        now = wall()
        self._course = _Course(now, steady(), now)
        self._left: list[_Course] = []  # how it ran before its jumps, the latest one last
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Now."""
        with self._lock:
            return self._told()

    def is_trusted(self) -> bool:
        """Whether what can't be undone may be done by the time that was told: ask after taking the time.

        False for a day after the wall clock jumped forward, unless it is put right sooner; and while it is refused.
        """
        with self._lock:
            try:
                self._told()
            except Unavailable:
                return False
            since_s = self._course.doubted_since_s
            return since_s is None or self._course.steady_s - since_s >= DOUBTED_FOR.total_seconds()

    def _told(self) -> datetime:
        now = self._wall()  # first: a machine suspended between the two then seems to jump forward, and not back
        steady_s = self._steady()
        self._course = self._returned(now, steady_s) or self._followed(now, steady_s)
        latest = max(self._course.latest, now)
        self._course = replace(self._course, wall=now, steady_s=steady_s, latest=latest)
        if latest - now > MAX_STEP_BACK:
            raise Unavailable("The clock has jumped back; nothing is granted until it is right.")
        return now

    def _returned(self, now: datetime, steady_s: float) -> _Course | None:
        """The course of before, where a jump has just been put right; jumps since then are forgotten."""
        if self._course.latest - now <= MAX_STEP_BACK and self._is_followed(now, steady_s):
            return None
        for place, left in reversed([*enumerate(self._left)]):
            if abs(now - left.at(steady_s)) <= MAX_STEP_BACK:
                del self._left[place:]
                _log.info("The wall clock has been put right")
                return left
        return None

    def _followed(self, now: datetime, steady_s: float) -> _Course:
        if self._is_followed(now, steady_s):
            return self._course
        due = self._course.at(steady_s)
        self._left = [*self._left, self._course][-COURSES_REMEMBERED:]
        if now < due:  # what nobody asked for meanwhile was told all the same
            return replace(self._course, latest=max(self._course.latest, due))
        _log.warning("The wall clock has jumped forward by %s and is doubted for a day", now - due)
        return replace(self._course, doubted_since_s=steady_s)

    def _is_followed(self, now: datetime, steady_s: float) -> bool:
        return -MAX_STEP_BACK <= now - self._course.at(steady_s) <= MAX_STEP_FORWARD
