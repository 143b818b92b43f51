"""All or nothing; a part of a part; one writer at a time; and nobody waits for ever."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests import factories as a
from tests.adapters.database.conftest import Tenant
from tests.databases import Databases, Kept
from tests.standalone_process import ROOT
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.database.tenancy import OPTION
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.errors import NotNow, Unavailable


def note_of(database: SqlDatabase, tenant: Tenant) -> str | None:
    with database.reading() as work:
        return work.get(Packet, tenant.id, tenant.packet.id).note


def noted(tenant: Tenant, note: str) -> Packet:
    return replace(tenant.packet, note=note)


@contextmanager
def turn_of_another_process(own_database: Kept, tenant: Tenant) -> Iterator["subprocess.Popen[str]"]:
    """A process that is changing something of the tenant's, until it is sent a line."""
    command = [sys.executable, "-m", "tests.adapters.database.hold_turn", own_database.url, str(tenant.id)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.communicate("\n", timeout=10)


def test_an_exception_undoes_everything(database: SqlDatabase, tenant: Tenant) -> None:
    def refuse() -> None:
        with database.changing() as work:
            work.save(a.an_event(tenant.actor), noted(tenant, "lost"))
            assert work.get(Packet, tenant.id, tenant.packet.id).note == "lost"
            raise NotNow

    with pytest.raises(NotNow):
        refuse()
    assert note_of(database, tenant) == tenant.packet.note


def test_others_see_a_change_when_it_is_committed_and_not_before(database: SqlDatabase, tenant: Tenant) -> None:
    seen: list[str | None] = []

    def look() -> None:
        seen.append(note_of(database, tenant))

    def elsewhere() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    with database.changing() as work:
        work.keep(noted(tenant, "new"))
        elsewhere()
    elsewhere()
    assert seen == [tenant.packet.note, "new"]


def test_a_reading_transaction_sees_one_moment(database: SqlDatabase, tenant: Tenant) -> None:
    def change() -> None:
        with database.changing() as work:
            work.keep(noted(tenant, "new"))

    with database.reading() as work:
        before = work.get(Packet, tenant.id, tenant.packet.id)
        thread = threading.Thread(target=change)
        thread.start()
        thread.join()
        assert work.get(Packet, tenant.id, tenant.packet.id) == before
    assert note_of(database, tenant) == "new"


def test_an_inner_change_is_undone_alone(database: SqlDatabase, tenant: Tenant) -> None:
    def refuse() -> None:
        with database.changing() as inner:
            inner.save(a.an_event(tenant.actor, "inner.saved"), noted(tenant, "inner"))
            raise NotNow

    with database.changing() as outer:
        outer.save(a.an_event(tenant.actor, "outer.saved"), noted(tenant, "outer"))
        with pytest.raises(NotNow):
            refuse()
        assert outer.get(Packet, tenant.id, tenant.packet.id).note == "outer"
    assert note_of(database, tenant) == "outer"
    with database.reading() as work:
        assert [entry.action for entry in work.audit_entries(tenant.id, after=2)] == ["outer.saved"]


def test_an_inner_change_is_committed_with_the_outer_and_undone_with_it(database: SqlDatabase, tenant: Tenant) -> None:
    def inside(note: str) -> None:
        with database.changing() as inner:
            inner.keep(noted(tenant, note))

    with database.changing():
        inside("kept")
    assert note_of(database, tenant) == "kept"

    def refuse() -> None:
        with database.changing():
            inside("lost")
            raise NotNow

    with pytest.raises(NotNow):
        refuse()
    assert note_of(database, tenant) == "kept"


def test_reading_inside_changing_sees_the_change(database: SqlDatabase, tenant: Tenant) -> None:
    with database.changing() as work:
        work.keep(noted(tenant, "new"))
        assert note_of(database, tenant) == "new"


def test_changing_inside_reading_is_a_transaction_of_its_own(database: SqlDatabase, tenant: Tenant) -> None:
    with database.reading() as reader:
        before = reader.get(Packet, tenant.id, tenant.packet.id)
        with database.changing() as writer:
            writer.keep(noted(tenant, "new"))
        assert reader.get(Packet, tenant.id, tenant.packet.id) == before
    assert note_of(database, tenant) == "new"


def test_a_reading_transaction_writes_nothing(database: SqlDatabase, tenant: Tenant) -> None:
    with database.reading() as work:
        for attempt in (
            lambda: work.save(a.an_event(tenant.actor), tenant.packet),
            lambda: work.keep(tenant.packet),
            lambda: work.drop(tenant.packet),
            lambda: work.forget(a.NOW),
            lambda: work.add_service_key("answers", b"key"),
        ):
            with pytest.raises(TypeError, match="only reads"):
                attempt()


def test_a_row_that_refers_to_nothing_is_refused_at_the_end(database: SqlDatabase, tenant: Tenant) -> None:
    stray = a.a_file(organization_id=tenant.id)
    with pytest.raises(AssertionError, match=r"(?i)foreign ?key"), database.changing() as work:
        work.keep(noted(tenant, "lost"), stray)
    assert note_of(database, tenant) == tenant.packet.note
    with database.reading() as work:
        assert work.find(PacketFile, tenant.id) == [tenant.file]


def test_things_saved_together_may_come_in_any_order(database: SqlDatabase, tenant: Tenant) -> None:
    packet = a.a_packet(organization_id=tenant.id, department_id=tenant.department.id)
    file = a.a_file(organization_id=tenant.id, packet_id=packet.id)
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), file, packet)
    with database.reading() as work:
        assert work.find(PacketFile, tenant.id, packet_id=packet.id) == [file]


def test_a_lock_held_too_long_is_unavailable_and_nothing_is_written(
    own_database: Kept, database: SqlDatabase, keyring: LocalKeyring, tenant: Tenant
) -> None:
    impatient = SqlDatabase(own_database.url, keyring, busy_timeout_s=0.2)
    with turn_of_another_process(own_database, tenant):
        with pytest.raises(Unavailable) as caught, impatient.changing() as work:
            work.keep(noted(tenant, "lost"))
        assert "BEGIN" not in str(caught.value)
    assert note_of(database, tenant) == tenant.packet.note
    with impatient.changing() as work:
        work.keep(noted(tenant, "later"))
    assert note_of(database, tenant) == "later"
    impatient.dispose()


@pytest.mark.sqlite
def test_a_file_that_another_process_has_locked_does_not_start(
    own_database: Kept, keyring: LocalKeyring, tenant: Tenant
) -> None:
    with turn_of_another_process(own_database, tenant), pytest.raises(Unavailable):
        SqlDatabase(own_database.url, keyring, busy_timeout_s=0.1)


def test_a_lock_that_ends_in_time_is_waited_for(own_database: Kept, database: SqlDatabase, tenant: Tenant) -> None:
    with turn_of_another_process(own_database, tenant) as process:
        assert process.stdin is not None
        waiter = threading.Thread(target=lambda: keep(database, noted(tenant, "patient")))
        waiter.start()
        process.stdin.write("\n")
        process.stdin.flush()
        waiter.join(timeout=20)
    assert note_of(database, tenant) == "patient"


def keep(database: SqlDatabase, packet: Packet) -> None:
    with database.changing() as work:
        work.keep(packet)


@pytest.mark.usefixtures("database")
def test_a_thread_that_waits_too_long_for_its_turn_is_told_so(
    own_database: Kept, keyring: LocalKeyring, tenant: Tenant
) -> None:
    impatient = SqlDatabase(own_database.url, keyring, busy_timeout_s=0.1)
    refused: list[Unavailable] = []

    def attempt() -> None:
        try:
            keep(impatient, tenant.packet)
        except Unavailable as error:
            refused.append(error)

    with impatient.changing() as work:
        work.audit_head(tenant.id)
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join(timeout=20)
    assert len(refused) == 1
    impatient.dispose()


@pytest.mark.usefixtures("database")
def test_more_readers_than_connections_are_unavailable_not_stuck(
    own_database: Kept, keyring: LocalKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("sqlite", "postgresql"):
        monkeypatch.setattr(f"transfer_service.adapters.database.{kind}.POOL_SIZE", 1)
        monkeypatch.setattr(f"transfer_service.adapters.database.{kind}.POOL_OVERFLOW", 0)
    narrow = SqlDatabase(own_database.url, keyring, busy_timeout_s=0.1)
    refused: list[Unavailable] = []

    def attempt() -> None:
        try:
            narrow.check()
        except Unavailable as error:
            refused.append(error)

    with narrow.reading():
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join(timeout=20)
    assert len(refused) == 1
    narrow.check()
    narrow.dispose()


def test_two_databases_in_one_thread_do_not_join(
    database: SqlDatabase, tenant: Tenant, keyring: LocalKeyring, databases: Databases, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = SqlDatabase(databases(tmp_path / "other").url, keyring)
    with database.changing() as outer, other.changing() as inner:
        assert outer.organizations() == [tenant.organization]
        assert inner.organizations() == []
    other.dispose()


def test_a_transaction_that_the_database_undid_writes_nothing_more(database: SqlDatabase, tenant: Tenant) -> None:
    def go_on() -> None:
        with database.changing() as work:
            work.keep(noted(tenant, "undone"))
            work._connection.exec_driver_sql("ROLLBACK", execution_options={OPTION: "as a full disk does"})
            with pytest.raises(Unavailable):
                work.save(a.an_event(tenant.actor), noted(tenant, "on its own"))
            with pytest.raises(Unavailable):
                keep(database, noted(tenant, "on its own"))

    with pytest.raises(Unavailable):
        go_on()
    assert note_of(database, tenant) == tenant.packet.note
    keep(database, noted(tenant, "afterwards"))
    assert note_of(database, tenant) == "afterwards"


@pytest.mark.sqlite
def test_a_full_disk_is_unavailable_and_what_was_acknowledged_stays(database: SqlDatabase, tenant: Tenant) -> None:
    def fill() -> None:
        with database.changing() as work:
            connection = work._connection
            options = {OPTION: "a small disk"}
            pages = connection.exec_driver_sql("PRAGMA page_count", execution_options=options).scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}", execution_options=options)
            work.save(a.an_event(tenant.actor), noted(tenant, "x" * 1_000_000))

    keep(database, noted(tenant, "acknowledged"))
    with pytest.raises(Unavailable):
        fill()
    assert note_of(database, tenant) == "acknowledged"
    database.dispose()
    keep(database, noted(tenant, "there is space again"))
    assert note_of(database, tenant) == "there is space again"


def test_an_error_of_the_database_shows_neither_statement_nor_values(
    own_database: Kept, database: SqlDatabase, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    own_database.execute("ALTER TABLE packets RENAME TO packets_gone")
    with pytest.raises(Unavailable) as caught, database.changing() as work:
        work.keep(noted(tenant, "kanarie"))
    said = str(caught.value) + str(caught.value.facts) + caplog.text
    for word in ("UPDATE", "packets", "kanarie", str(tenant.id), tenant.id.hex):
        assert word not in said
    assert "SQLITE_ERROR" in caplog.text or "UndefinedTable" in caplog.text
