"""What happens without anyone asking: verification, carrying, closing, mail, webhooks, copies, expiry, sweeping.

Two threads verify, so that one huge file does not hold up the small ones, and two bring notices to webhooks, so that
a receiver that hangs does not hold up another. Carrying files over to successors, mail, copies of signed forms and the
sweeping of objects, which wait for others, have a thread each; the calling thread does the rest, which waits for the
database alone. Each chore goes on by itself: where something does not answer, that chore alone waits, longer each time.
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
    """In seconds: how often to look for files, for mail and notices, for what is to be swept; the longest wait after
    failures; for how long a file, a mail or an object may go on once the worker is told to stop; and the pause
    between the transactions of a long chore, in which others write.
    """

    verify_s: float = 0.2
    mail_s: float = 0.5
    sweep_s: float = 60.0
    longest_wait_s: float = 30.0
    stop_within_s: float = 3.0
    pause_s: float = 0.1  # as long as SQLite at most sleeps before it tries again


def _always() -> bool:
    return True


class Worker:
    """Runs until stopped. Any number may run beside each other: files are leased, the rest may be done twice.

    ``may_destroy`` is asked before each chore that ends packets: nothing is, on the word of a clock that is doubted.
    """

    def __init__(
        self,
        journey: Journey,
        clock: Callable[[], datetime],
        *,
        verifiers: int = 2,
        rhythm: Rhythm = Rhythm(),
        may_destroy: Callable[[], bool] = _always,
    ) -> None:
        self._journey, self._clock, self._rhythm = journey, clock, rhythm
        self._verifiers, self._may_destroy = verifiers, may_destroy
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Begin no more. May be called by a signal handler or another thread."""
        self._stopping.set()

    def run(self) -> None:
        """Work until ``stop``; returns within some seconds of it.

        A file that is still being verified then is given up: its lease runs out, its fence keeps what a dying
        thread may still find out from counting, and the next worker reads it again. A mail that is on its way
        may be sent again, under the same Message-ID.
        """
        rhythm = self._rhythm
        threads = [
            *(self._started(f"verify-{n}", _Chore("verify", self._verify, rhythm.verify_s)) for n in self._numbers()),
            self._started("carry", _Chore("carry", self._carry, rhythm.mail_s)),
            self._started("mail", _Chore("mail", self._deliver, rhythm.mail_s)),
            *(self._started(f"notices-{n}", _Chore("notices", self._announce, rhythm.mail_s)) for n in (1, 2)),
            self._started("copies", _Chore("copies", self._make_copies, rhythm.sweep_s)),
            self._started("leftovers", _Chore("leftovers", self._sweep_leftovers, rhythm.sweep_s)),
        ]
        self._go_on(
            _Chore("close", self._settle, rhythm.mail_s),
            _Chore("abandon", self._abandon, rhythm.sweep_s, self._may_destroy),
            _Chore("retention", self._end_retention, rhythm.sweep_s, self._may_destroy),
            _Chore("destroy", self._destroy, rhythm.sweep_s, self._may_destroy),
            _Chore("ends", self._warn_of_ends, rhythm.sweep_s),
            _Chore("reminders", self._remind, rhythm.sweep_s),
            _Chore("forget", self._forget, rhythm.sweep_s),
            _Chore("waits", self._mend, rhythm.sweep_s),
            _Chore("requests", self._forget_requests, rhythm.sweep_s, self._may_destroy),
        )
        give_up_at = time.monotonic() + rhythm.stop_within_s
        for thread in threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))

    def _numbers(self) -> range:
        return range(1, self._verifiers + 1)

    def _started(self, name: str, chore: "_Chore") -> threading.Thread:
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
        return self._journey.verify.next_file()

    def _carry(self) -> bool:
        return self._journey.carry.next_turn()

    def _deliver(self) -> bool:
        return self._journey.notify.deliver(self._clock(), at_most=1) > 0

    def _announce(self) -> bool:
        return self._journey.announce.next_notice(self._clock())

    def _warn_of_ends(self) -> bool:
        return self._journey.announce.warn_of_ends(self._clock()) > 0

    def _remind(self) -> bool:
        return self._journey.remind.remind(self._clock()) > 0

    def _settle(self) -> bool:
        return self._journey.close.settle(self._clock()) > 0

    def _abandon(self) -> bool:
        return self._journey.retire.abandon(self._clock()) > 0

    def _end_retention(self) -> bool:
        return self._journey.retire.end_retention(self._clock()) > 0

    def _destroy(self) -> bool:
        return self._journey.retire.destroy(self._clock(), self._paused) > 0

    def _make_copies(self) -> bool:
        return self._journey.copies.make_missing(self._clock()) > 0

    def _sweep_leftovers(self) -> bool:
        return self._journey.retire.sweep_leftovers(self._clock()) > 0

    def _forget(self) -> bool:
        return self._journey.retire.forget(self._clock()) > 0

    def _forget_requests(self) -> bool:
        return self._journey.slide_requests.forget(self._clock()) > 0

    def _mend(self) -> bool:
        return self._journey.mend.mend_some(self._clock())

    def _paused(self) -> bool:
        """Wait while others write; whether to go on then."""
        return not self._stopping.wait(self._rhythm.pause_s)


class _Chore:
    """Work that comes round again. ``work`` says whether there may be more of it at once, ``may`` whether to begin."""

    def __init__(self, name: str, work: Callable[[], bool], every_s: float, may: Callable[[], bool] = _always) -> None:
        self._name, self._work, self._every_s, self._may = name, work, every_s, may
        self._failures = 0
        self._held_back = False
        self.due_at = time.monotonic()

    def do(self, longest_wait_s: float) -> None:
        """One round; whatever goes wrong in it, there is a next."""
        try:
            wait_s = 0.0 if self._may_begin() and self._work() else self._every_s
        except Exception as error:  # noqa: BLE001  # one file that can't be verified must not end all chores
            wait_s = self._after(error, longest_wait_s)
        else:
            self._well_again()
        self.due_at = time.monotonic() + wait_s

    def _may_begin(self) -> bool:
        may = self._may()
        if not may and not self._held_back:
            _log.warning("%s is held back: the clock may be wrong, and nothing is destroyed on its word", self._name)
        self._held_back = not may
        return may

    def _after(self, error: Exception, longest_wait_s: float) -> float:
        self._failures += 1
        if not isinstance(error, Unavailable):
            _log.error("%s failed", self._name, exc_info=error)
        elif self._failures == 1:
            _log.warning("%s waits: %s", self._name, error, extra={"code": error.code})
        return min(self._every_s * 2.0 ** min(self._failures, 10), longest_wait_s)

    def _well_again(self) -> None:
        if self._failures:
            _log.info("%s goes on after %d failures", self._name, self._failures)
        self._failures = 0
