"""Several ``serve`` and ``worker`` beside each other, without a supervisor: one settings file and one of all else."""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures_kms import INSTALLATIONS
from tests.fixtures_seaweedfs import bucket_of, drop
from tests.standalone_process import ROOT, clean_environment, eventually
from transfer_service.adapters.seaweedfs import SeaweedFS, free_ports

READY_WITHIN_S = 60
STOP_WITHIN_S = 45
_SETTINGS = """\
database_url = "{database_url}"
{keyring}
s3_endpoint_url = "{store.endpoint_url}"
s3_access_key_id = "{store.access_key_id}"
s3_secret_access_key = "{store.secret_access_key}"
s3_bucket = "{bucket}"
public_url = "http://127.0.0.1:{ports[0]}"
more_hosts = {hosts}
lease_for_s = {lease_for_s}
"""


@dataclass(frozen=True)
class Replica:
    """One web server, for whoever calls an installation (``tests.journey.hospital``)."""

    replicas: "Replicas"
    base_url: str

    @property
    def data_dir(self) -> Path:
        return self.replicas.folder

    def cli(self, *words: str) -> Any:
        return self.replicas.cli(*words)


@dataclass
class Replicas:
    """Processes by name, ``serve-1`` and ``worker-1`` onwards, on the settings in ``folder``; each killable alone."""

    folder: Path
    ports: list[int]
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    @property
    def serves(self) -> list[Replica]:
        return [Replica(self, f"http://127.0.0.1:{port}") for port in self.ports]

    def start(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """Start it, and wait until it answers or works."""
        command = name.partition("-")[0]
        bind = {"TRANSFER_SERVICE_BIND": f"127.0.0.1:{self._port(name)}"} if command == "serve" else {}
        with self._log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "transfer_service.cli", command],
                cwd=ROOT, env=self._environment() | bind | dict(environment or {}),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        ready = (lambda: _is_ready(self._port(name))) if command == "serve" else (lambda: '"working"' in self.log(name))
        if not eventually(lambda: ready() or self.processes[name].poll() is not None, READY_WITHIN_S) or not ready():
            pytest.fail(f"{name} did not start:\n{self.log(name)[-4000:]}")

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def signal(self, name: str, how: signal.Signals) -> None:
        self.processes[name].send_signal(how)

    def stop(self, name: str) -> int:
        """SIGTERM, and the exit status."""
        process = self.processes.pop(name)
        process.terminate()
        try:
            return process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"{name} did not stop:\n{self.log(name)[-4000:]}")

    def cli(self, *words: str) -> Any:
        """What an operator's command answers in JSON."""
        done = self.run_cli(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run_cli(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """An operator's command, as it ends."""
        return subprocess.run(
            [sys.executable, "-m", "transfer_service.cli", *words],
            cwd=ROOT, env=self._environment() | environment, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip

    def log(self, name: str) -> str:
        return self._log(name).read_text(errors="replace")

    def _environment(self) -> dict[str, str]:
        return clean_environment() | {"TRANSFER_SERVICE_CONFIG": str(self.folder / "settings.toml")}

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _port(self, name: str) -> int:
        return self.ports[int(name.partition("-")[2]) - 1]


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def prepared(
    folder: Path, store: SeaweedFS, *, database_url: str, serves: int = 2, lease_for_s: int = 3
) -> Iterator[Replicas]:
    """Settings, keys, schema and bucket, and nothing that runs yet; whatever was started ends with the block.

    ``database_url``: an empty database's.
    """
    ports, bucket = free_ports(serves), f"bucket-{secrets.token_hex(6)}"
    text = _SETTINGS.format(
        database_url=database_url,
        keyring="" if INSTALLATIONS else 'keyring_path = "keyring.json"',
        store=store,
        bucket=bucket,
        ports=ports,
        hosts=json.dumps([f"127.0.0.1:{port}" for port in ports]),
        lease_for_s=lease_for_s,
    )
    (folder / "settings.toml").touch(0o600)
    (folder / "settings.toml").write_text(text)
    replicas = Replicas(folder, ports)
    if not INSTALLATIONS:
        replicas.cli("keyring", "create")
    replicas.cli("migrate", "--with-bucket")
    try:
        yield replicas
    finally:
        for name in list(replicas.processes):
            os.kill(replicas.processes[name].pid, signal.SIGCONT)
            replicas.kill(name)
        drop(bucket_of(store, bucket))


@contextmanager
def running(replicas: Replicas, *, workers: int = 2) -> Iterator[Replicas]:
    """Every ``serve`` and so many workers, started one after the other; stopped by SIGTERM where nobody killed them."""
    for number, _ in enumerate(replicas.ports, 1):
        replicas.start(f"serve-{number}")
    for number in range(1, workers + 1):
        replicas.start(f"worker-{number}")
    yield replicas
    for name in list(replicas.processes):
        assert replicas.stop(name) == 0, replicas.log(name)[-4000:]
