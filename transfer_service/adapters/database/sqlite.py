"""SQLite's ways: its pragmas, its transactions, its file.

Sources: https://sqlite.org/pragma.html, https://sqlite.org/lang_transaction.html, and SQLAlchemy's chapter on
pysqlite, "Disabling the driver's own transaction control".
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, text

from transfer_service.adapters.database import tenancy
from transfer_service.adapters.database.engine import CHANGES, Dialect
from transfer_service.errors import InstallationDamaged, Unavailable

FILE_MODE = 0o600
BUSY = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_BUSY_RECOVERY", "SQLITE_BUSY_SNAPSHOT"})
POOL_SIZE = 16
POOL_OVERFLOW = 48

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a commit that was acknowledged outlives a power cut
    "foreign_keys=ON",
    "secure_delete=ON",  # what was deleted is overwritten
    "temp_store=MEMORY",  # no temporary files beside ours
    "trusted_schema=OFF",
)


class Sqlite(Dialect):
    """A database in a file of one machine. One transaction changes at a time, whatever it changes."""

    driver_error = sqlite3.Error

    def __init__(self, url: URL, busy_timeout_s: float) -> None:
        super().__init__(url, busy_timeout_s)
        # SQLite's own waiting is by sleeping and has no order; threads of one process take turns before that.
        self._turn = threading.Lock()

    def find(self, *, create: bool) -> None:
        """Give the file to nobody else (mode 0600) before SQLite opens it; its -wal and -shm files take the mode over.

        InstallationDamaged where there is none and none is to be made.
        """
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
        try:
            descriptor = os.open(Path(str(self.url.database)), flags, FILE_MODE)
        except OSError as error:
            raise InstallationDamaged(f"The database file can't be opened: {error.strerror}.") from None
        try:
            os.fchmod(descriptor, FILE_MODE)
        finally:
            os.close(descriptor)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the other threads."""
        if not self._turn.acquire(timeout=self.busy_timeout_s):
            raise Unavailable
        try:
            yield
        finally:
            self._turn.release()

    def take_turn(self, connection: Connection, *names: str) -> None:
        """Whoever changes is alone already."""

    def check_begun(self, connection: Connection) -> None:
        """It undoes a transaction by itself where a disk is full or fails."""
        if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr] # it is sqlite3's
            raise Unavailable("The database undid the transaction; try again shortly.")

    def check_sound(self, engine: Engine) -> None:
        """InstallationDamaged unless every page holds together and the file can be written."""
        try:
            with engine.connect().execution_options(**{CHANGES: True}) as connection, connection.begin():
                pass  # to begin is to be let write
            with engine.connect() as connection, connection.begin():
                options = {tenancy.OPTION: "the whole file is checked"}
                answer = connection.execute(text("PRAGMA quick_check(1)"), execution_options=options).scalar_one()
        except sqlite3.Error:
            raise InstallationDamaged("The database file is damaged or can't be written.") from None
        except Unavailable as error:
            if error.reason in BUSY:
                raise
            raise InstallationDamaged("The database file is damaged or can't be written.") from None
        if answer != "ok":
            raise InstallationDamaged("The database file is damaged.")

    def _options(self) -> dict[str, Any]:
        waiting = {"timeout": self.busy_timeout_s}
        return {"pool_size": POOL_SIZE, "max_overflow": POOL_OVERFLOW, "connect_args": waiting}

    def _on_connect(self, connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG002 - SQLAlchemy's signature
        # Without this the driver begins and commits when it sees fit, and a savepoint would not hold.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    def _on_begin(self, connection: Connection) -> None:
        # The write lock is taken at once: a reader that turns writer half-way could only fail.
        mode = "IMMEDIATE" if connection.get_execution_options().get(CHANGES) else "DEFERRED"
        connection.exec_driver_sql(f"BEGIN {mode}", execution_options={tenancy.OPTION: "begins"})

    def _on_named(self, connection: Connection, organization_id: UUID | None) -> None:
        """The statement's own predicate is all that there is."""

    def _reason(self, error: BaseException | None) -> str:
        if isinstance(error, sqlite3.IntegrityError):
            return str(error)  # it names columns, and no values
        return str(getattr(error, "sqlite_errorname", type(error).__name__))
