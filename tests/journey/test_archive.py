"""An archive fetched by its ticket with curl, as a download manager does it: cut, gone on with, and ended."""

import random
import subprocess
from pathlib import Path

import pytest

from tests.journey.hospital import MIB, Caller, Hospital, Link, sha256, some_bytes
from tests.standalone_process import Standalone, eventually

ARCHIVE = "/redeemed/archive.zip"


@pytest.fixture(scope="module")
def link(standalone: Standalone) -> Link:
    """A link to three files, the largest of several parts."""
    packet = Hospital(standalone, "St. Agatha of the archives").packet()
    for number, size in enumerate((5 * MIB + 1, 20 * MIB + 7, 300)):
        packet.deposit(some_bytes(size), f"slides/{number}.svs").settled()
    return packet.close().released().link()


@pytest.fixture(scope="module")
def recipient(link: Link) -> Caller:
    return link.redeem()


@pytest.fixture(scope="module")
def whole(recipient: Caller) -> bytes:
    return recipient.get(ARCHIVE).body


def ticket(recipient: Caller) -> str:
    return str(recipient.did("/redeemed/archive/ticket", {})["url"])


def curl(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """curl alone, with no token and no cookie."""
    command = ["curl", "--silent", "--show-error", "--fail", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("seed", range(3))
def test_a_download_that_was_cut_anywhere_is_gone_on_with_and_is_the_same(
    recipient: Caller, whole: bytes, tmp_path: Path, seed: int
) -> None:
    url, place = ticket(recipient), tmp_path / "archive.zip"
    cut_at = random.Random(seed).randrange(1, len(whole))
    with subprocess.Popen(["curl", "--silent", url], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        place.write_bytes(running.stdout.read(cut_at))
        running.kill()
    assert place.stat().st_size == cut_at
    done = curl(tmp_path, "-C", "-", "-o", place.name, url)
    assert done.returncode == 0, done.stderr
    assert sha256(place.read_bytes()) == sha256(whole)


def test_what_was_fetched_in_two_goes_counts_as_whole(link: Link, whole: bytes) -> None:
    another, packet, middle = link.release.link(), link.release.packet, len(whole) // 3
    recipient = another.redeem()
    for span in (f"bytes=0-{middle - 1}", f"bytes={middle}-"):
        assert recipient.ask("GET", ARCHIVE, headers={"Range": span}).status == 206

    def completed() -> list[bool]:
        lines = packet.hospital.privacy_officer.items(f"{packet.url}/disclosures")
        return [line["completed"] for line in lines if line["link"] == another.id]

    assert eventually(lambda: completed() == [True] * 3)


def test_revoking_ends_an_address_at_once_and_no_other(link: Link, tmp_path: Path) -> None:
    revoked, staying = link.release.link(), link.release.link()
    urls = {each.id: ticket(each.redeem()) for each in (revoked, staying)}
    assert all(curl(tmp_path, "-r", "0-9", url).returncode == 0 for url in urls.values())
    link.release.packet.coordinator.did(f"/links/{revoked.id}/revoke")
    refused = curl(tmp_path, "-r", "0-9", urls[revoked.id])
    assert (refused.returncode, refused.stdout) == (22, b"")
    assert b"409" in refused.stderr
    assert curl(tmp_path, "-r", "0-9", urls[staying.id]).returncode == 0
