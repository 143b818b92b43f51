"""PostgreSQL itself keeps tenants apart, behind the guard: by any SQL, on the service's own role."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from tests import factories as a
from tests.adapters.database.conftest import Tenant, an_opinion_of, new_tenant
from tests.databases import Databases, PostgresqlKept
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.database.dialects import dialect_of
from transfer_service.adapters.database.row_security import EVERY, SETTING
from transfer_service.adapters.database.tables import TENANT_TABLES
from transfer_service.adapters.database.tenancy import OPTION
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.domain.packet import AssemblyIntent

pytestmark = pytest.mark.postgresql
Raw = psycopg.Connection[Any]


@dataclass(frozen=True)
class Filled:
    """Two organizations with a row in every table. No test commits anything."""

    kept: PostgresqlKept
    tenant: Tenant
    neighbour: Tenant


@pytest.fixture(scope="module")
def filled(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    folder = tmp_path_factory.mktemp("filled")
    kept, keyring = databases(folder), LocalKeyring.create(folder / "keyring.json")
    assert isinstance(kept, PostgresqlKept)
    database = SqlDatabase(kept.url, keyring)
    filled = Filled(kept, new_tenant(database, keyring), new_tenant(database, keyring))
    for each in (filled.tenant, filled.neighbour):
        of = {"organization_id": each.id}
        credential = a.a_credential(**of)
        with database.changing() as work:
            work.keep(
                *(credential, a.a_challenge(**of), a.a_mail(**of), a.a_ticket(**of, session_id=credential.id)),
                a.a_part(**of, file_id=each.file.id),
                AssemblyIntent(each.id, each.file.id, ((1, "etag"),), attempt=1, made_at=a.NOW),
            )
            webhook = a.a_webhook(**of, recipient_id=each.recipient.id, set_by=credential.id)
            approval = a.an_approval(**of, department_id=each.packet.department_id)
            asked = a.a_slide_request(**of, department_id=each.department.id)
            of_release = {**of, "release_id": each.release.id}
            more = (webhook, approval, asked, a.a_document(**of_release), an_opinion_of(each, a.a_reply()))
            work.save(a.an_event(each.actor), a.a_receipt(**of_release), a.a_member(**of, id=each.staff.id), *more)
            work.keep(a.a_notice(**of, recipient_id=each.recipient.id, release_id=each.release.id))
    database.dispose()
    return filled


@pytest.fixture
def raw(filled: Filled) -> Iterator[Raw]:
    """The service's own role, without the service."""
    with closing(psycopg.connect(filled.kept.url)) as connection:
        yield connection


def name(raw: Raw, who: object) -> None:
    raw.execute(f"SELECT set_config('{SETTING}', %s, true)", (str(who),))


def count(raw: Raw, table: str, whose: UUID | None = None) -> int:
    where, values = ("", ()) if whose is None else (" WHERE organization_id = %s", (whose,))
    ((found,),) = raw.execute(f"SELECT count(*) FROM {table}{where}", values)  # type: ignore[arg-type] # our own words
    return int(found)


def row_of(kept: PostgresqlKept, table: str, whose: UUID) -> str:
    ((row,),) = kept.query(f"SELECT to_json({table}) FROM {table} WHERE organization_id = ? LIMIT 1", whose)
    return json.dumps(row)


def check_out_of_reach(raw: Raw, kept: PostgresqlKept, table: str, whose: UUID) -> None:
    assert count(raw, table, whose) == 0
    for statement in (f"UPDATE {table} SET organization_id = organization_id", f"DELETE FROM {table}"):
        assert raw.execute(f"{statement} WHERE organization_id = %s", (whose,)).rowcount == 0  # type: ignore[arg-type]
    insert = f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, %s)"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        raw.execute(insert, (row_of(kept, table, whose),))  # type: ignore[arg-type]


OVERWRITTEN = (
    "INSERT INTO audit_entries SELECT * FROM audit_entries"
    " ON CONFLICT ON CONSTRAINT pk_audit_entries DO UPDATE SET at = now()"
)


def test_every_tenant_s_table_and_no_other_is_protected_even_from_its_owner(own_database: PostgresqlKept) -> None:
    protected = own_database.query("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    with_tenant = own_database.query(
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'organization_id' AND table_schema = 'public'"
    )
    assert {table for (table,) in protected} == {table for (table,) in with_tenant} == TENANT_TABLES


@pytest.mark.parametrize("table", sorted(TENANT_TABLES))
def test_without_a_tenant_named_no_row_is_seen_or_written(raw: Raw, filled: Filled, table: str) -> None:
    assert count(raw, table) == 0
    check_out_of_reach(raw, filled.kept, table, filled.tenant.id)


@pytest.mark.parametrize("table", sorted(TENANT_TABLES))
def test_with_another_tenant_named_none_of_this_one_s_either(raw: Raw, filled: Filled, table: str) -> None:
    tenant, neighbour = filled.tenant, filled.neighbour
    name(raw, neighbour.id)
    assert count(raw, table) == count(raw, table, neighbour.id) > 0
    check_out_of_reach(raw, filled.kept, table, tenant.id)


@pytest.mark.parametrize("table", sorted(TENANT_TABLES))
def test_nothing_is_given_away_to_another_tenant(raw: Raw, filled: Filled, table: str) -> None:
    tenant, neighbour = filled.tenant, filled.neighbour
    name(raw, tenant.id)
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)):
        raw.execute(f"UPDATE {table} SET organization_id = %s", (neighbour.id,))  # type: ignore[arg-type]


@pytest.mark.parametrize("table", sorted(TENANT_TABLES))
def test_whoever_says_that_all_are_meant_sees_all(raw: Raw, filled: Filled, table: str) -> None:
    name(raw, EVERY)
    assert all(count(raw, table, each.id) for each in (filled.tenant, filled.neighbour))


def test_what_was_named_is_forgotten_with_the_transaction(raw: Raw, filled: Filled) -> None:
    with raw.transaction():
        name(raw, filled.tenant.id)
        assert count(raw, "packets") == 1
    assert count(raw, "packets") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET action = 'x' WHERE seq = 1",
        "UPDATE audit_entries SET action = action",
        "DELETE FROM audit_entries WHERE seq = 2",
        "TRUNCATE audit_entries",
        OVERWRITTEN,
    ],
)
@pytest.mark.parametrize("everybody", [True, False])
def test_the_log_is_only_ever_appended_to(raw: Raw, filled: Filled, statement: str, everybody: bool) -> None:
    name(raw, EVERY if everybody else filled.tenant.id)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        raw.execute(statement)  # type: ignore[arg-type]


def test_sql_that_gets_past_the_guard_sees_nothing(filled: Filled) -> None:
    engine, counted = dialect_of(filled.kept.url).engine(), "SELECT count(*) FROM packets"
    with engine.connect() as connection, connection.begin():
        assert connection.exec_driver_sql(counted, execution_options={OPTION: "a trick"}).scalar_one() == 0
        assert connection.execute(text(counted), execution_options={OPTION: "a test"}).scalar_one() == 2
    engine.dispose()
