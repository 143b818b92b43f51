"""kill -9 at random, run again: no part is sent twice, no packet opened twice, no link redeemed twice; all is equal."""

import json
import random
from pathlib import Path

import psutil
import pytest

from tests.client.command_line import Desk
from tests.client.serve_log import FETCH_FILE, OPEN_PACKET, REDEEM, ServeLog
from tests.journey.hospital import MIB, PART, PASSCODE, Hospital, Link, Packet, a_case
from tests.standalone_process import eventually
from transfer_service.client.delivery.download import digest_of

KILLS = 5
MOST_MEMORY_BYTES = 160 * MIB  # two parts in memory, and Python with what the client imports
IN_THE_AIR_BYTES = 8 * MIB  # that the service had handed to the network when nobody took them any more
SIZES = [200 * MIB, pytest.param(3 * 2**30 + 12345, marks=pytest.mark.long)]


def large_file(path: Path, size_bytes: int, seed: int) -> Path:
    """Parts that are all different, and quickly made: random where each begins, holes between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = random.Random(seed)
    with path.open("wb") as file:
        for start in range(0, size_bytes, PART):
            file.seek(start)
            file.write(draw.randbytes(min(MIB, size_bytes - start)))
        file.truncate(size_bytes)
    return path


@pytest.mark.parametrize("size_bytes", SIZES)
def test_what_is_killed_again_and_again_moves_no_part_twice_and_ends_equal(
    size_bytes: int, desk: Desk, slides, hospital: Hospital, seed: int, tmp_path: Path
):
    folder, email = slides({}), f"patient-of-{seed}@patient.test"
    (folder / "case.json").write_text(json.dumps(a_case(email)))
    slide = large_file(folder / "slide.svs", size_bytes, seed)
    packet_id = _sent_though_killed(desk, slide, seed, hospital)

    link = Packet(hospital, packet_id, email).released().link()
    got = _fetched_though_killed(Desk(tmp_path / "reviewer"), link, size_bytes, seed, tmp_path)
    assert digest_of(got / "slide.svs") == digest_of(slide)
    assert Desk(tmp_path / "reviewer").packet("verify", got).code == 7


def _sent_though_killed(desk: Desk, slide: Path, seed: int, hospital: Hospital) -> str:
    log, parts = ServeLog(hospital.installation), -(-slide.stat().st_size // PART)
    for kill_at in sorted(random.Random(seed).sample(range(1, parts), KILLS)):
        with desk.running("send", slide.parent) as sending:
            assert eventually(lambda: log.adopted() >= kill_at or sending.poll() is not None, 300)  # noqa: B023 - run here
            assert sending.poll() is None, sending.communicate()
            assert psutil.Process(sending.pid).memory_info().rss < MOST_MEMORY_BYTES
    ended = desk.packet("send", slide.parent, "--json", within_s=600)
    assert ended.code == 0, (ended.out[-2000:], ended.err)
    assert log.adopted() == parts
    assert sum(line["status"] == 201 for line in log.lines("POST", OPEN_PACKET)) == 1
    return ended.last["packet_id"]


def _fetched_though_killed(reviewer: Desk, link: Link, size_bytes: int, seed: int, tmp_path: Path) -> Path:
    (tmp_path / "code").write_text(PASSCODE)
    installation = link.release.packet.hospital.installation
    got, log = tmp_path / "got", ServeLog(installation)
    words = ("fetch", f"{installation.base_url}/l#{link.secret}", got, "--code-from", tmp_path / "code")
    part = got / ".slide.svs.part"
    for kill_at in sorted(random.Random(seed).sample(range(size_bytes * 3 // 4), KILLS)):
        with reviewer.running(*words) as fetching:
            # No pause between two looks: on loopback a gigabyte is there in two seconds.
            while _size(part) <= kill_at and fetching.poll() is None:
                pass
    ended = reviewer.packet(*words, within_s=600)
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in got.iterdir()) == [".packet", "slide.svs"]
    assert link.listed()["redemptions"] == 1
    assert sum(line["status"] == 200 for line in log.lines("POST", REDEEM)) == 1
    left = [line["bytes_out"] for line in log.lines("GET", FETCH_FILE)]
    assert len(left) > 1
    assert sum(left) < size_bytes + len(left) * IN_THE_AIR_BYTES
    return got


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
