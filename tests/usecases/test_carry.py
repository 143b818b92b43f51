"""Carrying files over: whoever crashes, is late, retires or deletes meanwhile, nothing is lost or doubled."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.hooked_database import HookedDatabase, once
from tests.fakes.object_store import no_fault
from tests.stages import sha256_hex, some_bytes
from tests.usecases.conftest import PART_BYTES
from tests.usecases.test_verify import SlowBody, rejected, verified
from transfer_service.domain.packet import FileState, Part
from transfer_service.errors import ObjectMissing, SealBroken, Unavailable, UploadGone
from transfer_service.logs import JsonFormatter
from transfer_service.usecases.carry import PARTS_A_TURN

MANY = PART_BYTES * 2 + 5


class Crash(Exception):
    """The worker died here."""


def waiting(stages, data):
    """A closed packet with one file, and the file of its successor that waits to be carried."""
    former = stages.closed({"a.svs": data})
    return former, stages.succeeded(former).file


def later(stages):
    stages.clock.advance(stages.limits.lease_for)


def all_work(stages):
    stages.carry_all()
    stages.verify_all()


def arrived(stages, file):
    return [part.number for part in stages.journey.deposit.parts(stages.coordinator, file.packet_id, file.id)]


def test_nothing_waits_where_no_packet_has_a_successor(stages):
    stages.received()
    before = stages.rows()
    assert not stages.journey.carry.next_turn()
    assert stages.rows() == before


def test_files_take_turns_so_that_a_huge_one_holds_up_no_small_one(stages):
    huge = some_bytes(PART_BYTES * (PARTS_A_TURN * 2 + 1))
    _, first = waiting(stages, huge)
    stages.clock.advance(timedelta(seconds=1))
    _, second = waiting(stages, b"small")
    stages.clock.advance(timedelta(seconds=1))
    assert stages.journey.carry.next_turn()
    assert arrived(stages, first) == [*range(1, PARTS_A_TURN + 1)]
    stages.clock.advance(timedelta(seconds=1))
    assert stages.journey.carry.next_turn()
    assert stages.file_now(second).state is FileState.VERIFYING
    assert stages.file_now(first).state is FileState.RECEIVING
    all_work(stages)
    assert verified(stages, first, huge)
    assert verified(stages, second, b"small")


def crashing(stages, at):
    """A worker that dies at the ``at``-th moment: beside a call to the store, or beside a transaction."""
    moments = []

    def moment(step):
        moments.append(step)
        if len(moments) - 1 == at:
            raise Crash

    database = HookedDatabase(stages.database)
    database.before = database.after = stages.store.before = stages.store.after = moment
    return replace(stages.journey.carry, database=database), moments


@pytest.mark.parametrize("size", [100, PART_BYTES + 5])
def test_wherever_a_worker_dies_another_goes_on_and_there_is_one_object(stages, size):
    data = some_bytes(size)
    former, _ = waiting(stages, data)
    all_work(stages)
    at, died = 0, True
    while died:
        file = stages.succeeded(former).file
        worker, moments = crashing(stages, at)
        try:
            worker.next_turn()
            died = False
        except Crash:
            pass
        stages.store.before = stages.store.after = no_fault
        later(stages)
        all_work(stages)
        assert verified(stages, file, data), f"after a death at {moments[-1]}, moment {at}"
        at += 1
    assert at > 15
    assert stages.actions().count("file.rejected") == 0
    stages.check_nothing_is_orphaned()


def test_a_worker_that_was_killed_after_some_parts_is_gone_on_from_there(stages):
    _, file = waiting(stages, some_bytes(MANY))
    puts = []

    def die_at_the_third(step):
        if step == "put_part":
            puts.append(step)
            if len(puts) == 3:
                raise Crash

    stages.store.before = die_at_the_third
    with pytest.raises(Crash):
        stages.journey.carry.next_turn()
    assert arrived(stages, file) == [1, 2]
    assert not stages.journey.carry.next_turn()
    later(stages)
    stages.carry_all()
    assert len(puts) == 4
    assert stages.file_now(file).state is FileState.VERIFYING


def test_a_store_that_is_away_leaves_the_file_to_be_tried_again_when_the_lease_is_over(stages):
    data = some_bytes(MANY)
    _, file = waiting(stages, data)

    def away(_step):
        raise Unavailable

    stages.store.before = away
    with pytest.raises(Unavailable):
        stages.journey.carry.next_turn()
    stages.store.before = no_fault
    assert not stages.journey.carry.next_turn()
    later(stages)
    all_work(stages)
    assert verified(stages, file, data)


@pytest.mark.parametrize(("step", "size"), [("read", MANY), ("put_part", MANY), ("put_once", 100)])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_whose_lease_ran_out_changes_nothing_any_more(stages, step, moment, size):
    data = some_bytes(size)
    _, file = waiting(stages, data)

    def overtake():
        later(stages)
        stages.carry_all()

    setattr(stages.store, moment, once(step, overtake))
    stages.carry_all()
    stages.verify_all()
    assert verified(stages, file, data)
    assert stages.actions().count("file.completed") == 2  # the predecessor's and the successor's
    stages.check_nothing_is_orphaned()


def test_a_part_that_takes_longer_than_a_lease_keeps_it(stages, monkeypatch):
    data = some_bytes(PART_BYTES)
    _, file = waiting(stages, data)
    idle = []

    def slowly():
        stages.clock.advance(stages.limits.lease_for / 3)
        idle.append(not stages.journey.carry.next_turn())

    monkeypatch.setattr("transfer_service.usecases.carry.READ_BYTES", 5000)
    read = stages.store.read
    monkeypatch.setattr(stages.store, "read", lambda *range_: SlowBody(read(*range_), slowly))
    assert stages.journey.carry.next_turn()
    assert len(idle) > 8
    assert all(idle)
    assert stages.file_now(file).fence == 1
    monkeypatch.undo()


# Ends that come meanwhile


def retire(stages, packet_id, *, now):
    actor = stages.hospital.privacy_officer if now else stages.coordinator
    stages.journey.retire.retire(actor, packet_id, stages.now, at_once=now)
    stages.sweep()


@pytest.mark.parametrize("now", [True, False], ids=["shredded", "retired"])
@pytest.mark.parametrize("which", ["predecessor", "successor"])
@pytest.mark.parametrize("step", ["read", "put_part"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_packet_that_ends_in_the_middle_ends_the_carrying(stages, moment, step, which, now):
    former, file = waiting(stages, some_bytes(MANY))
    packet_id = former.packet.id if which == "predecessor" else file.packet_id
    setattr(stages.store, moment, once(step, lambda: retire(stages, packet_id, now=now)))
    stages.carry_all()
    assert rejected(stages, file) == "packet_retired"
    stages.store.before = stages.store.after = no_fault
    stages.check_nothing_is_orphaned()


def test_what_could_not_be_carried_can_be_sent_by_hand(stages):
    data = some_bytes(MANY)
    former, file = waiting(stages, data)
    retire(stages, former.packet.id, now=True)
    stages.carry_all()
    assert rejected(stages, file) == "packet_retired"
    for number in range(1, 4):
        stages.put_part(file, number, data[(number - 1) * PART_BYTES : number * PART_BYTES])
    assert stages.file_now(file).carried_from is None
    stages.complete(file)
    assert not stages.journey.carry.next_turn()
    stages.verify_all()
    assert verified(stages, file, data)
    stages.check_nothing_is_orphaned()


def test_what_could_not_be_carried_can_be_deleted(stages):
    former, file = waiting(stages, some_bytes(MANY))
    retire(stages, former.packet.id, now=True)
    stages.carry_all()
    stages.journey.deposit.delete_file(stages.coordinator, file.packet_id, file.id, stages.now)
    stages.check_nothing_is_orphaned()


@pytest.mark.parametrize(
    ("step", "size"), [("read", MANY), ("begin_upload", MANY), ("put_part", MANY), ("put_once", 100)]
)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_file_deleted_while_it_is_carried_stays_deleted_and_leaves_nothing(stages, moment, step, size):
    _, file = waiting(stages, some_bytes(size))

    def delete():
        stages.journey.deposit.delete_file(stages.coordinator, file.packet_id, file.id, stages.now)
        stages.sweep()

    setattr(stages.store, moment, once(step, delete))
    stages.carry_all()
    stages.store.before = stages.store.after = no_fault
    assert stages.journey.deposit.packet(stages.coordinator, file.packet_id).files == []
    assert "file.rejected" not in stages.actions()
    stages.check_nothing_is_orphaned()


# A predecessor that does not open


@pytest.mark.parametrize("place", [0, -1], ids=["salt", "last tag"])
def test_a_predecessor_that_was_changed_in_the_store_is_not_carried(stages, place):
    former, file = waiting(stages, some_bytes(MANY))
    sealed = bytearray(stages.store.contents[former.file.object_key][1])
    sealed[place] ^= 1
    etag, _ = stages.store.contents[former.file.object_key]
    stages.store.contents[former.file.object_key] = (etag, bytes(sealed))
    stages.carry_all()
    assert rejected(stages, file) == SealBroken.code


def test_another_sealing_of_the_same_bytes_is_not_what_was_pinned(stages):
    former, file = waiting(stages, b"bytes")
    with stages.database.changing() as tx:
        (part,) = tx.find(Part, file.organization_id, file_id=former.file.id)
        tx.keep(replace(part, header=b"\0" * 56))
    stages.carry_all()
    assert rejected(stages, file) == SealBroken.code


def test_a_predecessor_whose_object_is_gone_is_not_carried(stages):
    former, file = waiting(stages, some_bytes(MANY))
    stages.store.delete(former.file.object_key)
    stages.carry_all()
    assert rejected(stages, file) == ObjectMissing.code


def test_an_upload_that_the_store_dropped_is_sent_by_hand_or_deleted(stages):
    _, file = waiting(stages, some_bytes(MANY))

    def drop():
        for upload in stages.store.uploads():
            stages.store.abort_upload(upload.key, upload.upload_id)

    stages.store.before = once("put_part", drop)
    stages.carry_all()
    assert rejected(stages, file) == UploadGone.code


def test_a_file_that_lost_a_part_in_the_books_is_not_carried(stages):
    former, file = waiting(stages, some_bytes(MANY))
    with stages.database.changing() as tx:
        tx.drop(tx.find(Part, file.organization_id, file_id=former.file.id)[1])
    stages.carry_all()
    assert rejected(stages, file) == "parts_missing"


def test_a_rejection_of_what_was_deleted_meanwhile_is_let_go(stages):
    former, file = waiting(stages, some_bytes(MANY))
    stages.store.delete(former.file.object_key)

    def delete():
        stages.journey.deposit.delete_file(stages.coordinator, file.packet_id, file.id, stages.now)

    stages.store.before = once("read", delete)
    stages.carry_all()
    assert "file.rejected" not in stages.actions()


def test_what_is_carried_is_compared_with_what_the_predecessor_had(stages):
    """Whatever goes wrong on the way, another content never counts."""
    _, file = waiting(stages, some_bytes(MANY))
    with stages.database.changing() as tx:
        tx.keep(replace(file, declared_sha256=sha256_hex(b"other")))
    all_work(stages)
    assert rejected(stages, file) == "digest_mismatch"


def test_the_log_tells_of_a_rejected_file_under_the_request_that_opened_the_successor(stages, caplog):
    caplog.handler.setFormatter(JsonFormatter())
    with caplog.at_level(logging.INFO):
        former, file = waiting(stages, b"x")
        stages.store.delete(former.file.object_key)
        stages.carry_all()
    assert f'"file_id": "{file.id}"' in caplog.text
    assert '"request_id": "request-7"' in caplog.text
