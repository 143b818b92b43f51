"""One process that is kept alive: started, watched, started again when it dies, stopped when told."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

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
        self._log: int | None = None  # its file, whatever becomes of its name
        self._log_before = 0
        self._again_at = 0.0
        self._trim_at = 0.0
        self.deaths = 0

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start it, in a session of its own: a terminal's Ctrl-C reaches the supervisor alone. OSError."""
        self._started_at = time.monotonic()
        program = self._program()
        self._process = subprocess.Popen(  # noqa: S603  # our own programs, by absolute path
            tethered(program.command),
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=self._open_log(),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def look_after(self) -> None:
        """Start it again where it died: soon, and later each time where it keeps dying or can't be started."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                self._trim_log()
                return
            self._died(f"ended with {code}")
        if time.monotonic() >= self._again_at:
            self._start_again()

    def has_said(self, words: str) -> bool:
        """Whether it runs, and printed that since it was last started."""
        if self._log is None or self._process is None or self._process.poll() is not None:
            return False
        size = os.fstat(self._log).st_size
        before = self._log_before if self._log_before <= size else 0  # else somebody emptied it
        return words.encode() in os.pread(self._log, size - before, before)

    def ended(self) -> int | None:
        """Its exit code once it has ended."""
        return self._process.poll() if self._process is not None else None

    def stop(self) -> None:
        """Ask it to end, wait, and end it."""
        if self._process is not None:
            self._end(self._process)
        self._process = None
        self._close_log()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(self._stop_within_s)
        except subprocess.TimeoutExpired:
            _log.warning("%s did not stop within %g s and was killed", self.name, self._stop_within_s)
            process.kill()
            process.wait()

    def _start_again(self) -> None:
        try:
            self.start()
        except OSError as error:  # a full disk, no process to be had: it may pass, and others run on meanwhile
            self._died(f"could not be started ({error.strerror})")

    def _died(self, how: str) -> None:
        if time.monotonic() - self._started_at > STEADY_AFTER_S:
            self.deaths = 0
        wait_s = min(FIRST_WAIT_S * 2 ** min(self.deaths, MOST_DOUBLINGS), LONGEST_WAIT_S)
        self.deaths += 1
        self._process, self._again_at = None, time.monotonic() + wait_s
        _log.warning("%s %s and is started again in %g s; its log says why", self.name, how, wait_s)

    def _open_log(self) -> int:
        """The file that takes what it prints, made anew where somebody removed it, with its folder if need be."""
        self._close_log()
        self._log_path.parent.mkdir(mode=0o700, exist_ok=True)
        self._log = os.open(self._log_path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._log_before = os.fstat(self._log).st_size
        return self._log

    def _close_log(self) -> None:
        if self._log is not None:
            os.close(self._log)
        self._log = None

    def _trim_log(self) -> None:
        """Keep one older log. The child goes on appending to the file that it has open, from its beginning."""
        if self._log is None or time.monotonic() < self._trim_at:
            return
        try:
            size = os.fstat(self._log).st_size
            if size > LOG_BYTES:
                self._keep_older(os.pread(self._log, LOG_BYTES, size - LOG_BYTES))
                os.ftruncate(self._log, 0)
                self._log_before = 0
        except OSError as error:
            self._trim_at = time.monotonic() + LONGEST_WAIT_S
            _log.warning("The log of %s can't be kept within bounds (%s)", self.name, error.strerror)

    def _keep_older(self, text: bytes) -> None:
        """Keep what its log said last; where there is no room for it, that is no reason not to make some."""
        older = self._log_path.with_suffix(".log.1")
        try:
            older.unlink(missing_ok=True)  # which may be the child's own file, moved there by somebody
            _write_all(older, text)
        except OSError as error:
            _log.warning("The older log of %s is lost (%s)", self.name, error.strerror)
            with suppress(OSError):
                older.unlink()


def _write_all(path: Path, octets: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(octets)
