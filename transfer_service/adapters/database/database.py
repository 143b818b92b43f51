"""The database: transactions, nested ones, and whether all is well."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from weakref import finalize

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from transfer_service.adapters.database.chores import SqlWork
from transfer_service.adapters.database.dialects import BUSY_TIMEOUT_S, dialect_of
from transfer_service.adapters.database.engine import CHANGES
from transfer_service.adapters.database.schema import head_revision, revision_of
from transfer_service.adapters.keyring import CachedKeyring
from transfer_service.errors import Unavailable
from transfer_service.ports import Keyring

WRONG_ANSWERS = 20

_current: ContextVar[tuple[Engine, SqlWork] | None] = ContextVar("current_transaction", default=None)


class SqlDatabase:
    """Implements ``ports.Database`` on a migrated database: a SQLite file, or one on a PostgreSQL server.

    ``busy_timeout_s`` is how long one waits for another's transaction before ``Unavailable``. After so many
    ``wrong_answers`` a link is locked: packets then wait for another. Records keys are held
    in memory for at most a minute. Make one in each process: connections don't outlive a fork. Raises
    InstallationDamaged where it is missing, can't be written or does not hold together; SettingsInvalid for a URL,
    a server or a user that will not do.
    """

    def __init__(
        self,
        url: str,
        keyring: Keyring,
        *,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        wrong_answers: int = WRONG_ANSWERS,
    ) -> None:
        self._dialect = dialect_of(url, busy_timeout_s)
        self._dialect.find(create=False)
        self._engine = self._dialect.engine()
        finalize(self, self._engine.dispose).atexit = False  # whom nobody needs any more holds no connections
        self._keyring, self._wrong_answers = CachedKeyring(keyring), wrong_answers
        self._head = head_revision()
        try:
            self._dialect.check_sound(self._engine)
        except Exception:
            self.dispose()
            raise

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
        with self._dialect.turn(), self._begun(changes=True) as work:
            yield work

    def check(self) -> None:
        """Return where the database answers, can be written, and its schema is ours; else Unavailable."""
        with self._dialect.turn(), self._connected(changes=True) as connection:  # to begin is to be let write
            if revision_of(connection) != self._head:
                raise Unavailable("The database is of another version of this program; migrate it.")

    def dispose(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _running(self) -> SqlWork | None:
        current = _current.get()
        return current[1] if current is not None and current[0] is self._engine else None

    @contextmanager
    def _begun(self, *, changes: bool) -> Iterator[SqlWork]:
        with self._connected(changes=changes) as connection:
            work = SqlWork(connection, self._dialect, self._keyring, changes=changes, wrong_answers=self._wrong_answers)
            token = _current.set((self._engine, work))
            try:
                yield work
                if changes:
                    self._dialect.check_begun(connection)
                    work.settle()
                    self._dialect.check_begun(connection)
            finally:
                _current.reset(token)

    @contextmanager
    def _connected(self, *, changes: bool) -> Iterator[Connection]:
        transaction = self._transaction(changes=changes)
        try:
            with transaction.connection as connection, transaction:
                yield connection
        except PendingRollbackError as error:  # somebody went on after the connection broke
            raise self._dialect.unavailable(error) from None

    def _transaction(self, *, changes: bool, again: bool = True) -> RootTransaction:
        """To begin tells whether a connection still holds; where it does not, nothing was done yet on it."""
        try:
            connection = self._engine.connect().execution_options(**{CHANGES: changes})
        except (PoolExhausted, self._dialect.driver_error) as error:
            raise self._dialect.unavailable(error) from None
        try:
            return connection.begin()
        except Unavailable:
            is_stale = connection.invalidated
            connection.close()
            if again and is_stale:
                return self._transaction(changes=changes, again=False)
            raise
