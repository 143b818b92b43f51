"""The worker's lists, over all organizations, in order, no longer than asked."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests import factories as a
from tests.adapters.database.conftest import Tenant
from tests.databases import Kept
from transfer_service.adapters.database import SqlDatabase
from transfer_service.domain.link import Challenge
from transfer_service.domain.packet import FileState, Packet, PacketFile, PacketState
from transfer_service.domain.people import Credential
from transfer_service.errors import NotFound

MINUTE = timedelta(minutes=1)


def keep(database: SqlDatabase, *things: Any) -> None:
    with database.changing() as work:
        work.keep(*things)


def verifying(tenant: Tenant, **changes: Any) -> PacketFile:
    return a.a_file(
        **{"organization_id": tenant.id, "packet_id": tenant.packet.id} | changes,
        path=f"{a.secrets.token_hex(4)}.svs",
        state=FileState.VERIFYING,
    )


def packet(tenant: Tenant, **changes: Any) -> Packet:
    return a.a_packet(organization_id=tenant.id, department_id=tenant.department.id, **changes)


def test_files_to_verify_are_every_organizations_free_ones_longest_waiting_first(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    late = verifying(tenant, completed_at=a.NOW)
    early = verifying(neighbour, completed_at=a.NOW - MINUTE)
    leased = verifying(tenant, completed_at=a.NOW - MINUTE, lease_until=a.NOW + MINUTE)
    over = verifying(neighbour, completed_at=a.NOW - 2 * MINUTE, lease_until=a.NOW)
    keep(database, late, early, leased, over, replace(tenant.file, state=FileState.VERIFIED))
    with database.reading() as work:
        assert work.files_to_verify(a.NOW, 9) == [over, early, late]
        assert work.files_to_verify(a.NOW, 2) == [over, early]
        assert work.files_to_verify(a.NOW + MINUTE, 9)[1:3] in ([early, leased], [leased, early])


def test_files_to_carry_are_every_organizations_free_ones_that_were_not_served_for_longest(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    def carried(of: Tenant, served: timedelta, **changes: Any) -> PacketFile:
        file = verifying(of, lease_until=a.NOW + served, carried_from=of.file.id)
        return replace(file, **{"state": FileState.RECEIVING} | changes)

    late, early, leased = carried(tenant, -MINUTE), carried(neighbour, -2 * MINUTE), carried(tenant, MINUTE)
    over = carried(neighbour, -3 * MINUTE)
    sent = carried(tenant, -MINUTE, carried_from=None)
    keep(database, late, early, leased, over, sent, carried(tenant, -MINUTE, state=FileState.VERIFYING))
    with database.reading() as work:
        assert work.files_to_carry(a.NOW, 9) == [over, early, late]
        assert work.files_to_carry(a.NOW, 2) == [over, early]
        assert work.files_to_carry(a.NOW + MINUTE, 9)[3:] == [leased]


def test_the_backlog_counts_files_to_verify_and_to_carry_since_they_were_last_served(
    database: SqlDatabase, tenant: Tenant
) -> None:
    sent = verifying(tenant, completed_at=a.NOW - MINUTE)
    receiving = replace(verifying(tenant, completed_at=None), state=FileState.RECEIVING)
    carried = replace(receiving, id=a.uuid4(), path="b", lease_until=a.NOW - 2 * MINUTE, carried_from=tenant.file.id)
    keep(database, sent, receiving)
    with database.reading() as work:
        assert (work.backlog(a.NOW).files, work.backlog(a.NOW).oldest_file_at) == (1, a.NOW - MINUTE)
    keep(database, carried)
    with database.reading() as work:
        assert (work.backlog(a.NOW).files, work.backlog(a.NOW).oldest_file_at) == (2, a.NOW - 2 * MINUTE)


def test_abandoned_packets_are_unfinished_ones_that_were_not_written_since(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    closing = packet(neighbour, state=PacketState.CLOSING, written_at=a.NOW - a.DAY)
    stale = packet(tenant, written_at=a.NOW - 2 * a.DAY)
    closed = packet(tenant, state=PacketState.CLOSED, written_at=a.NOW - 9 * a.DAY)
    keep(database, closing, stale, closed)
    with database.reading() as work:
        assert work.packets_abandoned(a.NOW, 9) == [stale, closing]
        assert work.packets_abandoned(a.NOW - a.DAY, 9) == [stale]
        assert work.packets_abandoned(a.NOW, 1) == [stale]


def test_packets_to_settle_are_closing_ones_with_nothing_left_to_verify_or_something_rejected(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    def made(of: Tenant, state: PacketState, days: int, *states: FileState) -> Packet:
        one = packet(of, state=state, written_at=a.NOW - days * a.DAY)
        files = [verifying(of, packet_id=one.id) for _ in states]
        keep(database, one, *(replace(file, state=state) for file, state in zip(files, states, strict=True)))
        return one

    verified, rejected, waits = FileState.VERIFIED, FileState.REJECTED, FileState.VERIFYING
    made(tenant, PacketState.CLOSING, 9, verified, waits)
    made(tenant, PacketState.OPEN, 8, verified)
    made(tenant, PacketState.CLOSED, 7, verified)
    done = made(neighbour, PacketState.CLOSING, 2, verified, verified)
    made(tenant, PacketState.CLOSING, 6, verified, FileState.RECEIVING)
    refused = made(tenant, PacketState.CLOSING, 3, verified, waits, rejected)
    with database.reading() as work:
        assert work.packets_to_settle(9) == [refused, done]
        assert work.packets_to_settle(1) == [refused]


def test_packets_past_retention_are_closed_ones_longest_closed_first(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    def closed(of: Tenant, days: int, state: PacketState = PacketState.CLOSED) -> Packet:
        return packet(of, state=state, closed_at=a.NOW - days * a.DAY)

    old, older, young = closed(tenant, 3), closed(neighbour, 4), closed(tenant, 2)
    keep(database, old, older, young, closed(tenant, 9, PacketState.RETIRED), packet(tenant))
    with database.reading() as work:
        assert work.packets_past_retention(a.NOW - 2 * a.DAY, 9) == [older, old]
        assert work.packets_past_retention(a.NOW, 9) == [older, old, young]
        assert work.packets_past_retention(a.NOW, 1) == [older]


def test_files_to_let_go_are_the_packets_own_with_an_object(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    with_object = [
        verifying(tenant, object_key=a.secrets.token_hex(16), created_at=a.NOW + number * MINUTE) for number in range(3)
    ]
    keep(database, *with_object, verifying(neighbour, object_key=a.secrets.token_hex(16)))
    with database.reading() as work:
        assert work.files_to_let_go(tenant.packet, 9) == with_object
        assert work.files_to_let_go(tenant.packet, 2) == with_object[:2]
        assert work.file_count(tenant.packet) == 4


def test_packets_to_destroy_are_retired_due_and_not_destroyed_in_full(database: SqlDatabase, tenant: Tenant) -> None:
    due = packet(tenant, state=PacketState.RETIRED, destroy_at=a.NOW)
    not_yet = packet(tenant, state=PacketState.RETIRED, destroy_at=a.NOW + MINUTE)
    begun = packet(tenant, state=PacketState.RETIRED, destroy_at=a.NOW - MINUTE, wrapped_key=None)
    gone = packet(tenant, state=PacketState.RETIRED, destroy_at=a.NOW, destroyed_at=a.NOW, wrapped_key=None)
    keep(database, due, not_yet, begun, gone)
    with database.reading() as work:
        assert work.packets_to_destroy(a.NOW, 9) == [begun, due]


def test_a_destroyed_packet_may_not_have_its_key(database: SqlDatabase, tenant: Tenant) -> None:
    with pytest.raises(AssertionError, match="destroyed_has_no_key"):
        keep(database, packet(tenant, destroyed_at=a.NOW))


def test_leftovers_and_mail_come_when_they_are_due(database: SqlDatabase, tenant: Tenant, neighbour: Tenant) -> None:
    leftovers = [a.a_leftover(sweep_after=a.NOW + number * MINUTE) for number in range(3)]
    mails = [
        a.a_mail(organization_id=of.id, due_at=a.NOW + number * MINUTE)
        for number, of in enumerate((tenant, neighbour, tenant))
    ]
    sent = a.a_mail(organization_id=tenant.id, to=None, subject=None, body=None, sent_at=a.NOW)
    keep(database, *leftovers[::-1], *mails[::-1], sent)
    with database.reading() as work:
        assert work.leftovers_due(a.NOW + MINUTE, 9) == leftovers[:2]
        assert work.mail_due(a.NOW + MINUTE, 9) == mails[:2]
        assert work.mail_due(a.NOW + 9 * MINUTE, 1) == mails[:1]
    with database.changing() as work:
        work.drop(leftovers[0])
        work.keep(replace(leftovers[1], sweep_after=a.NOW + 9 * MINUTE))
        assert work.leftovers_due(a.NOW + 2 * MINUTE, 9) == leftovers[2:]


def test_what_ended_a_day_ago_is_forgotten_and_nothing_younger(database: SqlDatabase, tenant: Tenant) -> None:
    def of(expires_at: datetime | None, revoked_at: datetime | None = None) -> tuple[Any, ...]:
        ends = expires_at or a.NOW + a.DAY
        return (
            a.a_credential(organization_id=tenant.id, expires_at=expires_at, revoked_at=revoked_at),
            a.a_challenge(organization_id=tenant.id, expires_at=ends),
            a.a_kept_answer(expires_at=ends),
        )

    old, young, lasting = of(a.NOW - a.DAY), of(a.NOW - a.DAY + MINUTE), of(None)
    revoked = of(None, a.NOW - a.DAY)[0]
    with database.changing() as work:
        for credential, challenge, answer in (old, young, lasting):
            work.save(a.an_event(tenant.actor), credential, challenge)
            work.keep(answer)
        work.save(a.an_event(tenant.actor), revoked)
    with database.changing() as work:
        assert work.forget(a.NOW) == 4
        assert work.forget(a.NOW) == 0
    with database.reading() as work:
        for credential, challenge, answer in (young, lasting):
            assert work.get(Credential, tenant.id, credential.id) == credential
            assert work.get(Challenge, tenant.id, challenge.id) == challenge
            assert work.kept_answer(answer.key) == answer
        for credential in (old[0], revoked):
            with pytest.raises(NotFound):
                work.by_secret(Credential, credential.secret_hash)
        assert work.kept_answer(old[2].key) is None


def test_a_row_that_does_not_open_is_reported_and_stops_nobody_else(
    database: SqlDatabase, own_database: Kept, tenant: Tenant, neighbour: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    broken = verifying(tenant, completed_at=a.NOW - MINUTE)
    whole = verifying(neighbour, completed_at=a.NOW)
    keep(database, broken, whole)
    own_database.execute("UPDATE packet_files SET path = ? WHERE id = ?", bytes(200), broken.id.hex)
    with database.reading() as work:
        assert work.files_to_verify(a.NOW, 1) == [whole]
    assert "does not open" in caplog.text
