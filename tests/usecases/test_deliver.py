"""Downloads: recorded before the first byte, opened while they stream, stopped when their ground is gone."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import a_patient_actor
from tests.fakes.hooked_database import HookedDatabase
from tests.fakes.object_store import FakeBody, no_fault
from tests.stages import ORIGIN, some_bytes
from tests.usecases.conftest import PART_BYTES
from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.packet import Part
from transfer_service.errors import (
    LinkExpired,
    LinkRevoked,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    ObjectMissing,
    PacketRetired,
    ReleaseWithdrawn,
    SealBroken,
    TransferError,
    Unavailable,
)
from transfer_service.usecases import deliver, permission, plaintext

SIZE = PART_BYTES * 3 + 7
READ_BYTES = 16_400  # one chunk


class Seconds:
    """A clock of seconds that stands still until it is moved."""

    def __init__(self):
        self.at = 100.0

    def __call__(self):
        return self.at


@pytest.fixture
def seconds(monkeypatch):
    seconds = Seconds()
    monkeypatch.setattr(deliver, "monotonic", seconds)
    monkeypatch.setattr(permission, "monotonic", seconds)
    monkeypatch.setattr(plaintext, "READ_BYTES", READ_BYTES)
    return seconds


@pytest.fixture
def stage(stages):
    """A redeemed link to one file of four parts."""
    stage = stages.released(of=stages.closed({"slides/A1.svs": some_bytes(SIZE)}))
    return stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stage))))


def begin(stages, stage, start=0, stop=SIZE, **changes):
    use_case = replace(stages.journey.deliver, **changes)
    delivery = use_case.begin(stage.actor, stage.file.id, start, stop, stages.now)
    return use_case.stream(delivery)


def disclosure(stages, stage):
    """The one that is no refusal."""
    with stages.database.reading() as tx:
        (row,) = [
            row
            for row in tx.find(Disclosure, stage.link.organization_id, link_id=stage.link.id)
            if row.refused_code is None
        ]
    return row


def refused(stages):
    return [entry.facts["code"] for entry in stages.audit() if entry.action == "link.refused"]


# What leaves


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_range_is_exactly_those_bytes(stages, stage, seconds, data):
    stop = data.draw(st.integers(0, SIZE))
    start = data.draw(st.integers(0, stop))
    assert seconds.at == 100.0
    assert b"".join(begin(stages, stage, start, stop)) == stage.content[start:stop]


@pytest.mark.parametrize("size", [1, 999, 16_399, 16_401])
def test_a_body_in_pieces_of_any_size_is_the_same_bytes(stages, stage, monkeypatch, size):
    monkeypatch.setattr(plaintext, "READ_BYTES", size)
    assert b"".join(begin(stages, stage, 16_380, 16_390)) == stage.content[16_380:16_390]
    assert b"".join(begin(stages, stage, 39_000, 41_000)) == stage.content[39_000:41_000]


def test_the_facts_of_a_file_are_told_without_recording_a_disclosure(stages, stage):
    before = stages.rows()
    assert stages.journey.deliver.look(stage.actor, stage.file.id, stages.now) == stage.file
    assert stages.rows() == before


def test_the_disclosure_is_committed_before_the_first_byte(stages, stage):
    stream = begin(stages, stage)
    row = disclosure(stages, stage)
    assert (row.bytes_sent, row.requests, row.spans, row.completed_at) == (0, 1, (), None)
    assert (row.started_at, row.recipient_version, row.redemption_id) == (stages.now, 1, stage.actor.redemption_id)
    assert stages.actions()[-1] == "disclosure.started"
    assert list(stages.store.objects())
    assert b"".join(stream) == stage.content


@pytest.mark.parametrize("again", [False, True])
def test_nothing_leaves_where_the_disclosure_can_not_be_recorded(stages, stage, again):
    if again:
        stages.download(stage.actor, stage.file)
    database, read = HookedDatabase(stages.database), []

    def fail(step):
        if step == "changing":
            raise Unavailable

    database.before = fail
    stages.store.before = read.append
    with pytest.raises(Unavailable):
        begin(stages, stage, database=database)
    assert read == []
    stages.kept.refuse("UPDATE", "disclosures")
    stages.kept.refuse("INSERT", "disclosures")
    with pytest.raises(AssertionError):
        begin(stages, stage)
    assert read == []


def test_a_redemption_and_a_file_are_one_row_however_many_ranges(stages, stage):
    for number, (start, stop) in enumerate([(10, 20), (15, 30), (0, 10), (40, SIZE)], 1):
        stages.clock.advance(timedelta(seconds=1))
        b"".join(begin(stages, stage, start, stop))
        row = disclosure(stages, stage)
        assert (row.requests, row.last_at, row.completed_at) == (number, stages.now, None)
    assert (row.bytes_sent, row.spans) == (10 + 15 + 10 + SIZE - 40, ((0, 30), (40, SIZE)))
    completed_at = stages.clock.advance(timedelta(seconds=1))
    b"".join(begin(stages, stage, 25, 41))
    stages.clock.advance(timedelta(seconds=1))
    b"".join(begin(stages, stage))
    row = disclosure(stages, stage)
    assert (row.spans, row.completed_at) == (((0, SIZE),), completed_at)
    assert row.bytes_sent == 10 + 15 + 10 + SIZE - 40 + 16 + SIZE
    ends = [action for action in stages.actions() if action.startswith("disclosure.")]
    assert ends == ["disclosure.started", "disclosure.completed", "disclosure.repeated"]


def test_each_redemption_has_a_row_of_its_own(stages, stage):
    stages.download(stage.actor, stage.file)
    again = stages.redeemed(of=replace(stage))
    stages.download(again.actor, again.file)
    lines = stages.journey.account.of_packet(stages.coordinator, stage.packet.id)
    assert [line.disclosure.bytes_sent for line in lines] == [SIZE, SIZE]
    assert len({line.disclosure.redemption_id for line in lines}) == 2


def test_an_empty_file_is_completed_by_asking_for_it(stages):
    stage = stages.released(of=stages.closed({"empty": b""}))
    stage = stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stage))))
    assert stages.download(stage.actor, stage.file) == b""
    assert disclosure(stages, stage).completed_at == stages.now


# How it is counted


def test_what_left_is_counted_every_ten_seconds_and_at_the_end(stages, stage, seconds):
    stream, sent = begin(stages, stage), 0
    counted = []
    for block in stream:
        counted.append((disclosure(stages, stage).bytes_sent, sent))
        sent += len(block)
        seconds.at += 3
    assert disclosure(stages, stage).bytes_sent == SIZE
    assert len({bytes_sent for bytes_sent, _ in counted}) == 1 + (len(counted) - 1) // 4
    assert all(bytes_sent <= sent for bytes_sent, sent in counted)


def test_a_download_that_is_given_up_counts_what_went(stages, stage, seconds):
    assert seconds.at
    stream = begin(stages, stage)
    sent = len(next(stream)) + len(next(stream))
    stream.close()
    row = disclosure(stages, stage)
    assert (row.bytes_sent, row.spans, row.completed_at) == (sent, ((0, sent),), None)
    assert stages.actions()[-2:] == ["disclosure.started", "disclosure.broken_off"]


def test_a_file_that_becomes_whole_in_mid_stream_is_audited_once(stages, stage, seconds):
    b"".join(begin(stages, stage, PART_BYTES, SIZE))
    for block in begin(stages, stage):
        assert block
        seconds.at += deliver.COUNT_EVERY_S
    assert stages.actions()[-2:] == ["disclosure.started", "disclosure.completed"]


def test_how_requests_end_is_audited_for_the_first_fifty_of_a_file(stages, stage, monkeypatch):
    monkeypatch.setattr("transfer_service.usecases.disclosing.ENDS_AUDITED", 3)
    stages.download(stage.actor, stage.file)
    for _ in range(4):
        next(stream := begin(stages, stage))
        stream.close()
    assert stages.actions()[-3:] == ["disclosure.completed", *["disclosure.broken_off"] * 2]


@pytest.mark.parametrize("failures", [2, 3])
def test_the_last_count_is_tried_again_where_the_database_is_busy(stages, stage, caplog, failures):
    stream = begin(stages, stage, database=(hooked := HookedDatabase(stages.database)))
    sent = len(next(stream))
    left = [None] * failures

    def busy(step):
        if step == "changing" and left:
            left.pop()
            raise Unavailable

    hooked.before = busy
    stream.close()
    row = disclosure(stages, stage)
    assert row.bytes_sent == (sent if failures == 2 else 0)
    assert (f"Bytes 0 to {sent} were not counted on disclosure {row.id}." in caplog.text) == (failures == 3)


def test_what_left_is_counted_though_the_clock_can_not_be_trusted_any_more(stages, stage):
    class Clock:
        trusted = True

        def __call__(self):
            if not self.trusted:
                raise Unavailable
            return stages.now

    stream = begin(stages, stage, clock=(clock := Clock()))
    sent = len(next(stream))
    clock.trusted = False
    stream.close()
    assert disclosure(stages, stage).bytes_sent == sent


def test_a_download_that_never_began_counts_nothing(stages, stage):
    begin(stages, stage).close()
    row = disclosure(stages, stage)
    assert (row.bytes_sent, row.spans, row.requests) == (0, (), 1)


def test_a_count_that_can_not_be_written_ends_the_download(stages, stage, seconds):
    stream = begin(stages, stage)
    next(stream)
    seconds.at += deliver.COUNT_EVERY_S
    stages.kept.refuse("UPDATE", "disclosures")
    with pytest.raises(AssertionError):
        next(stream)
    stages.kept.relent()
    with pytest.raises(StopIteration):
        next(stream)


# Who may


def test_only_the_recipient_inside_a_redemption_downloads(stages, stage):
    hospital = stages.hospital
    for actor in (hospital.depositor, hospital.coordinator, hospital.privacy_officer, hospital.admin, stage.patient):
        for call in (
            lambda actor: stages.journey.deliver.look(actor, stage.file.id, stages.now),
            lambda actor: stages.journey.deliver.begin(actor, stage.file.id, 0, 1, stages.now),
        ):
            with pytest.raises(NotAllowed):
                call(actor)
    with pytest.raises(NotAllowed):
        stages.journey.deliver.look(a_patient_actor(), stage.file.id, stages.now)


def test_files_outside_the_grant_are_not_found_and_it_is_recorded_that_they_were_asked_for(stages, stage):
    other = stages.redeemed()
    for file_id in (other.file.id, uuid4()):
        for call in (
            lambda id_: stages.journey.deliver.look(stage.actor, id_, stages.now),
            lambda id_: stages.journey.deliver.begin(stage.actor, id_, 0, 1, stages.now),
        ):
            with pytest.raises(NotFound):
                call(file_id)
    lines = stages.journey.account.of_packet(stages.coordinator, stage.packet.id)
    assert [line.disclosure.refused_code for line in lines] == ["not_found"] * 4
    assert [line.file for line in lines] == [None] * 4  # another packet's file is not even named


def test_a_session_that_ended_downloads_nothing(stages, stage):
    replayed = stages.redeemed(of=replace(stage), replay="key")
    fresh = stages.recipient_actor(stages.journey.redeem.redeem(replayed.answer, ORIGIN, stages.now))
    assert stages.journey.deliver.look(fresh, stage.file.id, stages.now)
    with pytest.raises(NotAuthenticated):
        stages.journey.deliver.begin(replayed.actor, stage.file.id, 0, 1, stages.now)
    stages.clock.advance(timedelta(hours=24))
    with pytest.raises(NotAuthenticated):
        stages.journey.deliver.look(fresh, stage.file.id, stages.now)


# Ends


def end(stages, stage, how):
    officer = stages.hospital.privacy_officer
    if how is ReleaseWithdrawn:
        stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    elif how is LinkRevoked:
        stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    elif how is PacketRetired:
        stages.journey.retire.retire(officer, stage.packet.id, stages.now, at_once=True)
        stages.sweep()
    elif how is LinkExpired:
        with stages.database.changing() as tx:
            tx.keep(replace(stages.session_of(stage.actor), expires_at=None))
        stages.clock.now = stage.link.expires_at
    else:
        with stages.database.changing() as tx:
            tx.keep(replace(stages.session_of(stage.actor), revoked_at=stages.now))


ENDS = [ReleaseWithdrawn, LinkRevoked, PacketRetired, LinkExpired, NotAuthenticated]


@pytest.mark.parametrize("how", ENDS)
def test_a_new_request_is_refused_at_once_and_recorded(stages, stage, how):
    end(stages, stage, how)
    for call in (
        lambda: stages.journey.deliver.look(stage.actor, stage.file.id, stages.now),
        lambda: stages.journey.deliver.begin(stage.actor, stage.file.id, 0, 1, stages.now),
    ):
        with pytest.raises(how):
            call()
    assert refused(stages) == ([] if how is NotAuthenticated else [how.code] * 2)
    assert "disclosure.started" not in stages.actions()


@pytest.mark.parametrize("how", ENDS)
def test_a_running_download_stops_within_a_second(stages, stage, seconds, how):
    stream = begin(stages, stage)
    sent = len(next(stream))
    end(stages, stage, how)
    seconds.at += permission.CHECK_EVERY_S / 2
    if how is not PacketRetired:  # whose object is gone by then
        sent += len(next(stream))
    seconds.at += permission.CHECK_EVERY_S / 2
    with pytest.raises(how):
        next(stream)
    with pytest.raises(StopIteration):
        next(stream)
    row = disclosure(stages, stage)
    assert (row.bytes_sent, row.completed_at) == (sent, None)
    assert refused(stages) == ([] if how is NotAuthenticated else [how.code])


@pytest.mark.parametrize("how", ENDS)
def test_a_fast_download_is_asked_about_by_its_bytes(stages, stage, seconds, monkeypatch, how):
    assert seconds.at  # and it stands still
    stream = begin(stages, stage)
    first = len(next(stream))
    monkeypatch.setattr(permission, "CHECK_EVERY_BYTES", first + 1)
    second = len(next(stream))
    end(stages, stage, how)
    with pytest.raises(how):
        next(stream)
    assert disclosure(stages, stage).bytes_sent == first + second


def test_a_clock_that_can_not_be_trusted_stops_a_download(stages, stage, seconds):
    def lost():
        raise Unavailable

    stream = begin(stages, stage, clock=lost)
    next(stream)
    seconds.at += permission.CHECK_EVERY_S
    with pytest.raises(Unavailable):
        next(stream)


# A store that lies


def test_a_fast_download_under_a_quiet_log_is_asked_about_in_full_once(stages, stage, seconds, monkeypatch):
    assert seconds.at
    monkeypatch.setattr(permission, "CHECK_EVERY_BYTES", 1)
    asked, ask = [], permission.Permission._ask
    monkeypatch.setattr(permission.Permission, "_ask", lambda *given: asked.append(1) or ask(*given))
    assert b"".join(begin(stages, stage)) == stage.content
    assert len(asked) == 1


def read_refused(stages, stage, start=0, stop=SIZE):
    """Whatever came before the refusal, which must be right, and the refusal."""
    stream, blocks = begin(stages, stage, start, stop), []
    with pytest.raises(TransferError) as refusal:
        blocks.extend(stream)
    came = b"".join(blocks)
    assert stage.content[start:].startswith(came)
    assert disclosure(stages, stage).bytes_sent == len(came)
    return type(refusal.value), len(came)


@pytest.mark.parametrize("place", [60, 16_456, 30_000, 45_000, -1])
def test_no_byte_of_a_tampered_chunk_leaves(stages, stage, seconds, place):
    assert seconds.at
    key = stage.file.object_key
    sealed = bytearray(stages.store.contents[key][1])
    sealed[place] ^= 1
    stages.store.tamper(key, bytes(sealed))
    error, came = read_refused(stages, stage)
    assert error is SealBroken
    assert came <= place % len(sealed)


def test_another_version_of_the_object_is_refused(stages, stage):
    key = stage.file.object_key
    stages.store.contents[key] = ("another etag", stages.store.contents[key][1])
    assert read_refused(stages, stage) == (SealBroken, 0)


def test_a_part_opens_only_with_the_header_that_was_pinned(stages, stage):
    other = stages.closed({"slides/A1.svs": stage.content})
    with stages.database.changing() as tx:
        (mine,) = tx.find(Part, stage.file.organization_id, file_id=stage.file.id, number=1)
        (theirs,) = tx.find(Part, other.file.organization_id, file_id=other.file.id, number=1)
        tx.keep(replace(mine, header=theirs.header))
    assert read_refused(stages, stage) == (SealBroken, 0)


@pytest.mark.parametrize("lost", ["header", "row"])
def test_a_part_without_a_pinned_header_does_not_open(stages, stage, lost):
    with stages.database.changing() as tx:
        (part,) = tx.find(Part, stage.file.organization_id, file_id=stage.file.id, number=2)
        if lost == "row":
            tx.drop(part)
        else:
            tx.keep(replace(part, header=None))
    assert read_refused(stages, stage) == (SealBroken, 0)  # the next part is asked for before the first is sent


def test_an_object_that_is_gone_or_a_store_that_is_away_ends_the_download(stages, stage):
    def away(step):
        raise Unavailable(step)

    stages.store.before = away
    assert read_refused(stages, stage) == (Unavailable, 0)
    stages.store.before = no_fault
    stages.store.contents.clear()
    assert read_refused(stages, stage) == (ObjectMissing, 0)


class BreaksOff(FakeBody):
    """Gives ``kept`` bytes of a range, then breaks off."""

    def __init__(self, body: FakeBody, kept: int) -> None:
        length = body._left
        super().__init__(body.read(kept), length)


@pytest.mark.parametrize("kept", [5_000, 16_400, 20_000])
def test_where_the_store_breaks_off_the_rest_is_asked_for_again(stages, stage, kept, monkeypatch):
    whole = b"".join(begin(stages, stage, 5, 60_000))
    bodies, read = [], stages.store.read
    monkeypatch.setattr(stages.store, "read", lambda *where: bodies.append(BreaksOff(read(*where), kept)) or bodies[-1])
    monkeypatch.setattr(plaintext, "READ_BYTES", 10_000)
    assert b"".join(begin(stages, stage, 5, 60_000)) == whole
    assert len(bodies) > 3
    assert all(body.closed for body in bodies)


def test_a_store_that_breaks_off_without_a_byte_again_and_again_ends_the_download(stages, stage, monkeypatch):
    bodies, read = [], stages.store.read
    monkeypatch.setattr(stages.store, "read", lambda *where: bodies.append(BreaksOff(read(*where), 0)) or bodies[-1])
    assert read_refused(stages, stage, 0, 1) == (Unavailable, 0)
    assert len(bodies) == 3
    assert all(body.closed for body in bodies)


def test_what_is_asked_for_again_is_of_the_very_version_that_was_pinned(stages, stage, monkeypatch):
    read = stages.store.read
    monkeypatch.setattr(stages.store, "read", lambda *where: BreaksOff(read(*where), 16_400))
    stream = begin(stages, stage, 0, PART_BYTES)
    assert len(next(stream)) == 16_384
    key = next(iter(stages.store.contents))
    stages.store.contents[key] = ("another", stages.store.contents[key][1])
    with pytest.raises(SealBroken):
        next(stream)


@pytest.mark.parametrize("kept", [0, 16_400, 20_000])
def test_a_body_that_ends_early_is_never_taken_for_the_whole(stages, stage, kept, monkeypatch):
    read = stages.store.read

    def cut(key, etag, start, length):
        body = read(key, etag, start, length).read(kept)
        return FakeBody(body, len(body))

    monkeypatch.setattr(stages.store, "read", cut)
    error, came = read_refused(stages, stage, 0, PART_BYTES)
    assert (error, came) == (SealBroken, kept // 16_400 * 16_384)


def test_the_connection_to_the_store_is_given_back_however_it_ends(stages, stage, seconds, monkeypatch):
    assert seconds.at
    bodies, read = [], stages.store.read
    monkeypatch.setattr(stages.store, "read", lambda *where: bodies.append(read(*where)) or bodies[-1])
    stream = begin(stages, stage)
    next(stream)
    stream.close()
    b"".join(begin(stages, stage))
    assert len(bodies) == 2 + 4  # the one given up had asked for the next part too
    assert all(body.closed for body in bodies)
