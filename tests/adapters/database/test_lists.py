"""Lists in pages, and cursors that are ours or nothing."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories as a
from tests.adapters.database.conftest import Tenant
from transfer_service.adapters.database import SqlDatabase, cursors
from transfer_service.adapters.database.tables import audit_entries, packets
from transfer_service.domain.accounting import AccountQuery
from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.packet import Packet, Part
from transfer_service.domain.release import Basis
from transfer_service.errors import CursorInvalid


def all_pages(database: SqlDatabase, list_page: Any, limit: int) -> list[Any]:
    items: list[Any] = []
    cursor = None
    while True:
        with database.reading() as work:
            page = list_page(work, limit, cursor)
        assert len(page.items) <= limit
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            return items


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_pages_show_each_packet_once_newest_first_even_of_one_instant(
    database: SqlDatabase, tenant: Tenant, limit: int
) -> None:
    made = [
        a.a_packet(
            organization_id=tenant.id,
            department_id=tenant.department.id,
            created_at=a.NOW + timedelta(microseconds=number // 3),
        )
        for number in range(7)
    ]
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), *made)
    everything = sorted([tenant.packet, *made], key=lambda packet: (packet.created_at, packet.id.hex), reverse=True)
    seen = all_pages(database, lambda work, n, c: work.page(Packet, tenant.id, limit=n, cursor=c), limit)
    assert seen == everything
    with database.reading() as work:
        assert work.find(Packet, tenant.id) == everything[::-1]


def test_what_comes_between_two_pages_is_neither_shown_twice_nor_in_the_way(
    database: SqlDatabase, tenant: Tenant
) -> None:
    def add(minutes: int) -> Packet:
        moment = a.NOW + timedelta(minutes=minutes)
        packet = a.a_packet(organization_id=tenant.id, department_id=tenant.department.id, created_at=moment)
        with database.changing() as work:
            work.save(a.an_event(tenant.actor), packet)
        return packet

    first, second = add(1), add(2)
    with database.reading() as work:
        page = work.page(Packet, tenant.id, limit=1, cursor=None)
    assert page.items == [second]
    add(3)
    with database.reading() as work:
        rest = work.page(Packet, tenant.id, limit=9, cursor=page.next_cursor)
    assert rest.items == [first, tenant.packet]


def test_parts_are_paged_by_number(database: SqlDatabase, tenant: Tenant) -> None:
    parts = [a.a_part(organization_id=tenant.id, file_id=tenant.file.id, number=number) for number in range(1, 6)]
    with database.changing() as work:
        work.keep(*parts)
    seen = all_pages(
        database, lambda work, n, c: work.page(Part, tenant.id, limit=n, cursor=c, file_id=tenant.file.id), 2
    )
    assert seen == parts[::-1]


def test_disclosures_are_of_the_recipient_and_the_span_asked_for(database: SqlDatabase, tenant: Tenant) -> None:
    later = [
        a.a_disclosure(
            organization_id=tenant.id,
            packet_id=tenant.packet.id,
            release_id=tenant.release.id,
            link_id=tenant.link.id,
            recipient_id=tenant.recipient.id,
            started_at=a.NOW + number * a.DAY,
            refused_code="link_expired",
        )
        for number in (1, 2, 3)
    ]
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), *later)

    def asked(**narrow: Any) -> list[Disclosure]:
        query = AccountQuery(**narrow)
        return all_pages(database, lambda work, n, c: work.disclosures(tenant.id, query, limit=n, cursor=c), 2)

    everything = [*later[::-1], tenant.disclosure]
    assert asked() == everything
    assert asked(since=later[0].started_at, until=later[2].started_at) == [later[1], later[0]]
    assert asked(recipient_id=tenant.recipient.id, until=a.NOW) == []
    assert asked(recipient_id=a.some_id(1)) == []
    for narrow in (
        {"record_number": tenant.packet.case.patient.record_number.lower() + " "},
        {"department_id": tenant.department.id},
        {"packet_id": tenant.packet.id},
        {"basis": Basis.AUTHORIZATION},
    ):
        assert asked(**narrow) == everything
    for narrow in ({"record_number": "MRN-0043"}, {"department_id": a.some_id(1)}, {"packet_id": a.some_id(1)}):
        assert asked(**narrow) == []
    assert asked(refused=True) == later[::-1]
    assert asked(refused=False) == [tenant.disclosure]
    assert asked(completed=True) == []
    assert asked(completed=False) == everything


def test_the_log_is_paged_newest_first_by_action_and_packet(database: SqlDatabase, tenant: Tenant) -> None:
    with database.changing() as work:
        for number in range(5):
            subject = {"packet": a.some_id(number % 2)}
            work.save(a.an_event(tenant.actor, f"thing.{number % 2}", subject=subject, facts={"number": number}))

    def asked(**narrow: Any) -> list[int]:
        entries = all_pages(database, lambda work, n, c: work.audit_page(tenant.id, limit=n, cursor=c, **narrow), 2)
        return [entry.seq for entry in entries]

    assert asked() == [7, 6, 5, 4, 3, 2, 1]
    assert asked(action="thing.1") == [6, 4]
    assert asked(packet=a.some_id(0)) == [7, 5, 3]
    assert asked(packet=a.some_id(1), action="thing.0") == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_a_mistake(database: SqlDatabase, tenant: Tenant, limit: int) -> None:
    with database.reading() as work, pytest.raises(ValueError, match="at least one"):
        work.page(Packet, tenant.id, limit=limit, cursor=None)


def forged(name: str, document: object) -> str:
    """A cursor with our check on whatever JSON: whoever reads this source can make one."""
    return forged_bytes(name, json.dumps(document).encode())


def forged_bytes(name: str, body: bytes) -> str:
    return base64.urlsafe_b64encode(cursors._check(name, body) + body).decode().rstrip("=")


OURS = cursors.encoded("packets", [a.NOW, a.some_id(7)])


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "====",
        "é",
        "\x00",
        OURS + "A",
        OURS[:-1],
        OURS[1:],
        "A" + OURS[1:],
        OURS + " ",
        "A" * 100_000,
        cursors.encoded("links", [a.NOW, a.some_id(7)]),
        cursors.encoded("packets", [a.NOW]),
        cursors.encoded("packets", ["yesterday", a.some_id(7)]),
        cursors.encoded("packets", [a.NOW, "7"]),
        cursors.encoded("packets", [a.NOW, a.some_id(7), 1]),
        forged("packets", ["2026-05-12T09:30:00.000000Z", 7]),
        forged("packets", [7, str(a.some_id(7))]),
        forged("packets", [["2026-05-12T09:30:00.000000Z"], {"id": 7}]),
        forged("packets", {"2026-05-12T09:30:00.000000Z": 1, str(a.some_id(7)): 2}),
        forged("packets", None),
        forged("audit_entries", [2**63]),
        forged("audit_entries", [str(2**63)]),
        forged("audit_entries", ["-1"]),
        forged("audit_entries", [True]),
        forged("audit_entries", ["9" * 300]),
    ],
)
def test_garbage_is_no_cursor(database: SqlDatabase, tenant: Tenant, cursor: str) -> None:
    with database.reading() as work:
        with pytest.raises(CursorInvalid):
            work.page(Packet, tenant.id, limit=1, cursor=cursor)
        with pytest.raises(CursorInvalid):
            work.audit_page(tenant.id, limit=1, cursor=cursor)
        with pytest.raises(CursorInvalid):
            work.disclosures(tenant.id, AccountQuery(), limit=1, cursor=cursor)


@settings(max_examples=200)
@given(cursor=st.text(max_size=80) | st.binary(max_size=60).map(bytes.hex))
def test_any_text_is_a_cursor_or_invalid_and_nothing_else(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        cursors.decoded("packets", cursor, [packets.c.created_at, packets.c.id])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NUMBERS = st.integers(-(2**70), 2**70)


@settings(max_examples=300)
@given(document=JSON | st.lists(NUMBERS | NUMBERS.map(str), min_size=1, max_size=2))
def test_any_forged_json_is_no_cursor_unless_it_says_what_ours_would(document: object) -> None:
    for name, columns in (("audit_entries", [audit_entries.c.seq]), ("packets", [packets.c.created_at, packets.c.id])):
        try:
            values = cursors.decoded(name, forged(name, document), columns)
        except CursorInvalid:
            continue
        assert [str(value) for value in values] == document
        assert all(isinstance(value, int) and 0 <= value < 2**63 for value in values)


@settings(max_examples=300)
@given(at=st.integers(0, len(OURS) - 1), byte=st.integers(0, 255), word=st.text(max_size=3))
def test_an_edited_cursor_of_ours_is_invalid(at: int, byte: int, word: str) -> None:
    sealed = bytearray(base64.urlsafe_b64decode(OURS + "=" * (-len(OURS) % 4)))
    sealed[at % len(sealed)] ^= byte
    resealed = forged_bytes("packets", bytes(sealed[8:]))
    flipped = base64.urlsafe_b64encode(bytes(sealed)).decode().rstrip("=")
    for cursor in (flipped, resealed, OURS[:at] + word + OURS[at:], OURS[:at] + word + OURS[at + 1 :]):
        try:
            values = cursors.decoded("packets", cursor, [packets.c.created_at, packets.c.id])
        except CursorInvalid:
            continue
        assert cursors.encoded("packets", values) == cursor


@settings(max_examples=50)
@given(
    at=st.timedeltas(timedelta(days=-9000), timedelta(days=9000)).map(lambda since: a.NOW + since), identity=st.uuids()
)
def test_a_cursor_of_ours_says_again_what_it_was_made_of(at: Any, identity: Any) -> None:
    cursor = cursors.encoded("packets", [at, identity])
    assert cursors.decoded("packets", cursor, [packets.c.created_at, packets.c.id]) == [at, identity]
