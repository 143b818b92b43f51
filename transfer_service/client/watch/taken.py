"""Which files were taken, by the digest of their path."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from transfer_service.client.deposit.journal import Stamp
from transfer_service.client.deposit.scan import LocalFile
from transfer_service.client.watch.slides import Slide

SCHEMA = """
CREATE TABLE file (
    name TEXT PRIMARY KEY, slide TEXT NOT NULL, packet TEXT NOT NULL, state TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sent_size INTEGER, sha256 TEXT);
CREATE INDEX file_by_packet ON file (packet);
"""
_PUT = "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)"


class FileState(StrEnum):
    """``sending`` until the service has all of it. ``changed`` since it was taken; ``copy`` of what was taken."""

    SENDING = "sending"
    TAKEN = "taken"
    CHANGED = "changed"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Known:
    """One file: how it looked when it was last read, the packet it is of, and the SHA-256 (hex) of what was sent."""

    stamp: Stamp
    state: FileState
    packet: str
    sha256: str | None


class TakenFiles:
    """The ledger's files. In memory are only those that are in the folder now."""

    def __init__(self, database: sqlite3.Connection, name: Callable[[str], str]) -> None:
        self._database, self._name = database, name
        self._cache: dict[str, Known | None] = {}

    def find(self, path: str) -> Known | None:
        """The file of that path, where it was ever taken or begun."""
        if path not in self._cache:
            self._cache[path] = self._select(path)
        return self._cache[path]

    def forget_all_but(self, files: Iterable[LocalFile]) -> None:
        """Keep in memory only what is in the folder now."""
        cache = self._cache
        self._cache = {file.path: cache[file.path] for file in files if file.path in cache}

    def begin(self, packet: str, slides: Iterable[Slide]) -> None:
        """These slides are about to be sent; what of them was taken before stays as it is."""
        for slide in slides:
            new = [file for file in slide.files if _is_not_taken(self.find(file.path))]
            self._put(slide, new, packet, FileState.SENDING)

    def copied(self, packet: str, slide: Slide) -> None:
        """The slide is a copy of what that packet has: it is never sent."""
        self._put(slide, slide.files, packet, FileState.COPY)

    def took(self, packet: str, digests: Mapping[str, str]) -> None:
        """The service has all of these, by path, with these digests (hex)."""
        statement = (
            "UPDATE file SET state = 'taken', sha256 = ?, sent_size = size "
            "WHERE name = ? AND packet = ? AND state = 'sending'"
        )
        self._all(statement, [(digest, self._name(path), packet) for path, digest in digests.items()], digests)

    def looked_through(self, file: LocalFile, state: FileState) -> None:
        """A file that looked otherwise was read: it is what was sent, or is not."""
        row = (state, file.size_bytes, file.mtime_ns, self._name(file.path))
        self._all("UPDATE file SET state = ?, size = ?, mtime_ns = ? WHERE name = ?", [row], [file.path])

    def forget(self, path: str) -> None:
        """It is not what it was noted as: as if it had never been seen."""
        self._all("DELETE FROM file WHERE name = ?", [(self._name(path),)], [path])

    def settle(self, packet: str) -> None:
        """The packet is closed: what of it was never finished was not taken."""
        self._all("DELETE FROM file WHERE packet = ? AND state = 'sending'", [(packet,)], [*self._cache])

    def sent(self, packet: str) -> list[tuple[str, int, str]]:
        """Everything that was sent in the packet: the path's digest, size and SHA-256 (hex)."""
        statement = "SELECT name, sent_size, sha256 FROM file WHERE packet = ? AND sha256 NOT NULL"
        return self._database.execute(statement, (packet,)).fetchall()

    def slides(self, packet: str) -> int:
        """How many slides the packet has."""
        statement = "SELECT COUNT(DISTINCT slide) FROM file WHERE packet = ? AND sha256 NOT NULL"
        return int(self._database.execute(statement, (packet,)).fetchone()[0])

    def _select(self, path: str) -> Known | None:
        statement = "SELECT size, mtime_ns, state, packet, sha256 FROM file WHERE name = ?"
        found = self._database.execute(statement, (self._name(path),)).fetchone()
        return Known(Stamp(*found[:2]), FileState(found[2]), *found[3:]) if found else None

    def _put(self, slide: Slide, files: Iterable[LocalFile], packet: str, state: FileState) -> None:
        rows = {
            file.path: (self._name(file.path), self._name(slide.name), packet, state, file.size_bytes, file.mtime_ns)
            for file in files
        }
        self._all(_PUT, [*rows.values()], rows)

    def _all(self, statement: str, rows: Sequence[Sequence[Any]], paths: Iterable[str]) -> None:
        with self._database:  # undone where it fails
            self._database.execute("BEGIN")
            self._database.executemany(statement, rows)
        for path in paths:
            self._cache.pop(path, None)


def _is_not_taken(known: Known | None) -> bool:
    return known is None or known.state is FileState.SENDING
