"""One process that is kept alive."""

import os
import signal
import sys

import psutil
import pytest

from tests.standalone_process import eventually
from transfer_service.standalone import child as child_module
from transfer_service.standalone.child import Child, Program

SLEEPING = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
CRASHING = "raise SystemExit(3)"
TALKING = "import time\nwhile True: print('x' * 1000, flush=True); time.sleep(0.01)"


@pytest.fixture
def made(tmp_path):
    """Make a child that runs Python code; whatever runs in the end is stopped."""
    children = []

    def make(code: str, stop_within_s: float = 30) -> Child:
        program = Program([sys.executable, "-c", code], dict(os.environ), tmp_path)
        children.append(Child("child", lambda: program, tmp_path / "child.log", stop_within_s=stop_within_s))
        return children[-1]

    yield make
    for child in children:
        child.stop()


def is_up(tmp_path) -> bool:
    return "up" in (tmp_path / "child.log").read_text()


def dies(child: Child) -> bool:
    child.look_after()
    return child.pid is None


def test_it_runs_in_a_session_of_its_own_without_cores(made, tmp_path):
    child = made(SLEEPING)
    child.start()
    assert eventually(lambda: is_up(tmp_path))
    assert os.getsid(child.pid) == child.pid
    assert psutil.Process(child.pid).rlimit(psutil.RLIMIT_CORE) == (0, 0)


def test_what_died_is_started_again_and_later_each_time(made, monkeypatch):
    monkeypatch.setattr(child_module, "FIRST_WAIT_S", 0.01)
    child = made(CRASHING)
    child.start()
    for deaths in (1, 2, 3):
        assert eventually(lambda: dies(child))
        assert child.deaths == deaths
        assert eventually(lambda: child.look_after() or child.pid is not None)


def test_one_that_was_killed_is_started_again(made, tmp_path):
    child = made(SLEEPING)
    child.start()
    assert eventually(lambda: is_up(tmp_path))
    before = child.pid
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: child.look_after() or child.pid not in {None, before})


def test_one_that_will_not_stop_is_killed(made, tmp_path):
    child = made(STUBBORN, stop_within_s=0.1)
    child.start()
    assert eventually(lambda: is_up(tmp_path))
    process = psutil.Process(child.pid)
    child.stop()
    assert not process.is_running()


def test_its_log_is_kept_within_bounds(made, tmp_path, monkeypatch):
    monkeypatch.setattr(child_module, "LOG_BYTES", 20_000)
    child = made(TALKING)
    child.start()
    older = tmp_path / "child.log.1"
    assert eventually(lambda: child.look_after() or older.exists())
    assert older.stat().st_size >= 20_000
    assert eventually(lambda: 0 < (tmp_path / "child.log").stat().st_size < 20_000)
    assert older.stat().st_mode & 0o077 == 0


def test_however_often_it_has_died_it_is_started_again(made, monkeypatch):
    monkeypatch.setattr(child_module, "LONGEST_WAIT_S", 0.01)
    child = made(CRASHING)
    child.start()
    child.deaths = 5000
    assert eventually(lambda: dies(child))
    assert eventually(lambda: child.look_after() or child.pid is not None)


def test_what_an_earlier_start_said_does_not_count(made, tmp_path):
    (tmp_path / "child.log").write_text("up\n")
    child = made(SLEEPING.replace("'up'", "'down'"))
    child.start()
    assert eventually(lambda: child.has_said("down"))
    assert not child.has_said("up")
    child.stop()
    assert not child.has_said("down")


def test_stopping_what_was_never_started_is_nothing(made):
    made(SLEEPING).stop()
