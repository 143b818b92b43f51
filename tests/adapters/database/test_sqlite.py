"""The file is its owner's alone, synchronous and whole; anything else does not start."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.event import listen

from tests import factories as a
from tests.adapters.database.conftest import Tenant
from transfer_service.adapters.database import SqlDatabase, migrate
from transfer_service.adapters.database.dialects import dialect_of
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.errors import InstallationDamaged, SettingsInvalid

pytestmark = pytest.mark.sqlite


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_file_is_the_owners_alone_whatever_the_umask(tmp_path: Path, keyring: LocalKeyring) -> None:
    path = tmp_path / "transfer.db"
    before = os.umask(0)
    try:
        migrate(f"sqlite:///{path}")
        database = SqlDatabase(f"sqlite:///{path}", keyring)
        with database.changing() as work:
            work.keep(a.a_leftover())
        files = sorted(tmp_path.glob("transfer.db*"))
        assert [(file.name, mode(file)) for file in files] == [
            ("transfer.db", 0o600),
            ("transfer.db-shm", 0o600),
            ("transfer.db-wal", 0o600),
        ]
        database.dispose()
    finally:
        os.umask(before)


def test_a_file_open_to_others_is_closed_to_them(
    database_path: Path, migrated_file: Path, keyring: LocalKeyring
) -> None:
    database_path.write_bytes(migrated_file.read_bytes())
    database_path.chmod(0o644)
    SqlDatabase(f"sqlite:///{database_path}", keyring).dispose()
    assert mode(database_path) == 0o600


@pytest.mark.usefixtures("production_pragmas")
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("temp_store", 2),
        ("trusted_schema", 0),
        ("busy_timeout", 1500),
    ],
)
def test_each_connection_has_our_pragmas(database_path: Path, migrated_file: Path, pragma: str, value: object) -> None:
    database_path.write_bytes(migrated_file.read_bytes())
    engine = dialect_of(f"sqlite:///{database_path}", 1.5).engine()
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            options = {"cross_tenant": "a test"}
            assert connection.exec_driver_sql(f"PRAGMA {pragma}", execution_options=options).scalar_one() == value
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        *("sqlite://", "sqlite:///:memory:", "sqlite:///x?mode=ro", "not a URL", "", "mysql://user@host/name"),
        *("postgresql://host/name", "postgresql://user@/name", "postgresql://user@host", "postgresql://u@h:port/name"),
        "postgresql+psycopg2://user@host/name",
    ],
)
def test_only_a_file_of_sqlite_s_or_a_server_s_database_will_do(url: str, keyring: LocalKeyring) -> None:
    with pytest.raises(SettingsInvalid):
        SqlDatabase(url, keyring)
    with pytest.raises(SettingsInvalid):
        migrate(url)


def test_a_missing_file_is_not_made_anew(database_path: Path, keyring: LocalKeyring) -> None:
    with pytest.raises(InstallationDamaged, match="No such file"):
        SqlDatabase(f"sqlite:///{database_path}", keyring)
    assert not database_path.exists()


def test_a_link_is_not_followed(database_path: Path, migrated_file: Path, keyring: LocalKeyring) -> None:
    database_path.symlink_to(migrated_file)
    with pytest.raises(InstallationDamaged):
        SqlDatabase(f"sqlite:///{database_path}", keyring)
    with pytest.raises(InstallationDamaged):
        migrate(f"sqlite:///{database_path}")


def test_a_file_that_is_no_database_does_not_start(database_path: Path, keyring: LocalKeyring) -> None:
    database_path.write_bytes(b"not a database" * 1000)
    with pytest.raises(InstallationDamaged):
        SqlDatabase(f"sqlite:///{database_path}", keyring)


def test_a_damaged_page_does_not_start(
    database: SqlDatabase, database_path: Path, tenant: Tenant, keyring: LocalKeyring
) -> None:
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), *(a.a_department(organization_id=tenant.id) for _ in range(200)))
    database.dispose()
    raw = sqlite3.connect(database_path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'departments'").fetchone()[0]
    size = raw.execute("PRAGMA page_size").fetchone()[0]
    raw.close()
    octets = bytearray(database_path.read_bytes())
    octets[(page - 1) * size : (page - 1) * size + 64] = b"\xff" * 64
    database_path.write_bytes(octets)
    with pytest.raises(InstallationDamaged):
        SqlDatabase(f"sqlite:///{database_path}", keyring)


def test_what_was_committed_is_there_after_a_fresh_start(
    database_path: Path, tenant: Tenant, keyring: LocalKeyring
) -> None:
    again = SqlDatabase(f"sqlite:///{database_path}", keyring)
    with again.reading() as work:
        assert work.organizations() == [tenant.organization]
        assert work.audit_head(tenant.id).size == 2
    again.dispose()


def test_what_some_packets_wait_for_is_found_by_their_ids_and_not_by_reading_everybodys(
    database: SqlDatabase, database_path: Path, tenant: Tenant
) -> None:
    """SQLite has no statistics here, and chooses between indexes by their shape alone."""
    ran: list[tuple[str, object]] = []
    listen(database._engine, "before_cursor_execute", lambda _c, _u, sql, values, *_: ran.append((sql, values)))
    another = a.a_packet(organization_id=tenant.id, department_id=tenant.department.id)
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), tenant.packet, another)
        work.waits_not_as_kept(tenant.id, [tenant.packet.id, another.id])
        work.packets_numbered(tenant.id, tenant.id, tenant.packet.case.accession_number, a.NOW, limit=50)
    with closing(sqlite3.connect(database_path)) as raw:
        asked = [pair for pair in ran if "waits" in pair[0] and not pair[0].startswith("INSERT")]
        plans = [row[3] for pair in asked for row in raw.execute(f"EXPLAIN QUERY PLAN {pair[0]}", pair[1])]
    about_waits = [plan for plan in plans if " waits " in plan]
    assert len(about_waits) >= len(asked) >= 5
    assert [plan for plan in about_waits if "packet_id=?" not in plan] == []
