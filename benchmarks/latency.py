"""How long JSON takes while many slow clients transfer, beside an idle service: p99, open loop, in turn."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from urllib.parse import urlsplit

import urllib3

from benchmarks.installation import Installation

CLIENTS = 64
A_SECOND = 25


def measured(installation: Installation, runs: int, for_s: int) -> dict[str, float]:
    """p50 and p99 in ms, idle and loaded, and the median ratio of the p99s over ``runs`` interleaved rounds.

    A round is ``for_s`` seconds of each.
    """
    idle, loaded = [], []
    for _ in range(runs):
        idle.append(latencies(installation, for_s))
        with slow_clients(installation):
            loaded.append(latencies(installation, for_s))
    return {
        "json_idle_p50_ms": median(quantile(each, 0.5) for each in idle) * 1000,
        "json_idle_p99_ms": median(quantile(each, 0.99) for each in idle) * 1000,
        "json_loaded_p50_ms": median(quantile(each, 0.5) for each in loaded) * 1000,
        "json_loaded_p99_ms": median(quantile(each, 0.99) for each in loaded) * 1000,
        "json_p99_ratio": median(
            quantile(with_, 0.99) / quantile(without, 0.99) for with_, without in zip(loaded, idle, strict=True)
        ),
    }


def latencies(installation: Installation, for_s: int) -> list[float]:
    """Seconds from when each request was due, not from when it could be sent: a stall is not hidden."""
    url = f"{installation.service.base_url}/api/v1/packets?limit=20"
    headers = {"Authorization": f"Bearer {installation.journey.depositor}"}
    http = urllib3.PoolManager(maxsize=32, retries=False, timeout=30)
    took: list[float] = []

    def ask(due: float) -> None:
        answer = http.request("GET", url, headers=headers)
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise RuntimeError(f"JSON was answered {answer.status}")
        took.append(time.monotonic() - due)

    began, threads = time.monotonic(), []
    for number in range(A_SECOND * for_s):
        due = began + number / A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        threads.append(threading.Thread(target=ask, args=(due,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    if len(took) != A_SECOND * for_s:
        raise RuntimeError("some requests failed")
    return took


def quantile(values: list[float], share: float) -> float:
    """The value below which that share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@contextmanager
def slow_clients(installation: Installation) -> Iterator[None]:
    """64 of them, in a process of their own, warmed up for two seconds."""
    service, journey = installation.service, installation.journey
    journey.open_packet()
    planned = service.post(
        f"/packets/{journey.packet['id']}/files", journey.depositor, path="slow", size=2**26, transport="gateway"
    )
    part_path = f"/packets/{journey.packet['id']}/files/{planned['id']}/parts/1"
    words = [urlsplit(service.base_url).netloc, CLIENTS, installation.file_path, installation.access_token]
    words += [part_path, journey.depositor, planned["part_size"]]
    command = [sys.executable, "-m", "benchmarks.slow_clients", *map(str, words)]
    process = subprocess.Popen(command)  # noqa: S603 - our own module
    time.sleep(2)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
