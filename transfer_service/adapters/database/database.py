"""The database: transactions, nested ones, and whether all is well."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import TimeoutError as PoolExhausted

from transfer_service.adapters.database.chores import SqlWork
from transfer_service.adapters.database.engine import (
    BUSY,
    CHANGES,
    check_begun,
    database_file,
    make_engine,
    secure_file,
    unavailable,
)
from transfer_service.adapters.database.schema import head_revision, revision_of
from transfer_service.adapters.database.tenancy import OPTION
from transfer_service.adapters.keyring import CachedKeyring
from transfer_service.errors import InstallationDamaged, Unavailable
from transfer_service.ports import Keyring

_current: ContextVar[tuple[Engine, SqlWork] | None] = ContextVar("current_transaction", default=None)


class SqlDatabase:
    """Implements ``ports.Database`` on a migrated SQLite file.

    ``busy_timeout_s`` is how long one waits for another's transaction before ``Unavailable``. Records keys are held
    in memory for at most a minute. Make one in each process: connections don't outlive a fork. Raises
    InstallationDamaged where the file is missing, can't be written or does not hold together; SettingsInvalid for
    another kind of URL.
    """

    def __init__(self, url: str, keyring: Keyring, *, busy_timeout_s: float = 5.0) -> None:
        secure_file(database_file(url), create=False)
        self._engine = make_engine(url, busy_timeout_s=busy_timeout_s)
        self._keyring = CachedKeyring(keyring)
        self._busy_timeout_s = busy_timeout_s
        # SQLite's own waiting is by sleeping and has no order; threads of one process take turns before that.
        self._turn = threading.Lock()
        self._head = head_revision()
        self._check_whole()

    @contextmanager
    def reading(self) -> Iterator[SqlWork]:
        """A transaction that only reads, of one moment; inside another, a part of that."""
        current = self._running()
        if current is not None:
            yield current
            return
        with self._begun(changes=False) as work:
            yield work

    @contextmanager
    def changing(self) -> Iterator[SqlWork]:
        """A transaction that changes, alone in its turn; inside another one, a savepoint of it. Unavailable."""
        current = self._running()
        if current is not None and current.changes:
            with current.savepoint():
                yield current
            return
        with self._my_turn(), self._begun(changes=True) as work:
            yield work

    def check(self) -> None:
        """Return where the database answers, can be written, and its schema is ours; else Unavailable."""
        with self._my_turn(), self._connected(changes=True) as connection:  # to begin is to be let write
            if revision_of(connection) != self._head:
                raise Unavailable("The database is of another version of this program; migrate it.")

    def dispose(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _running(self) -> SqlWork | None:
        current = _current.get()
        return current[1] if current is not None and current[0] is self._engine else None

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._busy_timeout_s):
            raise Unavailable
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _begun(self, *, changes: bool) -> Iterator[SqlWork]:
        with self._connected(changes=changes) as connection:
            work = SqlWork(connection, self._keyring, changes=changes)
            token = _current.set((self._engine, work))
            try:
                yield work
                if changes:
                    check_begun(connection)
            finally:
                _current.reset(token)

    @contextmanager
    def _connected(self, *, changes: bool) -> Iterator[Connection]:
        try:
            connection = self._engine.connect().execution_options(**{CHANGES: changes})
        except (PoolExhausted, sqlite3.Error) as error:
            raise unavailable(error) from None
        with connection, connection.begin():
            yield connection

    def _check_whole(self) -> None:
        """InstallationDamaged unless every page holds together and the file can be written."""
        try:
            with self._connected(changes=True):
                pass  # to begin is to be let write
            with self._connected(changes=False) as connection:
                options = {OPTION: "the whole file is checked"}
                answer = connection.execute(text("PRAGMA quick_check(1)"), execution_options=options).scalar_one()
        except Unavailable as error:
            self.dispose()
            if error.facts.get("reason") in BUSY:
                raise
            raise InstallationDamaged("The database file is damaged or can't be written.") from None
        if answer != "ok":
            self.dispose()
            raise InstallationDamaged("The database file is damaged.")
