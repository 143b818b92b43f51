"""When to try again, and when to give up."""

from itertools import count

import pytest

from transfer_service.client import patience as module
from transfer_service.client.failures import Interrupted, Unreachable
from transfer_service.client.patience import ComeLater, Patience, backoff_s


class Clock:
    """Time that only waiting spends."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()

    def pause(self: Patience, seconds: float) -> None:
        self.check()
        clock.waits.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(module.time, "monotonic", clock.monotonic)
    monkeypatch.setattr(Patience, "pause", pause)
    return clock


def failing(times: int, after_s: float | None = None):
    tries = count(1)

    def act() -> int:
        tried = next(tries)
        if tried <= times:
            raise ComeLater(Unreachable("gone"), after_s)
        return tried

    return act


def test_what_fails_is_tried_again_with_growing_pauses(clock):
    told = []
    assert Patience(300, lambda why, left: told.append((why, left))).until(failing(6)) == 7
    assert clock.waits == sorted(clock.waits)
    assert all(0.25 <= wait <= 15 for wait in clock.waits)
    assert told[0] == ("gone", 300)


def test_what_the_service_says_is_waited_exactly(clock):
    Patience(300).until(failing(3, after_s=7))
    assert clock.waits == [7, 7, 7]


def test_patience_ends(clock):
    with pytest.raises(Unreachable, match="gone"):
        Patience(60).until(failing(1000))
    assert sum(clock.waits) <= 60


def test_who_is_told_to_come_much_later_says_so_at_once(clock):
    with pytest.raises(Unreachable, match="come again in 60 minutes"):
        Patience(60).until(failing(1, after_s=3600))
    assert clock.waits == []


def test_other_failures_are_not_tried_again():
    tries = count()

    def act() -> None:
        next(tries)
        raise KeyError

    with pytest.raises(KeyError):
        Patience().until(act)
    assert next(tries) == 1


def test_stopping_ends_every_wait_below_it_and_none_above():
    above = Patience()
    below = above.below()
    other = above.below()
    below.stop()
    assert (above.is_stopped, below.is_stopped, other.is_stopped) == (False, True, False)
    above.stop()
    with pytest.raises(Interrupted):
        other.pause(3600)
    with pytest.raises(Interrupted):
        other.until(lambda: 1)


def test_clients_do_not_come_back_in_step():
    assert len({backoff_s(3) for _ in range(20)}) > 10
    assert max(backoff_s(10_000) for _ in range(20)) <= 15
