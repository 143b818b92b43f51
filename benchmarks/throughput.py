"""How fast bytes go in and out, beside plain boto3 on the same store: in turn, each first every other time, medians."""

import os
import time
from collections.abc import Callable, Iterable
from statistics import median

from benchmarks.installation import Installation
from scripts.http_client import MIB, deposit_file

BUCKET = "plain"


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
        drained(installation.service.stream(installation.file_path, installation.access_token))

    def plain_download() -> None:
        drained(s3.get_object(Bucket=BUCKET, Key="slide.svs")["Body"].iter_chunks(MIB))

    def drained(pieces: Iterable[bytes]) -> None:
        if sum(len(piece) for piece in pieces) != file.size:
            raise RuntimeError("not all of it came")

    speeds: dict[str, list[float]] = {}
    for number in range(runs):
        for pair in ((plain_upload, gateway_upload), (plain_download, gateway_download)):
            for work in pair if number % 2 == 0 else reversed(pair):
                settle(installation)
                speeds.setdefault(work.__name__, []).append(speed(work, file.size))
    return _summary(speeds)


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
        f"{way}_ratio": median(
            ours / plain for ours, plain in zip(speeds[f"gateway_{way}"], speeds[f"plain_{way}"], strict=True)
        )
        for way in ("upload", "download")
    }
    return {name: median(each) for name, each in speeds.items()} | ratios
