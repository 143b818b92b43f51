"""A10: guessing opens nothing.

What limits it is not a count of tries but the size of what is guessed: a secret or token has 256 random bits, so that
after 10^18 guesses the odds of one hit among a million live links are still below 10^-52. Every guess is told the one
same thing, whatever it came near to; over HTTP that is one 404, or 401 for a token. What is short, codes and passcodes,
is counted instead: five tries a challenge and twenty for the life of a link.
"""

import random
import string

import pytest

from tests.stages import ORIGIN, Stages
from transfer_service.errors import NotAuthenticated, NotFound
from transfer_service.sealing.tokens import SECRET_BYTES, TOKEN_PREFIX, mint_secret
from transfer_service.usecases.patient import PatientAnswer
from transfer_service.usecases.redeem import Answer

ALPHABET = string.ascii_letters + string.digits + "-_"


def near(secret: str, chance: random.Random) -> str:
    """The real one, but for one character."""
    at = chance.randrange(len(secret))
    other = chance.choice(ALPHABET.replace(secret[at], ""))
    return secret[:at] + other + secret[at + 1 :]


def guesses(real: list[str], count: int, chance: random.Random):
    """Fresh ones for the most part; every fourth as near as can be to one that opens something."""
    return (near(chance.choice(real), chance) if number % 4 == 0 else mint_secret() for number in range(count))


@pytest.mark.parametrize("count", [2_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_no_guess_of_a_secret_or_a_token_is_a_hit_and_all_are_told_the_same(stages: Stages, seed: int, count: int):
    stage, chance = stages.redeemed(), random.Random(seed)
    assert stage.redeemed is not None
    real = [stage.link_secret, stage.letter_secret, stage.redeemed.token.removeprefix(TOKEN_PREFIX)]
    before = stages.rows()
    told = set()
    for guess in guesses(real, count, chance):
        with pytest.raises((NotFound, NotAuthenticated)) as refusal:
            chance.choice(WAYS)(stages, stage, guess)
        told.add((refusal.type, str(refusal.value), tuple(refusal.value.facts)))
    assert len(told) == len({NotFound, NotAuthenticated})
    assert stages.rows() == before
    assert not stages.mail()


WAYS = [
    lambda stages, _, guess: stages.journey.redeem.challenge(guess, ORIGIN, stages.now),
    lambda stages, stage, guess: stages.journey.redeem.redeem(
        Answer(guess, stage.answer.challenge_id, stage.answer.response), ORIGIN, stages.now
    ),
    lambda stages, _, guess: stages.journey.patients.challenge(guess, ORIGIN, stages.now),
    lambda stages, stage, guess: stages.journey.patients.begin(
        PatientAnswer(guess, stage.answer.challenge_id, stage.packet.case.patient.birth_date, stage.answer.response),
        ORIGIN,
        stages.now,
    ),
    lambda stages, _, guess: stages.bearers.actor(TOKEN_PREFIX + guess, ORIGIN, stages.now),
]


def test_what_is_guessed_has_256_random_bits(stages: Stages):
    stage = stages.redeemed()
    assert SECRET_BYTES * 8 == 256
    assert stage.redeemed is not None
    for secret in (stage.link_secret, stage.letter_secret, stage.redeemed.token.removeprefix(TOKEN_PREFIX)):
        assert len(secret) == len(mint_secret()) == 43
    assert len({mint_secret() for _ in range(10_000)}) == 10_000
