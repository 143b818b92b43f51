"""Ends: retired with grace or at once, destroyed, abandoned, swept; and never what is still wanted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import DAY, a_patient_actor
from tests.fakes.hooked_database import HookedDatabase, once
from tests.fakes.object_store import no_fault
from tests.stages import ORIGIN, some_bytes
from tests.usecases.conftest import PART_BYTES
from transfer_service.domain.packet import PacketState
from transfer_service.domain.people import Role
from transfer_service.errors import NotAllowed, NotFound, PacketRetired, Unavailable

TICK = timedelta(microseconds=1)


def retire(stages, stage, actor=None, *, at_once=False):
    return stages.journey.retire.retire(actor or stages.coordinator, stage.packet.id, stages.now, at_once=at_once)


def packet_now(stages, stage):
    return stages.refreshed(stage).packet


def test_links_die_at_once_and_the_bytes_after_seven_days(stages):
    stage = stages.redeemed()
    retired = retire(stages, stage)
    assert (retired.state, retired.retired_at) == (PacketState.RETIRED, stages.now)
    assert retired.destroy_at == stages.now + 7 * DAY
    for call in (
        lambda: stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now),
        lambda: stages.journey.deliver.begin(stage.actor, stage.file.id, 0, 1, stages.now),
    ):
        with pytest.raises(PacketRetired):
            call()
    stages.sweep(7 * DAY - TICK)
    assert packet_now(stages, stage).wrapped_key
    assert set(stages.store.objects()) == stages.object_keys_referred_to() != set()
    stages.sweep(TICK)
    packet = packet_now(stages, stage)
    assert (packet.wrapped_key, packet.destroyed_at) == (None, stages.now)
    assert list(stages.store.objects()) == []
    stages.check_nothing_is_orphaned()
    assert stages.actions()[-1] == "packet.destroyed"


def test_the_signed_form_the_accounting_and_the_log_stay(stages):
    stage = stages.redeemed()
    stages.download(stage.actor, stage.file)
    retire(stages, stage, stages.hospital.privacy_officer, at_once=True)
    before = stages.rows("packets", "packet_files", "leftovers", "audit_entries", "audit_heads")
    stages.sweep()
    after = stages.rows("packets", "packet_files", "leftovers", "audit_entries", "audit_heads")
    assert after == before
    assert stages.journey.releases.of_packet(stages.coordinator, stage.packet.id)[0].signature.name == "Ada Example"
    stages.journey.account.verify_audit()


def test_the_wrapped_key_is_overwritten_in_the_file_itself(stages):
    stage = stages.closed()
    retire(stages, stage, stages.hospital.privacy_officer, at_once=True)
    stages.sweep()
    stages.close_down()
    kept = b"".join(path.read_bytes() for path in stages.directory.glob("transfer.db*"))
    assert stage.packet.wrapped_key not in kept


def test_without_grace_is_for_privacy_officers(stages):
    stage = stages.closed()
    with pytest.raises(NotAllowed):
        retire(stages, stage, at_once=True)
    for unfit in (stages.hospital.depositor, stages.hospital.admin, a_patient_actor()):
        with pytest.raises(NotAllowed):
            retire(stages, stage, unfit)
    radiology = stages.department(stages.hospital.organization, "Radiology")
    for stranger in (stages.staff(radiology, Role.COORDINATOR), stages.enrolled("Other").privacy_officer):
        with pytest.raises(NotFound):
            retire(stages, stage, stranger)
    assert retire(stages, stage, stages.hospital.privacy_officer, at_once=True).destroy_at == stages.now


def test_retiring_again_changes_nothing_but_may_cut_the_grace_short_once(stages):
    stage, officer = stages.closed(), stages.hospital.privacy_officer
    first = retire(stages, stage)
    stages.clock.advance(DAY)
    before = stages.rows()
    assert retire(stages, stage) == first
    assert stages.rows() == before
    cut = retire(stages, stage, officer, at_once=True)
    assert (cut.destroy_at, cut.retired_at) == (stages.now, first.retired_at)
    stages.clock.advance(DAY)
    before = stages.rows()
    assert retire(stages, stage, officer, at_once=True) == cut
    stages.sweep()
    before = stages.rows()
    assert retire(stages, stage, officer, at_once=True).destroyed_at == stages.now
    assert stages.rows() == before


@pytest.mark.parametrize("make", ["opened", "received", "verified", "closed", "released", "linked"])
def test_a_packet_is_retired_at_any_stage(stages, make):
    stage = getattr(stages, make)()
    retire(stages, stage, stages.hospital.privacy_officer, at_once=True)
    stages.sweep()
    stages.verify_all()
    assert packet_now(stages, stage).wrapped_key is None
    stages.check_nothing_is_orphaned()
    assert list(stages.store.objects()) == []


@pytest.mark.parametrize("closing", [False, True])
def test_a_deposit_that_nobody_writes_to_is_abandoned_after_fourteen_days(stages, closing):
    stage = stages.received()
    if closing:
        stages.journey.close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)
    unfinished = stages.planned(stages.opened(), "b.svs", PART_BYTES * 2)
    stages.put_part(unfinished, 1, some_bytes(PART_BYTES))
    stages.sweep(14 * DAY)
    assert packet_now(stages, stage).state is not PacketState.RETIRED
    stages.sweep(TICK)
    packet = packet_now(stages, stage)
    assert (packet.state, packet.destroy_at) == (PacketState.RETIRED, stages.now + 7 * DAY)
    assert [entry.facts for entry in stages.audit()[-2:]] == [{"reason": "abandoned"}] * 2
    stages.sweep(7 * DAY - TICK)
    assert packet_now(stages, stage).wrapped_key
    stages.sweep(TICK)
    assert packet_now(stages, stage).destroyed_at == stages.now
    assert [entry.actor_id for entry in stages.audit()[-4:]] == ["worker"] * 4
    stages.check_nothing_is_orphaned()
    assert list(stages.store.objects()) == []


def test_a_closed_packet_is_never_abandoned(stages):
    stage = stages.closed()
    stages.sweep(1000 * DAY)
    assert packet_now(stages, stage).state is PacketState.CLOSED
    assert len(list(stages.store.objects())) == 2


def test_a_deposit_that_was_written_to_in_the_last_moment_is_not_abandoned(stages):
    stage = stages.opened()
    stages.clock.advance(14 * DAY + TICK)
    database = HookedDatabase(stages.database)
    database.after = once("reading", lambda: stages.planned(stage))
    replace(stages.journey.retire, database=database).sweep(stages.now)
    assert packet_now(stages, stage).state is PacketState.OPEN


def test_two_workers_destroy_a_packet_once(stages):
    stage = stages.closed()
    retire(stages, stage, stages.hospital.privacy_officer, at_once=True)
    database, reads = HookedDatabase(stages.database), []

    def overtake(step):
        reads.append(step)
        if reads.count("reading") == 2:  # after it was listed as to be destroyed
            database.after = no_fault
            stages.sweep()

    database.after = overtake
    replace(stages.journey.retire, database=database).sweep(stages.now)
    assert stages.actions().count("packet.destroyed") == 1


# Retention


def with_retention(stages, retention_for):
    return replace(stages.journey.retire, limits=replace(stages.limits, retention_for=retention_for))


def test_a_closed_packet_is_retired_with_grace_after_its_retention_where_one_is_set(stages):
    stage, retire = stages.redeemed(), with_retention(stages, 10 * DAY)
    retire.sweep(stages.clock.advance(10 * DAY))
    assert packet_now(stages, stage).state is PacketState.CLOSED
    retire.sweep(stages.clock.advance(TICK))
    packet = packet_now(stages, stage)
    assert (packet.state, packet.retired_at) == (PacketState.RETIRED, stages.now)
    assert packet.destroy_at == stages.now + 7 * DAY
    entry = stages.audit()[-1]
    assert (entry.action, entry.actor_id, entry.facts) == ("packet.retired", "worker", {"reason": "retention"})
    assert entry.subject == {"packet": str(packet.id)}
    with pytest.raises(PacketRetired):
        stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    before = stages.rows()
    retire.sweep(stages.now)
    assert stages.rows() == before


def test_retention_counts_from_closing_and_takes_no_open_packet(stages):
    unfinished, stage = stages.verified(), stages.verified()
    stages.clock.advance(DAY)
    stages.closed(of=stage)
    retire = with_retention(stages, 10 * DAY)
    retire.sweep(stages.clock.advance(10 * DAY))
    assert packet_now(stages, stage).state is PacketState.CLOSED
    assert packet_now(stages, unfinished).state is PacketState.OPEN


def test_without_a_retention_no_packet_is_even_looked_for(stages):
    database, steps = HookedDatabase(stages.database), []
    database.before = steps.append
    assert replace(stages.journey.retire, database=database).end_retention(stages.now + 9999 * DAY) == 0
    assert steps == []


# Destroying


MANY_FILES = {f"{number}.svs": b"slide" for number in range(7)}


def many_files_retired(stages, monkeypatch):
    """A packet of seven files, two of which are let go at a time."""
    monkeypatch.setattr("transfer_service.usecases.retire.FILES_AT_ONCE", 2)
    stage = stages.closed(MANY_FILES)
    retire(stages, stage, stages.hospital.privacy_officer, at_once=True)
    return stage


def test_a_large_packet_is_shredded_first_and_its_files_are_let_go_some_at_a_time(stages, monkeypatch):
    stage = many_files_retired(stages, monkeypatch)
    database, seen = HookedDatabase(stages.database), []

    def look(step):
        if step == "changing":
            packet = packet_now(stages, stage)
            seen.append((packet.wrapped_key is None, packet.destroyed_at, len(stages.object_keys_referred_to())))

    database.after = look
    assert replace(stages.journey.retire, database=database).destroy(stages.now) == 1
    assert seen == [(True, None, left) for left in (7, 5, 3, 1)] + [(True, stages.now, 0)]
    (entry,) = [entry for entry in stages.audit() if entry.action == "packet.destroyed"]
    assert entry.facts == {"files": 7}


@pytest.mark.parametrize("transactions", range(1, 5))
def test_what_a_crash_left_of_a_packet_is_destroyed_next_time(stages, monkeypatch, transactions):
    stage = many_files_retired(stages, monkeypatch)
    database, done = HookedDatabase(stages.database), []

    def die(step):
        done.append(step)
        if done.count("changing") == transactions:
            raise KeyboardInterrupt

    database.after = die
    with pytest.raises(KeyboardInterrupt):
        replace(stages.journey.retire, database=database).destroy(stages.now)
    assert packet_now(stages, stage).destroyed_at is None
    assert stages.journey.retire.destroy(stages.now) == 1
    assert packet_now(stages, stage).destroyed_at == stages.now
    assert stages.actions().count("packet.destroyed") == 1
    stages.check_nothing_is_orphaned()
    assert list(stages.store.objects()) == []


@pytest.mark.parametrize("steps", range(4))
def test_destroying_stops_between_two_transactions_when_told_to(stages, monkeypatch, steps):
    stage = many_files_retired(stages, monkeypatch)
    answers = [True] * steps + [False] * 9
    assert stages.journey.retire.destroy(stages.now, lambda: answers.pop(0)) == 0
    assert (packet_now(stages, stage).wrapped_key is None) == (steps > 0)
    assert len(stages.object_keys_referred_to()) == [7, 5, 3, 1][steps]
    assert stages.journey.retire.destroy(stages.now) == 1


def test_a_packet_with_a_broken_file_is_shredded_all_the_same_and_holds_up_no_other(stages):
    broken, whole = stages.closed(), stages.closed()
    for stage in (broken, whole):
        retire(stages, stage, stages.hospital.privacy_officer, at_once=True)
    stages.kept.execute("UPDATE packet_files SET path = ? WHERE id = ?", bytes(200), broken.file.id.hex)
    assert stages.journey.retire.destroy(stages.now) == 2
    (key,) = stages.object_keys_referred_to()
    assert key == broken.file.object_key
    assert stages.kept.query("SELECT count(*) FROM packets WHERE wrapped_key IS NOT NULL") == [(0,)]


@pytest.mark.parametrize("step", ["abandon", "end_retention", "destroy"])
def test_a_packet_that_fails_holds_up_no_other(stages, step):
    broken, whole = stages.opened(), stages.opened()
    if step != "abandon":
        broken, whole = stages.closed(), stages.closed()
    if step == "destroy":
        for stage in (broken, whole):
            retire(stages, stage, stages.hospital.privacy_officer, at_once=True)
    stages.clock.advance(30 * DAY)
    stages.kept.refuse("UPDATE", "packets", f"OLD.id = '{broken.packet.id.hex}'")
    act = getattr(with_retention(stages, DAY), step)
    with pytest.raises(AssertionError):
        act(stages.now)
    assert packet_now(stages, whole).state is PacketState.RETIRED
    assert (packet_now(stages, whole).destroyed_at is not None) == (step == "destroy")
    assert act(stages.now) == 0


# Sweeping


@pytest.mark.parametrize("step", ["uploads", "abort_upload", "delete"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_store_that_fails_leaves_the_leftovers_to_be_swept_again(stages, step, moment):
    stage = stages.received({"a": b"a", "b": some_bytes(PART_BYTES + 1)})
    for file in stage.files.values():
        stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, file.id, stages.now)

    def fail(called):
        if called == step:
            raise Unavailable

    setattr(stages.store, moment, fail)
    stages.clock.advance(stages.limits.leftover_for)
    with pytest.raises(Unavailable):
        stages.sweep()
    assert stages.leftover_keys()
    setattr(stages.store, moment, no_fault)
    stages.check_nothing_is_orphaned()
    assert list(stages.store.objects()) == list(stages.store.uploads()) == []


def test_a_store_that_is_away_keeps_nothing_from_being_forgotten(stages):
    stages.redeemed()
    stages.clock.advance(3 * DAY)

    def away(_step):
        raise Unavailable

    stages.store.before = away
    assert stages.journey.retire.forget(stages.now) > 0
    assert stages.rows()["challenges"] == []


def test_what_ended_long_ago_is_forgotten(stages):
    stage = stages.redeemed()
    assert stages.rows()["challenges"]
    stages.sweep(3 * DAY)
    rows = stages.rows()
    assert rows["challenges"] == []
    staff_tokens = 4
    assert len(rows["credentials"]) == staff_tokens
    assert stage.actor
    assert stages.sweep() == 0
