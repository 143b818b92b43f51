"""Few at once, few waiting: what is costly by design must not be a way to stop everything else."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from transfer_service.errors import Busy


class Turnstile:
    """Lets ``places`` threads do their work at once, and so many wait that ``queue`` are here in all."""

    def __init__(self, places: int, queue: int) -> None:
        self._places, self._queue = BoundedSemaphore(places), BoundedSemaphore(queue)

    @contextmanager
    def passed(self) -> Iterator[None]:
        """In turn. Busy where the queue is full: it is short, so that it does not take up every thread of a server."""
        if not self._queue.acquire(blocking=False):
            raise Busy("Too many passwords are being looked at; try again shortly.")
        try:
            with self._places:
                yield
        finally:
            self._queue.release()
