"""Progress on a terminal: one bar for all of it, with rate and time left, and one for each file that is moving."""

from threading import Lock

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Columns
from rich.text import Text

from transfer_service.client.printable import printable

_LONGEST_NAME = 36
_AVERAGE_OVER_S = 60.0


class Bars:
    """Draws on stderr. What waits, fails or is noted stands above the bars."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, emoji=False, markup=False)
        self._columns = Columns(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
            console=self._console,
            speed_estimate_period=_AVERAGE_OVER_S,
        )
        self._lock = Lock()
        self._all: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}
        self._files = self._done = 0
        self._what = ""

    def begin(self, what: str, files: int, size_bytes: int) -> None:
        """So many files and bytes are to come."""
        with self._lock:
            self._what, self._files, self._done = what, files, 0
            if self._all is not None:
                self._columns.remove_task(self._all)
            self._all = self._columns.add_task(self._title(), total=size_bytes)
            self._columns.start()

    def file_began(self, path: str, size_bytes: int) -> None:
        """A bar of its own."""
        with self._lock:
            self._tasks[path] = self._columns.add_task(_short(path), total=size_bytes)

    def moved(self, path: str, size_bytes: int) -> None:
        """Both bars move."""
        with self._lock:
            for task in (self._all, self._tasks.get(path)):
                if task is not None:
                    self._columns.advance(task, size_bytes)

    def file_done(self, path: str) -> None:
        """Its bar goes."""
        with self._lock:
            self._done += 1
            self._drop(path)
            if self._all is not None:
                self._columns.update(self._all, description=self._title())

    def file_failed(self, path: str, why: str) -> None:
        """Said above the bars."""
        with self._lock:
            self._drop(path)
        self.note(f"NOT DONE: {printable(path)}: {why}")

    def note(self, text: str) -> None:
        """Said above the bars."""
        self._console.print(Text(text))

    def waiting(self, why: str, for_s: float) -> None:
        """Said above the bars."""
        self.note(f"{why} Trying again, for {max(1, round(for_s / 60))} min at most.")

    def end(self) -> None:
        """The bars stay as they are."""
        self._columns.stop()

    def _title(self) -> str:
        return f"{self._what}: {self._done} of {self._files} files"

    def _drop(self, path: str) -> None:
        task = self._tasks.pop(path, None)
        if task is not None:
            self._columns.remove_task(task)


def _short(path: str) -> str:
    text = printable(path)
    return text if len(text) <= _LONGEST_NAME else f"…{text[1 - _LONGEST_NAME :]}"
