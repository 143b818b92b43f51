"""What runs at once: a few daemon threads over one stream of jobs, which end together at the first failure.

Daemons, so that Ctrl-C ends the program though a thread still waits for an answer that may not come for minutes.
"""

from collections.abc import Callable
from threading import Lock, Thread
from typing import Final

from transfer_service.client.failures import Interrupted
from transfer_service.client.patience import Patience

_LOOK_EVERY_S: Final = 0.2
_LEAVE_WITHIN_S: Final = 3.0


class Lanes:
    """``count`` threads that each do ``work`` until it returns; the first failure stops them all and is raised."""

    def __init__(self, count: int, work: Callable[[], None], patience: Patience) -> None:
        self._work, self._patience = work, patience
        self._failures: list[BaseException] = []
        self._lock = Lock()
        self._threads = [Thread(target=self._run, name=f"lane-{number}", daemon=True) for number in range(count)]

    def run(self) -> None:
        """Start them and wait until all have ended. Interrupted on Ctrl-C."""
        for thread in self._threads:
            thread.start()
        try:
            self._wait()
        except KeyboardInterrupt:
            self._patience.stop()
            self._leave()
            raise Interrupted from None
        if self._failures:
            raise self._failures[0]

    def _wait(self) -> None:
        # Joining for ever can't be interrupted on Windows.
        while not self._failures and any(thread.is_alive() for thread in self._threads):
            for thread in self._threads:
                thread.join(_LOOK_EVERY_S)
        self._leave()

    def _leave(self) -> None:
        for thread in self._threads:
            thread.join(_LEAVE_WITHIN_S / len(self._threads))

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as failure:  # noqa: BLE001 - raised again in the thread that waits
            with self._lock:
                self._failures.append(failure)
            self._patience.stop()
