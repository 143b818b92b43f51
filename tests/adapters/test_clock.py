"""A wall clock that jumps back grants nothing until it is right again; one that jumps forward destroys nothing."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import NOW
from transfer_service.adapters import clock as module
from transfer_service.adapters.clock import Clock
from transfer_service.errors import Unavailable

MINUTE = timedelta(seconds=60)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND, TICK = timedelta(seconds=1), timedelta(microseconds=1)


class Time:
    """A wall clock that shows what it was set to, and a steady one that goes on with it when time passes."""

    def __init__(self):
        self.now = NOW
        self.steady_s = 1000.0

    def wall(self):
        return self.now

    def steady(self):
        return self.steady_s

    def passes(self, by):
        self.now += by
        self.steady_s += by.total_seconds()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def clock(time):
    return Clock(time.wall, time.steady)


def test_it_tells_the_time_in_utc():
    before = datetime.now(UTC)
    told = Clock()()
    assert before <= told <= datetime.now(UTC)
    assert told.tzinfo is UTC


def test_a_step_back_of_a_minute_is_told_as_it_is(time, clock):
    time.now -= MINUTE
    assert clock() == NOW - MINUTE


@pytest.mark.parametrize("back", [MINUTE + TICK, timedelta(hours=2)])
def test_a_jump_back_of_more_is_refused_until_time_has_caught_up(time, clock, back):
    assert clock() == NOW
    time.now = NOW - back
    for _ in range(2):
        with pytest.raises(Unavailable):
            clock()
    time.now = NOW - MINUTE
    assert clock() == NOW - MINUTE


def test_many_small_steps_back_do_not_add_up_to_a_large_one(time, clock):
    for _ in range(2):
        time.now -= MINUTE / 2
        assert clock() == time.now
    time.now -= TICK
    with pytest.raises(Unavailable):
        clock()


def test_a_jump_back_is_measured_from_the_latest_time_told(time, clock):
    time.passes(2 * HOUR)
    assert clock() == time.now
    time.now -= MINUTE + TICK
    with pytest.raises(Unavailable):
        clock()


def test_a_jump_back_while_nobody_asked_is_refused_as_long_as_if_somebody_had(time, clock):
    time.passes(HOUR)
    time.now -= 30 * MINUTE
    for _ in range(29):
        with pytest.raises(Unavailable):
            clock()
        time.passes(MINUTE)
    assert clock() == time.now == NOW + 59 * MINUTE
    assert clock.is_trusted()


def test_a_clock_that_jumped_back_and_is_put_right_is_trusted(time, clock):
    time.now -= 2 * HOUR
    assert not clock.is_trusted()
    time.passes(HOUR)
    with pytest.raises(Unavailable):
        clock()
    time.now += 2 * HOUR
    assert clock() == NOW + HOUR
    assert clock.is_trusted()


def test_time_that_passes_is_trusted_however_seldom_it_is_asked_for(time, clock):
    assert clock.is_trusted()
    for _ in range(3):
        time.passes(30 * DAY)
        assert clock() == time.now
        assert clock.is_trusted()


@pytest.mark.parametrize("forward", [5 * MINUTE, -MINUTE])
def test_a_small_step_is_told_as_it_is_and_trusted(time, clock, forward):
    time.passes(HOUR)
    time.now += forward
    assert clock() == time.now
    assert clock.is_trusted()


@pytest.mark.parametrize("forward", [5 * MINUTE + TICK, 14 * DAY])
def test_a_jump_forward_is_told_as_it_is_and_not_trusted_for_a_day(time, clock, forward, caplog):
    time.now += forward
    assert clock() == time.now
    assert not clock.is_trusted()
    time.passes(DAY - SECOND)
    assert clock() == time.now
    assert not clock.is_trusted()
    time.passes(SECOND)
    assert clock.is_trusted()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_who_asks_for_trust_first_learns_of_a_jump_all_the_same(time, clock):
    time.now += 14 * DAY
    assert not clock.is_trusted()
    assert clock() == time.now


@pytest.mark.parametrize("off_by", [-MINUTE, 0 * MINUTE, MINUTE])
@pytest.mark.parametrize("after", [0 * HOUR, HOUR, 3 * DAY])
def test_a_jump_forward_that_is_put_right_is_forgotten(time, clock, after, off_by):
    time.now += 14 * DAY
    clock()
    time.passes(after)
    clock()
    time.now = NOW + after + off_by
    assert clock() == time.now
    assert clock.is_trusted()
    time.passes(20 * DAY)
    assert clock() == time.now
    assert clock.is_trusted()


def test_a_small_jump_forward_that_was_put_right_while_nobody_asked_is_forgotten(time, clock):
    time.now += 6 * MINUTE
    clock()
    time.passes(HOUR)
    time.now -= 6 * MINUTE
    assert clock() == NOW + HOUR
    assert clock.is_trusted()


@pytest.mark.parametrize("off_by", [-MINUTE - TICK, MINUTE + TICK, -HOUR, HOUR])
def test_a_jump_forward_that_is_put_wrong_is_refused(time, clock, off_by):
    time.now += 14 * DAY
    clock()
    time.passes(HOUR)
    time.now = NOW + HOUR + off_by
    with pytest.raises(Unavailable):
        clock()
    assert not clock.is_trusted()
    time.now = NOW + HOUR
    assert clock() == time.now
    assert clock.is_trusted()


def test_putting_a_jump_forward_right_excuses_no_step_back_from_before(time, clock):
    time.now -= MINUTE
    assert clock() == time.now
    time.now += 14 * DAY
    clock()
    time.now -= 14 * DAY + TICK
    with pytest.raises(Unavailable):
        clock()


def test_of_two_jumps_forward_the_second_is_put_right_alone_or_both_are(time, clock):
    time.now += DAY
    clock()
    time.passes(HOUR)
    for _ in range(2):
        clock()
        time.now += 14 * DAY
        assert clock() == time.now
        time.now -= 14 * DAY
        assert clock() == time.now
    assert not clock.is_trusted()
    time.passes(23 * HOUR)
    assert clock.is_trusted()
    time.now += 14 * DAY
    assert not clock.is_trusted()
    time.now -= 15 * DAY
    assert clock() == NOW + DAY
    assert clock.is_trusted()


def test_a_doubted_time_that_comes_back_is_as_doubted_as_it_was(time, clock):
    time.now += 14 * DAY
    clock()
    time.passes(12 * HOUR)
    time.now -= 7 * DAY
    with pytest.raises(Unavailable):
        clock()
    time.now += 7 * DAY
    assert clock() == time.now
    time.passes(12 * HOUR - SECOND)
    assert not clock.is_trusted()
    time.passes(SECOND)
    assert clock.is_trusted()


def test_any_number_of_jumps_is_remembered_in_little_room(time, clock):
    for _ in range(100):
        time.now += HOUR
        clock()
    assert len(clock._left) == 8
    assert not clock.is_trusted()


def test_the_steady_clock_goes_on_while_the_machine_is_suspended_where_the_system_says_so(monkeypatch):
    asked = []
    monkeypatch.setattr(module.time, "clock_gettime", lambda which: asked.append(which) or 1.0)
    monkeypatch.setattr(module.time, "CLOCK_BOOTTIME", 7, raising=False)
    module._steady()
    monkeypatch.delattr(module.time, "CLOCK_BOOTTIME")
    module._steady()
    assert asked == [7, module.time.CLOCK_MONOTONIC]


def test_many_threads_share_one_clock():
    clock, wrong = Clock(), []

    def ask():
        wrong.extend(1 for _ in range(500) if not clock.is_trusted() or abs(clock() - datetime.now(UTC)) > MINUTE)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert wrong == []
