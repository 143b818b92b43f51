"""A short memory before any keyring: what it unwrapped is held for a minute, and let go of even where nobody asks."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import Protocol
from weakref import WeakMethod

from transfer_service.ports import Keyring
from transfer_service.sealing.keys import SecretKey

CACHE_S = 60.0
CACHE_KEYS = 1024

_Place = tuple[bytes, tuple[tuple[str, str], ...]]


class Alarm(Protocol):
    """Something that will be called once; ``cancel`` it and it won't."""

    def cancel(self) -> None:
        """Call nothing any more."""


class ThreadAlarm:
    """Calls ``ring`` after ``seconds``, in a daemon thread.

    Unlike ``threading.Timer`` it may be cancelled by a destructor, which may run amid any other code.
    """

    def __init__(self, seconds: float, ring: Callable[[], None]) -> None:
        self._cancelled: SimpleQueue[None] = SimpleQueue()
        threading.Thread(target=self._wait, args=(seconds, ring), name="keyring-memory", daemon=True).start()

    def cancel(self) -> None:
        """Call nothing, and end the thread."""
        self._cancelled.put(None)

    def _wait(self, seconds: float, ring: Callable[[], None]) -> None:
        try:
            self._cancelled.get(timeout=max(0.0, seconds))
        except Empty:
            ring()


class CachedKeyring:
    """Implements ``ports.Keyring`` before another one, and remembers what it unwrapped for ``seconds`` at most.

    ``clock`` tells seconds that never go back. At most CACHE_KEYS keys are held; the longest held goes first. While
    any is held one ``alarm`` is set, for the moment when the first is to be let go of. Make one in each process:
    alarms don't outlive a fork.
    """

    def __init__(
        self,
        keyring: Keyring,
        seconds: float = CACHE_S,
        clock: Callable[[], float] = time.monotonic,
        alarm: Callable[[float, Callable[[], None]], Alarm] = ThreadAlarm,
    ) -> None:
        self._alarm: Alarm | None = None
        self._keyring = keyring
        self._seconds = min(seconds, CACHE_S)
        self._clock = clock
        self._new_alarm = alarm
        self._lock = threading.Lock()
        self._held: OrderedDict[_Place, tuple[float, SecretKey]] = OrderedDict()

    def __del__(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()

    def generate(self, context: Mapping[str, str]) -> tuple[SecretKey, bytes]:
        """A new random key, and the same wrapped."""
        return self._keyring.generate(context)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> SecretKey:
        """The key again, perhaps from memory."""
        place = (wrapped, tuple(sorted(context.items())))
        with self._lock:
            self._let_go()
            if place in self._held:
                return self._held[place][1]
        key = self._keyring.unwrap(wrapped, context)
        with self._lock:
            self._hold(place, key)
        return key

    def check(self) -> None:
        """Ask the keyring itself."""
        self._keyring.check()

    def _hold(self, place: _Place, key: SecretKey) -> None:
        self._held[place] = (self._clock() + self._seconds, key)
        self._held.move_to_end(place)
        if len(self._held) > CACHE_KEYS:
            self._held.popitem(last=False)
        if self._alarm is None:
            self._set_alarm(self._seconds)

    def _let_go(self) -> None:
        now = self._clock()
        while self._held:
            place, (until, _) = next(iter(self._held.items()))
            if now < until:
                return
            del self._held[place]

    def _set_alarm(self, seconds: float) -> None:
        ring = WeakMethod(self._ring)  # a thread that waits keeps neither this nor the keys

        def wake() -> None:
            if (still_there := ring()) is not None:
                still_there()

        try:
            self._alarm = self._new_alarm(seconds, wake)
        except RuntimeError:  # no thread is to be had: what nothing would let go of is not held
            self._held.clear()

    def _ring(self) -> None:
        with self._lock:
            self._alarm = None
            self._let_go()
            if self._held:
                until, _ = next(iter(self._held.values()))
                self._set_alarm(until - self._clock())
