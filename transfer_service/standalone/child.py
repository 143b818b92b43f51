"""One process that is kept alive: started, watched, started again when it dies, stopped when told."""

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from transfer_service.standalone.tether import tethered

_log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 10.0
MOST_DOUBLINGS = 10  # enough to come to the longest wait, and never too large a number
STEADY_AFTER_S = 20.0
LOG_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs: a command line without secrets, all of its environment, and its working folder."""

    command: list[str]
    environment: Mapping[str, str]
    folder: Path


class Child:
    """A process by ``name``. ``program`` is asked anew at every start; ``log`` takes what it prints."""

    def __init__(self, name: str, program: Callable[[], Program], log: Path, *, stop_within_s: float) -> None:
        self.name = name
        self._program, self._log_path, self._stop_within_s = program, log, stop_within_s
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._log_before = 0
        self._again_at = 0.0
        self.deaths = 0

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start it, in a session of its own: a terminal's Ctrl-C reaches the supervisor alone."""
        program = self._program()
        with self._opened_log() as log:
            self._log_before = log.tell()
            self._process = subprocess.Popen(  # noqa: S603  # our own programs, by absolute path
                tethered(program.command),
                env=dict(program.environment),
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started_at = time.monotonic()

    def look_after(self) -> None:
        """Start it again where it died: soon, and later each time where it keeps dying."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                self._trim_log()
                return
            self._died(code)
        if time.monotonic() >= self._again_at:
            self.start()

    def has_said(self, words: str) -> bool:
        """Whether it runs, and printed that since it was last started."""
        if self._process is None or self._process.poll() is not None:
            return False
        with self._log_path.open("rb") as log:
            log.seek(self._log_before)
            return words.encode() in log.read()

    def ended(self) -> int | None:
        """Its exit code once it has ended."""
        return self._process.poll() if self._process is not None else None

    def stop(self) -> None:
        """Ask it to end, wait, and end it."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(self._stop_within_s)
        except subprocess.TimeoutExpired:
            _log.warning("%s did not stop within %g s and was killed", self.name, self._stop_within_s)
            self._process.kill()
            self._process.wait()
        self._process = None

    def _died(self, code: int) -> None:
        if time.monotonic() - self._started_at > STEADY_AFTER_S:
            self.deaths = 0
        wait_s = min(FIRST_WAIT_S * 2 ** min(self.deaths, MOST_DOUBLINGS), LONGEST_WAIT_S)
        self.deaths += 1
        self._process, self._again_at = None, time.monotonic() + wait_s
        _log.warning("%s ended with %d and is started again in %g s; see %s", self.name, code, wait_s, self._log_path)

    def _opened_log(self) -> BinaryIO:
        return os.fdopen(os.open(self._log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")

    def _trim_log(self) -> None:
        """Keep one older log. The child goes on appending to the file that it has open, from its beginning."""
        if self._log_path.stat().st_size > LOG_BYTES:
            shutil.copy(self._log_path, self._log_path.with_suffix(".log.1"))
            os.truncate(self._log_path, 0)
            self._log_before = 0
