"""Databases for tests, of either kind: made in a moment, and looked into or spoilt behind the service's back."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg

from tests.postgresql_server import ROLE, PostgresqlServer
from transfer_service.adapters.database import migrate

FILE, STANDALONES_FILE = "transfer.db", "transfer-service.sqlite3"


class Kept(Protocol):
    """One database. Statements are plain SQL; a value stands where it says ``?``."""

    url: str

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a SELECT finds, whoever's it is."""
        ...

    def execute(self, statement: str, *values: Any) -> None:
        """Do it, whoever's rows it concerns."""
        ...

    def tables(self) -> list[str]: ...

    def rows(self, *but: str) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, in some order that stays."""
        return {name: sorted(self.query(f'SELECT * FROM "{name}"'), key=repr) for name in {*self.tables()} - {*but}}

    def refuse(self, what: str, table: str, when: str = "TRUE") -> None:
        """Let every INSERT (UPDATE, DELETE) of that table fail, until ``relent``; ``when`` may speak of OLD or NEW."""
        ...

    def relent(self) -> None: ...

    def drop_triggers(self) -> None:
        """What keeps the log append-only goes, as somebody who owns the database can make it."""
        ...

    def take_away(self) -> None:
        """From now on there is no such database."""
        ...

    def octets(self) -> bytes:
        """Everything that is kept, as it lies there."""
        ...


class SqliteKept(Kept):
    """A file."""

    def __init__(self, path: Path) -> None:
        self.path, self.url = path, f"sqlite:///{path}"

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(statement, values).fetchall()

    def execute(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement, values)

    def tables(self) -> list[str]:
        return [name for (name,) in self.query("SELECT name FROM sqlite_master WHERE type = 'table'")]

    def refuse(self, what: str, table: str, when: str = "TRUE") -> None:
        name, body = f"full_{what}_{table}", "BEGIN SELECT RAISE(ABORT, 'full'); END"
        self.execute(f"CREATE TRIGGER {name} BEFORE {what} ON {table} WHEN {when} {body}")

    def relent(self) -> None:
        self._drop_triggers("full_%")

    def drop_triggers(self) -> None:
        self._drop_triggers("%")

    def _drop_triggers(self, pattern: str) -> None:
        found = self.query("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE ?", pattern)
        for (name,) in found:
            self.execute(f'DROP TRIGGER "{name}"')

    def take_away(self) -> None:
        self.path.rename(self.path.with_suffix(".away"))

    def octets(self) -> bytes:
        files = sorted(self.path.parent.glob(f"{self.path.name}*"))
        return b"".join(file.read_bytes() for file in files)


class PostgresqlKept(Kept):
    """A database on a server, seen as its superuser sees it."""

    def __init__(self, server: PostgresqlServer, name: str) -> None:
        self.server, self.name, self.url = server, name, server.url(name)

    @contextmanager
    def connected(self) -> Iterator["psycopg.Connection[Any]"]:
        with closing(self.server.admin(self.name)) as connection:
            yield connection

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connected() as connection:
            return connection.execute(statement.replace("?", "%s"), values or None).fetchall()

    def execute(self, statement: str, *values: Any) -> None:
        with self.connected() as connection:
            connection.execute(statement.replace("?", "%s"), values or None)

    def tables(self) -> list[str]:
        return [name for (name,) in self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]

    def refuse(self, what: str, table: str, when: str = "TRUE") -> None:
        self.execute(
            "CREATE OR REPLACE FUNCTION full_table() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE check_violation USING MESSAGE = 'full'; END $$"
        )
        self.execute(
            f"CREATE TRIGGER full_{what}_{table} BEFORE {what} ON {table} FOR EACH ROW WHEN ({when})"
            " EXECUTE FUNCTION full_table()",
        )

    def relent(self) -> None:
        self.execute("DROP FUNCTION full_table CASCADE")

    def drop_triggers(self) -> None:
        self.execute("DROP FUNCTION refuse_audit_change CASCADE")

    def take_away(self) -> None:
        self.server.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        self.break_off()

    def break_off(self) -> int:
        """Kill every connection of the service to it; how many there were."""
        kill = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND usename = %s"
        with closing(self.server.admin("postgres")) as connection:
            return len(connection.execute(kill, (self.name, ROLE)).fetchall())

    def octets(self) -> bytes:
        copied = bytearray()
        with self.connected() as connection:
            for table in self.tables():
                for form in (" (FORMAT binary)", ""):
                    with connection.cursor().copy(f'COPY "{table}" TO STDOUT{form}') as copy:
                        copied += b"".join(copy)
        return bytes(copied)


class Databases(Protocol):
    """Makes databases of one kind."""

    def __call__(self, folder: Path) -> Kept:
        """A migrated one; where it is a file, in that folder."""
        ...

    def empty(self, folder: Path) -> Kept:
        """One without tables; where it is a file it is not there yet."""
        ...

    def drop(self, kept: Kept) -> None:
        """Give back what it takes, before everything goes with the session."""
        ...


class SqliteDatabases(Databases):
    """Copies of a file that was migrated. They go with their folders."""

    def __init__(self, folder: Path) -> None:
        self._migrated = folder / FILE
        migrate(f"sqlite:///{self._migrated}")

    def __call__(self, folder: Path) -> SqliteKept:
        return SqliteKept(shutil.copy(self._migrated, folder / FILE))

    def empty(self, folder: Path) -> SqliteKept:
        return SqliteKept(folder / STANDALONES_FILE)

    def drop(self, kept: Kept) -> None: ...


class PostgresqlDatabases(Databases):
    """Makes databases on one server, as copies of one that was migrated."""

    def __init__(self, server: PostgresqlServer) -> None:
        self.server, self._numbers = server, count(1)
        self._create("migrated", "template0")
        migrate(server.url("migrated"))

    def __call__(self, folder: Path) -> PostgresqlKept:  # noqa: ARG002 - SQLite's are somewhere
        return self._made("migrated")

    def empty(self, folder: Path) -> PostgresqlKept:  # noqa: ARG002 - as above
        return self._made("template0")

    def _made(self, template: str) -> PostgresqlKept:
        name = f"test_{next(self._numbers)}"
        self._create(name, template)
        return PostgresqlKept(self.server, name)

    def drop(self, kept: Kept) -> None:
        assert isinstance(kept, PostgresqlKept)
        self.server.execute(f"DROP DATABASE {kept.name} WITH (FORCE)")

    def _create(self, name: str, template: str) -> None:
        self.server.execute(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template} STRATEGY FILE_COPY")
