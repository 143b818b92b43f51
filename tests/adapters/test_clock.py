"""A wall clock that jumps back grants nothing until it is right again."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import NOW
from transfer_service.adapters.clock import Clock
from transfer_service.errors import Unavailable

MINUTE = timedelta(seconds=60)
TICK = timedelta(microseconds=1)


class Wall:
    """A wall clock that shows what it was set to."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def clock(wall):
    return Clock(wall)


def test_it_tells_the_time_in_utc():
    before = datetime.now(UTC)
    told = Clock()()
    assert before <= told <= datetime.now(UTC)
    assert told.tzinfo is UTC


def test_a_step_back_of_a_minute_is_told_as_it_is(wall, clock):
    wall.now -= MINUTE
    assert clock() == NOW - MINUTE


@pytest.mark.parametrize("back", [MINUTE + TICK, timedelta(hours=2)])
def test_a_jump_back_of_more_is_refused_until_time_has_caught_up(wall, clock, back):
    assert clock() == NOW
    wall.now = NOW - back
    for _ in range(2):
        with pytest.raises(Unavailable):
            clock()
    wall.now = NOW - MINUTE
    assert clock() == NOW - MINUTE


def test_many_small_steps_back_do_not_add_up_to_a_large_one(wall, clock):
    for _ in range(2):
        wall.now -= MINUTE / 2
        assert clock() == wall.now
    wall.now -= TICK
    with pytest.raises(Unavailable):
        clock()


def test_a_jump_back_is_measured_from_the_latest_time_told(wall, clock):
    wall.now += timedelta(hours=2)
    assert clock() == wall.now
    wall.now = NOW
    with pytest.raises(Unavailable):
        clock()
