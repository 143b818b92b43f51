"""Which kind of database the tests run on: ``--database sqlite`` (unless told otherwise) or ``--database postgresql``.

On SQLite every test runs but those marked ``postgresql``. On PostgreSQL those run that use a database at all (they have
``databases`` among their fixtures), but for the ones marked ``sqlite``. The others are deselected, not skipped: they
have no business there.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases, Kept, PostgresqlDatabases, SqliteDatabases
from tests.missing import skip_or_fail
from tests.postgresql_server import PostgresqlServer, binaries, running_postgresql

KINDS = ("sqlite", "postgresql")


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
