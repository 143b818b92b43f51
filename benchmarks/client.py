"""How fast `packet` sends and fetches, beside curl at the same gateway: in turn, each first every other time.

curl sends the file in one request, and fetches it without looking at it. The command hashes each byte twice on the
way out and once on the way in. Both times run from the start of the process: sending, until the service has taken the
whole file; fetching, until it is on disk.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.installation import Installation
from benchmarks.throughput import settle
from scripts.http_client import MIB
from scripts.journey import in_days

COMMAND = Path(sys.executable).with_name("packet")
PASSCODE = "correct horse battery"


def measured(installation: Installation, runs: int) -> dict[str, float]:
    """MiB/s of each way, and the ratios, as medians over ``runs`` interleaved rounds."""
    with tempfile.TemporaryDirectory() as folder:
        ways = _Ways(installation, Path(folder))
        pairs = ((ways.curl_send, ways.packet_send), (ways.curl_fetch, ways.packet_fetch))
        speeds: dict[str, list[float]] = {}
        for number in range(runs):
            for pair in pairs:
                for work in pair if number % 2 == 0 else reversed(pair):
                    settle(installation)
                    speeds.setdefault(work.__name__, []).append(installation.file.size / MIB / work())
    ratios = {
        f"client_{way}_ratio": median(
            ours / curl for ours, curl in zip(speeds[f"packet_{way}"], speeds[f"curl_{way}"], strict=True)
        )
        for way in ("send", "fetch")
    }
    return {name: median(each) for name, each in speeds.items()} | ratios


class _Ways:
    """Each gives the seconds that it took."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self._installation, self._folder = installation, folder
        self._environment = {
            **os.environ,
            "PACKET_STATE_DIR": str(folder / "state"),
            "PACKET_CONFIG": str(folder / "packet.toml"),
            "PACKET_SERVER": installation.service.base_url,
            "TRANSFER_SERVICE_TOKEN": installation.journey.depositor,
        }

    def curl_send(self) -> float:
        """The whole file in one request."""
        self._installation.journey.open_packet()
        url = f"{self._api}/packets/{self._installation.journey.packet['id']}/content/slide.svs"
        return self._curl(self._installation.journey.depositor, "-T", str(self._installation.file.place), url)

    def packet_send(self) -> float:
        """By parts, until the service has taken the file; it is left to close afterwards."""
        words = ["send", str(self._installation.file.place.parent), "--new", "--json", *_CASE]
        began = time.monotonic()
        with self._packet(*words) as sending:
            assert sending.stdout is not None  # noqa: S101 - it is a pipe
            taken = 0.0
            for line in sending.stdout:
                event = json.loads(line)
                if event["event"] == "file_done":
                    taken = time.monotonic() - began
        return _done(sending, taken)

    def curl_fetch(self) -> float:
        """The whole file in one answer."""
        url, place = f"{self._api}{self._installation.file_path}", self._folder / "by-curl"
        place.unlink(missing_ok=True)
        took = self._curl(self._installation.access_token, "-o", str(place), url)
        began = time.monotonic()
        with place.open("r+b") as file:
            os.fsync(file.fileno())
        return took + time.monotonic() - began

    def packet_fetch(self) -> float:
        """From a link to a file that is proved right."""
        code = self._folder / "code"
        code.write_text(PASSCODE)
        words = [
            "fetch",
            self._link(),
            str(self._folder / f"got-{time.monotonic_ns()}"),
            "--code-from",
            str(code),
            "--json",
        ]
        began = time.monotonic()
        with self._packet(*words) as fetching:
            fetching.communicate()
        return _done(fetching, time.monotonic() - began)

    @property
    def _api(self) -> str:
        return f"{self._installation.service.base_url}/api/v1"

    def _link(self) -> str:
        journey = self._installation.journey
        made = journey.service.post(
            f"/packets/{journey.release['packet_id']}/links",
            journey.coordinator,
            release_id=journey.release["id"],
            recipient_id=journey.recipient["id"],
            expires_at=in_days(1),
            verification="passcode",
            passcode=PASSCODE,
        )
        return str(made["url"])

    def _packet(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen([str(COMMAND), *words], env=self._environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command

    def _curl(self, token: str, *words: str) -> float:
        config = self._folder / "curl"
        config.write_text(f'header = "Authorization: Bearer {token}"\nsilent\nfail\n')
        began = time.monotonic()
        subprocess.run(["curl", "-K", str(config), *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607 - the system's curl
        return time.monotonic() - began


_CASE = (
    *("--accession-number", "BENCH-1", "--patient-name", "Demo Patient"),
    *("--birth-date", "1970-01-01", "--record-number", "1"),
)


def _done(process: "subprocess.Popen[str]", seconds: float) -> float:
    if process.returncode or not seconds:
        raise RuntimeError(f"packet ended with {process.returncode}")
    return seconds
