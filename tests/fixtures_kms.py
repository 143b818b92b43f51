"""AWS KMS as moto plays it: a server of its own with one key, for as long as the session lasts.

moto keeps keys in memory, knows no permissions and no state of a key, and answers AccessDenied where AWS answers
IncorrectKey: what those do is tried with answers from a can.
"""

import json
import os
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from transfer_service.adapters.keyring import KmsKeyring
from transfer_service.adapters.seaweedfs import free_ports

REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "an-access-key-id", "AWS_SECRET_ACCESS_KEY": "a-secret-access-key"}


@dataclass(frozen=True)
class Kms:
    """A KMS that answers at ``port``, with one key in it."""

    port: int
    key_id: str
    recording: Path

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, port: int | None = None) -> dict[str, str]:
        """What an installation is told that keeps its keys here, or behind ``port``."""
        return CREDENTIALS | {
            "TRANSFER_SERVICE_KEYRING": "kms",
            "TRANSFER_SERVICE_KMS_KEY_ID": self.key_id,
            "TRANSFER_SERVICE_KMS_REGION": REGION,
            "TRANSFER_SERVICE_KMS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
        }

    def asked(self) -> list[dict[str, Any]]:
        """Every question that came, as it came: what CloudTrail would show."""
        entries = [json.loads(line) for line in self.recording.read_text().splitlines()]
        bodies = [json.loads(b64decode(entry["body"])) for entry in entries if "X-Amz-Target" in entry["headers"]]
        targets = [entry["headers"]["X-Amz-Target"] for entry in entries if "X-Amz-Target" in entry["headers"]]
        return [{"operation": each.rpartition(".")[2], **body} for each, body in zip(targets, bodies, strict=True)]

    def keyring(self, port: int | None = None, **options: float) -> KmsKeyring:
        """Its key as a keyring; the process needs CREDENTIALS."""
        endpoint_url = f"http://127.0.0.1:{port or self.port}"
        return KmsKeyring(key_id=self.key_id, region=REGION, endpoint_url=endpoint_url, **options)


def chosen_keyring(config: pytest.Config) -> str:
    """``local`` or ``kms``: what installations of this session keep their keys in."""
    return str(config.getoption("--keys"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keys", choices=["local", "kms"], default="local", help="What installations keep keys in.")


@contextmanager
def running_kms(log: Path) -> Iterator[Kms]:
    """moto's KMS as a process, until the block ends."""
    (port,) = free_ports(1)
    recording = log.with_suffix(".recording")
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env={**os.environ, "MOTO_ENABLE_RECORDING": "1", "MOTO_RECORDER_FILEPATH": str(recording)},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Kms(port, _new_key(port, process, log), recording)
    finally:
        process.kill()
        process.wait()


def kms_client(port: int) -> "boto3.client":
    return boto3.client(
        "kms",
        region_name=REGION,
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )


def _new_key(port: int, process: "subprocess.Popen[bytes]", log: Path, within_s: float = 60) -> str:
    client, deadline = kms_client(port), time.monotonic() + within_s
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return str(client.create_key(Description="tests")["KeyMetadata"]["KeyId"])
        except (BotoCoreError, ClientError):
            time.sleep(0.05)
    pytest.fail(log.read_text(errors="replace")[-4000:])


@pytest.fixture(scope="session")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    """moto's KMS, running for the whole session."""
    with running_kms(tmp_path_factory.mktemp("kms") / "kms.log") as kms:
        yield kms


@pytest.fixture(scope="session", autouse=True)
def keys_of_installations(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """With ``--keys kms``: every installation that this session starts keeps its keys in moto's KMS."""
    if chosen_keyring(request.config) == "local":
        return {}
    environment: dict[str, str] = request.getfixturevalue("kms").environment()
    INSTALLATIONS.update(environment)
    os.environ.update(environment)  # for the scripts, and for keyrings in this very process
    return environment


INSTALLATIONS: dict[str, str] = {}
"""What the environment of every installation holds besides; filled once, when a session begins with ``--keys kms``."""
