"""The revisions make exactly the tables that the program uses, and take them away again."""

import io
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from transfer_service.adapters.database import SqlDatabase, downgrade, migrate, schema
from transfer_service.adapters.database.tables import METADATA
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.errors import Unavailable


def described(path: Path) -> list[tuple[str, ...]]:
    raw = sqlite3.connect(path)
    found = raw.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY 1, 2").fetchall()
    raw.close()
    return found


def checks(engine_of: str) -> dict[str, set[str]]:
    engine = create_engine(engine_of)
    found = {
        name: {"".join(str(one["sqltext"]).split()) for one in inspect(engine).get_check_constraints(name)}
        for name in METADATA.tables
    }
    engine.dispose()
    return found


def test_the_migrated_schema_is_the_tables(migrated_file: Path) -> None:
    engine = create_engine(f"sqlite:///{migrated_file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_migrated_checks_are_those_of_the_tables(migrated_file: Path, tmp_path: Path) -> None:
    made = f"sqlite:///{tmp_path / 'made.db'}"
    engine = create_engine(made)
    METADATA.create_all(engine)
    engine.dispose()
    assert checks(f"sqlite:///{migrated_file}") == checks(made)


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "transfer.db"
    migrate(f"sqlite:///{path}")
    before = described(path)
    migrate(f"sqlite:///{path}")
    assert described(path) == before


def test_two_may_migrate_at_once(tmp_path: Path, migrated_file: Path) -> None:
    path = tmp_path / "transfer.db"
    threads = [threading.Thread(target=migrate, args=(f"sqlite:///{path}",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert described(path) == described(migrated_file)


def test_downgrading_takes_everything_away_and_upgrading_brings_it_back(tmp_path: Path, migrated_file: Path) -> None:
    path = tmp_path / "transfer.db"
    migrate(f"sqlite:///{path}")
    downgrade(f"sqlite:///{path}")
    assert {name for _, name, _, _ in described(path)} == {"alembic_version", "sqlite_autoindex_alembic_version_1"}
    migrate(f"sqlite:///{path}")
    assert described(path) == described(migrated_file)


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "transfer.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE service_keys (x)")
    raw.commit()
    raw.close()
    with pytest.raises(Unavailable):
        migrate(f"sqlite:///{path}")
    assert [name for _, name, _, _ in described(path)] == ["service_keys"]


def test_check_is_content_with_our_schema_alone(
    database: SqlDatabase, database_path: Path, tmp_path: Path, keyring: LocalKeyring
) -> None:
    database.check()
    raw = sqlite3.connect(database_path)
    raw.execute("UPDATE alembic_version SET version_num = '0000'")
    raw.commit()
    with pytest.raises(Unavailable, match="another version"):
        database.check()
    raw.execute("DROP TABLE alembic_version")
    raw.commit()
    raw.close()
    with pytest.raises(Unavailable):
        database.check()
    empty = tmp_path / "empty.db"
    empty.touch()
    unmigrated = SqlDatabase(f"sqlite:///{empty}", keyring)
    with pytest.raises(Unavailable):
        unmigrated.check()
    unmigrated.dispose()


def test_the_same_revisions_speak_postgresql() -> None:
    written = io.StringIO()
    config = Config(output_buffer=written, attributes={"dialect": "postgresql"})
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    command.upgrade(config, "head", sql=True)
    sql = written.getvalue()
    assert "id UUID NOT NULL" in sql
    assert "created_at TIMESTAMP WITH TIME ZONE NOT NULL" in sql
    assert "CREATE FUNCTION refuse_audit_change()" in sql
    assert "BEFORE TRUNCATE ON audit_entries" in sql
    assert "RAISE(ABORT" not in sql
