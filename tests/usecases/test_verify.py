"""Reading back: what is there is what was meant, whoever crashes, lies, is late, or does it twice."""

import hashlib
import json
import logging
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.hooked_database import HookedDatabase, once
from tests.fakes.object_store import no_fault
from tests.stages import blocks, sha256_hex, some_bytes
from tests.usecases.conftest import PART_BYTES
from transfer_service.domain.packet import AssemblyIntent, FileState, Part
from transfer_service.errors import PartsRefused, Unavailable
from transfer_service.logs import JsonFormatter
from transfer_service.sealing.layout import HEADER_BYTES, Layout
from transfer_service.usecases.deposit import FileDraft

MANY = PART_BYTES * 2 + 5


class Crash(Exception):
    """The worker died here."""


def completed(stages, data, stage=None, **changes):
    """A file that waits to be verified, its parts sent one by one."""
    file = stages.planned(stage or stages.opened(), size=len(data), **changes)
    for number in range(1, file.part_count + 1):
        stages.put_part(file, number, data[(number - 1) * PART_BYTES : number * PART_BYTES])
    return stages.complete(file, None if file.declared_sha256 else sha256_hex(data))


def verified(stages, file, data):
    file = stages.file_now(file)
    return (file.state, file.sha256, file.crc32) == (FileState.VERIFIED, sha256_hex(data), zlib.crc32(data))


def rejected(stages, file):
    """Why, and that it is in the log once."""
    file = stages.file_now(file)
    assert file.state is FileState.REJECTED
    assert [e.facts["code"] for e in stages.audit() if e.action == "file.rejected"] == [file.rejected_code]
    return file.rejected_code


def parts_of(stages, file):
    return stages.journey.deposit.parts(stages.coordinator, file.packet_id, file.id)


def later(stages):
    """When a dead worker's lease is over."""
    stages.clock.advance(stages.limits.lease_for)


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, MANY])
def test_a_verified_file_has_its_digest_checksum_etag_and_headers_pinned(stages, size):
    data = some_bytes(size)
    file = completed(stages, data)
    assert stages.journey.verify.next_file()
    assert not stages.journey.verify.next_file()
    assert verified(stages, file, data)
    file = stages.file_now(file)
    etag, sealed = stages.store.contents[file.object_key]
    layout = Layout(size, file.part_bytes)
    starts = [layout.sealed_part_start(number) for number in range(1, file.part_count + 1)]
    assert [part.header for part in parts_of(stages, file)] == [
        sealed[start : start + HEADER_BYTES] for start in starts
    ]
    assert (file.etag, file.upload_id, file.lease_until, len(sealed)) == (etag, None, None, layout.sealed_size)


def test_verifying_finds_the_digest_of_a_part_that_came_without_one(stages):
    data = some_bytes(MANY)
    stage = stages.opened({"A1.svs": data})
    file = stages.put(stage, "A1.svs", data)
    assert {part.sha256 for part in parts_of(stages, file)} == {None}
    stages.verify_all()
    pieces = [data[start : start + PART_BYTES] for start in range(0, MANY, PART_BYTES)]
    assert [part.sha256 for part in parts_of(stages, file)] == [sha256_hex(piece) for piece in pieces]


def test_the_file_that_waits_longest_is_first(stages):
    first = completed(stages, b"1")
    stages.clock.advance(timedelta(seconds=1))
    second = completed(stages, b"2")
    stages.journey.verify.next_file()
    assert [stages.file_now(file).state for file in (first, second)] == [FileState.VERIFIED, FileState.VERIFYING]


@pytest.mark.parametrize("size", [100, MANY])
@pytest.mark.parametrize("place", [0, HEADER_BYTES, -1], ids=["salt", "first chunk", "last tag"])
def test_a_changed_byte_in_the_store_is_found(stages, size, place):
    file = completed(stages, some_bytes(size))

    def tamper(step):
        if step == "head":
            key = stages.file_now(file).object_key
            sealed = bytearray(stages.store.contents[key][1])
            sealed[place] ^= 1
            stages.store.tamper(key, bytes(sealed))

    stages.store.before = tamper
    stages.verify_all()
    assert rejected(stages, file) == "seal_broken"


def test_an_object_of_another_length_is_refused(stages):
    for change in (b"", b"more"):
        file = completed(stages, b"bytes")
        key = stages.file_now(file).object_key
        stages.store.tamper(key, stages.store.contents[key][1][:-1] + change)
        stages.verify_all()
        assert stages.file_now(file).rejected_code == "seal_broken"


def test_another_object_under_the_same_key_is_refused(stages):
    file = completed(stages, b"bytes")
    key = stages.file_now(file).object_key
    stages.store.contents[key] = ("another etag", stages.store.contents[key][1])
    stages.verify_all()
    assert rejected(stages, file) == "seal_broken"


def test_the_object_of_another_file_is_refused(stages):
    stage = stages.opened()
    one, two = completed(stages, b"bytes", stage, path="1"), completed(stages, b"other", stage, path="2")
    keys = [stages.file_now(file).object_key for file in (one, two)]
    stages.store.tamper(keys[0], stages.store.contents[keys[1]][1])
    stages.verify_all()
    assert rejected(stages, one) == "seal_broken"


def test_an_object_that_is_gone_is_refused(stages):
    file = completed(stages, b"bytes")
    stages.store.contents.clear()
    stages.verify_all()
    assert rejected(stages, file) == "object_missing"


def test_parts_that_changed_places_are_refused(stages):
    file = completed(stages, some_bytes(PART_BYTES * 2))

    def swap(step):
        if step == "head":
            key = stages.file_now(file).object_key
            sealed = stages.store.contents[key][1]
            stages.store.tamper(key, sealed[len(sealed) // 2 :] + sealed[: len(sealed) // 2])

    stages.store.before = swap
    stages.verify_all()
    assert rejected(stages, file) == "seal_broken"


def test_a_digest_of_the_whole_that_does_not_match_is_refused(stages):
    file = completed(stages, b"bytes", sha256=sha256_hex(b"other"))
    stages.verify_all()
    assert rejected(stages, file) == "digest_mismatch"


def test_a_digest_of_a_part_that_does_not_match_is_refused(stages):
    """Another attempt's digest stands beside the bytes that won."""
    file = stages.planned(stages.opened(), size=5)
    stages.put_part(file, 1, b"bytes", hashlib.sha256(b"bytes").digest())
    with stages.database.changing() as tx:
        (part,) = tx.find(Part, file.organization_id, file_id=file.id)
        tx.keep(replace(part, sha256=sha256_hex(b"other")))
    stages.complete(file)
    stages.verify_all()
    assert rejected(stages, file) == "digest_mismatch"


# Assembling


def test_a_superseded_etag_is_replaced_by_what_the_store_has_once(stages):
    data = some_bytes(MANY)
    file = completed(stages, data)
    with stages.database.changing() as tx:
        intent = tx.get(AssemblyIntent, file.organization_id, file.id)
        tx.keep(replace(intent, parts=((1, "0" * 32), *intent.parts[1:])))
    stages.verify_all()
    assert verified(stages, file, data)
    with stages.database.reading() as tx:
        assert tx.get(AssemblyIntent, file.organization_id, file.id) == replace(intent, attempt=2, made_at=stages.now)


def test_a_part_that_the_store_lost_is_named_missing(stages):
    file = completed(stages, some_bytes(MANY))
    (upload,) = stages.store._running.values()
    upload.attempts = {at: data for at, data in upload.attempts.items() if at[0] != 2}
    stages.verify_all()
    assert rejected(stages, file) == "parts_missing"


def test_parts_refused_twice_are_missing(stages):
    file = completed(stages, some_bytes(MANY))
    tried = []

    def refuse(step):
        if step == "complete_upload":
            tried.append(step)
            raise PartsRefused

    stages.store.before = refuse
    stages.verify_all()
    assert (rejected(stages, file), len(tried)) == ("parts_missing", 2)


def test_there_is_no_third_intent_even_after_a_crash(stages):
    file = completed(stages, some_bytes(MANY))
    listed = []

    def refuse(step):
        if step == "complete_upload":
            if listed:
                stages.store.before = crash
            raise PartsRefused
        if step == "list_parts":
            listed.append(step)
            stages.store.before = crash

    def crash(step):
        if step == "complete_upload":
            stages.store.before = refuse_only
            raise Crash

    def refuse_only(step):
        if step == "complete_upload":
            raise PartsRefused

    stages.store.before = refuse
    with pytest.raises(Crash):
        stages.journey.verify.next_file()
    later(stages)
    stages.verify_all()
    assert rejected(stages, file) == "parts_missing"


def test_an_upload_that_is_gone_while_its_parts_are_listed_was_completed_by_another(stages):
    data = some_bytes(MANY)
    file = completed(stages, data)
    current = stages.file_now(file)
    with stages.database.reading() as tx:
        intent = tx.get(AssemblyIntent, file.organization_id, file.id)

    def overtake():
        stages.store.complete_upload(current.object_key, current.upload_id, intent.parts)

    def refuse(step):
        if step == "complete_upload":
            stages.store.before = once("list_parts", overtake)
            raise PartsRefused

    stages.store.before = refuse
    stages.verify_all()
    assert verified(stages, file, data)


def test_completing_whose_answer_was_lost_is_settled_by_what_is_there(stages):
    data = some_bytes(MANY)
    file = completed(stages, data)

    def lose(step):
        if step == "complete_upload":
            raise Unavailable

    stages.store.after = lose
    with pytest.raises(Unavailable):
        stages.journey.verify.next_file()
    stages.store.after = no_fault
    later(stages)
    stages.verify_all()
    assert verified(stages, file, data)
    stages.check_nothing_is_orphaned()


# Leases


def test_a_store_that_is_away_leaves_the_file_to_be_tried_again_when_the_lease_is_over(stages):
    file = completed(stages, b"bytes")

    def away(_step):
        raise Unavailable

    stages.store.before = away
    with pytest.raises(Unavailable):
        stages.journey.verify.next_file()
    stages.store.before = no_fault
    assert not stages.journey.verify.next_file()
    later(stages)
    assert stages.journey.verify.next_file()
    assert verified(stages, file, b"bytes")


def crashing(stages, at):
    """A worker that dies at the ``at``-th moment: before or after a call to the store, before or after a transaction.

    It counts the moments that came.
    """
    moments = []

    def moment(step):
        moments.append(step)
        if len(moments) - 1 == at:
            raise Crash

    database = HookedDatabase(stages.database)
    database.before = database.after = stages.store.before = stages.store.after = moment
    return replace(stages.journey.verify, database=database), moments


@pytest.mark.parametrize("stores_all", [False, True], ids=["like S3", "like SeaweedFS"])
def test_wherever_a_worker_dies_another_finishes(stages, stores_all):
    stages.store._keeps_all_attempts = stores_all
    data = some_bytes(MANY)
    at, died = 0, True
    while died:
        file = completed(stages, data)
        worker, moments = crashing(stages, at)
        try:
            worker.next_file()
            died = False
        except Crash:
            pass
        stages.store.before = stages.store.after = no_fault
        later(stages)
        stages.verify_all()
        assert verified(stages, file, data), f"after a death at {moments[-1]}, moment {at}"
        at += 1
    assert at > 20
    assert stages.actions().count("file.verified") == at
    stages.check_nothing_is_orphaned()


@pytest.mark.parametrize("step", ["complete_upload", "head", "read"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_whose_lease_ran_out_changes_nothing_any_more(stages, step, moment):
    data = some_bytes(MANY)
    file = completed(stages, data)
    slow = replace(stages.journey.verify)

    def overtake():
        later(stages)
        assert stages.journey.verify.next_file()

    setattr(stages.store, moment, once(step, overtake))
    assert slow.next_file()
    assert verified(stages, file, data)
    assert stages.actions().count("file.verified") == 1
    assert stages.file_now(file).fence == 2


@pytest.mark.parametrize("outcome", [FileState.VERIFIED, FileState.REJECTED])
def test_a_worker_that_comes_too_late_with_its_result_does_not_write_it(stages, outcome):
    data = some_bytes(MANY)
    file = completed(stages, data, sha256=sha256_hex(data if outcome is FileState.VERIFIED else b""))
    database, reads = HookedDatabase(stages.database), []

    def overtake_at_the_end(step):
        reads.append(step)
        if len(reads) == file.part_count:
            database.before = once("changing", overtake)

    def overtake():
        stages.store.after = no_fault
        later(stages)
        assert stages.journey.verify.next_file()

    stages.store.after = lambda step: overtake_at_the_end(step) if step == "read" else None
    assert replace(stages.journey.verify, database=database).next_file()
    assert stages.file_now(file).state is outcome
    assert stages.file_now(file).fence == 2
    assert [a for a in stages.actions() if a in {"file.verified", "file.rejected"}] == [f"file.{outcome.value}"]


def test_a_long_reading_keeps_its_lease(stages):
    data = some_bytes(PART_BYTES * 5)
    file = completed(stages, data)
    idle = []

    def slowly(step):
        if step == "read":
            stages.clock.advance(stages.limits.lease_for * 2 / 3)
            idle.append(not stages.journey.verify.next_file())

    stages.store.before = slowly
    assert stages.journey.verify.next_file()
    assert idle == [True] * 5
    assert verified(stages, file, data)
    assert stages.file_now(file).fence == 1


class SlowBody:
    """A body that takes its time over every read."""

    def __init__(self, body, take_time):
        self._body, self._take_time = body, take_time

    def read(self, size):
        self._take_time()
        return self._body.read(size)

    def __enter__(self):
        self._body.__enter__()
        return self

    def __exit__(self, *exc_info):
        self._body.__exit__(*exc_info)


def read_slowly(stages, monkeypatch, take_time):
    """Every part is read in pieces of 1,000 bytes, and ``take_time`` comes before each."""
    monkeypatch.setattr("transfer_service.usecases.verify.READ_BYTES", 1000)
    read = stages.store.read
    monkeypatch.setattr(stages.store, "read", lambda *range_: SlowBody(read(*range_), take_time))


def test_a_part_that_takes_longer_than_a_lease_keeps_it(stages, monkeypatch):
    data = some_bytes(PART_BYTES)
    file = completed(stages, data)
    idle = []

    def slowly():
        stages.clock.advance(stages.limits.lease_for / 3)
        idle.append(not stages.journey.verify._claim())

    read_slowly(stages, monkeypatch, slowly)
    assert stages.journey.verify.next_file()
    assert len(idle) > 40
    assert all(idle)
    assert verified(stages, file, data)
    assert stages.file_now(file).fence == 1


def test_a_part_that_is_read_in_time_is_no_transaction_a_piece(stages, monkeypatch):
    def transactions(take_time):
        completed(stages, some_bytes(PART_BYTES))
        database, steps = HookedDatabase(stages.database), []
        database.before = steps.append
        with monkeypatch.context() as patch:
            read_slowly(stages, patch, take_time)
            assert replace(stages.journey.verify, database=database).next_file()
        return steps.count("changing")

    at_once = transactions(lambda: None)
    assert transactions(lambda: stages.clock.advance(stages.limits.lease_for / 100)) == at_once


def test_a_worker_that_lost_its_lease_within_a_part_reads_no_further(stages, monkeypatch):
    data = some_bytes(PART_BYTES)
    file = completed(stages, data)
    reads = []

    def overtaken():
        reads.append(1)
        if len(reads) == 3:
            later(stages)
            assert stages.journey.verify._claim().fence == 2

    read_slowly(stages, monkeypatch, overtaken)
    assert stages.journey.verify.next_file()
    assert len(reads) == 3
    assert stages.file_now(file).state is FileState.VERIFYING


# Ends that come meanwhile


@pytest.mark.parametrize("step", ["complete_upload", "head", "read"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("size", [100, MANY])
def test_a_file_deleted_meanwhile_stays_deleted_and_leaves_nothing(stages, step, moment, size):
    stage = stages.opened()
    file = completed(stages, some_bytes(size), stage)

    def delete():
        stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, file.id, stages.now)
        stages.sweep()

    setattr(stages.store, moment, once(step, delete))
    assert stages.journey.verify.next_file()
    stages.verify_all()
    if step == "complete_upload" and size == 100:
        delete()
    assert stages.refreshed(stage).files == {}
    stages.check_nothing_is_orphaned()
    assert list(stages.store.objects()) == []


def test_a_file_deleted_right_after_it_was_claimed_is_let_go(stages):
    stage = stages.opened()
    file = completed(stages, some_bytes(MANY), stage)
    database = HookedDatabase(stages.database)
    database.after = once(
        "changing",
        lambda: stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, file.id, stages.now),
    )
    assert replace(stages.journey.verify, database=database).next_file()
    assert stages.refreshed(stage).files == {}
    stages.check_nothing_is_orphaned()


@pytest.mark.parametrize("step", ["complete_upload", "head", "read"])
@pytest.mark.parametrize("size", [100, MANY])
def test_a_file_of_a_packet_that_was_destroyed_meanwhile_leaves_nothing(stages, step, size):
    stage = stages.opened()
    file = completed(stages, some_bytes(size), stage)

    def destroy():
        officer = stages.hospital.privacy_officer
        stages.journey.retire.retire(officer, stage.packet.id, stages.now, at_once=True)
        stages.sweep()

    stages.store.before = once(step, destroy)
    stages.verify_all()
    destroy()
    if (step, size) in {("head", 100), ("complete_upload", MANY), ("head", MANY)}:
        assert rejected(stages, file) in {"packet_retired", "object_missing"}
    stages.check_nothing_is_orphaned()
    assert list(stages.store.objects()) == []


def test_a_file_that_waits_in_a_destroyed_packet_is_refused(stages):
    stage = stages.opened()
    file = completed(stages, b"bytes", stage)
    stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
    stages.sweep()
    stages.verify_all()
    assert rejected(stages, file) == "object_missing"


def test_a_file_of_a_packet_in_its_grace_period_is_still_verified(stages):
    stage = stages.opened()
    file = completed(stages, b"bytes", stage)
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    stages.verify_all()
    assert verified(stages, file, b"bytes")


def test_complete_asked_twice_at_once_is_one_verification(stages):
    stage = stages.opened()
    file = stages.planned(stage, size=5)
    stages.put_part(file, 1, b"bytes")
    first = stages.complete(file, sha256_hex(b"bytes"))
    stages.verify_all()
    assert stages.complete(file, sha256_hex(b"bytes")).state is FileState.VERIFIED
    assert first.completed_at == stages.file_now(file).completed_at
    assert stages.actions().count("file.verified") == stages.actions().count("file.completed") == 1


def test_bytes_that_come_in_odd_pieces_are_read_back_the_same(stages, monkeypatch):
    monkeypatch.setattr("transfer_service.usecases.verify.READ_BYTES", 1000)
    data = some_bytes(MANY)
    stage = stages.opened()
    plan = stages.journey.receive.expect_content(
        stages.coordinator, stage.packet.id, FileDraft("a.svs", len(data)), stages.now
    )
    file = stages.journey.receive.take_content(plan, blocks(data, 777))
    stages.verify_all()
    assert verified(stages, file, data)


def test_the_log_tells_of_a_verified_file_under_the_request_that_completed_it(stages, caplog):
    caplog.handler.setFormatter(JsonFormatter())
    with caplog.at_level(logging.INFO):
        file = completed(stages, b"x")
        stages.verify_all()
    (entry,) = [entry for entry in stages.audit() if entry.action == "file.completed"]
    (line,) = [json.loads(each) for each in caplog.text.splitlines() if "A file is verified" in each]
    assert (line["request_id"], line["file_id"]) == (entry.request_id, str(file.id))
