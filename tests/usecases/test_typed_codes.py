"""The code beside the address in a patient's letter: another name of one secret, and nothing for guessers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import DAY
from tests.stages import BIRTH_DATE, ORIGIN, wrong_code
from transfer_service.domain.people import Origin
from transfer_service.errors import AnswerWrong, ChallengeOver, NotFound, ReleaseLocked, TooMany
from transfer_service.sealing.typed_codes import grouped, mint_typed_code
from transfer_service.usecases.guesses import MOST_OF_A_PEER, MOST_OF_ALL, Guesses
from transfer_service.usecases.patient import PatientAnswer

UNKNOWN = "0000-0000-0000"
HOUR = timedelta(hours=1)


def challenge(stages, given, origin=ORIGIN):
    return stages.journey.patients.challenge(given, origin, stages.now)


def begin(stages, given, asked, code, origin=ORIGIN):
    return stages.journey.patients.begin(PatientAnswer(given, asked.id, BIRTH_DATE, code), origin, stages.now)


def from_address(address):
    return replace(ORIGIN, address=address)


def test_address_and_code_are_two_names_of_one_secret(stages):
    stage = stages.released()
    typed = stages.typed_code()
    asked = challenge(stages, typed.lower().replace("-", " "))
    session = begin(stages, stage.letter_secret, asked, stages.code())
    assert session.release.id == stage.release.id
    asked = challenge(stages, stage.letter_secret)
    assert begin(stages, typed, asked, stages.code()).release.id == stage.release.id


def test_the_code_is_kept_under_a_key_alone(stages):
    stage = stages.released()
    typed = stages.typed_code()
    everything = repr(stages.rows()) + repr(stage.release) + repr(stages.audit())
    for form in (typed, typed.replace("-", ""), typed.lower()):
        assert form not in everything
    assert len(stage.release.typed_code_hash) == 32
    assert stage.release.typed_code_hash != stage.release.secret_hash


def test_wrong_answers_count_once_for_both_names_in_their_life(stages):
    """A24."""
    stage = stages.released()
    names = (stages.typed_code(), stage.letter_secret)
    for count in range(stages.limits.wrong_answers):
        if count % 4 == 0:
            stages.clock.advance(HOUR)
            asked, code = challenge(stages, names[count % 2]), wrong_code(stages.code())
        with pytest.raises(AnswerWrong) as refusal:
            begin(stages, names[count % 2], asked, code)
        assert refusal.value.facts["remaining_attempts"] == stages.limits.wrong_answers - count - 1
    stages.clock.advance(DAY)
    for name in names:
        with pytest.raises(ReleaseLocked):
            challenge(stages, name)
        with pytest.raises(ReleaseLocked):
            begin(stages, name, asked, code)


def test_a_replaced_letters_code_opens_nothing_and_the_new_one_does(stages):
    stage = stages.released()
    former = stages.typed_code()
    asked, code = challenge(stages, former), stages.code()
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    fresh = stages.typed_code()
    assert fresh != former
    with pytest.raises(NotFound):
        challenge(stages, former)
    with pytest.raises(NotFound):
        begin(stages, former, asked, code)
    assert challenge(stages, fresh)


def test_a_letter_in_place_of_another_has_a_code_too_and_it_ends_with_the_letter(stages):
    stage = stages.signed()
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    typed = stages.typed_code()
    assert challenge(stages, typed)
    stages.clock.advance(stages.limits.patient_secret_for)
    with pytest.raises(NotFound):
        challenge(stages, typed)


def test_a_challenge_of_another_letter_is_not_answered_by_a_code(stages):
    stage = stages.released()
    asked = challenge(stages, stage.letter_secret)
    stages.released()
    with pytest.raises(ChallengeOver):
        begin(stages, stages.typed_code(), asked, "000000")


def test_who_tries_many_unknown_codes_waits_and_others_do_not(stages):
    stages.released()
    typed = stages.typed_code()
    before = stages.rows()
    for count in range(MOST_OF_A_PEER):
        given = UNKNOWN if count % 2 else grouped(mint_typed_code())
        with pytest.raises(NotFound):
            challenge(stages, given)
    assert stages.rows() == before
    for given in (UNKNOWN, typed):
        with pytest.raises(TooMany) as refusal:
            challenge(stages, given)
        assert refusal.value.retry_after_s == 3601
        with pytest.raises(TooMany):
            begin(stages, given, stages.released().release, "000000")
    assert challenge(stages, typed, from_address("192.0.2.8"))
    stages.clock.advance(HOUR)
    assert challenge(stages, typed)


def test_secrets_from_addresses_are_never_counted(stages):
    stage = stages.released()
    for _ in range(MOST_OF_A_PEER + 1):
        with pytest.raises(NotFound):
            challenge(stages, "x" * 43)
    for _ in range(MOST_OF_A_PEER):
        with pytest.raises(NotFound):
            challenge(stages, UNKNOWN)
    assert challenge(stages, stage.letter_secret)


def tried(guesses, address, now, times=1):
    for _ in range(times):
        with pytest.raises(NotFound), guesses.typed(UNKNOWN, Origin("-", address), now):
            raise NotFound


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("-", "-"),
    ],
)
def test_a_household_is_one_peer(stages, one, same):
    guesses = Guesses()
    tried(guesses, one, stages.now, MOST_OF_A_PEER)
    with pytest.raises(TooMany), guesses.typed(UNKNOWN, Origin("-", same), stages.now):
        pass
    for other in ("2001:db8:1:3::1", "::ffff:192.0.2.2", "192.0.2.3"):
        tried(guesses, other, stages.now)


def test_all_together_have_a_bound_too(stages):
    guesses = Guesses()
    guesses._made.extend((stages.now, f"peer {number}") for number in range(MOST_OF_ALL - 1))
    tried(guesses, "192.0.2.1", stages.now)
    later = stages.now + HOUR - timedelta(seconds=10)
    with pytest.raises(TooMany) as refusal, guesses.typed(UNKNOWN, Origin("-", "192.0.2.2"), later):
        pass
    assert refusal.value.retry_after_s == 11
    tried(guesses, "192.0.2.2", stages.now + HOUR)


def test_what_is_known_is_not_counted(stages):
    guesses = Guesses()
    for _ in range(MOST_OF_A_PEER + 1):
        with guesses.typed(UNKNOWN, ORIGIN, stages.now):
            pass
    assert not guesses._made
