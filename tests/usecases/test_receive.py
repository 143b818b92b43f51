"""Bytes come in: whole, in parts, twice, late, cut short, changed, against a store that fails."""

import hashlib
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import a_recipient_actor
from tests.fakes.object_store import no_fault
from tests.stages import blocks, sha256_hex, some_bytes
from tests.usecases.conftest import PART_BYTES
from transfer_service.domain.packet import FileState
from transfer_service.errors import (
    DigestMismatch,
    FileNotReceiving,
    FileTooLarge,
    NotAllowed,
    NotFound,
    ObjectExists,
    PacketNotOpen,
    PartNumberWrong,
    PartSizeWrong,
    PathInvalid,
    PathTaken,
    Unavailable,
)
from transfer_service.usecases.deposit import FileDraft

MANY = PART_BYTES * 2 + 5
HOUR = timedelta(hours=1)


def sha256(data):
    return hashlib.sha256(data).digest()


def halves(data):
    """The parts of a file's bytes, by number."""
    return {n + 1: data[start : start + PART_BYTES] for n, start in enumerate(range(0, len(data) or 1, PART_BYTES))}


def expect(stages, file, number=1):
    return stages.journey.receive.expect_part(stages.coordinator, file.packet_id, file.id, number)


def expect_content(stages, stage, path, data, **changes):
    draft = FileDraft(path, len(data), **changes)
    return stages.journey.receive.expect_content(stages.coordinator, stage.packet.id, draft, stages.now)


def verified_alone(stages, file, data):
    """Complete, verify: the file holds exactly these bytes."""
    stages.complete(file, sha256_hex(data))
    stages.verify_all()
    file = stages.file_now(file)
    assert (file.state, file.sha256) == (FileState.VERIFIED, sha256_hex(data))
    stages.check_nothing_is_orphaned()


# Parts


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, MANY])
def test_parts_may_come_in_any_order(stages, size):
    data = some_bytes(size)
    file = stages.planned(stages.opened(), size=size)
    for number, part in reversed(halves(data).items()):
        stages.put_part(file, number, part)
    assert [part.number for part in stages.journey.deposit.parts(stages.coordinator, file.packet_id, file.id)] == [
        *range(1, file.part_count + 1)
    ]
    verified_alone(stages, file, data)


@pytest.mark.parametrize("size", [100, MANY])
def test_of_two_attempts_at_a_part_the_later_counts_and_the_earlier_is_swept(stages, size):
    first, second = some_bytes(size), some_bytes(size)
    file = stages.planned(stages.opened(), size=size)
    for data in (first, second):
        for number, part in halves(data).items():
            stages.put_part(file, number, part, sha256(part))
    verified_alone(stages, file, second)


@pytest.mark.parametrize("size", [100, MANY])
def test_attempts_at_one_part_with_other_bytes_at_once_leave_one_file_or_a_rejected_one(stages, size):
    attempts = [some_bytes(size) for _ in range(4)]
    file = stages.planned(stages.opened(), size=size)
    together = Barrier(len(attempts))

    def send(data):
        together.wait()
        for number, part in halves(data).items():
            stages.put_part(file, number, part, sha256(part))

    threads = [Thread(target=send, args=(data,)) for data in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stages.complete(file)
    stages.verify_all()
    file = stages.file_now(file)
    if file.state is FileState.VERIFIED:
        kept = stages.journey.deposit.parts(stages.coordinator, file.packet_id, file.id)
        sent = {sha256_hex(part): part for data in attempts for part in halves(data).values()}
        assert file.sha256 == sha256_hex(b"".join(sent[part.sha256] for part in kept))
        stages.check_nothing_is_orphaned()
    else:
        assert (file.state, file.rejected_code) == (FileState.REJECTED, DigestMismatch.code)
        assert file.part_count > 1  # of one part, the last that was adopted is the file
        for number, part in halves(attempts[0]).items():
            stages.put_part(file, number, part, sha256(part))
        verified_alone(stages, file, attempts[0])


def test_a_part_that_does_not_exist_is_refused(stages):
    file = stages.planned(stages.opened(), size=MANY)
    for number in (0, 4, -1):
        with pytest.raises(PartNumberWrong):
            expect(stages, file, number)


@pytest.mark.parametrize("change", [b"", b"x" * 99, b"x" * 101], ids=["empty", "short", "long"])
def test_a_part_of_another_size_changes_nothing(stages, change):
    file = stages.planned(stages.opened(), size=100)
    before = stages.rows()
    with pytest.raises(PartSizeWrong):
        stages.put_part(file, 1, change)
    assert stages.rows() == before


def test_a_part_with_another_digest_changes_nothing(stages):
    file = stages.planned(stages.opened(), size=5)
    before = stages.rows()
    with pytest.raises(DigestMismatch):
        stages.put_part(file, 1, b"bytes", sha256(b"other"))
    assert stages.rows() == before
    assert list(stages.store.objects()) == []


def test_parts_are_for_depositors_of_the_packet(stages):
    file = stages.planned(stages.opened())
    for actor in (stages.hospital.privacy_officer, stages.hospital.admin, a_recipient_actor()):
        with pytest.raises(NotAllowed):
            stages.journey.receive.expect_part(actor, file.packet_id, file.id, 1)
        with pytest.raises(NotAllowed):
            stages.journey.receive.expect_content(actor, file.packet_id, FileDraft("a", 1), stages.now)
    other = stages.enrolled("Other")
    with pytest.raises(NotFound):
        stages.journey.receive.expect_part(other.coordinator, file.packet_id, file.id, 1)


def test_a_file_of_another_packet_is_not_found(stages):
    file, other = stages.planned(stages.opened()), stages.opened()
    with pytest.raises(NotFound):
        stages.journey.receive.expect_part(stages.coordinator, other.packet.id, file.id, 1)


@pytest.mark.parametrize("size", [100, MANY])
def test_a_part_in_flight_while_the_file_is_completed_is_too_late(stages, size):
    data = some_bytes(size)
    file = stages.planned(stages.opened(), size=size)
    for number, part in halves(data).items():
        stages.put_part(file, number, part)
    late = expect(stages, file)
    stages.complete(file, sha256_hex(data))
    with pytest.raises(FileNotReceiving):
        stages.journey.receive.take_part(late, blocks(some_bytes(late.size_bytes)), None)
    stages.verify_all()
    with pytest.raises(FileNotReceiving):
        stages.journey.receive.take_part(late, blocks(some_bytes(late.size_bytes)), None)
    with pytest.raises(FileNotReceiving):
        expect(stages, file)
    assert stages.file_now(file).sha256 == sha256_hex(data)
    stages.check_nothing_is_orphaned()


@pytest.mark.parametrize("stores_all", [False, True], ids=["like S3", "like SeaweedFS"])
def test_a_part_stored_after_complete_but_before_assembly_does_not_get_in_unseen(stages, stores_all):
    """It replaced the attempt that was meant; the declared digest decides, not the order of arrival."""
    stages.store._keeps_all_attempts = stores_all
    data, other = some_bytes(MANY), some_bytes(PART_BYTES)
    file = stages.planned(stages.opened(), size=MANY)
    for number, part in halves(data).items():
        stages.put_part(file, number, part)

    def complete_meanwhile(step):
        if step == "put_part":
            stages.store.before = no_fault
            stages.complete(file, sha256_hex(data))

    late = expect(stages, file)
    stages.store.before = complete_meanwhile
    with pytest.raises(FileNotReceiving):
        stages.journey.receive.take_part(late, blocks(other), None)
    stages.verify_all()
    file = stages.file_now(file)
    if stores_all:
        assert (file.state, file.sha256) == (FileState.VERIFIED, sha256_hex(data))
    else:
        assert (file.state, file.rejected_code) == (FileState.REJECTED, DigestMismatch.code)
    stages.check_nothing_is_orphaned()


@pytest.mark.parametrize("size", [100, MANY])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_file_deleted_while_a_part_is_in_flight_leaves_nothing(stages, size, moment):
    file = stages.planned(stages.opened(), size=size)
    stages.put_part(file, 1, some_bytes(min(size, PART_BYTES)))

    def delete(step):
        if step in {"put_once", "put_part"}:
            setattr(stages.store, moment, no_fault)
            stages.journey.deposit.delete_file(stages.coordinator, file.packet_id, file.id, stages.now)

    plan = expect(stages, file)
    setattr(stages.store, moment, delete)
    with pytest.raises(FileNotReceiving):
        stages.journey.receive.take_part(plan, blocks(some_bytes(plan.size_bytes)), None)
    stages.check_nothing_is_orphaned()
    assert list(stages.store.objects()) == []


def test_a_part_whose_upload_was_swept_is_told_that_the_file_is_gone(stages):
    file = stages.planned(stages.opened(), size=MANY)
    stages.put_part(file, 1, some_bytes(PART_BYTES))
    plan = expect(stages, file, 2)

    def sweep(step):
        if step == "put_part":
            stages.store.before = no_fault
            stages.journey.deposit.delete_file(stages.coordinator, file.packet_id, file.id, stages.now)
            stages.sweep(HOUR)

    stages.store.before = sweep
    with pytest.raises(FileNotReceiving):
        stages.journey.receive.take_part(plan, blocks(some_bytes(PART_BYTES)), None)
    stages.check_nothing_is_orphaned()


def test_the_upload_of_a_deleted_file_is_swept_only_when_nothing_is_in_flight_any_more(stages):
    """S3 may store a part that was in flight when its upload was aborted, or join one that was being completed."""
    stage = stages.opened()
    file = stages.planned(stage, size=MANY)
    stages.put_part(file, 1, some_bytes(PART_BYTES))
    stages.journey.deposit.delete_file(stages.coordinator, file.packet_id, file.id, stages.now)
    stages.sweep()
    assert len(list(stages.store.uploads())) == 1
    stages.check_nothing_is_orphaned()
    assert list(stages.store.uploads()) == []


def test_parts_stop_when_the_packet_is_no_longer_open(stages):
    stage = stages.opened()
    file = stages.planned(stage)
    plan = expect(stages, file)
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    for refused in (
        lambda: expect(stages, file),
        lambda: stages.journey.receive.take_part(plan, blocks(b"x" * 12), None),
        lambda: stages.put(stage, "b.svs", b"x"),
    ):
        with pytest.raises(PacketNotOpen):
            refused()
    stages.check_nothing_is_orphaned()


@pytest.mark.parametrize("size", [100, MANY])
@pytest.mark.parametrize("step", ["put_once", "begin_upload", "put_part"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_store_that_fails_leaves_nothing_behind_and_the_part_may_be_sent_again(stages, size, step, moment):
    data = some_bytes(size)
    file = stages.planned(stages.opened(), size=size)

    def fail(called):
        if called == step:
            raise Unavailable

    setattr(stages.store, moment, fail)
    with suppress(Unavailable):
        stages.put_part(file, 1, halves(data)[1])
    setattr(stages.store, moment, no_fault)
    for number, part in halves(data).items():
        stages.put_part(file, number, part)
    verified_alone(stages, file, data)


def test_a_key_that_the_store_says_was_used_is_replaced_by_another(stages):
    """Where an answer was lost, and the store's ETags don't tell whose the object is."""
    file = stages.planned(stages.opened(), size=12)
    failed = []

    def used(step):
        if step == "put_once" and not failed:
            failed.append(step)
            raise ObjectExists

    stages.store.before = used
    stages.put_part(file, 1, b"x" * 12)
    stages.store.before = no_fault
    verified_alone(stages, file, b"x" * 12)


def test_a_stream_that_takes_hours_is_alive_and_completed_when_it_ends(stages):
    stage = stages.opened()
    plan = expect_content(stages, stage, "a.svs", b"x" * MANY)

    def slowly():
        for block in blocks(b"x" * MANY):
            stages.clock.advance(HOUR)
            yield block

    file = stages.journey.receive.take_content(plan, slowly())
    assert file.completed_at == stages.now
    assert stages.refreshed(stage).packet.written_at > stages.now - HOUR


def test_nothing_has_arrived_of_a_file_that_was_rejected(stages):
    file = stages.planned(stages.opened(), size=12)
    stages.put_part(file, 1, b"x" * 12)
    assert len(stages.journey.deposit.parts(stages.coordinator, file.packet_id, file.id)) == 1
    stages.complete(file, sha256_hex(b"y" * 12))
    stages.verify_all()
    assert stages.file_now(file).state is FileState.REJECTED
    assert stages.journey.deposit.parts(stages.coordinator, file.packet_id, file.id) == []


def test_two_first_parts_at_once_share_one_upload(stages):
    data = some_bytes(MANY)
    file = stages.planned(stages.opened(), size=MANY)

    def overtake(step):
        if step == "begin_upload":
            stages.store.after = no_fault
            stages.put_part(file, 2, halves(data)[2])

    stages.store.after = overtake
    stages.put_part(file, 1, halves(data)[1])
    stages.put_part(file, 3, halves(data)[3])
    verified_alone(stages, file, data)


def test_a_part_put_to_an_upload_that_was_replaced_meanwhile_does_not_count(stages):
    file = stages.planned(stages.opened(), size=MANY)
    for number, part in halves(b"x" * MANY).items():
        stages.put_part(file, number, part)

    def replace_meanwhile(step):
        if step == "put_part":
            stages.store.after = no_fault
            stages.complete(file, sha256_hex(b"other"))
            stages.verify_all()
            assert stages.file_now(file).state is FileState.REJECTED
            stages.put_part(file, 2, some_bytes(PART_BYTES))

    stages.store.after = replace_meanwhile
    with pytest.raises(FileNotReceiving):
        stages.put_part(file, 1, some_bytes(PART_BYTES))
    numbers = [part.number for part in stages.journey.deposit.parts(stages.coordinator, file.packet_id, file.id)]
    assert numbers == [2]
    stages.check_nothing_is_orphaned()


@pytest.mark.parametrize("size", [100, MANY])
def test_a_rejected_file_may_be_sent_again_and_that_is_in_the_log(stages, size):
    data = some_bytes(size)
    file = stages.planned(stages.opened(), size=size, sha256=sha256_hex(data))
    for number, part in halves(some_bytes(size)).items():
        stages.put_part(file, number, part)
    stages.complete(file)
    stages.verify_all()
    assert stages.file_now(file).state is FileState.REJECTED
    for number, part in halves(data).items():
        stages.put_part(file, number, part)
        assert stages.file_now(file).state is FileState.RECEIVING
    assert [entry.action for entry in stages.audit() if entry.action.startswith("file.")] == [
        "file.planned",
        "file.completed",
        "file.rejected",
        "file.restarted",
    ]
    verified_alone(stages, file, data)


def test_two_first_parts_of_a_rejected_file_at_once_start_it_anew_only_once(stages):
    file = stages.planned(stages.opened(), size=MANY)
    for number, part in halves(some_bytes(MANY)).items():
        stages.put_part(file, number, part)
    stages.complete(file, sha256_hex(b""))
    stages.verify_all()
    data = some_bytes(MANY)

    def overtake(step):
        if step == "begin_upload":
            stages.store.after = no_fault
            stages.put_part(file, 2, halves(data)[2])

    stages.store.after = overtake
    stages.put_part(file, 1, halves(data)[1])
    assert stages.actions().count("file.restarted") == 1
    assert [part.number for part in stages.journey.deposit.parts(stages.coordinator, file.packet_id, file.id)] == [1, 2]
    stages.check_nothing_is_orphaned()


def test_a_deposit_that_goes_on_is_not_abandoned(stages):
    stage = stages.opened()
    file = stages.planned(stage, size=MANY)
    stages.clock.advance(timedelta(days=13))
    stages.put_part(file, 1, some_bytes(PART_BYTES))
    assert stages.refreshed(stage).packet.written_at == stages.now
    stages.sweep(timedelta(days=13))
    stages.put_part(file, 2, some_bytes(PART_BYTES))
    written_at = stages.now
    stages.clock.advance(timedelta(minutes=59))
    stages.put_part(file, 3, some_bytes(5))
    assert stages.refreshed(stage).packet.written_at == written_at


def test_completing_a_file_is_a_write_too(stages):
    stage = stages.opened()
    file = stages.planned(stage)
    stages.put_part(file, 1, b"x" * 12)
    stages.clock.advance(timedelta(days=13))
    stages.complete(file, sha256_hex(b"x" * 12))
    assert stages.refreshed(stage).packet.written_at == stages.now


# Whole files in one stream


def test_a_stream_needs_no_digest_for_the_service_hashes_what_comes(stages):
    data = some_bytes(MANY)
    stage = stages.opened()
    file = stages.put(stage, "a.svs", data)
    assert (file.state, file.declared_sha256) == (FileState.VERIFYING, sha256_hex(data))
    stages.verify_all()
    assert stages.file_now(file).state is FileState.VERIFIED


@pytest.mark.parametrize("data", [b"", b"x" * (MANY - 1), b"x" * (MANY + 1)], ids=["empty", "short", "long"])
def test_a_stream_of_another_length_does_not_count_and_may_be_sent_again(stages, data):
    stage = stages.opened()
    plan = expect_content(stages, stage, "a.svs", b"x" * MANY)
    with pytest.raises(PartSizeWrong):
        stages.journey.receive.take_content(plan, blocks(data))
    assert stages.file_now(plan.file).state is FileState.RECEIVING
    file = stages.put(stage, "a.svs", b"x" * MANY)
    assert file.id != plan.file.id
    stages.verify_all()
    assert stages.file_now(file).state is FileState.VERIFIED
    stages.check_nothing_is_orphaned()


@pytest.mark.parametrize("size", [0, 12, PART_BYTES, MANY])
def test_a_stream_in_blocks_of_any_length_even_none_is_the_same_file(stages, size):
    data = some_bytes(size)
    stage = stages.opened()
    plan = expect_content(stages, stage, "a.svs", data)
    pieces = [memoryview(b""), *blocks(data, 16_385), memoryview(b"")]
    file = stages.journey.receive.take_content(plan, pieces)
    assert file.declared_sha256 == sha256_hex(data)


def test_a_stream_with_another_digest_is_refused_and_leaves_no_file(stages):
    stage = stages.opened()
    with pytest.raises(DigestMismatch):
        stages.put(stage, "a.svs", b"bytes", sha256=sha256_hex(b"other"))
    assert stages.refreshed(stage).files == {}
    assert stages.actions()[-2:] == ["file.planned", "file.refused"]
    stages.check_nothing_is_orphaned()


def test_a_stream_takes_nothing_from_whoever_sends_the_file_by_parts(stages):
    stage = stages.opened()
    unfinished = stages.planned(stage, "a.svs", MANY)
    stages.put_part(unfinished, 1, some_bytes(PART_BYTES))
    before = stages.rows()
    with pytest.raises(PathTaken):
        expect_content(stages, stage, "a.svs", b"other")
    assert stages.rows() == before


def test_a_stream_is_the_planned_file_where_nothing_of_that_has_come(stages):
    stage = stages.opened()
    stages.planned(stage, "a.svs", MANY)
    file = stages.put(stage, "a.svs", b"other")
    assert [known.id for known in stages.refreshed(stage).files.values()] == [file.id]


def test_a_repeated_stream_replaces_its_own_unfinished_file(stages):
    stage = stages.opened()
    plan = expect_content(stages, stage, "a.svs", b"x" * MANY)
    with pytest.raises(PartSizeWrong):
        stages.journey.receive.take_content(plan, blocks(b"x" * (PART_BYTES + 1)))
    unfinished = plan.file
    file = stages.put(stage, "a.svs", b"other")
    assert "file.replaced" in stages.actions()
    assert [known.id for known in stages.refreshed(stage).files.values()] == [file.id]
    with pytest.raises(NotFound):
        stages.file_now(unfinished)
    stages.verify_all()
    stages.check_nothing_is_orphaned()


def test_a_stream_that_was_replaced_meanwhile_does_not_count(stages):
    stage = stages.opened()
    plan = expect_content(stages, stage, "a.svs", b"first")
    file = stages.put(stage, "a.svs", b"second")
    with pytest.raises(FileNotReceiving):
        stages.journey.receive.take_content(plan, blocks(b"first"))
    stages.verify_all()
    assert stages.file_now(file).sha256 == sha256_hex(b"second")
    stages.check_nothing_is_orphaned()


def test_a_rejected_file_is_replaced_by_a_stream(stages):
    stage = stages.opened()
    stages.put(stage, "a.svs", b"first")
    stages.store.contents.clear()
    stages.verify_all()
    assert stages.refreshed(stage).file.state is FileState.REJECTED
    stages.put(stage, "a.svs", b"first")
    stages.verify_all()
    assert stages.refreshed(stage).file.state is FileState.VERIFIED


@pytest.mark.parametrize("verified", [False, True])
def test_a_stream_of_the_same_bytes_again_is_the_same_file(stages, verified):
    stage = stages.opened()
    file = stages.put(stage, "a.svs", b"bytes")
    if verified:
        stages.verify_all()
    before = stages.rows()
    again = stages.put(stage, "a.svs", b"bytes", sha256=sha256_hex(b"bytes"))
    assert again == stages.file_now(file)
    assert stages.rows() == before


def test_a_stream_again_is_compared_with_what_was_read_back_where_nothing_was_declared(stages):
    stage = stages.opened()
    file = stages.planned(stage, "a.svs", 5)
    stages.put_part(file, 1, b"bytes", sha256(b"bytes"))
    stages.complete(file)
    stages.verify_all()
    assert stages.put(stage, "a.svs", b"bytes", sha256=sha256_hex(b"bytes")) == stages.file_now(file)
    assert stages.put(stage, "a.svs", b"bytes") == stages.file_now(file)


def test_a_stream_of_other_bytes_finds_the_path_taken(stages):
    stage = stages.opened()
    stages.put(stage, "a.svs", b"bytes")
    before = stages.rows()
    for path, data, changes in [
        ("a.svs", b"other", {}),
        ("a.svs", b"longer bytes", {}),
        ("a.svs", b"bytes", {"sha256": sha256_hex(b"other")}),
        ("A.SVS", b"bytes", {}),
    ]:
        with pytest.raises(PathTaken):
            stages.put(stage, path, data, **changes)
    plan = expect_content(stages, stage, "a.svs", b"bytes")
    for wrong in (b"byte", b"bytes and more"):
        with pytest.raises(PartSizeWrong):
            stages.journey.receive.take_content(plan, blocks(wrong))
    assert stages.rows() == before


def test_a_stream_does_not_replace_an_unfinished_file_whose_path_differs_in_case(stages):
    stage = stages.opened()
    file = stages.planned(stage, "a.svs")
    with pytest.raises(PathTaken):
        stages.put(stage, "A.SVS", b"bytes")
    assert stages.file_now(file) == file


def test_a_finished_file_is_answered_with_even_in_a_closed_packet(stages):
    stage = stages.closed({"a.svs": b"bytes"})
    assert stages.put(stage, "a.svs", b"bytes") == stages.file_now(stage.file)
    with pytest.raises(PacketNotOpen):
        stages.put(stage, "b.svs", b"bytes")


def test_a_stream_too_large_or_at_an_impossible_path_is_refused_before_it_is_read(stages):
    stage = stages.opened()
    with pytest.raises(PathInvalid):
        expect_content(stages, stage, "../a.svs", b"")
    draft = FileDraft("a.svs", stages.limits.file_bytes + 1)
    with pytest.raises(FileTooLarge):
        stages.journey.receive.expect_content(stages.coordinator, stage.packet.id, draft, stages.now)


def test_a_contributing_department_deposits_in_an_open_packet(stages):
    radiology = stages.department(stages.hospital.organization, "Radiology")
    stage = stages.opened()
    from_radiology = stages.staff(radiology, stages.coordinator.role)
    with pytest.raises(NotFound):
        stages.journey.receive.expect_content(from_radiology, stage.packet.id, FileDraft("m.dcm", 1), stages.now)
    packet = replace(stage.packet, contributing_department_ids=(radiology.id,))
    with stages.database.changing() as tx:
        tx.keep(packet)
    plan = stages.journey.receive.expect_content(from_radiology, stage.packet.id, FileDraft("m.dcm", 1), stages.now)
    assert stages.journey.receive.take_content(plan, blocks(b"m")).state is FileState.VERIFYING


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_sent_deleted_completed_and_refused_nothing_is_orphaned(stages, data):
    stage = stages.opened()
    size = data.draw(st.sampled_from([7, MANY]))
    contents = [bytes([n]) * size for n in range(2)]
    file = stages.planned(stage, size=size)
    for step in data.draw(
        st.lists(st.sampled_from(["part", "complete", "verify", "delete", "stream", "sweep"]), max_size=9)
    ):
        chosen = data.draw(st.sampled_from(contents))
        with suppress(FileNotReceiving, NotFound, PathTaken):
            if step == "part":
                number = data.draw(st.integers(1, file.part_count))
                stages.put_part(file, number, halves(chosen)[number])
            elif step == "complete":
                for number, part in halves(chosen).items():
                    stages.put_part(file, number, part)
                stages.complete(file, sha256_hex(chosen))
            elif step == "verify":
                stages.verify_all()
            elif step == "delete":
                stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, file.id, stages.now)
            elif step == "stream":
                file = stages.put(stage, "slides/A1.svs", chosen)
            else:
                stages.sweep(HOUR)
    stages.verify_all()
    stages.check_nothing_is_orphaned()
