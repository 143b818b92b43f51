"""Redeeming: the numbered procedure, wrong answers, repeats, races, and the row that every refusal leaves."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import DAY, a_patient_actor, an_event
from tests.fakes.hooked_database import HookedDatabase, once
from tests.stages import CONTENTS, ORIGIN, recipient_draft, wrong_code
from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.link import Link, Redemption, Verification
from transfer_service.errors import (
    AnswerWrong,
    ChallengeOver,
    ChallengeUsed,
    IdempotencyKeyReused,
    LinkExpired,
    LinkLocked,
    LinkRevoked,
    LinkUsedUp,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PacketRetired,
    ReleaseExpired,
    ReleaseWithdrawn,
    TooMany,
    TransferError,
    Unavailable,
)
from transfer_service.sealing.manifest import verify
from transfer_service.sealing.tokens import passcode_hash
from transfer_service.usecases.refusals import MOST_ROWS
from transfer_service.usecases.release import GrantDraft

TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


def redeem(stages, answer):
    return stages.journey.redeem.redeem(answer, ORIGIN, stages.now)


def challenge(stages, stage):
    return stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)


def wrong(stages, answer):
    """How many tries are left after a wrong answer."""
    with pytest.raises(AnswerWrong) as refusal:
        redeem(stages, replace(answer, response=wrong_code(answer.response)))
    return refusal.value.facts["remaining_tries"]


def link_now(stages, stage):
    with stages.database.reading() as tx:
        return tx.get(Link, stage.link.organization_id, stage.link.id)


def refusals(stages, stage):
    with stages.database.reading() as tx:
        rows = tx.find(Disclosure, stage.link.organization_id, link_id=stage.link.id)
    recorded = [entry.facts["code"] for entry in stages.audit() if entry.action == "link.refused"]
    assert sorted(recorded) == sorted(row.refused_code for row in rows if row.refused_code)
    return recorded


# Let in


def test_the_code_that_was_mailed_lets_the_recipient_in_and_is_counted(stages):
    stage = stages.linked()
    answer = stages.right_answer(stage)
    assert (stages.post.mail[-1].to, link_now(stages, stage).redemptions) == (stages.recipient.email, 0)
    redeemed = redeem(stages, answer)
    released = redeemed.released
    assert link_now(stages, stage).redemptions == 1
    assert released.expires_at == stages.now + timedelta(hours=24)
    assert [file.path for file in released.files] == sorted(CONTENTS)
    assert (released.recipient, released.organization) == (stages.recipient, stages.hospital.organization)
    verify(released.manifest.document, released.manifest.signature, stages.signing_key.public_key_pem())
    actor = stages.recipient_actor(redeemed)
    assert stages.journey.redeem.released(actor, stages.now) == released
    stages.clock.now = released.expires_at
    with pytest.raises(NotAuthenticated):
        stages.recipient_actor(redeemed)
    with pytest.raises(NotAuthenticated):
        stages.journey.redeem.released(actor, stages.now)


def test_a_passcode_told_by_other_means_lets_the_recipient_in_and_nothing_is_mailed(stages):
    stage = stages.linked(verification=Verification.PASSCODE, passcode="blue whale")
    stages.mail()
    answer = stages.right_answer(stage, "blue whale")
    assert stages.mail() == []
    for guess in ("", "blue", "Blue whale"):
        with pytest.raises(AnswerWrong):
            redeem(stages, replace(answer, response=guess))
    assert redeem(stages, answer)


def test_the_token_ends_with_the_link(stages):
    stage = stages.linked(expires_at=stages.now + timedelta(hours=2))
    assert redeem(stages, stages.right_answer(stage)).released.expires_at == stage.link.expires_at


def test_asking_counts_nothing_however_often(stages):
    stage = stages.linked(max_redemptions=1)
    for _ in range(5):
        challenge(stages, stage)
    assert (link_now(stages, stage).redemptions, link_now(stages, stage).wrong_answers) == (0, 0)
    with pytest.raises(TooMany):
        challenge(stages, stage)


def test_each_recipient_gets_what_was_granted_to_them_and_learns_of_no_more(stages):
    second = stages.recipient_added(name="Dr. S. Other")
    stage = stages.closed()
    one, two = stage.files.values()
    grants = [GrantDraft(stages.recipient.id, (one.id,)), GrantDraft(second.id, (two.id,))]
    stage = stages.signed(of=stages.in_session(of=stages.released(of=stage, grants=grants)))
    for recipient, file, other in ((stages.recipient, one, two), (second, two, one)):
        redeemed = stages.redeemed(of=stages.linked(of=stage, recipient_id=recipient.id))
        released = redeemed.redeemed.released
        assert [granted.id for granted in released.files] == [file.id]
        assert [named["id"] for named in released.manifest.document["files"]] == [str(file.id)]
        assert stages.download(redeemed.actor, file) == stage.contents[file.path]
        with pytest.raises(NotFound):
            stages.journey.deliver.begin(redeemed.actor, other.id, 0, 1, stages.now)


def test_the_recipient_is_in_the_version_that_the_patient_read(stages):
    stage = stages.linked()
    changed = recipient_draft(specialty="general pathology", credentials=())
    stages.journey.recipients.change(stages.coordinator, stages.recipient.id, changed, stages.now)
    redeemed = stages.redeemed(of=stage)
    assert redeemed.redeemed.released.recipient == stages.recipient
    assert stages.post.mail[-1].to == "viewer@review.test"
    stages.download(redeemed.actor, redeemed.file)
    (line,) = stages.journey.account.of_packet(stages.coordinator, stage.packet.id)
    assert line.recipient == stages.recipient


def test_only_recipients_ask_what_was_released_to_them(stages):
    for actor in (stages.coordinator, a_patient_actor()):
        with pytest.raises(NotAllowed):
            stages.journey.redeem.released(actor, stages.now)


# Wrong answers


def test_an_unknown_secret_is_not_found_whatever_else_is_right(stages):
    answer = stages.right_answer(stages.linked())
    before = stages.rows()
    with pytest.raises(NotFound):
        redeem(stages, replace(answer, secret="x" * 43))
    with pytest.raises(NotFound):
        stages.journey.redeem.challenge("x" * 43, ORIGIN, stages.now)
    assert stages.rows() == before


def test_five_wrong_answers_end_the_challenge_and_twenty_lock_the_link(stages):
    stage = stages.linked()
    for round_ in range(1, 5):
        answer = stages.right_answer(stage)
        assert [wrong(stages, answer) for _ in range(5)] == [4, 3, 2, 1, 0]
        assert link_now(stages, stage).wrong_answers == round_ * 5
        with pytest.raises(LinkLocked if round_ == 4 else ChallengeOver):
            redeem(stages, answer)
    with pytest.raises(LinkLocked):
        challenge(stages, stage)
    stages.clock.advance(DAY)
    with pytest.raises(LinkLocked):
        challenge(stages, stage)
    codes = (["answer_wrong"] * 5 + ["challenge_over"]) * 3 + ["answer_wrong"] * 5 + ["link_locked"] * 3
    assert refusals(stages, stage) == codes
    assert link_now(stages, stage).redemptions == 0


def test_the_lifetime_limit_is_counted_down_too(stages):
    stage = stages.linked(verification=Verification.PASSCODE, passcode="123456")
    for tries in (5, 5, 5, 3):
        answer = stages.right_answer(stage, "123456")
        for _ in range(tries):
            wrong(stages, answer)
    answer = stages.right_answer(stage, "123456")
    assert [wrong(stages, answer), wrong(stages, answer)] == [1, 0]
    with pytest.raises(LinkLocked):
        redeem(stages, answer)


def test_a_challenge_is_for_its_link_for_ten_minutes_and_once(stages):
    one, two = stages.linked(), stages.linked()
    answer = stages.right_answer(one)
    for challenge_id in (challenge(stages, two)[0].id, uuid4()):
        with pytest.raises(ChallengeOver):
            redeem(stages, replace(answer, challenge_id=challenge_id))
    stages.clock.advance(10 * MINUTE - TICK)
    redeem(stages, answer)
    with pytest.raises(ChallengeUsed):
        redeem(stages, answer)
    late = stages.right_answer(one)
    stages.clock.advance(10 * MINUTE)
    with pytest.raises(ChallengeOver):
        redeem(stages, late)
    assert refusals(stages, one) == ["challenge_over"] * 2 + ["challenge_used", "challenge_over"]
    assert link_now(stages, one).redemptions == 1


def test_a_new_code_voids_the_one_before_and_does_not_touch_a_used_one(stages):
    stage = stages.redeemed()
    first, second = stages.right_answer(stage), stages.right_answer(stage)
    with pytest.raises(ChallengeUsed):
        redeem(stages, stage.answer)
    with pytest.raises(ChallengeOver):
        redeem(stages, first)
    assert redeem(stages, second)


# Over


def over(stages, how):
    """A redeemed link that has since ended, and the error that says so."""
    stage = stages.redeemed()
    answer = stages.right_answer(stage)
    if how == "revoked":
        stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
        return stage, answer, LinkRevoked
    if how == "withdrawn":
        stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
        return stage, answer, ReleaseWithdrawn
    if how == "retired":
        stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
        return stage, answer, PacketRetired
    if how == "expired":
        stages.clock.now = stage.link.expires_at
        return stage, answer, LinkExpired
    stages.clock.now = stage.release.expires_at
    with stages.database.changing() as tx:  # no link outlives its release; were there one, it would be over too
        tx.save(an_event(stages.coordinator), replace(link_now(stages, stage), expires_at=stages.now + DAY))
    return stage, answer, ReleaseExpired


@pytest.mark.parametrize("how", ["revoked", "withdrawn", "retired", "expired", "release expired"])
def test_what_is_over_lets_nobody_in_and_each_refusal_has_its_row(stages, how):
    stage, answer, error = over(stages, how)
    before = link_now(stages, stage)
    with pytest.raises(error):
        redeem(stages, answer)
    with pytest.raises(error):
        challenge(stages, stage)
    expected = [error.code] * 2
    if how in {"revoked", "withdrawn", "retired"}:
        with pytest.raises(error):
            stages.journey.redeem.released(stage.actor, stages.now)
        expected.append(error.code)
    assert refusals(stages, stage) == expected
    assert link_now(stages, stage) == before


def test_refusals_of_one_kind_without_end_do_not_fill_the_accounting(stages):
    stage, answer, error = over(stages, "revoked")
    for _ in range(MOST_ROWS):
        with pytest.raises(error):
            redeem(stages, answer)
    stages.clock.now += MINUTE
    for _ in range(3):
        with pytest.raises(error):
            challenge(stages, stage)
    assert refusals(stages, stage) == [error.code] * MOST_ROWS
    with stages.database.reading() as tx:
        rows = tx.find(Disclosure, stage.link.organization_id, link_id=stage.link.id, refused_code=error.code)
    assert [row.requests for row in rows] == [1] * (MOST_ROWS - 1) + [4]
    assert [row.last_at for row in rows if row.requests > 1] == [stages.now]


def test_a_wrong_answer_is_always_counted_and_has_its_row(stages, monkeypatch):
    monkeypatch.setattr("transfer_service.usecases.refusals.MOST_ROWS", 1)
    stage = stages.linked()
    answer = stages.right_answer(stage)
    assert [wrong(stages, answer) for _ in range(3)] == [4, 3, 2]
    assert refusals(stages, stage) == ["answer_wrong"] * 3


def test_passcodes_are_asked_for_a_hundred_times_an_hour_at_most(stages):
    stage = stages.linked(verification=Verification.PASSCODE, passcode="blue whale")
    for _ in range(100):
        challenge(stages, stage)
    with pytest.raises(TooMany) as refusal:
        challenge(stages, stage)
    assert refusal.value.retry_after_s == 3601
    assert len([entry for entry in stages.audit() if entry.action == "link.challenged"]) == 100
    stages.clock.now += timedelta(hours=1)
    assert challenge(stages, stage)


def test_a_link_is_redeemed_as_often_as_it_may_be(stages):
    stage = stages.linked(max_redemptions=2)
    for _ in range(2):
        redeem(stages, stages.right_answer(stage))
    with pytest.raises(LinkUsedUp):
        challenge(stages, stage)
    assert refusals(stages, stage) == ["link_used_up"]


def test_a_refusal_does_not_write_back_a_link_as_it_was_before(stages):
    """The link changes between finding it by its secret and recording the refusal."""
    stage = stages.linked()
    answer = stages.right_answer(stage)
    database = HookedDatabase(stages.database)
    database.before = once(
        "changing", lambda: stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    )
    with pytest.raises(LinkRevoked):
        replace(stages.journey.redeem, database=database).redeem(answer, ORIGIN, stages.now)
    assert link_now(stages, stage).revoked_at == stages.now
    assert refusals(stages, stage) == ["link_revoked"]


# Races and repeats


def test_of_thirty_two_at_once_exactly_one_is_let_in_by_a_link_for_one(stages):
    stage = stages.linked(max_redemptions=1, verification=Verification.PASSCODE, passcode="123456")
    answers = [stages.right_answer(stage, "123456") for _ in range(32)]

    def attempt(answer, times=5):
        try:
            return redeem(stages, answer)
        except Unavailable as refusal:  # so many writers on a busy machine: who is told to try again does
            return attempt(answer, times - 1) if times else refusal.code
        except TransferError as refusal:
            return refusal.code

    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(attempt, answers))
    refused = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(refused) == 31
    assert {*refused} <= {"link_used_up", "busy"}
    assert link_now(stages, stage).redemptions == 1
    assert refusals(stages, stage) == ["link_used_up"] * refused.count("link_used_up")
    stages.journey.account.verify_audit()


def test_wrong_answers_at_once_are_each_counted(stages):
    stage = stages.linked(verification=Verification.PASSCODE, passcode="123456")
    answers = [replace(stages.right_answer(stage, "123456"), response="000000") for _ in range(8)]

    def attempt(answer):
        with pytest.raises(AnswerWrong):
            redeem(stages, answer)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, answers))
    assert link_now(stages, stage).wrong_answers == 8


def test_a_passcode_that_could_let_nobody_in_costs_no_slow_hash(stages, monkeypatch):
    hashed = []

    def recorded(key, salt, passcode):
        hashed.append(passcode)
        return passcode_hash(key, salt, passcode)

    monkeypatch.setattr("transfer_service.usecases.redeem.passcode_hash", recorded)
    stage = stages.linked(max_redemptions=1, verification=Verification.PASSCODE, passcode="123456")
    answer, other = stages.right_answer(stage, "123456"), stages.right_answer(stage, "123456")
    with pytest.raises(ChallengeOver):
        redeem(stages, replace(answer, challenge_id=uuid4()))
    redeem(stages, answer)
    for late, why in ((answer, ChallengeUsed), (other, LinkUsedUp)):
        with pytest.raises(why):
            redeem(stages, late)
    assert hashed == ["123456"]


def test_a_redemption_is_repeated_twenty_times_at_most(stages):
    stage = stages.linked()
    answer = replace(stages.right_answer(stage), replay="key-1")
    tokens = [redeem(stages, answer).token for _ in range(21)]
    with pytest.raises(ChallengeUsed):
        redeem(stages, answer)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(tokens[-2], ORIGIN, stages.now)
    assert stages.bearers.actor(tokens[-1], ORIGIN, stages.now)


def test_a_key_is_free_again_after_a_day(stages):
    stage = stages.linked()
    redeem(stages, replace(stages.right_answer(stage), replay="key-1"))
    stages.clock.advance(timedelta(hours=24) - TICK)
    with pytest.raises(IdempotencyKeyReused):
        redeem(stages, replace(stages.right_answer(stage), replay="key-1"))
    stages.clock.advance(TICK)
    assert redeem(stages, replace(stages.right_answer(stage), replay="key-1"))


def test_the_same_answer_at_once_is_one_redemption(stages):
    stage = stages.linked()
    answer = replace(stages.right_answer(stage), replay="key-1")
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: redeem(stages, answer), range(8)))
    assert len({outcome.token for outcome in outcomes}) == 8
    assert link_now(stages, stage).redemptions == 1
    live = 0
    for outcome in outcomes:
        with suppress(NotAuthenticated):
            live += bool(stages.recipient_actor(outcome))
    assert live == 1


def test_a_repeat_within_ten_minutes_has_a_fresh_token_for_the_same_redemption(stages):
    stage = stages.redeemed(of=stages.linked(max_redemptions=1), replay="key-1")
    stages.clock.advance(10 * MINUTE - TICK)
    again = redeem(stages, stage.answer)
    assert again.token != stage.redeemed.token
    assert link_now(stages, stage).redemptions == 1
    with stages.database.reading() as tx:
        assert len(tx.find(Redemption, stage.link.organization_id, link_id=stage.link.id)) == 1
    with pytest.raises(NotAuthenticated):
        stages.recipient_actor(stage.redeemed)
    assert stages.recipient_actor(again).redemption_id == stage.actor.redemption_id
    assert stages.actions().count("link.redeemed") == 1
    assert stages.actions().count("link.admitted") == 2
    stages.clock.advance(TICK)
    with pytest.raises(ChallengeUsed):
        redeem(stages, stage.answer)
    assert stages.recipient_actor(again)


@pytest.mark.parametrize("change", [{"response": "000000x"}, {"challenge_id": uuid4()}])
def test_a_repeat_with_another_body_is_refused(stages, change):
    stage = stages.redeemed(replay="key-1")
    with pytest.raises(IdempotencyKeyReused):
        redeem(stages, replace(stage.answer, **change))
    assert stages.recipient_actor(stage.redeemed)


def test_a_repeat_without_the_key_or_with_another_is_a_used_challenge(stages):
    stage = stages.redeemed(replay="key-1")
    for replay in (None, "key-2"):
        with pytest.raises(ChallengeUsed):
            redeem(stages, replace(stage.answer, replay=replay))


def test_the_key_is_of_one_link_alone(stages):
    one, two = stages.redeemed(replay="key-1"), stages.linked()
    two = stages.redeemed(of=two, replay="key-1")
    assert one.actor.redemption_id != two.actor.redemption_id


def test_a_key_that_failed_is_no_obstacle_to_the_right_answer(stages):
    stage = stages.linked()
    answer = replace(stages.right_answer(stage), replay="key-1")
    with pytest.raises(AnswerWrong):
        redeem(stages, replace(answer, response=wrong_code(answer.response)))
    assert redeem(stages, answer)


@pytest.mark.parametrize("how", ["revoked", "withdrawn", "retired"])
def test_a_repeat_does_not_outlive_the_link(stages, how):
    stage = stages.redeemed(replay="key-1")
    {
        "revoked": lambda: stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now),
        "withdrawn": lambda: stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now),
        "retired": lambda: stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now),
    }[how]()
    with pytest.raises((LinkRevoked, ReleaseWithdrawn, PacketRetired)):
        redeem(stages, stage.answer)
    assert len(refusals(stages, stage)) == 1
