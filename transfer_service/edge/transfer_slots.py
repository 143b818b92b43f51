"""How many uploads and downloads may run at once, so that pages and JSON always find a thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from transfer_service.edge import metrics
from transfer_service.errors import Busy


class TransferSlots:
    """Places for transfers in one process. Nobody waits for one: without a free place, Busy at once."""

    def __init__(self, uploads: int, downloads: int) -> None:
        self._uploads = BoundedSemaphore(uploads)
        self._downloads = BoundedSemaphore(downloads)

    @contextmanager
    def upload(self) -> Iterator[None]:
        """Hold a place for an upload; raises Busy when all are taken."""
        with _held(self._uploads, "upload"):
            yield

    @contextmanager
    def download(self) -> Iterator[None]:
        """Hold a place for a download; raises Busy when all are taken.

        An answer is streamed after its view returned: enter this in an ExitStack and close the stack with
        ``response.call_on_close``. Not with ``direct_passthrough``: Werkzeug calls nothing on close then.
        """
        with _held(self._downloads, "download"):
            yield


@contextmanager
def _held(places: BoundedSemaphore, direction: str) -> Iterator[None]:
    if not places.acquire(blocking=False):
        metrics.busy.labels(direction).inc()
        raise Busy
    running = metrics.transfers.labels(direction)
    running.inc()
    try:
        yield
    finally:
        running.dec()
        places.release()
