"""What is not well is told within a bounded time, whatever it does; and a storm of questions costs nothing."""

import threading
import time

import pytest

from transfer_service.edge.readiness import Readiness
from transfer_service.errors import Unavailable


def well() -> None:
    pass


def away() -> None:
    raise Unavailable("/canary")


def broken() -> None:
    raise ZeroDivisionError


def test_each_part_has_one_word_and_no_details() -> None:
    readiness = Readiness({"database": well, "store": away, "keyring": broken})
    assert readiness.parts() == {"database": "ok", "store": "unavailable", "keyring": "unavailable"}
    with pytest.raises(Unavailable):
        readiness.check()


def test_where_all_is_well_it_is_ready() -> None:
    Readiness({"database": well, "store": well}).check()


def test_parts_that_hang_cost_one_deadline_together_and_one_thread_each() -> None:
    goes_on, asked = threading.Event(), []

    def hangs() -> None:
        asked.append(threading.current_thread())
        goes_on.wait(30)

    readiness = Readiness({"a": hangs, "b": hangs, "c": well}, within_s=1, kept_for_s=0)
    began = time.monotonic()
    assert readiness.parts() == {"a": "unavailable", "b": "unavailable", "c": "ok"}
    assert time.monotonic() - began < 2
    assert readiness.parts()["a"] == "unavailable"
    assert len(asked) == 2
    goes_on.set()
    for thread in asked:
        thread.join()
    assert set(readiness.parts().values()) == {"ok"}


def test_while_somebody_waits_for_a_part_that_hangs_the_others_are_told_what_was_found_last() -> None:
    goes_on, asked, answers = threading.Event(), threading.Event(), []

    def hangs_the_second_time() -> None:
        if answers:
            asked.set()
            goes_on.wait(30)

    readiness = Readiness({"a": hangs_the_second_time}, within_s=30, kept_for_s=0)
    answers.append(readiness.parts())
    waiting = threading.Thread(target=lambda: answers.append(readiness.parts()))
    waiting.start()
    assert asked.wait(30)
    assert readiness.parts() == {"a": "ok"}
    assert len(answers) == 1
    goes_on.set()
    waiting.join(30)


def test_a_storm_of_questions_asks_once() -> None:
    asked = []
    readiness = Readiness({"a": lambda: asked.append(1)}, kept_for_s=60)
    together = threading.Barrier(20)

    def ask() -> None:
        together.wait(30)
        readiness.check()

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [1]
