"""How fast bytes go in and out: in turn, each first every other time, medians.

Beside plain boto3 on the same store; and everything as one archive, beside the same file by itself.
"""

import os
import time
from collections.abc import Callable, Iterable
from statistics import median

from benchmarks.installation import Installation
from scripts.http_client import MIB, deposit_file

BUCKET = "plain"
RATIOS = (
    ("upload_ratio", "gateway_upload", "plain_upload"),
    ("download_ratio", "gateway_download", "plain_download"),
    ("archive_ratio", "archive_download", "gateway_download"),
)


def measured(installation: Installation, runs: int) -> dict[str, float]:
    """MiB/s of each way, and the ratios, as medians over ``runs`` interleaved rounds."""
    s3 = installation.s3()
    s3.create_bucket(Bucket=BUCKET)
    token = installation.journey.depositor
    file = installation.file

    def gateway_upload() -> None:
        installation.journey.open_packet()
        deposit_file(installation.service, token, installation.journey.packet["id"], file)

    def plain_upload() -> None:
        s3.upload_file(str(file.place), BUCKET, "slide.svs")

    def gateway_download() -> None:
        drained(installation.service.stream(installation.file_path, installation.access_token), file.size)

    def plain_download() -> None:
        drained(s3.get_object(Bucket=BUCKET, Key="slide.svs")["Body"].iter_chunks(MIB), file.size)

    def archive_download() -> None:
        drained(installation.service.stream("/redeemed/archive.zip", installation.access_token), file.size, more=MIB)

    speeds: dict[str, list[float]] = {}
    for number in range(runs):
        for group in ((plain_upload, gateway_upload), (plain_download, gateway_download, archive_download)):
            for work in group if number % 2 == 0 else reversed(group):
                settle(installation)
                speeds.setdefault(work.__name__, []).append(speed(work, file.size))
    return _summary(speeds)


def drained(pieces: Iterable[bytes], size: int, *, more: int = 0) -> None:
    """Read to the end; it must be of that size, with at most so much around it."""
    if not size <= sum(len(piece) for piece in pieces) <= size + more:
        raise RuntimeError("not all of it came")


def speed(work: Callable[[], None], size_bytes: int) -> float:
    """MiB/s of one go."""
    began = time.monotonic()
    work()
    return size_bytes / MIB / (time.monotonic() - began)


def settle(installation: Installation) -> None:
    """Wait until the worker has read everything back and the disk has it all: neither is in the next one's figure."""
    path = f"/packets/{installation.journey.packet['id']}"
    while any(
        file["state"] == "verifying" for file in installation.service.get(path, installation.journey.depositor)["files"]
    ):
        time.sleep(0.2)
    os.sync()


def _summary(speeds: dict[str, list[float]]) -> dict[str, float]:
    ratios = {
        name: median(one / other for one, other in zip(speeds[ours], speeds[theirs], strict=True))
        for name, ours, theirs in RATIOS
    }
    return {name: median(each) for name, each in speeds.items()} | ratios
