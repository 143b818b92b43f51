"""Which kind of database the tests run on: ``--database sqlite`` (unless told otherwise) or ``--database postgresql``.

On SQLite every test runs but those marked ``postgresql``. On PostgreSQL those run that use a database at all (they have
``databases`` among their fixtures), but for the ones marked ``sqlite``. The others are deselected, not skipped: they
have no business there.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine

from tests.databases import Databases, Kept, PostgresqlDatabases, SqliteDatabases
from tests.missing import skip_or_fail
from tests.postgresql_server import PostgresqlServer, binaries, running_postgresql
from transfer_service.adapters.database import engine, sqlite

KINDS = ("sqlite", "postgresql")
PRODUCTION_PRAGMAS = sqlite._PRAGMAS
HASTY_PRAGMAS = tuple(pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in PRODUCTION_PRAGMAS)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=KINDS, default="sqlite", help="the kind of database that tests run on")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kind = config.getoption("--database")
    chosen = [item for item in items if _belongs(item, kind)]
    config.hook.pytest_deselected(items=[item for item in items if not _belongs(item, kind)])
    items[:] = chosen


def _belongs(item: pytest.Item, kind: str) -> bool:
    of_one = [each for each in KINDS if item.get_closest_marker(each)]
    has_database = kind == "sqlite" or "databases" in getattr(item, "fixturenames", ())
    return kind in of_one if of_one else has_database


class CompiledStatements(dict[tuple[object, ...], Any]):
    """Statements that any engine of one kind has compiled, for all of them: tests make an engine each."""

    def __getitem__(self, key: tuple[object, ...]) -> Any:
        return super().__getitem__(key[1:])

    def __setitem__(self, key: tuple[object, ...], compiled: Any) -> None:
        super().__setitem__(key[1:], compiled)

    def get(self, key: tuple[object, ...], default: Any = None) -> Any:
        _dialect, *rest = key
        return super().get(tuple(rest), default)


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """A statement is compiled once in a session, and not by each test's own engine again."""
    compiled: dict[str, CompiledStatements] = defaultdict(CompiledStatements)

    def create(url: URL, **options: Any) -> Engine:
        return create_engine(url, execution_options={"compiled_cache": compiled[url.drivername]}, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "create_engine", create)
        yield


@pytest.fixture(scope="session", autouse=True)
def _haste() -> Iterator[None]:
    """Processes are killed here, machines are not: no commit of the tests' own process waits for the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "_PRAGMAS", HASTY_PRAGMAS)
        yield


@pytest.fixture
def production_pragmas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits wait for the disk after all."""
    monkeypatch.setattr(sqlite, "_PRAGMAS", PRODUCTION_PRAGMAS)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A server for the whole session."""
    programs = binaries()
    if programs is None:
        skip_or_fail("There is no PostgreSQL here (Debian: apt install postgresql): nothing was tried on it")
    with running_postgresql(programs) as server:
        yield server


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Makes a migrated database, on SQLite in a folder."""
    if request.config.getoption("--database") == "sqlite":
        return SqliteDatabases(tmp_path_factory.mktemp("migrated"))
    return PostgresqlDatabases(request.getfixturevalue("postgresql"))


@pytest.fixture
def unmigrated(databases: Databases, tmp_path: Path) -> Iterator[Kept]:
    """A database without tables; a SQLite file that is not there yet, where a standalone installation would have it."""
    made = databases.empty(tmp_path)
    yield made
    databases.drop(made)


@pytest.fixture
def own_database(databases: Databases, tmp_path: Path) -> Iterator[Kept]:
    """A migrated database of the test's own."""
    made = databases(tmp_path)
    yield made
    databases.drop(made)
