"""Disclosures: which bytes left, and when a file was whole."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW, a_disclosure
from transfer_service.domain.disclosure import MOST_SPANS, joined

spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: tuple(sorted(pair))), max_size=12)


@given(spans)
def test_joined_spans_hold_exactly_the_bytes_that_left(given_spans):
    together = ()
    for span in given_spans:
        together = joined(together, span)
    left = {byte for start, stop in given_spans for byte in range(start, stop)}
    assert {byte for start, stop in together for byte in range(start, stop)} == left
    assert all(one[1] < other[0] for one, other in pairwise(together))


def test_of_more_spans_than_a_row_holds_the_shortest_is_forgotten():
    many = tuple((start, start + 2) for start in range(0, MOST_SPANS * 10, 10))
    assert joined(many, (5, 6)) == many
    assert joined(many, (5, 8)) == ((5, 8), *many[1:])


def test_a_file_is_complete_once_every_byte_has_left_in_whatever_order():
    disclosure = a_disclosure(spans=(), bytes_sent=0, completed_at=None)
    later = NOW + timedelta(seconds=9)
    half = disclosure.with_sent((50, 100), 100, NOW)
    assert (half.completed_at, half.bytes_sent) == (None, 50)
    again = half.with_sent((50, 100), 100, NOW)
    assert (again.completed_at, again.bytes_sent) == (None, 100)
    whole = again.with_sent((0, 50), 100, later)
    assert (whole.completed_at, whole.bytes_sent, whole.last_at) == (later, 150, later)
    assert whole.with_sent((0, 1), 100, later + timedelta(days=1)).completed_at == later


def test_an_empty_file_is_complete_when_nothing_of_it_was_sent():
    assert a_disclosure(spans=(), completed_at=None).with_sent((0, 0), 0, NOW).completed_at == NOW
