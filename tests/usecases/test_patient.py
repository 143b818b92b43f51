"""The patient proves themselves: their letter, a code, their date of birth."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from tests.factories import DAY, a_recipient_actor
from tests.stages import BIRTH_DATE, ORIGIN, wrong_code
from transfer_service.errors import (
    AnswerWrong,
    ChallengeOver,
    ChallengeUsed,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    ReleaseLocked,
    TooMany,
)
from transfer_service.usecases.patient import PatientAnswer

TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


def challenged(stages, stage):
    """The right answer to a fresh challenge."""
    challenge = stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)
    return PatientAnswer(stage.letter_secret, challenge.id, BIRTH_DATE, stages.code())


def begin(stages, answer):
    return stages.journey.patients.begin(answer, ORIGIN, stages.now)


def wrong(stages, answer):
    """How many tries are left after a wrong code."""
    with pytest.raises(AnswerWrong) as refusal:
        begin(stages, replace(answer, code=wrong_code(answer.code)))
    return refusal.value.facts["remaining_tries"]


def test_letter_code_and_birth_date_together_open_a_session_of_half_an_hour(stages):
    stage = stages.released()
    session = begin(stages, challenged(stages, stage))
    assert session.release == stage.release
    assert session.expires_at == stages.now + timedelta(minutes=30)
    actor = stages.patient_actor(session)
    assert actor.release_id == stage.release.id
    assert stages.journey.patients.release(actor) == stage.release
    stages.clock.now = session.expires_at - TICK
    assert stages.patient_actor(session) == actor
    stages.clock.now = session.expires_at
    with pytest.raises(NotAuthenticated):
        stages.patient_actor(session)


def test_the_session_is_for_patients(stages):
    stage = stages.released()
    for actor in (stages.coordinator, a_recipient_actor()):
        with pytest.raises(NotAllowed):
            stages.journey.patients.release(actor)
    assert stage.release


@pytest.mark.parametrize("change", [{"birth_date": date(1961, 2, 4)}, {"code": ""}, {"code": "x"}])
def test_anything_wrong_is_the_same_wrong_answer(stages, change):
    answer = challenged(stages, stages.released())
    with pytest.raises(AnswerWrong) as refusal:
        begin(stages, replace(answer, **change))
    assert refusal.value.facts == {"remaining_attempts": 19, "remaining_tries": 4}
    assert stages.actions()[-1] == "patient.refused"
    assert begin(stages, answer)


def test_an_unknown_secret_is_not_found_and_nothing_is_mailed(stages):
    answer = challenged(stages, stages.released())
    before = stages.rows()
    with pytest.raises(NotFound):
        stages.journey.patients.challenge("x" * 43, ORIGIN, stages.now)
    with pytest.raises(NotFound):
        begin(stages, replace(answer, secret="x" * 43))
    assert stages.rows() == before


def test_a_challenge_ends_after_five_wrong_answers_even_for_the_right_one(stages):
    answer = challenged(stages, stages.released())
    assert [wrong(stages, answer) for _ in range(5)] == [4, 3, 2, 1, 0]
    with pytest.raises(ChallengeOver):
        begin(stages, answer)


def test_twenty_wrong_answers_lock_the_letter_for_good(stages):
    stage = stages.released()
    left = []
    for _ in range(4):
        answer = challenged(stages, stage)
        left += [wrong(stages, answer) for _ in range(5)]
    assert left == [4, 3, 2, 1, 0] * 4
    with pytest.raises(ReleaseLocked):
        stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)
    with pytest.raises(ReleaseLocked):
        begin(stages, answer)
    stages.clock.advance(30 * DAY)
    with pytest.raises(ReleaseLocked):
        stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)


def test_the_lifetime_limit_is_counted_down_too(stages):
    stage = stages.released()
    for _ in range(3):
        answer = challenged(stages, stage)
        for _ in range(5):
            wrong(stages, answer)
    answer = challenged(stages, stage)
    for _ in range(3):
        wrong(stages, answer)
    answer = challenged(stages, stage)
    assert [wrong(stages, answer), wrong(stages, answer)] == [1, 0]
    with pytest.raises(ReleaseLocked):
        begin(stages, answer)


def test_a_code_is_good_once_and_for_ten_minutes(stages):
    stage = stages.released()
    answer = challenged(stages, stage)
    stages.clock.advance(10 * MINUTE - TICK)
    begin(stages, answer)
    with pytest.raises(ChallengeUsed):
        begin(stages, answer)
    late = challenged(stages, stage)
    stages.clock.advance(10 * MINUTE)
    with pytest.raises(ChallengeOver):
        begin(stages, late)


def test_a_new_code_voids_the_one_before(stages):
    stage = stages.released()
    first, second = challenged(stages, stage), challenged(stages, stage)
    with pytest.raises(ChallengeOver):
        begin(stages, first)
    with pytest.raises(AnswerWrong):
        begin(stages, replace(second, code=first.code if first.code != second.code else wrong_code(second.code)))
    assert begin(stages, second)


def test_a_challenge_is_for_the_letter_it_was_asked_with(stages):
    one, two = challenged(stages, stages.released()), challenged(stages, stages.released())
    for challenge_id in (two.challenge_id, uuid4()):
        with pytest.raises(ChallengeOver):
            begin(stages, replace(one, challenge_id=challenge_id))
    assert begin(stages, one)


def test_five_codes_an_hour_and_no_more(stages):
    stage = stages.released()
    for _ in range(5):
        stages.clock.advance(10 * MINUTE)
        challenged(stages, stage)
    with pytest.raises(TooMany) as refusal:
        challenged(stages, stage)
    assert refusal.value.retry_after_s == 20 * 60 + 1
    stages.clock.advance(20 * MINUTE - TICK)
    with pytest.raises(TooMany):
        challenged(stages, stage)
    stages.clock.advance(TICK)
    assert begin(stages, challenged(stages, stage))


def test_the_code_goes_to_the_address_as_it_stood_when_the_release_was_asked_for(stages):
    stage = stages.released()
    stages.mail()
    case = replace(stage.packet.case, patient=replace(stage.packet.case.patient, email="other@patient.test"))
    with stages.database.changing() as tx:
        tx.keep(replace(stage.packet, case=case))
    challenged(stages, stage)
    assert stages.post.mail[-1].to == "ada@patient.test"


@pytest.mark.parametrize("withdrawn", [False, True])
def test_the_letter_lives_for_sixty_days_after_the_release_ended(stages, withdrawn):
    stage = stages.signed()
    ended_at = stage.release.expires_at
    if withdrawn:
        stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.clock.advance(DAY))
        ended_at = stages.now
    stages.clock.now = ended_at + 60 * DAY - TICK
    assert stages.patient_session(stage.letter_secret)
    stages.clock.now = ended_at + 60 * DAY
    with pytest.raises(NotFound):
        stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)


def test_withdrawing_what_has_expired_does_not_lengthen_the_letters_life(stages):
    stage = stages.signed()
    stages.clock.now = stage.release.expires_at + 59 * DAY
    stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now)
    stages.clock.now = stage.release.expires_at + 60 * DAY
    with pytest.raises(NotFound):
        stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)


def test_the_patient_still_reads_what_they_signed_when_the_packet_is_destroyed(stages):
    stage = stages.signed()
    stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
    stages.sweep()
    assert stages.patient_session(stage.letter_secret).release.form == stage.release.form
