"""What one run leaves for the next: which packet a folder became, and how each file looked when it was sent.

One small SQLite database for each pair of service and folder, in the user's own state folder, under a name that tells
nothing. It holds random ids, sizes, times and digests: no path, nothing of the case, no token.
SQLite's own lock, which the operating system ends with the process, keeps a second client out.
"""

import os
import secrets
import time
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self

from transfer_service.client.failures import UsageWrong
from transfer_service.client.locked_database import Damaged, locked_database
from transfer_service.client.state import state_folder, state_name

FOLDER: Final = "send"
_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE packet (id TEXT, nonce BLOB NOT NULL, opened_at REAL NOT NULL, sent_at REAL NOT NULL);
CREATE TABLE file (id TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT);
PRAGMA user_version = 1;
"""
#: The service forgets an Idempotency-Key after 24 hours; by then an empty packet that nobody heard of is no harm.
_KEY_LIVES_S: Final = 23 * 3600


@dataclass(frozen=True, slots=True)
class Stamp:
    """How a file looked. Where that is as it was, so are its bytes, as far as a file system can tell.

    No inode: on network drives it may be another after the next mount. What this can't see, the digest does.
    """

    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The stamp in what the operating system says of a file."""
        return cls(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as the journal has it; its SHA-256 (hex) is known once all of it was read."""

    stamp: Stamp
    digest: str | None


class Journal:
    """The journal of one folder at one service: ``with Journal.of(base_url, folder) as journal``.

    InUse while another process has it open.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, Lock()
        try:
            self._database = locked_database(path, _SCHEMA, _VERSION)
        except Damaged:
            raise UsageWrong(
                f"{path}, where this folder's sending is remembered, is damaged.",
                advice="Delete it: what the service has already is found there and not sent again, in a new packet.",
            ) from None
        if self._row("SELECT 1 FROM packet") is None:
            self._forget()

    @classmethod
    def of(cls, base_url: str, folder: Path, part: str = "") -> Self:
        """The journal of that folder, and of that ``part`` of it where it becomes several packets."""
        name = state_name(base_url, os.path.normcase(folder.resolve()), part)
        return cls(state_folder(FOLDER) / f"{name}.sqlite3")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._database.close()

    @property
    def packet_id(self) -> str | None:
        """The packet, once the service has said which."""
        found: str | None = self._row("SELECT id FROM packet")[0]
        return found

    def opening_key(self, body: bytes) -> str:
        """The Idempotency-Key under which the packet with that description is opened: the same in every run."""
        nonce, opened_at = self._row("SELECT nonce, opened_at FROM packet")
        if time.time() - opened_at > _KEY_LIVES_S:
            self._forget()
            return self.opening_key(body)
        return sha256(nonce + body).hexdigest()

    def remember_packet(self, packet_id: str) -> None:
        """The service has opened it."""
        self._do("UPDATE packet SET id = ?", packet_id)

    def start_anew(self) -> None:
        """Forget the packet and its files: the folder becomes another packet."""
        self._do("DELETE FROM file")
        self._forget()

    def sent(self, file_id: str) -> Sent | None:
        """How that file was when it was sent, where it is known."""
        found = self._row("SELECT size, mtime_ns, sha256 FROM file WHERE id = ?", file_id)
        return Sent(Stamp(*found[:2]), found[2]) if found else None

    def remember_file(self, file_id: str, stamp: Stamp, digest: str | None = None) -> None:
        """A file is being sent, or all of it was read."""
        row = (file_id, stamp.size_bytes, stamp.mtime_ns, digest)
        self._do("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", *row)

    def note_sending(self) -> None:
        """A part is leaving now."""
        self._do("UPDATE packet SET sent_at = ?", time.time())

    def sent_ago_s(self) -> float:
        """Seconds since a part last began to leave; never negative, as clocks are set back."""
        return max(0.0, time.time() - float(self._row("SELECT sent_at FROM packet")[0]))

    def _forget(self) -> None:
        with self._lock, closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.execute("DELETE FROM packet")
            cursor.execute("INSERT INTO packet VALUES (NULL, ?, ?, 0)", (secrets.token_bytes(32), time.time()))
            cursor.execute("COMMIT")

    def _do(self, statement: str, *values: object) -> None:
        with self._lock:
            self._database.execute(statement, values)

    def _row(self, statement: str, *values: object) -> Any:  # noqa: ANN401 - a row of any columns
        with self._lock:
            return self._database.execute(statement, values).fetchone()
