"""The log: each change with its entry or not at all; whatever is altered in its rows is named."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests import factories as a
from tests.adapters.database.conftest import Tenant, new_tenant
from tests.databases import Kept
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.audit.chain import ChainBroken, verify
from transfer_service.audit.entry import GENESIS
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Department
from transfer_service.errors import NotFound, Unavailable

COLUMNS = {
    "at": "2026-05-12 09:30:00.123457",
    "actor_kind": "staff:admin",
    "actor_id": "someone",
    "action": "packet.closed",
    "subject": '{"packet": "another"}',
    "facts": '{"number": 99}',
    "request_id": "request-2",
    "address": "198.51.100.1",
    "previous_hash": b"\x01" * 32,
    "hash": b"\x02" * 32,
}


COPY_BEYOND_THE_END = (
    "INSERT INTO audit_entries SELECT organization_id, seq + 5, at, actor_kind, actor_id, action, subject, packet,"
    " facts, request_id, address, previous_hash, hash FROM audit_entries WHERE seq = 12"
)


@pytest.fixture
def log(database: SqlDatabase, tenant: Tenant) -> Tenant:
    """Twelve entries: two of the beginning, ten of packets."""
    by = a.a_staff_actor(organization_id=tenant.id)
    with database.changing() as work:
        for number in range(10):
            work.save(a.an_event(by, "packet.read", subject={"packet": a.some_id(number)}, facts={"number": number}))
    return tenant


def check_log(database: SqlDatabase, tenant: Tenant) -> None:
    with database.reading() as work:
        verify(work.audit_head(tenant.id), work.audit_entries(tenant.id))


def altered(own_database: Kept, *statements: tuple[str, tuple[Any, ...]]) -> None:
    """What somebody who owns the database could do: take the triggers away, and write."""
    own_database.drop_triggers()
    for statement, values in statements:
        own_database.execute(statement, *values)


def test_a_whole_log_verifies_and_says_what_happened(database: SqlDatabase, log: Tenant) -> None:
    check_log(database, log)
    with database.reading() as work:
        entries = list(work.audit_entries(log.id))
        assert [entry.seq for entry in entries] == list(range(1, 13))
        assert [entry.seq for entry in work.audit_entries(log.id, after=10)] == [11, 12]
        last = entries[-1]
    assert (last.action, last.facts, last.subject) == ("packet.read", {"number": 9}, {"packet": str(a.some_id(9))})
    assert (last.actor_kind, last.request_id, last.address, last.at) == (
        "staff:coordinator",
        "request-1",
        "192.0.2.1",
        a.NOW,
    )


def test_a_log_longer_than_one_batch_is_read_whole(
    database: SqlDatabase, log: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for batch in (1, 3, 12, 13):
        monkeypatch.setattr("transfer_service.adapters.database.auditing.BATCH", batch)
        check_log(database, log)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [1, 6, 12])
def test_an_altered_field_is_named_by_its_entry(
    database: SqlDatabase, own_database: Kept, log: Tenant, column: str, seq: int
) -> None:
    altered(own_database, (f"UPDATE audit_entries SET {column} = ? WHERE seq = ?", (COLUMNS[column], seq)))
    with pytest.raises(ChainBroken) as caught:
        check_log(database, log)
    assert caught.value.seq == seq


@pytest.mark.sqlite  # PostgreSQL's columns hold what can be read
@pytest.mark.parametrize("column", ["at", "subject", "facts"])
@pytest.mark.parametrize("seq", [1, 6, 12])
def test_an_entry_that_can_not_be_read_any_more_is_named(
    database: SqlDatabase, own_database: Kept, log: Tenant, column: str, seq: int
) -> None:
    altered(own_database, (f"UPDATE audit_entries SET {column} = 'x' WHERE seq = ?", (seq,)))
    with pytest.raises(ChainBroken) as caught:
        check_log(database, log)
    assert caught.value.seq == seq


def test_an_altered_packet_column_is_named_too(database: SqlDatabase, own_database: Kept, log: Tenant) -> None:
    altered(own_database, ("UPDATE audit_entries SET packet = NULL WHERE seq = 7", ()))
    with pytest.raises(ChainBroken) as caught:
        check_log(database, log)
    assert caught.value.seq == 7


def test_an_entry_given_to_another_organization_breaks_both_logs(
    database: SqlDatabase, own_database: Kept, log: Tenant, neighbour: Tenant
) -> None:
    altered(
        own_database,
        ("UPDATE audit_entries SET organization_id = ? WHERE seq = 5", (neighbour.id.hex,)),
    )
    for tenant in (log, neighbour):
        with pytest.raises(ChainBroken):
            check_log(database, tenant)


@pytest.mark.parametrize(
    ("statements", "seq"),
    [
        (["DELETE FROM audit_entries WHERE seq = 5"], 5),
        (["DELETE FROM audit_entries WHERE seq = 5", "UPDATE audit_entries SET seq = seq - 1 WHERE seq > 5"], 5),
        (["DELETE FROM audit_entries WHERE seq = 12"], 12),
        (["DELETE FROM audit_entries WHERE seq > 3"], 4),
        (["DELETE FROM audit_entries"], 1),
        (
            [
                "UPDATE audit_entries SET seq = 100 WHERE seq = 5",
                "UPDATE audit_entries SET seq = 5 WHERE seq = 6",
                "UPDATE audit_entries SET seq = 6 WHERE seq = 100",
            ],
            5,
        ),
        (["UPDATE audit_entries SET seq = 13 WHERE seq = 12"], 12),
        (["UPDATE audit_heads SET size = 11"], 13),
        (["UPDATE audit_heads SET hash = previous_hash FROM audit_entries WHERE seq = 3"], 13),
    ],
)
def test_what_is_cut_out_cut_off_or_reordered_is_named(
    database: SqlDatabase, own_database: Kept, log: Tenant, statements: list[str], seq: int
) -> None:
    altered(own_database, *((statement, ()) for statement in statements))
    with pytest.raises(ChainBroken) as caught:
        check_log(database, log)
    assert caught.value.seq == seq


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET action = 'x' WHERE seq = 3",
        "UPDATE audit_entries SET action = action",
        "DELETE FROM audit_entries WHERE seq = 12",
        "DELETE FROM audit_entries",
        "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries WHERE seq = 3",
        "REPLACE INTO audit_entries SELECT * FROM audit_entries",
        COPY_BEYOND_THE_END,
        "INSERT INTO audit_entries SELECT * FROM audit_entries WHERE seq = 3 ON CONFLICT DO UPDATE SET action = 'x'",
    ],
)
def test_sqlite_itself_only_ever_appends(
    database: SqlDatabase, database_path: Path, log: Tenant, statement: str
) -> None:
    raw = sqlite3.connect(database_path)
    with pytest.raises(sqlite3.IntegrityError, match="audit log"):
        raw.execute(statement)
    raw.close()
    check_log(database, log)


def test_eight_threads_append_without_a_gap(database: SqlDatabase, log: Tenant) -> None:
    by = a.a_system_actor(organization_id=log.id)

    def append(thread: int) -> None:
        for number in range(50):
            with database.changing() as work:
                work.save(a.an_event(by, "thing.counted", facts={"thread": thread, "number": number}))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(append, range(8)))
    check_log(database, log)
    with database.reading() as work:
        assert work.audit_head(log.id).size == 12 + 8 * 50
        facts = [(entry.facts["thread"], entry.facts["number"]) for entry in work.audit_entries(log.id, after=12)]
    assert sorted(facts) == [(thread, number) for thread in range(8) for number in range(50)]


@pytest.mark.usefixtures("log")
def test_the_logs_of_two_organizations_are_apart(database: SqlDatabase, neighbour: Tenant) -> None:
    with database.reading() as work:
        assert work.audit_head(neighbour.id).size == 2
        assert next(work.audit_entries(neighbour.id)).previous_hash == GENESIS
    check_log(database, neighbour)


@pytest.mark.parametrize(
    "thing", [lambda tenant: tenant.release, lambda tenant: tenant.link, lambda tenant: tenant.organization]
)
def test_a_change_of_state_without_an_event_is_refused(
    database: SqlDatabase, tenant: Tenant, thing: Callable[[Tenant], Any]
) -> None:
    with database.changing() as work:
        with pytest.raises(TypeError, match="save it with its event"):
            work.keep(thing(tenant))
        with pytest.raises(TypeError, match="save it with its event"):
            work.drop(thing(tenant))
    with database.reading() as work:
        assert work.audit_head(tenant.id).size == 2


def test_a_change_whose_entry_cannot_be_written_is_undone_even_if_the_error_is_swallowed(
    database: SqlDatabase, own_database: Kept, tenant: Tenant
) -> None:
    own_database.refuse("INSERT", "audit_entries", "NEW.seq > 2")
    changed = replace(tenant.packet, note="changed")
    with database.changing() as work, pytest.raises(AssertionError):
        work.save(a.an_event(tenant.actor), changed, a.a_department(organization_id=tenant.id))
    with database.reading() as work:
        assert work.get(Packet, tenant.id, tenant.packet.id) == tenant.packet
        assert work.find(Department, tenant.id) == [tenant.department]
    check_log(database, tenant)


def test_an_entry_that_cannot_be_hashed_is_not_written_nor_is_its_change(database: SqlDatabase, tenant: Tenant) -> None:
    changed = replace(tenant.packet, note="changed")
    with database.changing() as work, pytest.raises(ValueError, match="exceeds"):
        work.save(a.an_event(tenant.actor, facts={"number": 2**60}), changed)
    with database.reading() as work:
        assert work.get(Packet, tenant.id, tenant.packet.id) == tenant.packet


def test_an_event_is_of_the_organization_of_its_things(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    with database.changing() as work:
        for thing in (neighbour.packet, neighbour.organization, neighbour.recipient):
            with pytest.raises(ValueError, match="two organizations"):
                work.save(a.an_event(tenant.actor), tenant.packet, thing)
    with database.reading() as work:
        assert work.audit_head(tenant.id).size == 2


def test_there_is_no_log_of_an_organization_that_is_not(database: SqlDatabase) -> None:
    with pytest.raises(NotFound), database.changing() as work:
        work.save(a.an_event(a.a_system_actor(organization_id=uuid4())))


def test_nothing_of_a_refused_transaction_reaches_the_log(
    database: SqlDatabase, keyring: LocalKeyring, log: Tenant
) -> None:
    def refuse() -> None:
        with database.changing() as work:
            work.save(a.an_event(log.actor))
            raise Unavailable

    with pytest.raises(Unavailable):
        refuse()
    new_tenant(database, keyring)
    check_log(database, log)
    with database.reading() as work:
        assert work.audit_head(log.id).size == 12
