"""Progress where nobody watches: lines for a log, JSON lines for a program."""

import json
import time
from collections.abc import Callable
from threading import RLock
from typing import Final

import click

from transfer_service.client.printable import printable

_EVERY_S: Final = 1.0


class Lines:
    """One line on stderr for each file that is done, and whatever should be read."""

    def __init__(self, echo: Callable[[str], None] | None = None) -> None:
        self._echo = echo or (lambda line: click.echo(line, err=True))
        self._waiting_since: float | None = None

    def begin(self, what: str, files: int, size_bytes: int) -> None:
        """So many are to come."""
        self._echo(f"{what} {files} files, {size_bytes:,} bytes")

    def file_began(self, path: str, size_bytes: int) -> None:
        """Not said."""

    def moved(self, path: str, size_bytes: int) -> None:
        """Not said."""

    def file_done(self, path: str) -> None:
        """Said."""
        self._echo(f"done: {printable(path)}")

    def file_failed(self, path: str, why: str) -> None:
        """Said."""
        self._echo(f"NOT DONE: {printable(path)}: {why}")

    def note(self, text: str) -> None:
        """Said."""
        self._echo(text)

    def waiting(self, why: str, for_s: float) -> None:
        """Said."""
        self._echo(f"{why} Trying again, for {max(1, round(for_s / 60))} min at most.")

    def end(self) -> None:
        """Not said."""


class JsonLines:
    """One JSON object a line, on stdout. Sizes are bytes; ``progress`` comes at most once a second."""

    def __init__(self, echo: Callable[[str], None] = click.echo) -> None:
        self._echo, self._lock = echo, RLock()
        self._moved = self._total = 0
        self._told_at = 0.0

    def tell(self, event: str, **facts: object) -> None:
        """One event, and what there is to know of it."""
        with self._lock:
            self._echo(json.dumps({"event": event, **facts}))

    def begin(self, what: str, files: int, size_bytes: int) -> None:
        """``begin``."""
        self._moved, self._total = 0, size_bytes
        self.tell("begin", what=what, files=files, size=size_bytes)

    def file_began(self, path: str, size_bytes: int) -> None:
        """``file_began``."""
        self.tell("file_began", path=path, size=size_bytes)

    def moved(self, path: str, size_bytes: int) -> None:  # noqa: ARG002 - told of all files together
        """``progress``."""
        with self._lock:
            self._moved += size_bytes
            if (now := time.monotonic()) - self._told_at >= _EVERY_S:
                self._told_at = now
                self.tell("progress", moved=self._moved, size=self._total)

    def file_done(self, path: str) -> None:
        """``file_done``."""
        self.tell("file_done", path=path)

    def file_failed(self, path: str, why: str) -> None:
        """``file_failed``."""
        self.tell("file_failed", path=path, why=why)

    def note(self, text: str) -> None:
        """``note``."""
        self.tell("note", text=text)

    def waiting(self, why: str, for_s: float) -> None:
        """``waiting``."""
        self.tell("waiting", why=why, for_s=round(for_s, 1))

    def end(self) -> None:
        """Nothing: what follows is the command's own last line."""
