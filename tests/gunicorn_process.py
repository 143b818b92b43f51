"""A real gunicorn in a process of its own, for any app factory; see ``running_gunicorn``."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class GunicornProcess:
    url: str
    log_path: Path
    process: "subprocess.Popen[str]"

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname
        assert parts.port
        return parts.hostname, parts.port

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def log(self) -> str:
        return self.log_path.read_text()

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@contextmanager
def running_gunicorn(
    factory: str,
    log_path: Path,
    *,
    env: Mapping[str, str] | None = None,
    threads: int = 8,
    patience: Mapping[str, float] | None = None,
    open_files: int | None = None,
) -> Iterator[GunicornProcess]:
    """Serve ``module:factory`` (no arguments; called in the worker, with ``env`` added) until the block ends.

    ``patience``: fields of gateway_worker.Patience that are to differ, for tests that wait for an end. ``open_files``:
    the hard limit under which it runs.
    """
    limited = ["prlimit", f"--nofile={open_files}:{open_files}"] if open_files else []
    words = [factory, str(threads), json.dumps(dict(patience or {}))]
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [*limited, sys.executable, "-m", "tests.serve_factory", *words],
            cwd=ROOT, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on "), f"gunicorn did not start:\n{log_path.read_text()}"
        yield GunicornProcess(line.removeprefix("listening on ").strip(), log_path, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
