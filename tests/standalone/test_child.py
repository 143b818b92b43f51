"""One process that is kept alive."""

import errno
import os
import shutil
import signal
import sys
from types import SimpleNamespace

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


def test_what_died_is_started_again_and_later_each_time(made):
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
    assert eventually(lambda: child.look_after() or 0 < (tmp_path / "child.log").stat().st_size < 20_000)
    assert older.stat().st_mode & 0o077 == 0


def test_however_often_it_has_died_it_is_started_again(made, monkeypatch):
    monkeypatch.setattr(child_module, "LONGEST_WAIT_S", 0.01)
    child = made(CRASHING)
    child.start()
    child.deaths = 5000
    assert eventually(lambda: dies(child))
    assert eventually(lambda: child.look_after() or child.pid is not None)


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_one_that_can_not_be_started_is_tried_again_later_each_time_and_says_so_once(made, monkeypatch, caplog):
    now = 1000.0
    monkeypatch.setattr(child_module, "time", SimpleNamespace(monotonic=lambda: now))
    child = made(CRASHING)
    child.start()
    assert child._process.wait(30) == 3
    child._program, program = full_disk, child._program
    child.look_after()
    waits_s = []
    for deaths in range(1, 10):
        waits_s.append(round(child._again_at - now, 1))
        now = child._again_at - 0.01
        child.look_after()
        assert child.deaths == deaths
        now = child._again_at
        child.look_after()
    assert waits_s == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10, 10]
    said = [record.getMessage() for record in caplog.records if "child" in record.getMessage()]
    assert len(said) == 10
    assert "could not be started (No space left on device)" in said[-1]
    child._program = program
    now = child._again_at
    child.look_after()
    assert child.pid is not None


def test_a_log_that_was_removed_stops_nothing_and_is_made_anew_at_the_next_start(made, tmp_path, monkeypatch):
    monkeypatch.setattr(child_module, "FIRST_WAIT_S", 0.01)
    child = made(SLEEPING)
    (tmp_path / "logs").mkdir()
    child._log_path = tmp_path / "logs" / "child.log"
    child.start()
    shutil.rmtree(tmp_path / "logs")
    child.look_after()
    assert eventually(lambda: child.has_said("up"))
    before = child.pid
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: child.look_after() or child.pid not in {None, before})
    assert eventually(lambda: "up" in child._log_path.read_text())


def test_a_log_that_was_moved_to_where_the_older_one_is_kept_is_bounded_all_the_same(made, tmp_path, monkeypatch):
    monkeypatch.setattr(child_module, "LOG_BYTES", 20_000)
    child = made(TALKING)
    child.start()
    (tmp_path / "child.log").rename(tmp_path / "child.log.1")
    assert eventually(lambda: child.look_after() or os.fstat(child._log).st_nlink == 0)
    assert (tmp_path / "child.log.1").stat().st_size >= 20_000
    assert eventually(lambda: child.look_after() or 0 < os.fstat(child._log).st_size < 20_000)


def test_a_log_of_which_no_copy_can_be_kept_is_emptied_all_the_same(made, tmp_path, monkeypatch):
    monkeypatch.setattr(child_module, "LOG_BYTES", 20_000)
    child = made(TALKING)
    child.start()
    log = tmp_path / "child.log"
    assert eventually(lambda: log.stat().st_size > 20_000)
    monkeypatch.setattr(child_module, "_write_all", full_disk)
    child.look_after()
    assert log.stat().st_size < 20_000
    assert not (tmp_path / "child.log.1").exists()


def test_a_log_that_can_not_be_emptied_is_complained_of_once_in_a_while(made, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(child_module, "LOG_BYTES", 2000)
    child = made(TALKING)
    child.start()
    assert eventually(lambda: (tmp_path / "child.log").stat().st_size > 2000)
    monkeypatch.setattr(child_module.os, "ftruncate", full_disk)
    for _ in range(50):
        child.look_after()
    assert [record.getMessage() for record in caplog.records if "log" in record.getMessage()] == [
        "The log of child can't be kept within bounds (No space left on device)"
    ]


def test_a_log_that_somebody_emptied_is_read_from_its_beginning(made, tmp_path):
    (tmp_path / "child.log").write_text("an earlier start\n" * 100)
    child = made(
        "import os, time\nwhile os.fstat(1).st_size: time.sleep(0.01)\nprint('up', flush=True); time.sleep(600)"
    )
    child.start()
    os.truncate(tmp_path / "child.log", 0)
    assert eventually(lambda: child.has_said("up"))


def test_a_stopped_child_holds_no_file(made):
    child = made(SLEEPING)
    child.start()
    held = child._log
    child.stop()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(held)


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
