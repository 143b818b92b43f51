"""When to try again, and when to give up: lost connections, a service that is busy, a service that is gone."""

import math
import secrets
import time
from collections.abc import Callable
from threading import Event
from typing import Final, TypeVar

from transfer_service.client.failures import ClientFailure, Interrupted, Unreachable

T = TypeVar("T")

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 15.0
USUAL_PATIENCE_S: Final = 300.0
_LOOK_EVERY_S: Final = 0.2

_dice = secrets.SystemRandom()


class ComeLater(Exception):
    """One try came to nothing and may be made again: after ``after_s`` seconds, where the service said so.

    ``failure`` is what it ends with once patience is over.
    """

    def __init__(self, failure: ClientFailure, after_s: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure, self.after_s = failure, after_s


class Patience:
    """How long one call is tried again, in seconds, and who is told that we wait.

    Safe to share between threads. Once `stop` was called every wait ends with Interrupted.
    """

    def __init__(
        self,
        for_s: float = USUAL_PATIENCE_S,
        waiting: Callable[[str, float], None] | None = None,
        above: "Patience | None" = None,
    ) -> None:
        self.for_s = for_s
        self.waiting = waiting or (lambda _why, _for_s: None)
        self._above, self._stopped = above, Event()

    def below(self, waiting: Callable[[str, float], None] | None = None) -> "Patience":
        """Another for one piece of work: stopped with this one, while this one outlives it."""
        return Patience(self.for_s, waiting or self.waiting, self)

    def stop(self) -> None:
        """End every wait, now and from now on."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called, here or above."""
        return self._stopped.is_set() or (self._above is not None and self._above.is_stopped)

    def check(self) -> None:
        """Raise Interrupted once `stop` was called."""
        if self.is_stopped:
            raise Interrupted

    def pause(self, seconds: float) -> None:
        """Wait. Raises Interrupted."""
        over_at = time.monotonic() + seconds
        while (left_s := over_at - time.monotonic()) > 0:
            self.check()
            self._stopped.wait(min(left_s, _LOOK_EVERY_S))
        self.check()

    def until(self, act: Callable[[], T]) -> T:
        """What ``act`` gives, once it does not raise ComeLater; what that failed with when patience is over."""
        give_up_at, tries = time.monotonic() + self.for_s, 0
        while True:
            self.check()
            try:
                return act()
            except ComeLater as later:
                wait_s = later.after_s if later.after_s is not None else backoff_s(tries)
                left_s = give_up_at - time.monotonic()
                if wait_s > left_s:
                    raise _given_up(later, wait_s) from None
                self.waiting(str(later.failure), left_s)
                self.pause(wait_s)
                tries += 1


def backoff_s(tries: int) -> float:
    """Doubling from half a second, at most 15 s, half of it by chance so that clients don't come back in step."""
    ceiling: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(tries, 10))
    return ceiling / 2 + _dice.random() * ceiling / 2


def _given_up(later: ComeLater, wait_s: float) -> ClientFailure:
    if later.after_s is None:
        return later.failure
    return Unreachable(f"{later.failure} It asks to come again in {_in_words(wait_s)}.")


def _in_words(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{math.ceil(seconds)} seconds" if minutes == 1 else f"{minutes} minutes"
