"""C20: one flipped bit, anywhere in a sealed part, and neither reader opens it."""

import random

import pytest

from tests.sealing.test_part import SEALED, refuses
from transfer_service.sealing.layout import HEADER_BYTES, SEALED_CHUNK_BYTES, TAG_BYTES

CHUNK_STARTS = range(HEADER_BYTES, len(SEALED), SEALED_CHUNK_BYTES)
CHUNK_ENDS = [*CHUNK_STARTS[1:], len(SEALED)]
FLIPPED = bytearray(SEALED)


def refuses_a_flip(at, bit):
    """Flips a bit of the one copy, and back: a fresh copy for each of so many would take longest of all."""
    FLIPPED[at] ^= 1 << bit
    try:
        return refuses(FLIPPED)
    finally:
        FLIPPED[at] ^= 1 << bit


@pytest.mark.parametrize(
    "places",
    [
        range(HEADER_BYTES),
        range(CHUNK_STARTS[0], CHUNK_ENDS[0]),
        range(CHUNK_STARTS[-1], CHUNK_ENDS[-1]),
        [at for end in CHUNK_ENDS for at in range(end - TAG_BYTES, end)],
    ],
    ids=["salt and commitment", "first chunk", "last chunk", "every tag"],
)
def test_a_flipped_bit_in_every_byte_of_what_counts_most_is_refused(places):
    assert all(refuses_a_flip(at, at % 8) for at in places)


def test_a_flipped_bit_at_any_of_a_thousand_random_places_is_refused(seed):
    chance = random.Random(seed)
    for _ in range(1_000):
        assert refuses_a_flip(chance.randrange(len(SEALED)), chance.randrange(8))


def test_what_was_flipped_back_opens():
    """So that the refusals above were of the flips."""
    assert FLIPPED == SEALED
    with pytest.raises(pytest.fail.Exception):
        refuses(FLIPPED)
