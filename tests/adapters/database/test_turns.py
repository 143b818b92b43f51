"""Whoever changes is alone with what they read: in their organization, and with what is no organization's."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests import factories as a
from tests.adapters.database.conftest import Tenant
from tests.databases import PostgresqlKept
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.app import installation_key
from transfer_service.domain.link import Link
from transfer_service.domain.mail import KeptAnswer
from transfer_service.domain.packet import FileState, Packet, PacketFile
from transfer_service.errors import NotNow

THREADS = 6


def during(database: SqlDatabase, first: Callable[[], None], second: Callable[[], None]) -> None:
    """``second`` begins while ``first`` has what both want; ``first`` runs inside a transaction that changes."""
    began: Future[None] | None = None
    with ThreadPoolExecutor(1) as threads:
        with database.changing():
            first()
            began = threads.submit(second)
            with pytest.raises(TimeoutError):
                began.result(0.2)  # it waits for its turn
        began.result(20)


def test_a_secret_s_thing_is_read_as_the_turn_before_left_it(database: SqlDatabase, tenant: Tenant) -> None:
    def count() -> None:
        with database.changing() as work:
            link = work.by_secret(Link, tenant.link.secret_hash)
            counted = replace(link, redemptions=link.redemptions + 1)
            work.save(a.an_event(tenant.actor, "link.counted"), counted)

    during(database, count, count)
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda _: count(), range(30)))
    with database.reading() as work:
        assert work.get(Link, tenant.id, tenant.link.id).redemptions == tenant.link.redemptions + 32


def test_workers_never_take_the_same_file(database: SqlDatabase, tenant: Tenant, neighbour: Tenant) -> None:
    files = [
        a.a_file(organization_id=each.id, packet_id=each.packet.id, path=f"{n}.svs", state=FileState.VERIFYING)
        for each in (tenant, neighbour)
        for n in range(12)
    ]
    with database.changing() as work:
        work.keep(*(replace(file, completed_at=a.NOW) for file in files))

    def claim() -> list[tuple[object, int]]:
        claimed = []
        while True:
            with database.changing() as work:
                found = work.files_to_verify(a.NOW, 1)
                if not found:
                    return claimed
                file = replace(found[0], lease_until=a.NOW + a.DAY, fence=found[0].fence + 1)
                work.keep(file)
                claimed.append((file.id, file.fence))

    with ThreadPoolExecutor(THREADS) as threads:
        claimed = [each for found in threads.map(lambda _: claim(), range(THREADS)) for each in found]
    assert sorted(claimed, key=str) == sorted(((file.id, file.fence + 1) for file in files), key=str)


def test_of_two_with_one_idempotency_key_the_second_finds_the_first_one_s_answer(database: SqlDatabase) -> None:
    key, found = a.secrets.token_bytes(32), []

    def answer() -> None:
        with database.changing() as work:
            found.append(work.kept_answer(key))
            if found[-1] is None:
                work.keep(KeptAnswer(key, b"request", b"answer", a.NOW))

    during(database, answer, answer)
    assert [each and each.answer for each in found] == [None, b"answer"]


def test_the_installation_s_key_is_made_once_by_however_many_at_once(
    database: SqlDatabase, keyring: LocalKeyring
) -> None:
    together = threading.Barrier(THREADS)

    def made(_: int) -> bytes:
        together.wait(20)
        return installation_key(database, keyring, "service").reveal()

    with ThreadPoolExecutor(THREADS) as threads:
        assert len({*threads.map(made, range(THREADS))}) == 1


@pytest.mark.postgresql
def test_hospitals_do_not_wait_for_each_other(database: SqlDatabase, tenant: Tenant, neighbour: Tenant) -> None:
    def change(one: Tenant) -> None:
        with database.changing() as work:
            work.keep(replace(one.packet, note="changed"))

    with ThreadPoolExecutor(1) as threads, database.changing() as work:
        work.keep(replace(tenant.packet, note="slow"))
        threads.submit(change, neighbour).result(20)


@pytest.mark.postgresql
def test_what_ended_is_forgotten_without_waiting_for_anybody(database: SqlDatabase, tenant: Tenant) -> None:
    old, held = (a.a_challenge(organization_id=tenant.id, expires_at=a.NOW - 9 * a.DAY) for _ in range(2))
    with database.changing() as work:
        work.keep(old, held)

    def forget() -> int:
        with database.changing() as work:
            return work.forget(a.NOW)

    with ThreadPoolExecutor(1) as threads, database.changing() as work:
        work.keep(replace(held, voided_at=a.NOW))
        assert threads.submit(forget).result(20) == 1
    assert forget() == 1


@pytest.mark.postgresql
def test_a_turn_that_went_with_an_undone_part_is_taken_again(
    database: SqlDatabase, own_database: PostgresqlKept, tenant: Tenant
) -> None:
    def refuse() -> None:
        with database.changing() as inner:
            inner.keep(replace(tenant.packet, note="undone"))
            raise NotNow

    with database.changing() as work:
        with pytest.raises(NotNow):
            refuse()
        assert turns(own_database) == 0
        assert work.get(Packet, tenant.id, tenant.packet.id) == tenant.packet
        assert work.find(PacketFile, tenant.id) == [tenant.file]
        assert turns(own_database) == 1
    assert turns(own_database) == 0


def turns(own_database: PostgresqlKept) -> int:
    ((found,),) = own_database.query(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
        " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
    )
    return int(found)


@pytest.mark.postgresql
def test_whoever_crosses_tenants_and_changes_takes_every_one_s_turn(
    database: SqlDatabase, own_database: PostgresqlKept, tenant: Tenant, neighbour: Tenant
) -> None:
    for each in (tenant, neighbour):
        with database.changing() as work:
            work.keep(a.a_mail(organization_id=each.id))
    with database.reading() as work:
        assert len(work.mail_due(a.NOW, 9)) == 2
        assert turns(own_database) == 0
    with database.changing() as work:
        assert len(work.mail_due(a.NOW, 1)) == 1
        assert turns(own_database) == 1
        assert len(work.mail_due(a.NOW, 9)) == 2
        assert turns(own_database) == 2
