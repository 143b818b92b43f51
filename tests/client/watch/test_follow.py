"""Looking for ever, and once: what is waited for, and what ends it."""

import pytest

from transfer_service.client.failures import Interrupted, TokenRefused, Unreachable, UsageWrong
from transfer_service.client.watch.board import Board
from transfer_service.client.watch.follow import LONGEST_WAIT_S, follow, look_through
from transfer_service.client.watch.gone import FolderGone
from transfer_service.client.watch.watcher import Look

QUIET, BUSY, GROWING = Look(False, 0, 0, 0), Look(True, 0, 0, 0), Look(False, 1, 1, 0)


class Run:
    """What `follow` does with a row of looks; Ctrl-C comes after the last."""

    def __init__(self, *looks: Look | Exception) -> None:
        self.looks, self.pauses, self.told = [*looks], [], []

    def look(self, _now: object) -> Look:
        if not self.looks:
            raise Interrupted
        left = self.looks.pop(0)
        if isinstance(left, Exception):
            raise left
        return left

    def tell(self, event: str, _words: str, *, loud: bool, **_facts: object) -> None:
        assert loud
        self.told.append(event)

    def follow(self) -> "Run":
        with pytest.raises(Interrupted):
            follow(self.look, self.pauses.append, Board(self.tell), 20.0)
        return self


def test_it_looks_again_at_once_after_it_did_something_and_pauses_else():
    assert Run(BUSY, BUSY, QUIET, QUIET).follow().pauses == [20, 20]


@pytest.mark.parametrize("trouble", [Unreachable(), TokenRefused(), FolderGone()])
def test_trouble_is_waited_for_more_and_more_patiently_and_told_once(trouble):
    run = Run(*[trouble] * 6, QUIET, trouble, QUIET).follow()
    assert run.pauses == [20, 40, 80, 160, LONGEST_WAIT_S, LONGEST_WAIT_S, 20, 20, 20]
    assert run.told == ["trouble", "trouble_over"] * 2


def test_what_a_person_must_mend_ends_it():
    with pytest.raises(UsageWrong):
        follow(Run(QUIET, UsageWrong()).look, lambda _s: None, Board(Run().tell), 20.0)


def test_looking_once_waits_once_for_what_may_be_finished_and_does_all_there_is():
    pauses = []
    assert look_through(Run(GROWING, BUSY, BUSY, QUIET).look, pauses.append, 60.0) == QUIET
    assert look_through(Run(QUIET).look, pauses.append, 60.0) == QUIET
    assert look_through(Run(GROWING, GROWING).look, pauses.append, 60.0) == GROWING
    assert pauses == [60, 60]
    with pytest.raises(Unreachable):
        look_through(Run(Unreachable()).look, pauses.append, 60.0)
