"""A service to measure, with one large file deposited, released and redeemed, and plain boto3 beside it."""

import contextlib
import io
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil

from scripts.http_client import MIB, LocalFile, Service, digest_of, read_slice
from scripts.journey import Journey
from scripts.standalone import Standalone, free_port, started


@dataclass(frozen=True)
class Installation:
    """A running service, a journey that has come to its redemption, and the file that it carried."""

    standalone: Standalone
    journey: Journey
    file: LocalFile

    @property
    def service(self) -> Service:
        """Where the API is."""
        return self.standalone.service

    @property
    def access_token(self) -> str:
        """The reviewer's token."""
        return str(self.journey.redeemed["access_token"])

    @property
    def file_path(self) -> str:
        """Where the reviewer downloads the file."""
        return f"/redeemed/files/{self.journey.redeemed['files'][0]['id']}"

    def s3(self) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """boto3 with its defaults, to the very store that the service uses."""
        settings = tomllib.loads((self.standalone.data / "settings.toml").read_text())
        return boto3.client(
            "s3",
            endpoint_url=settings["s3_endpoint_url"],
            region_name=settings.get("s3_region", "us-east-1"),
            aws_access_key_id=settings["s3_access_key_id"],
            aws_secret_access_key=settings["s3_secret_access_key"],
        )


@contextmanager
def installed(folder: Path, size_bytes: int) -> Iterator[Installation]:
    """Start, deposit, release and redeem a file of random bytes; stop at the end."""
    file = random_file(folder / "source", size_bytes)
    with started(folder / "data", free_port(0)) as standalone:
        journey = Journey(standalone, file.place.parent)
        with contextlib.redirect_stdout(io.StringIO()):
            for step in (journey.enrol, journey.open_packet, journey.deposit, journey.close, journey.ask_the_patient):
                step()
            for step in (journey.sign, journey.issue, journey.redeem):
                step()
        yield Installation(standalone, journey, file)


def random_file(folder: Path, size_bytes: int) -> LocalFile:
    """Bytes that no layer can compress."""
    folder.mkdir()
    place = folder / "slide.svs"
    with place.open("wb") as file:
        for start in range(0, size_bytes, MIB):
            file.write(os.urandom(min(MIB, size_bytes - start)))
    return LocalFile("slide.svs", place, size_bytes, digest_of(read_slice(place, 0, size_bytes)))


def peak_rss_mib(data: Path) -> dict[str, float]:
    """The most memory each process of the installation ever held (VmHWM), by what it does."""
    peaks: dict[str, float] = {}
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        role = _role(words)
        if role and _belongs(process, data):
            peaks[role] = max(peaks.get(role, 0.0), _high_water_mib(process.pid))
    return peaks


def _role(words: list[str]) -> str | None:
    if any(word.endswith("/weed") for word in words[:1]):
        return "SeaweedFS (Go)"
    return next((role for role in ("standalone", "serve", "worker") if role in words), None)


def _belongs(process: psutil.Process, data: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return str(data) in " ".join([*process.cmdline(), *process.environ().values()])
    return False


def _high_water_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
