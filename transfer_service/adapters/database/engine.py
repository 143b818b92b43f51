"""The engine on SQLite: its pragmas, its transactions, its file, and what its errors become.

Sources: https://sqlite.org/pragma.html, https://sqlite.org/lang_transaction.html, and SQLAlchemy's chapter on
pysqlite, "Disabling the driver's own transaction control".
"""

import logging
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from transfer_service.adapters.database import tenancy
from transfer_service.errors import InstallationDamaged, PathTaken, SettingsInvalid, Unavailable

logger = logging.getLogger(__name__)

CHANGES = "transaction_changes"
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


class ConstraintBroken(AssertionError):
    """The database refused rows that break its rules: a mistake in this program."""


def database_file(url: str) -> Path:
    """The file of a ``sqlite:///…`` URL. SettingsInvalid for any other kind of database."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsInvalid("The database URL can't be read.") from None
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"} or parsed.query:
        raise SettingsInvalid("The database URL must be sqlite:/// and the path of a file.")
    return Path(str(parsed.database))


def secure_file(path: Path, *, create: bool) -> None:
    """Give the file to nobody else (mode 0600) before SQLite opens it; its -wal and -shm files take the mode over.

    InstallationDamaged where there is none and none is to be made.
    """
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
    try:
        descriptor = os.open(path, flags, FILE_MODE)
    except OSError as error:
        raise InstallationDamaged(f"The database file can't be opened: {error.strerror}.") from None
    try:
        os.fchmod(descriptor, FILE_MODE)
    finally:
        os.close(descriptor)


def make_engine(url: str, *, busy_timeout_s: float = 5.0) -> Engine:
    """An engine whose every connection has our pragmas, our guard and our errors. SettingsInvalid."""
    database_file(url)
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=busy_timeout_s,
        connect_args={"timeout": busy_timeout_s},
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    event.listen(engine, "handle_error", _on_error)
    tenancy.guard(engine)
    return engine


def _on_connect(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 - SQLAlchemy's signature
    # Without this the driver begins and commits when it sees fit, and a savepoint would not hold.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    # The write lock is taken at once: a reader that turns writer half-way could only fail.
    mode = "IMMEDIATE" if connection.get_execution_options().get(CHANGES) else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}", execution_options={tenancy.OPTION: "begins"})


def _on_error(context: ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if isinstance(error, IntegrityError):
        raise _integrity_error(str(error.orig)) from None
    if isinstance(error, DBAPIError):
        raise unavailable(error.orig) from None


def check_begun(connection: Connection) -> None:
    """Unavailable where SQLite undid the transaction by itself, as it may when a disk is full or fails.

    What came after would be committed on its own, without what came before.
    """
    if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr] # it is sqlite3's
        raise Unavailable("The database undid the transaction; try again shortly.")


def unavailable(error: BaseException | None) -> Unavailable:
    """What a database error is to everyone above; the log has its name, and neither statement nor values."""
    reason = str(getattr(error, "sqlite_errorname", type(error).__name__))
    logger.warning("The database refused: %s", reason)
    return Unavailable("The database does not answer just now; try again shortly.", reason=reason)


def _integrity_error(message: str) -> Exception:
    if "packet_files.path_index" in message:
        return PathTaken()
    return ConstraintBroken(message)
