"""All parts of all files in one stream, which a few lanes take from: each has one part's memory, and no more."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, local
from typing import Final

from transfer_service.client.deposit.upload import Changed, Part, Unreadable, Upload
from transfer_service.client.failures import Refused
from transfer_service.client.lanes import Lanes
from transfer_service.client.patience import Patience

#: What the service says of one file, where the next may well be taken.
_OF_ONE_FILE: Final = frozenset(
    {
        "digest_mismatch",
        "file_not_receiving",
        "file_too_large",
        "invalid",
        "not_now",
        "part_size_wrong",
        "parts_missing",
        "path_invalid",
        "path_taken",
    }
)


def send_all(uploads: Sequence[Upload], parallel: int, patience: Patience) -> None:
    """Send everything; what goes wrong with one file alone is its own ``failure``. All else is raised."""
    Lanes(parallel, _Pipeline(uploads).lane, patience).run()


class _Pipeline:
    def __init__(self, uploads: Sequence[Upload]) -> None:
        self._stream = self._parts(uploads)
        self._turn, self._own = Lock(), local()

    def lane(self) -> None:
        """Read a part while nobody else reads, send it while others do, until there are none left."""
        while True:
            with self._turn:
                found = next(self._stream, None)
            if found is None:
                return
            upload, part = found
            with _kept_as_its_own(upload):
                upload.send(part)

    def _parts(self, uploads: Sequence[Upload]) -> Iterator[tuple[Upload, Part]]:
        for upload in uploads:
            with _kept_as_its_own(upload):
                for part in upload.parts(self._memory):
                    yield upload, part
                    if upload.failure is not None:
                        break

    def _memory(self, size_bytes: int) -> memoryview:
        """So much memory of whichever lane is asking."""
        memory: bytearray = getattr(self._own, "memory", bytearray())
        if len(memory) < size_bytes:
            memory = self._own.memory = bytearray(size_bytes)
        return memoryview(memory)[:size_bytes]


@contextmanager
def _kept_as_its_own(upload: Upload) -> Iterator[None]:
    try:
        yield
    except (Changed, Unreadable) as failure:
        upload.failure = failure
    except Refused as refused:
        if refused.word not in _OF_ONE_FILE:
            raise
        upload.failure = refused
