"""The audit chain: every change to what was written is found, and named by its place."""

from dataclasses import fields, replace
from datetime import timedelta
from types import NoneType
from typing import get_args
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW, a_patient_actor, a_recipient_actor, a_staff_actor, a_system_actor
from transfer_service.audit.chain import ChainBroken, appended, verify
from transfer_service.audit.entry import GENESIS, Event, Fact, Head, actor_words, canonical_bytes, entry_hash
from transfer_service.domain.people import Role


@pytest.fixture
def log():
    organization_id = uuid4()
    head, entries = Head(organization_id, 0, GENESIS), []
    for number in range(5):
        event = Event(
            "packet.opened", a_staff_actor(organization_id=organization_id), NOW, {"packet": uuid4()}, {"n": number}
        )
        entry, head = appended(head, event)
        entries.append(entry)
    return head, entries


def test_a_log_as_it_was_written_verifies(log):
    verify(*log)
    verify(Head(uuid4(), 0, GENESIS), [])


CHANGES = {
    "organization_id": uuid4(),
    "seq": 9,
    "at": NOW + timedelta(seconds=1),
    "actor_kind": "staff:admin",
    "actor_id": "x",
    "action": "packet.closed",
    "subject": {},
    "facts": {},
    "request_id": "y",
    "address": "203.0.113.9",
    "previous_hash": b"\x01" * 32,
    "hash": b"\x02" * 32,
}


@pytest.mark.parametrize("field", CHANGES)
@pytest.mark.parametrize("place", range(5))
def test_a_changed_field_is_found_at_its_entry(log, field, place):
    head, entries = log
    entries[place] = replace(entries[place], **{field: CHANGES[field]})
    with pytest.raises(ChainBroken) as broken:
        verify(head, entries)
    assert broken.value.seq == place + 1


def test_every_field_of_an_entry_is_covered(log):
    assert set(CHANGES) == {field.name for field in fields(log[1][0])}


def test_a_deleted_inserted_or_swapped_entry_is_found(log):
    head, entries = log
    for broken_log in (
        entries[:2] + entries[3:],
        [*entries[:2], entries[1], *entries[2:]],
        [entries[0], entries[2], entries[1], *entries[3:]],
    ):
        with pytest.raises(ChainBroken):
            verify(head, broken_log)


def test_a_deleted_and_renumbered_entry_is_found(log):
    head, entries = log
    renumbered = entries[:2] + [replace(entry, seq=entry.seq - 1) for entry in entries[3:]]
    with pytest.raises(ChainBroken) as broken:
        verify(replace(head, size=4), renumbered)
    assert broken.value.seq == 3


def test_a_cut_tail_does_not_match_the_head(log):
    head, entries = log
    with pytest.raises(ChainBroken):
        verify(head, entries[:-1])


def test_an_entry_rewritten_with_a_fresh_hash_breaks_the_next(log):
    head, entries = log
    forged = replace(entries[1], action="packet.closed")
    entries[1] = replace(forged, hash=entry_hash(forged))
    with pytest.raises(ChainBroken) as broken:
        verify(head, entries)
    assert broken.value.seq == 3


@given(st.text(max_size=20), st.text(max_size=20))
def test_moving_a_boundary_between_fields_changes_the_bytes(one, other):
    def entry(action, request_id):
        event = Event(action, a_system_actor(organization_id=organization_id), NOW, {})
        return replace(appended(head, event)[0], request_id=request_id)

    organization_id = uuid4()
    head = Head(organization_id, 0, GENESIS)
    same = canonical_bytes(entry(one, other)) == canonical_bytes(entry(one + other, ""))
    assert same == (other == "")


def test_absent_null_and_empty_are_three_things():
    organization_id = uuid4()
    head = Head(organization_id, 0, GENESIS)
    actor = a_system_actor(organization_id=organization_id)
    hashes = {appended(head, Event("x.done", actor, NOW, {}, facts))[0].hash for facts in ({}, {"f": None}, {"f": ""})}
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"f": "\u00e9"}, {"f": "e\u0301"}),  # one letter, composed and decomposed
        ({"\u00e9": "f"}, {"e\u0301": "f"}),
        ({"f": 1}, {"f": "1"}),
        ({"f": 1}, {"f": True}),
        ({"f": 0}, {"f": False}),
        ({"f": 1}, {"f": 1.5}),
        ({"f": None}, {"f": "null"}),
        ({"f": "ab", "g": "c"}, {"f": "a", "g": "bc"}),
        ({"f": 2**53 - 1}, {"f": 2**53 - 2}),  # the largest that RFC 8785 takes
    ],
)
def test_what_only_looks_alike_is_hashed_apart(one, other):
    organization_id = uuid4()
    head = Head(organization_id, 0, GENESIS)
    actor = a_system_actor(organization_id=organization_id)
    assert len({appended(head, Event("x.done", actor, NOW, {}, facts))[0].hash for facts in (one, other)}) == 2


def test_no_fact_is_a_float_for_it_would_hash_like_the_integer_it_equals():
    """RFC 8785 writes 1.0 as 1, so the two could not be told apart: the type of a fact has no float in it."""
    assert set(get_args(Fact)) == {str, int, bool, NoneType}


def test_actors_are_named_by_kind_and_id_and_never_by_name():
    staff = a_staff_actor(role=Role.DEPOSITOR)
    assert actor_words(staff) == ("staff:depositor", str(staff.staff_id))
    assert actor_words(a_patient_actor())[0] == "patient"
    assert actor_words(a_recipient_actor())[0] == "recipient"
    assert actor_words(a_system_actor()) == ("system", "worker")


def test_an_event_belongs_to_the_log_of_its_actors_organization():
    staff = a_staff_actor()
    assert Event("x.done", staff, NOW, {}).organization_id == staff.organization_id
