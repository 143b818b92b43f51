"""PostgreSQL's faults (F50): whatever breaks is Unavailable, undone, and over with the next transaction."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from tests import factories as a
from tests.adapters.database.conftest import Tenant
from tests.databases import PostgresqlKept
from tests.postgresql_server import PostgresqlServer
from transfer_service.adapters.database import SqlDatabase, migrate, postgresql_checks
from transfer_service.adapters.database.tenancy import OPTION
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.audit.chain import verify
from transfer_service.domain.packet import Packet
from transfer_service.errors import InstallationDamaged, PathTaken, SettingsInvalid, Unavailable
from transfer_service.ports import Work
from transfer_service.settings import load_settings

pytestmark = pytest.mark.postgresql


def said(work: Work, statement: str) -> Any:
    connection = work._connection  # type: ignore[attr-defined] # it is the adapter's
    return connection.exec_driver_sql(statement, execution_options={OPTION: "a test"})


def note_of(database: SqlDatabase, tenant: Tenant) -> str | None:
    with database.reading() as work:
        return work.get(Packet, tenant.id, tenant.packet.id).note


def keep(database: SqlDatabase, tenant: Tenant, note: str) -> None:
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), replace(tenant.packet, note=note))


@pytest.fixture
def whole(database: SqlDatabase, tenant: Tenant) -> Iterator[None]:
    """In the end nothing of what was undone is there, the next change works, and the log holds."""
    yield
    assert note_of(database, tenant) in {tenant.packet.note, "acknowledged"}
    keep(database, tenant, "afterwards")
    assert note_of(database, tenant) == "afterwards"
    with database.reading() as work:
        verify(work.audit_head(tenant.id), work.audit_entries(tenant.id))


@pytest.mark.usefixtures("whole")
def test_a_backend_killed_in_mid_transaction_undoes_it_and_nothing_goes_on_in_it(
    database: SqlDatabase, own_database: PostgresqlKept, tenant: Tenant
) -> None:
    def go_on() -> None:
        with database.changing() as work:
            work.save(a.an_event(tenant.actor), replace(tenant.packet, note="undone"))
            assert own_database.break_off() > 0
            for _ in range(2):
                with pytest.raises(Unavailable):
                    work.save(a.an_event(tenant.actor), replace(tenant.packet, note="on its own"))
                with suppress(Unavailable):
                    work.get(Packet, tenant.id, tenant.packet.id)

    with pytest.raises(Unavailable):
        go_on()


@pytest.mark.usefixtures("whole")
def test_a_backend_killed_before_the_commit_is_never_taken_for_a_commit(
    database: SqlDatabase, own_database: PostgresqlKept, tenant: Tenant
) -> None:
    def act() -> None:
        with database.changing() as work:
            work.save(a.an_event(tenant.actor), replace(tenant.packet, note="undone"))
            own_database.break_off()

    with pytest.raises(Unavailable):
        act()


@pytest.mark.usefixtures("whole")
def test_a_backend_killed_under_a_reader_is_unavailable(
    database: SqlDatabase, own_database: PostgresqlKept, tenant: Tenant
) -> None:
    def act() -> None:
        with database.reading() as work:
            work.audit_head(tenant.id)
            own_database.break_off()
            work.audit_head(tenant.id)

    with pytest.raises(Unavailable):
        act()


@pytest.mark.usefixtures("whole")
def test_connections_that_were_cut_while_idle_are_replaced_unseen(
    database: SqlDatabase, own_database: PostgresqlKept, tenant: Tenant
) -> None:
    with database.reading(), database.changing():
        pass  # two connections wait in the pool
    assert own_database.break_off() > 1
    keep(database, tenant, "acknowledged")
    assert own_database.break_off() > 0
    assert note_of(database, tenant) == "acknowledged"
    own_database.break_off()
    database.check()


@pytest.mark.usefixtures("whole")
def test_a_transaction_with_a_failure_that_was_swallowed_is_not_taken_for_a_commit(
    database: SqlDatabase, tenant: Tenant
) -> None:
    def act() -> None:
        with database.changing() as work:
            work.save(a.an_event(tenant.actor), replace(tenant.packet, note="undone"))
            with pytest.raises(Unavailable):
                said(work, "SELECT nothing_like_this")
            with pytest.raises(Unavailable):
                work.keep(replace(tenant.packet, note="undone"))

    with pytest.raises(Unavailable):
        act()


def both(*acts: Callable[[], None]) -> list[Unavailable]:
    """What either raised; they run at once."""
    raised: list[Unavailable] = []

    def attempt(act: Callable[[], None]) -> None:
        try:
            act()
        except Unavailable as error:
            raised.append(error)

    threads = [threading.Thread(target=attempt, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


@pytest.mark.usefixtures("whole")
def test_of_two_that_wait_for_each_other_one_is_unavailable_and_the_other_goes_on(
    own_database: PostgresqlKept, keyring: LocalKeyring, tenant: Tenant, neighbour: Tenant
) -> None:
    own_database.execute(f"ALTER DATABASE {own_database.name} SET deadlock_timeout = '50ms'")
    database, together = SqlDatabase(own_database.url, keyring), threading.Barrier(2)

    def change(first: Tenant, second: Tenant) -> None:
        with database.changing() as work:
            work.audit_head(first.id)
            together.wait(20)
            work.audit_head(second.id)

    raised = both(lambda: change(tenant, neighbour), lambda: change(neighbour, tenant))
    assert [error.reason for error in raised] == ["DeadlockDetected"]
    database.dispose()


@pytest.mark.usefixtures("whole")
def test_a_serialization_failure_is_unavailable(database: SqlDatabase, tenant: Tenant) -> None:
    def act() -> None:
        with database.changing() as work:
            said(work, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            said(work, "SELECT 1 FROM organizations")  # the snapshot, before the turn
            thread = threading.Thread(target=lambda: keep(database, tenant, "acknowledged"))
            thread.start()
            thread.join(20)
            work.keep(replace(tenant.packet, note="undone"))

    with pytest.raises(Unavailable) as caught:
        act()
    assert caught.value.reason == "SerializationFailure"
    assert "reason" not in caught.value.facts


@pytest.mark.usefixtures("whole")
def test_a_statement_without_end_is_unavailable(database: SqlDatabase) -> None:
    def act() -> None:
        with database.changing() as work:
            said(work, "SET LOCAL statement_timeout = 50")
            said(work, "SELECT pg_sleep(20)")

    with pytest.raises(Unavailable) as caught:
        act()
    assert caught.value.reason == "QueryCanceled"


@pytest.mark.usefixtures("whole")
def test_a_server_with_too_many_clients_is_unavailable(
    database: SqlDatabase, own_database: PostgresqlKept, tenant: Tenant
) -> None:
    database.dispose()
    own_database.execute(f"ALTER DATABASE {own_database.name} CONNECTION LIMIT 1")
    with database.reading(), pytest.raises(Unavailable):
        keep(database, tenant, "undone")
    own_database.execute(f"ALTER DATABASE {own_database.name} CONNECTION LIMIT -1")


@pytest.mark.usefixtures("whole")
def test_a_server_that_takes_no_writes_is_unavailable_to_readers_too(
    database: SqlDatabase, own_database: PostgresqlKept, tenant: Tenant
) -> None:
    database.dispose()
    own_database.execute(f"ALTER DATABASE {own_database.name} SET default_transaction_read_only = on")
    with pytest.raises(Unavailable):
        keep(database, tenant, "undone")
    with pytest.raises(Unavailable):
        note_of(database, tenant)
    with pytest.raises(Unavailable):
        database.check()
    own_database.server.execute(f"ALTER DATABASE {own_database.name} RESET default_transaction_read_only")


def test_two_paths_of_one_identity_are_refused_as_such_and_other_clashes_name_no_value(
    database: SqlDatabase, tenant: Tenant
) -> None:
    twin = replace(tenant.file, id=a.some_id(7))
    with pytest.raises(PathTaken), database.changing() as work:
        work.keep(twin)
    other = a.a_credential(organization_id=tenant.id)
    with database.changing() as work:
        work.keep(other)
    with pytest.raises(AssertionError) as caught, database.changing() as work:
        work.keep(replace(other, id=a.some_id(8)))
    assert "uq_credentials_secret_hash" in str(caught.value)
    assert other.secret_hash.hex() not in str(caught.value)


def test_a_transaction_has_the_isolation_and_the_patience_that_it_should(database: SqlDatabase) -> None:
    def shown(work: Work, name: str) -> str:
        return str(said(work, f"SHOW {name}").scalar_one())

    with database.reading() as work:
        assert shown(work, "transaction_isolation") == "repeatable read"
        assert shown(work, "transaction_read_only") == "on"
    with database.changing() as work:
        assert shown(work, "transaction_isolation") == "read committed"
        assert shown(work, "transaction_read_only") == "off"
        assert shown(work, "lock_timeout") == "5s"
        assert shown(work, "statement_timeout") == "1min"
        assert shown(work, "idle_in_transaction_session_timeout") == "1min"
        assert shown(work, "application_name") == "transfer-service"


# What an operator has to set right first


def refused(url: str, keyring: LocalKeyring, *, as_what: type[Exception] = SettingsInvalid) -> str:
    with pytest.raises(as_what) as caught:
        SqlDatabase(url, keyring)
    with pytest.raises(as_what):
        migrate(url)
    return str(caught.value)


def test_a_wrong_way_in_is_told_with_what_to_do_and_without_the_password(
    own_database: PostgresqlKept, postgresql: PostgresqlServer, keyring: LocalKeyring
) -> None:
    name, password = own_database.name, "kanarie"
    assert "password" in (told := refused(postgresql.url(name, password=password), keyring))
    assert password not in told
    assert "password" in refused(postgresql.url(name, user="nobody_known"), keyring)
    assert "docs/postgresql.md" in refused(postgresql.url("no_such_database"), keyring)
    assert "ssl = on" in refused(own_database.url.replace("disable", "require"), keyring)
    assert "ssl = on" in refused(own_database.url.partition("?")[0], keyring)
    nobody_there = postgresql.url(name).replace(str(postgresql.port), "9")
    assert "try again" in refused(nobody_there, keyring, as_what=Unavailable)


@pytest.mark.parametrize("above", ["SUPERUSER", "BYPASSRLS"])
def test_a_user_to_whom_row_security_does_not_apply_is_refused(
    own_database: PostgresqlKept, postgresql: PostgresqlServer, keyring: LocalKeyring, above: str
) -> None:
    postgresql.execute(f"CREATE ROLE above LOGIN PASSWORD 'x' {above}")
    assert "row-level security" in refused(postgresql.url(own_database.name, user="above", password="x"), keyring)
    postgresql.execute("DROP ROLE above")


def test_a_server_that_would_lose_or_garble_is_refused(
    own_database: PostgresqlKept, postgresql: PostgresqlServer, keyring: LocalKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_database.execute(f"ALTER DATABASE {own_database.name} SET synchronous_commit = off")
    assert "synchronous_commit" in refused(own_database.url, keyring)
    own_database.execute(f"ALTER DATABASE {own_database.name} RESET synchronous_commit")
    monkeypatch.setattr(postgresql_checks, "OLDEST", 99)
    assert "the oldest that will do" in refused(own_database.url, keyring)
    postgresql.execute("CREATE DATABASE latin OWNER transfer_service ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    monkeypatch.undo()
    assert "UTF8" in refused(postgresql.url("latin"), keyring)
    postgresql.execute("DROP DATABASE latin")


def test_a_database_without_its_tables_or_their_protection_is_refused(
    own_database: PostgresqlKept, unmigrated: PostgresqlKept, keyring: LocalKeyring
) -> None:
    with pytest.raises(InstallationDamaged, match="run transfer-service migrate first"):
        SqlDatabase(unmigrated.url, keyring)
    own_database.execute("ALTER TABLE mail DISABLE ROW LEVEL SECURITY")
    with pytest.raises(InstallationDamaged, match="Row-level security is off"):
        SqlDatabase(own_database.url, keyring)


def test_a_url_from_the_settings_leads_to_the_database(own_database: PostgresqlKept, keyring: LocalKeyring) -> None:
    settings = load_settings({"TRANSFER_SERVICE_DATABASE_URL": own_database.url.partition("?")[0]})
    SqlDatabase(settings.database_url.reveal(), keyring).dispose()
