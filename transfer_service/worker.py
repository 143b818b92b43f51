"""What happens without anyone asking: verification, closing, mail, expiry, sweeping.

Two threads verify, so that one huge file does not hold up the small ones; the calling thread does the
rest. Each chore goes on by itself: where something does not answer, that chore alone waits, longer each time.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from transfer_service.errors import Unavailable
from transfer_service.usecases.journey import Journey

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """In seconds: how often to look for files, for mail, for what is to be swept; the longest wait after
    failures; and for how long a file that is being verified may go on once the worker is told to stop.
    """

    verify_s: float = 0.2
    mail_s: float = 0.5
    sweep_s: float = 60.0
    longest_wait_s: float = 30.0
    stop_within_s: float = 3.0


class Worker:
    """Runs until stopped. Any number may run beside each other: files are leased, the rest may be done twice."""

    def __init__(
        self, journey: Journey, clock: Callable[[], datetime], *, verifiers: int = 2, rhythm: Rhythm = Rhythm()
    ) -> None:
        self._journey, self._clock, self._rhythm = journey, clock, rhythm
        self._verifiers = verifiers
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Begin no more. May be called by a signal handler or another thread."""
        self._stopping.set()

    def run(self) -> None:
        """Work until ``stop``; returns within some seconds of it.

        A file that is still being verified then is given up: its lease runs out, its fence keeps what a dying
        thread may still find out from counting, and the next worker reads it again.
        """
        threads = [self._started(f"verify-{number}") for number in range(1, self._verifiers + 1)]
        self._go_on(
            _Chore("mail", self._deliver, self._rhythm.mail_s),
            _Chore("close", self._settle, self._rhythm.mail_s),
            _Chore("sweep", self._sweep, self._rhythm.sweep_s),
        )
        give_up_at = time.monotonic() + self._rhythm.stop_within_s
        for thread in threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))

    def _started(self, name: str) -> threading.Thread:
        chore = _Chore(name, self._verify, self._rhythm.verify_s)
        thread = threading.Thread(target=self._go_on, args=(chore,), name=name, daemon=True)
        thread.start()
        return thread

    def _go_on(self, *chores: "_Chore") -> None:
        while not self._stopping.is_set():
            for chore in chores:
                if chore.due_at <= time.monotonic() and not self._stopping.is_set():
                    chore.do(self._rhythm.longest_wait_s)
            next_at = min(chore.due_at for chore in chores)
            self._stopping.wait(max(0.0, next_at - time.monotonic()))

    def _verify(self) -> bool:
        if not self._journey.verify.next_file():
            return False
        self._settle()
        return True

    def _settle(self) -> bool:
        return self._journey.close.settle(self._clock()) > 0

    def _deliver(self) -> bool:
        return self._journey.notify.deliver(self._clock()) > 0

    def _sweep(self) -> bool:
        self._journey.retire.sweep(self._clock())
        return False  # what one sweep leaves over is for the next


class _Chore:
    """Work that comes round again. ``work`` says whether there may be more of it at once."""

    def __init__(self, name: str, work: Callable[[], bool], every_s: float) -> None:
        self._name, self._work, self._every_s = name, work, every_s
        self._failures = 0
        self.due_at = time.monotonic()

    def do(self, longest_wait_s: float) -> None:
        """One round; whatever goes wrong in it, there is a next."""
        try:
            wait_s = 0.0 if self._work() else self._every_s
        except Exception as error:  # noqa: BLE001  # one file that can't be verified must not end all chores
            wait_s = self._after(error, longest_wait_s)
        else:
            self._well_again()
        self.due_at = time.monotonic() + wait_s

    def _after(self, error: Exception, longest_wait_s: float) -> float:
        self._failures += 1
        if not isinstance(error, Unavailable):
            _log.error("%s failed", self._name, exc_info=error)
        elif self._failures == 1:
            _log.warning("%s waits: %s", self._name, error)
        return min(self._every_s * 2.0 ** min(self._failures, 10), longest_wait_s)

    def _well_again(self) -> None:
        if self._failures:
            _log.info("%s goes on after %d failures", self._name, self._failures)
        self._failures = 0
