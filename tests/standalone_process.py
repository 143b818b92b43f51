"""A real ``transfer-service standalone`` in a process of its own, and the fixture that lends one to a session."""

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.databases import Databases, Kept
from tests.fixtures_kms import INSTALLATIONS
from tests.salts import check_stored_salts
from transfer_service.adapters.s3 import S3ObjectStore
from transfer_service.app import object_store
from transfer_service.settings import load_settings

ROOT = Path(__file__).parents[1]
READY_WITHIN_S = 90
STOP_WITHIN_S = 60
PORT = ("--port", "0")
CHILDREN = {"seaweedfs": "weed", "serve": "serve", "worker": "worker"}


@dataclass
class Standalone:
    """A standalone installation over ``data_dir``; running between ``start`` and ``stop`` or ``kill_everything``.

    ``kept`` is its database, where that is to be another than the file in its folder; ``told`` is set besides.
    """

    data_dir: Path
    options: tuple[str, ...] = PORT
    kept: Kept | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""
    started_in_s: float = 0.0
    process: "subprocess.Popen[str] | None" = None
    _lines: "queue.Queue[str]" = field(default_factory=queue.Queue)
    _reader: threading.Thread | None = None

    def start(self) -> "Standalone":
        """Start it, and wait for its one line."""
        started_at = time.monotonic()
        self.process = self.spawn()
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=_read, args=(self.process, self._lines), daemon=True)
        self._reader.start()
        line = self._first_line()
        self.started_in_s = time.monotonic() - started_at
        self.base_url = line.removeprefix("listening on ").strip()
        return self

    @contextmanager
    def running(self) -> Iterator["Standalone"]:
        """Start it, look at the salts in its store and stop it; not where it was stopped or killed for good."""
        self.start()
        try:
            yield self
            if self.process is not None:
                check_stored_salts(self.store())
        finally:
            if self.process is not None:
                self.stop()

    def spawn(self) -> "subprocess.Popen[str]":
        """Start it and wait for nothing."""
        with (self.data_dir.parent / f"{self.data_dir.name}.stderr").open("w") as stderr:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "transfer_service.cli",
                    "standalone",
                    "--data",
                    str(self.data_dir),
                    *self.options,
                ],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )

    def stderr(self) -> str:
        return (self.data_dir.parent / f"{self.data_dir.name}.stderr").read_text()

    def more_lines(self) -> list[str]:
        """What it printed on stdout after its one line."""
        return list(self._lines.queue)

    def cli(self, *words: str) -> Any:
        """What an operator's command answers in JSON."""
        done = self.run_cli(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run_cli(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """An operator's command beside it, as it ends."""
        return subprocess.run(
            [sys.executable, "-m", "transfer_service.cli", *words, "--data", str(self.data_dir)],
            cwd=ROOT, env=self.environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """What its processes, and the operator's commands beside it, are told by the environment."""
        named = {} if self.kept is None else {"TRANSFER_SERVICE_DATABASE_URL": self.kept.url}
        return clean_environment() | named | self.told

    def pid(self, name: str) -> int:
        """The process id of ``supervisor``, ``seaweedfs``, ``serve`` or ``worker``; KeyError while it is down."""
        return self.pids()[name]

    def pids(self) -> dict[str, int]:
        """Every process by name; the web server's own children are not named."""
        assert self.process is not None
        found = {"supervisor": self.process.pid}
        for child in psutil.Process(self.process.pid).children():
            for name, word in CHILDREN.items():
                if word in [Path(each).name for each in _command_line(child)]:
                    found[name] = child.pid
        return found

    def family(self) -> list[psutil.Process]:
        """The supervisor and all its descendants."""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def store(self) -> S3ObjectStore:
        """Its bucket, at the port where SeaweedFS runs now: another than in the settings where that was taken."""
        assert eventually(lambda: "seaweedfs" in self.pids())
        option = "-s3.port="
        (port,) = [
            word.removeprefix(option)
            for word in _command_line(psutil.Process(self.pid("seaweedfs")))
            if word.startswith(option)
        ]
        settings = load_settings({"TRANSFER_SERVICE_DATA": str(self.data_dir)})
        return object_store(replace(settings, s3_endpoint_url=f"http://127.0.0.1:{port}"))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop; the exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        status = self.process.wait(STOP_WITHIN_S)
        self._close()
        return status

    def kill(self) -> None:
        """kill -9 of the supervisor alone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self._close()

    def kill_everything(self) -> None:
        """kill -9 of every process at once."""
        for each in self.family():
            each.kill()
        self.kill()

    def log(self, name: str) -> str:
        return (self.data_dir / "logs" / f"{name}.log").read_text(errors="replace")

    def _first_line(self) -> str:
        try:
            line = self._lines.get(timeout=READY_WITHIN_S)
        except queue.Empty:
            line = "nothing"
        if not re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", line):
            self.kill()
            pytest.fail(f"it said {line!r}\n{self.stderr()}\n{self._logs()}")
        return line

    def _logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in self.data_dir.glob("logs/*.log"))

    def _close(self) -> None:
        self.process = None
        if self._reader is not None:
            self._reader.join()


def _read(process: "subprocess.Popen[str]", lines: "queue.Queue[str]") -> None:
    """Pass on what that process prints, then an empty line: to its own queue, for the next start has another."""
    assert process.stdout is not None
    with process.stdout as printed:
        for line in printed:
            lines.put(line)
    lines.put("")


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRANSFER_SERVICE_")}
    return kept | INSTALLATIONS


def told_within(process: "subprocess.Popen[str]", within_s: float) -> str:
    """What a process prints until it ends; fails, and ends it and its family, where that takes longer."""
    try:
        return process.communicate(timeout=within_s)[0]
    except subprocess.TimeoutExpired as overdue:
        for each in psutil.Process(process.pid).children(recursive=True):
            each.kill()
        process.kill()
        process.wait()
        pytest.fail(f"not within {within_s:g} s: {overdue.output!r}")


def everything_in(folder: Path) -> list[Path]:
    """All files and folders below it; what goes away meanwhile is passed over, as rglob can't."""
    return [Path(base, name) for base, folders, names in os.walk(folder) for name in (*folders, *names)]


def eventually(what: Callable[[], bool], within_s: float = 120) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.05)
    return False


def listens(port: int) -> bool:
    """Whether a program on this machine takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


NewStandalone = Callable[[Path], Standalone]


@pytest.fixture(scope="session")
def new_standalone(databases: Databases) -> NewStandalone:
    """Makes an installation in a folder that is not there yet, on a database of its own. It does not run yet."""
    return lambda data_dir: Standalone(data_dir, kept=databases.empty(data_dir))


@pytest.fixture(scope="session")
def standalone(new_standalone: NewStandalone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    """One installation for the whole session, whose webhooks may go inside. Enrol an organization of your own in it."""
    installation = new_standalone(tmp_path_factory.mktemp("standalone") / "data")
    installation.told = {"TRANSFER_SERVICE_WEBHOOK_PRIVATE_ADDRESSES": "true"}
    with installation.running():
        yield installation
