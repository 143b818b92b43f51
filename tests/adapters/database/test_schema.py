"""The revisions make exactly the tables that the program uses, and take them away again."""

import io
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from tests import factories as a
from tests.adapters.database.conftest import Tenant
from tests.databases import Kept, SqliteKept
from tests.stages import Stages
from tests.waits import listed
from transfer_service.adapters.database import SqlDatabase, downgrade, migrate, schema
from transfer_service.adapters.database.dialects import dialect_of
from transfer_service.adapters.database.tables import METADATA
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.domain.link import Link
from transfer_service.domain.mail import MailKind, Postmark
from transfer_service.domain.people import Department
from transfer_service.domain.release import Release, ReleaseState
from transfer_service.domain.waiting import Awaited
from transfer_service.errors import Unavailable
from transfer_service.usecases.deposit import PacketDraft


def described(kept: Kept) -> list[tuple[Any, ...]]:
    if isinstance(kept, SqliteKept):
        return kept.query("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY 1, 2")
    return [row for statement in DESCRIBED_BY_POSTGRESQL.split(";") for row in kept.query(statement)]


DESCRIBED_BY_POSTGRESQL = """
    SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped ORDER BY 1, attnum;
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2;
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1;
    SELECT tablename, policyname, permissive, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2;
    SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1;
    SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1;
    SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1
"""


def checks(engine_of: str) -> dict[str, set[str]]:
    engine = create_engine(engine_of)
    found = {
        name: {"".join(str(one["sqltext"]).split()) for one in inspect(engine).get_check_constraints(name)}
        for name in METADATA.tables
    }
    engine.dispose()
    return found


def test_the_migrated_schema_is_the_tables(own_database: Kept) -> None:
    engine = create_engine(dialect_of(own_database.url).url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


@pytest.mark.sqlite
def test_the_migrated_checks_are_those_of_the_tables(own_database: Kept, tmp_path: Path) -> None:
    made = f"sqlite:///{tmp_path / 'made.db'}"
    engine = create_engine(made)
    METADATA.create_all(engine)
    engine.dispose()
    assert checks(own_database.url) == checks(made)


def test_migrating_again_changes_nothing(own_database: Kept) -> None:
    before = described(own_database)
    migrate(own_database.url)
    assert described(own_database) == before


def test_two_may_migrate_at_once(unmigrated: Kept, own_database: Kept) -> None:
    threads = [threading.Thread(target=migrate, args=(unmigrated.url,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert described(unmigrated) == described(own_database)


def test_downgrading_takes_everything_away_and_upgrading_brings_it_back(own_database: Kept) -> None:
    before = described(own_database)
    downgrade(own_database.url)
    assert own_database.tables() == ["alembic_version"]
    assert not any("audit" in str(row) for row in described(own_database))
    migrate(own_database.url)
    assert described(own_database) == before


def test_one_revision_down_and_up_again_is_the_same(own_database: Kept) -> None:
    before = described(own_database)
    downgrade(own_database.url, "-1")
    migrate(own_database.url)
    assert described(own_database) == before


def test_what_was_released_before_there_were_forms_on_paper_comes_through_as_it_was(
    own_database: Kept, database: SqlDatabase, tenant: Tenant
) -> None:
    on_paper = a.a_release(
        organization_id=tenant.id,
        packet_id=tenant.packet.id,
        secret_hash=None,
        state=ReleaseState.AWAITING_CONFIRMATION,
    )
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), on_paper)
    database.dispose()
    downgrade(own_database.url, "0005")
    migrate(own_database.url)
    with database.reading() as work:
        assert work.get(Release, tenant.id, tenant.release.id) == tenant.release
        assert work.get(Link, tenant.id, tenant.link.id) == tenant.link
        assert work.get(Department, tenant.id, tenant.department.id) == tenant.department
        assert work.get(Release, tenant.id, on_paper.id).state is ReleaseState.WITHDRAWN


def test_a_migration_that_fails_leaves_nothing_behind(unmigrated: Kept) -> None:
    unmigrated.execute("CREATE TABLE service_keys (x integer)")
    with pytest.raises(Unavailable):
        migrate(unmigrated.url)
    assert unmigrated.tables() == ["service_keys"]


def test_check_is_content_with_our_schema_alone(database: SqlDatabase, own_database: Kept) -> None:
    database.check()
    own_database.execute("UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(Unavailable, match="another version"):
        database.check()
    own_database.execute("DROP TABLE alembic_version")
    with pytest.raises(Unavailable):
        database.check()


@pytest.mark.sqlite
def test_check_is_not_content_with_an_empty_file(tmp_path: Path, keyring: LocalKeyring) -> None:
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


def test_links_and_tokens_of_before_outlive_the_revision_of_services_and_its_way_back(
    tmp_path: Path, own_database: Kept
) -> None:
    """SQLite's tables are made again for it: every row, and whatever refers to one, is there as it was."""
    url = own_database.url
    stages = Stages(tmp_path, own_database)
    stages.fetched_by_service()
    stages.redeemed()
    before = stages.rows("alembic_version", "receipts", "mail", "waits")  # mail forgets what it was for
    stages.close_down()
    downgrade(url, "0001")
    migrate(url)
    after = stages.rows("alembic_version", "receipts", "mail", "waits")
    lost = {name: [row for row in rows if row not in after[name]] for name, rows in before.items()}
    assert {name: len(rows) for name, rows in lost.items() if rows} == {
        "credentials": 1,
        "links": 1,
        "releases": 2,  # the codes of their letters
    }
    assert after["disclosures"] == before["disclosures"]
    assert len(after["links"]) == len(before["links"])


def test_mail_that_was_given_up_goes_on_the_way_back_and_what_waits_or_was_sent_stays(
    database: SqlDatabase, own_database: Kept, tenant: Tenant
) -> None:
    waits = a.a_mail(organization_id=tenant.id, kind=MailKind.LETTER, about_id=tenant.release.id)
    given_up, sent = (a.a_mail(organization_id=tenant.id).wiped() for _ in range(2))
    with database.changing() as work:
        work.keep(waits, replace(given_up, refused_at=a.NOW), replace(sent, sent_at=a.NOW))
    database.dispose()
    downgrade(own_database.url, "0005")
    migrate(own_database.url)
    with database.reading() as work:
        assert {mark.id for mark in work.find(Postmark, tenant.id)} == {waits.id, sent.id}
        assert work.mail_due(a.NOW, 9) == [replace(waits, language=None, kind=None, about_id=None)]


def test_packets_of_before_are_listed_by_their_state_until_the_worker_has_mended_them(
    own_database: Kept, tmp_path: Path
) -> None:
    stages = Stages(tmp_path, own_database)
    for stage in (stages.opened(), stages.linked(), stages.closed()):
        radiology = stages.department(stages.hospital.organization, f"Radiology {stage.packet.id}")
        draft = PacketDraft(stage.packet.case, contributing_department_ids=(radiology.id,))
        stages.journey.deposit.open_packet(stages.coordinator, draft, stages.now)
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    before = stages.rows("alembic_version")
    downgrade(own_database.url, "-1")
    migrate(own_database.url)
    assert len(listed(stages)) == len(before["packets"])
    assert {wait.awaited for wait in listed(stages).values()} == {Awaited.FILES, Awaited.RELEASE, Awaited.ENDED}
    while stages.journey.mend.mend_some(stages.now):
        pass
    assert stages.rows("alembic_version") == before
    stages.close_down()
