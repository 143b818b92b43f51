"""`packet watch` over a real service: a slow scanner, kill -9 in the middle, and each file once in the right packet."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.client.command_line import Desk
from tests.client.serve_log import OPEN_PACKET, ServeLog
from tests.client.watch.folder import NAME, made, mirax_files
from tests.journey.hospital import PART, Hospital, a_case, sha256
from tests.standalone_process import eventually

QUICK = ("--settle", "0.6s", "--every", "0.1s")
PATIENT = ("--settle", "3s", "--every", "0.1s")  # longer than the scanner below is ever held up
PIECE = 1024 * 1024


@pytest.fixture
def lis(tmp_path: Path) -> Callable[..., None]:
    """Exports a case description."""
    (tmp_path / "lis").mkdir()

    def export(accession: str, **beside: Any) -> None:
        case = {**a_case("ada@patient.test"), "accession_number": accession}
        (tmp_path / "lis" / f"{accession}.json").write_text(json.dumps({"case": case, **beside}))

    return export


def write_slowly(folder: Path, files: dict[str, bytes]) -> None:
    """As scanners do: in pieces, one file after the other, under their last names from the beginning."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("wb", buffering=0) as file:
            for start in range(0, len(data), PIECE):
                file.write(data[start : start + PIECE])
                time.sleep(0.02)  # the scanner's pace, by which nothing is decided


def of_case(hospital: Hospital, accession: str) -> list[dict[str, Any]]:
    return [
        hospital.coordinator.shown(f"/packets/{each['id']}")
        for each in hospital.coordinator.items("/packets")
        if each["case"]["accession_number"] == accession
    ]


def test_killed_in_the_middle_it_takes_each_file_once_and_touches_nothing(
    desk: Desk, hospital: Hospital, lis: Callable[..., None], tmp_path: Path
):
    scans, log, recipient = tmp_path / "scans", ServeLog(hospital.installation), hospital.recipient()
    scans.mkdir()
    mirax = {path.replace(NAME, "W26-2_B1"): data for path, data in mirax_files().items()}
    files = {"W26-1_A1.svs": os.urandom(9 * PART + 5), **mirax, "W26-1/report.pdf": b"%PDF-1.7"}
    lis("W26-1", expected_slides=2)
    lis("W26-2")
    words = ("watch", scans, "--cases", tmp_path / "lis", *PATIENT, "--close-after", "2s", "--json")
    words = (*words, "--to", recipient["email"])
    scanner = threading.Thread(target=write_slowly, args=(scans, files))
    scanner.start()
    with desk.running(*words) as first:
        assert eventually(lambda: log.adopted() >= 1), first.communicate()
        psutil.Process(first.pid).suspend()
        assert log.adopted() < 10
        assert desk.packet(*words).code == 3
        first.kill()
    scanner.join()
    before = {path: path.stat() for path in scans.rglob("*")}
    with desk.running(*words) as second:
        assert eventually(lambda: _is_done(hospital), 60), second.communicate()
        made(scans, "W26-1_late.svs", "W26-1.svs.part")
        made(scans, "W26-1_again.svs", data=files["W26-1/report.pdf"])
        _read_until(second, {("W26-1_late.svs", "late"), ("W26-1_again.svs", "copy")})
        second.send_signal(signal.SIGTERM)
        out, err = second.communicate(timeout=20)
    assert (second.returncode, json.loads(out.splitlines()[-1])) == (0, {"event": "done", "stopped": True}), err

    for accession in ("W26-1", "W26-2"):
        (packet,) = of_case(hospital, accession)
        assert {file["path"]: file["sha256"] for file in packet["files"]} == {
            path: sha256(data) for path, data in files.items() if path.startswith(accession)
        }
    assert log.adopted() == 10 + len(files) - 1
    assert sum(line["status"] == 201 for line in log.lines("POST", OPEN_PACKET)) == 2
    assert {path: path.stat().st_mtime_ns for path in before} == {path: was.st_mtime_ns for path, was in before.items()}
    assert {path.name for path in scans.iterdir()} == {
        "W26-1", "W26-1_A1.svs", "W26-2_B1", "W26-2_B1.mrxs", "W26-1_late.svs", "W26-1_again.svs", "W26-1.svs.part",
    }  # fmt: skip


def _is_done(hospital: Hospital) -> bool:
    """Both packets are closed, and both patients asked."""
    packets = [each for accession in ("W26-1", "W26-2") for each in of_case(hospital, accession)]
    asked = [hospital.coordinator.items(f"/packets/{each['id']}/releases") for each in packets]
    return [(each["state"], len(releases)) for each, releases in zip(packets, asked, strict=True)] == [
        ("closed", 1)
    ] * 2


def _read_until(running: Any, wanted: set[tuple[str, str]]) -> None:
    said: set[tuple[object, object]] = set()
    while not wanted <= said:
        event = json.loads(running.stdout.readline())
        said.add((event.get("path"), event.get("state")))


def test_once_tells_by_its_exit_code_what_is_left(
    desk: Desk, hospital: Hospital, lis: Callable[..., None], tmp_path: Path
):
    scans = made(tmp_path / "scans", "W26-3_A1.svs")
    words = ("watch", scans, "--cases", tmp_path / "lis", "--once", "--settle", "0.2s", "--close-after", "0s")
    waiting = desk.packet(*words)
    assert waiting.code == 3
    assert "waiting: W26-3_A1.svs: no case description" in waiting.err
    lis("W26-3")
    done = desk.packet(*words)
    assert (done.code, done.out) == (0, "Everything in the folder was taken.\n"), done.err
    assert [each["state"] for each in of_case(hospital, "W26-3")] == ["closed"]
    again = desk.packet(*words, "--quiet")
    assert (again.code, again.err) == (0, "")
    made(scans, "notes.txt")
    held = desk.packet(*words, "--json")
    assert (held.code, held.last["code"], held.last["held"]) == (6, "not_sent", 1)
    assert ("notes.txt", "unmatched") in {(each.get("path"), each.get("state")) for each in held.events}


def test_what_a_person_must_mend_ends_it_with_the_code_for_it(desk: Desk, tmp_path: Path):
    scans, lis = made(tmp_path / "scans", "S1.svs"), tmp_path / "lis"
    lis.mkdir()
    words = ("watch", scans, "--cases", lis)
    assert desk.packet("watch", scans).code == 2
    assert desk.packet(*words, "--settle", "soon").code == 2
    assert desk.packet(*words, "--to", "nobody@review.test").code == 2
    assert desk.with_(TRANSFER_SERVICE_TOKEN="").packet(*words).code == 4
    assert desk.with_(TRANSFER_SERVICE_TOKEN="ts_wrong").packet(*words, "--once").code == 4


def test_a_token_that_is_revoked_is_waited_for_and_the_next_one_goes_on(
    desk: Desk, hospital: Hospital, lis: Callable[..., None], tmp_path: Path
):
    def token() -> dict[str, str]:
        words = ("token", "create", "--department", hospital.department_id, "--role", "depositor", "--staff", "Scanner")
        return hospital.installation.cli(*words)

    desk, scans = desk.with_(TRANSFER_SERVICE_TOKEN=""), made(tmp_path / "scans", "W26-4_A1.svs")
    first = token()
    assert desk.packet("login", hospital.installation.base_url, told=first["token"]).code == 0
    with desk.running("watch", scans, "--cases", tmp_path / "lis", *QUICK, "--json") as watching:
        _read_until(watching, {("W26-4_A1.svs", "waiting")})
        hospital.installation.cli("token", "revoke", first["id"])
        lis("W26-4")
        assert _next(watching, "trouble")["code"] == "token_refused"
        assert desk.packet("login", hospital.installation.base_url, told=token()["token"]).code == 0
        _read_until(watching, {("W26-4_A1.svs", "taken")})
        _next(watching, "trouble_over")
        watching.send_signal(signal.SIGTERM)
        assert watching.wait(20) == 0


def _next(running: Any, wanted: str) -> dict[str, Any]:
    while (event := json.loads(running.stdout.readline()))["event"] != wanted:
        pass
    return event
