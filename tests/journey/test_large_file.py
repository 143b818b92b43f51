"""A file far larger than any memory that the service may take."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from tests.standalone_process import clean_environment, told_within

CHECKOUT = Path(__file__).parents[2]
SIZE = 3 * 2**30
MOST_RSS = 200 * 10**6
WITHIN_S = 1800


@pytest.fixture
def roomy(tmp_path):
    """A folder that is emptied at once: pytest keeps its own for a while."""
    yield tmp_path
    shutil.rmtree(tmp_path)


class PeakWatcher(threading.Thread):
    """The highest VmHWM (bytes) that any Python process of a family ever showed, by its command line."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peaks: dict[str, int] = {}
        self._root, self._over = psutil.Process(pid), threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.1):
            for process in self._family():
                self._look(process)

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _family(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _look(self, process: psutil.Process) -> None:
        try:
            command = process.cmdline()
            status = Path(f"/proc/{process.pid}/status").read_text()
        except (psutil.Error, OSError):
            return
        peak = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
        if command and "python" in Path(command[0]).name:
            name = f"{process.pid} {' '.join(command)}"
            self.peaks[name] = max(peak, self.peaks.get(name, 0))


def test_three_gigabytes_come_back_equal_and_no_process_ever_holds_200_mb(roomy):
    slide = roomy / "files" / "test3-TRITC 2 (560).ndpi"
    slide.parent.mkdir()
    with slide.open("wb") as file:
        file.write(os.urandom(4096))
        file.truncate(SIZE)
        file.seek(SIZE - 4096)
        file.write(os.urandom(4096))
    player = subprocess.Popen(
        [sys.executable, "-m", "scripts.journey", str(slide.parent), "--check", "--data", str(roomy / "data")],
        cwd=CHECKOUT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watcher = PeakWatcher(player.pid)
    watcher.start()
    told = told_within(player, WITHIN_S)
    watcher.stop()
    peaks = "\n".join(f"{peak / 10**6:.0f} MB  {name}" for name, peak in watcher.peaks.items())
    sys.stdout.write(f"{told}\n{peaks}\n")
    assert player.returncode == 0, told
    assert {word for peak in watcher.peaks for word in ("serve", "worker", "journey") if word in peak} == {
        "serve",
        "worker",
        "journey",
    }
    too_much = {name: f"{peak / 10**6:.0f} MB" for name, peak in watcher.peaks.items() if peak > MOST_RSS}
    assert not too_much
