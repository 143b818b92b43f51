"""One small SQLite file that one process at a time has open: SQLite's own lock, which ends with the process."""

import sqlite3
from pathlib import Path

from transfer_service.client.failures import InUse
from transfer_service.client.state import make_private


class Damaged(Exception):
    """It is no such database, or one of another version."""


def locked_database(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """The database, made by the schema's statements where it is new, and locked until it is closed.

    The last of them sets ``user_version`` to the version.

    InUse while another process has it open; Damaged.
    """
    make_private(path)
    database = sqlite3.connect(path, timeout=0, check_same_thread=False, isolation_level=None)
    try:
        _begin(database, schema, version)
    except sqlite3.OperationalError:
        database.close()
        raise InUse from None
    except sqlite3.DatabaseError:
        database.close()
        raise Damaged from None
    return database


def _begin(database: sqlite3.Connection, schema: str, version: int) -> None:
    # Exclusive locking: the first transaction's lock is held until the connection ends.
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("BEGIN EXCLUSIVE")
    known = database.execute("PRAGMA user_version").fetchone()[0]
    if known == 0:
        for statement in schema.split(";"):
            database.execute(statement)
    database.execute("COMMIT")
    if known not in {0, version}:
        raise sqlite3.DatabaseError("of another version")
