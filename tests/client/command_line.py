"""The `packet` command in a process of its own, with its state and its configuration in folders of the test's own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("packet")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1]


@dataclass(frozen=True)
class Desk:
    """Somebody's desk: their own home, state and environment; no system keyring."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = (str(COMMAND),)

    def with_(self, **environment: str) -> "Desk":
        return Desk(self.home, {**self.environment, **environment}, self.command)

    def env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.home),
            "PACKET_STATE_DIR": str(self.home / "state"),
            "PACKET_CONFIG": str(self.home / "packet.toml"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **self.environment,
        }

    def packet(self, *words: object, told: str = "", within_s: float = 120) -> Ended:
        done = subprocess.run(
            [*self.command, *map(str, words)], env=self.env(), input=told, capture_output=True,
            encoding="utf-8", errors="replace", timeout=within_s, check=False,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def running(self, *words: object, told_later: bool = False) -> Iterator["subprocess.Popen[str]"]:
        """The same while it runs; killed at the end of the block."""
        with subprocess.Popen(
            [*self.command, *map(str, words)], env=self.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, stdin=subprocess.PIPE if told_later else subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.kill()
