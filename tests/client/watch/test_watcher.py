"""What is taken, into which packet, and when that is closed."""

import itertools
import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.client.watch.folder import NAME, mirax_files
from tests.client.watch.scanner import HOUR, Killed, Scanner
from transfer_service.client.failures import DiskFull, Refused, TokenRefused, Unreachable, UsageWrong
from transfer_service.client.watch.moment import Moment
from transfer_service.client.watch.watcher import WatchOptions


@pytest.fixture
def scanner(tmp_path: Path) -> Scanner:
    scanner = Scanner(tmp_path)
    scanner.case("S1")
    return scanner


def test_a_slide_is_taken_when_it_is_finished_and_its_packet_closes_when_nothing_more_comes(scanner: Scanner):
    scanner.scan("S1_A.svs")
    scanner.look()
    assert (scanner.says("S1_A.svs"), scanner.service.sent) == ("growing", [])
    scanner.look(60)
    assert (scanner.says("S1_A.svs"), scanner.service.closed) == ("taken", [])
    scanner.look(HOUR)
    scanner.scan("S1/B.svs")
    scanner.settle()
    assert scanner.packets() == [["S1/B.svs", "S1_A.svs"]]
    scanner.look(1.9 * HOUR)
    assert scanner.service.closed == []
    left = scanner.look(0.2 * HOUR)
    assert len(scanner.service.closed) == 1
    assert (left.coming, left.held) == (0, 0)
    assert scanner.service.asked == []
    assert scanner.service.sent == ["S1_A.svs", "S1/B.svs"]


def test_each_case_has_a_packet_of_its_own_whatever_the_case_of_its_letters(scanner: Scanner):
    scanner.case("S2")
    scanner.scan("S1_A.svs", "s1_B.svs", "S2_A.svs", "notes.txt")
    left = scanner.settle()
    assert scanner.packets() == [["S1_A.svs", "s1_B.svs"], ["S2_A.svs"]]
    assert (scanner.says("notes.txt"), left.held) == ("unmatched", 1)


def test_a_slide_that_grows_keeps_its_packet_open(scanner: Scanner):
    scanner.scan("S1_A.svs")
    scanner.settle()
    for size in range(1, 60):
        scanner.scan("S1_B.svs", data=b"x" * size)
        scanner.look(0.1 * HOUR)
    assert scanner.service.closed == []
    scanner.settle()
    scanner.look(2 * HOUR)
    assert scanner.packets() == [["S1_A.svs", "S1_B.svs"]]
    assert len(scanner.service.closed) == 1


def test_a_mirax_slide_is_taken_whole_or_not_at_all(tmp_path: Path):
    scanner, files = Scanner(tmp_path), mirax_files()
    scanner.case("Mirax2-Fluorescence-1")
    *first, last = files
    for path in first:
        scanner.scan(path, data=files[path])
    scanner.settle()
    assert (scanner.says(f"{NAME}.mrxs"), scanner.service.sent) == ("waiting", [])
    scanner.scan(last, data=files[last])
    scanner.settle()
    assert (scanner.says(f"{NAME}.mrxs"), scanner.packets()) == ("taken", [sorted(files)])


def test_a_slide_waits_for_its_case_and_a_broken_case_holds_up_no_other(tmp_path: Path):
    scanner = Scanner(tmp_path)
    scanner.scan("S1_A.svs", "S2_A.svs", "S3_A.svs", "S4_A.svs")
    scanner.case("S2")
    (scanner.lis / "S3.json").write_text('{"accession_number": ')
    scanner.case("S5")
    (scanner.lis / "S5.json").rename(scanner.lis / "S4.json")
    left = scanner.settle()
    assert [scanner.says(f"S{n}_A.svs") for n in (1, 2, 3, 4)] == ["waiting", "taken", "refused", "refused"]
    assert "not JSON" in scanner.why("S3_A.svs")
    assert "another accession number" in scanner.why("S4_A.svs")
    assert left.held == 2
    for accession in ("S1", "S3", "S4"):
        scanner.case(accession)
    scanner.look(1)
    assert sorted(scanner.packets()) == [[f"S{n}_A.svs"] for n in (1, 2, 3, 4)]


def test_a_case_that_says_how_many_slides_it_has_closes_with_the_last_and_never_before(tmp_path: Path):
    scanner = Scanner(tmp_path)
    scanner.case("S1", expected_slides=2)
    scanner.scan("S1_A.svs")
    scanner.settle()
    scanner.look(50 * HOUR)
    (scanner.lis / "S1.json").unlink()
    scanner.look(50 * HOUR)
    assert scanner.service.closed == []
    assert [(facts["why"], facts["loud"]) for event, facts in scanner.told if event == "packet"][-1] == (
        "1 of 2 slides are there.", True,
    )  # fmt: skip
    scanner.case("S1", expected_slides=2)
    scanner.scan("S1_B.svs")
    scanner.settle()
    assert len(scanner.service.closed) == 1


def test_fewer_slides_are_closed_when_the_case_says_so(tmp_path: Path):
    scanner = Scanner(tmp_path)
    scanner.case("S1", expected_slides=9)
    scanner.scan("S1_A.svs")
    scanner.settle()
    scanner.case("S1", expected_slides=1)
    scanner.look(1)
    assert len(scanner.service.closed) == 1


def test_a_late_slide_waits_for_a_person(scanner: Scanner):
    scanner.scan("S1_A.svs")
    scanner.settle()
    scanner.look(2 * HOUR)
    scanner.scan("S1_B.svs")
    left = scanner.settle()
    assert (scanner.says("S1_B.svs"), left.held, scanner.packets()) == ("late", 1, [["S1_A.svs"]])
    assert next(facts for _, facts in scanner.told if facts.get("state") == "late")["loud"]


def test_a_late_slide_gets_a_packet_of_its_own_with_a_note_where_that_is_wanted(tmp_path: Path):
    scanner = Scanner(tmp_path, WatchOptions(late_too=True))
    scanner.case("S1", note="urgent")
    scanner.scan("S1_A.svs")
    scanner.settle()
    scanner.look(2 * HOUR)
    scanner.scan("S1_B.svs", "S1_C.svs")
    scanner.settle()
    scanner.look(2 * HOUR)
    assert scanner.packets() == [["S1_A.svs"], ["S1_B.svs", "S1_C.svs"]]
    first, second = scanner.service.closed
    assert scanner.service.drafts[second]["note"] == f"urgent\nSlides that came after packet id-{first[:4]} was closed."


def test_what_has_the_same_bytes_is_reported_and_not_sent_again(scanner: Scanner):
    scanner.scan("S1_A.svs", "S1_A (2).svs", data=b"the same")
    scanner.settle()
    assert scanner.packets() == [["S1_A (2).svs"]]
    assert scanner.says("S1_A.svs") == "copy"
    scanner.scan("S1_D.svs", data=b"the same")
    scanner.scan("S1_E.svs", data=b"the sane")
    (scanner.scans / "S1_A.svs").rename(scanner.scans / "S1_renamed.svs")
    scanner.settle()
    assert scanner.packets() == [["S1_A (2).svs", "S1_E.svs"]]
    left = scanner.look(2 * HOUR)
    assert (left.coming, left.held, len(scanner.service.closed)) == (0, 0, 1)
    scanner.scan("S1_F.svs", data=b"the same")
    scanner.restart()
    scanner.settle()
    assert scanner.says("S1_F.svs") == "copy"
    scanner.scan("S1_F.svs", data=b"now another")
    scanner.settle()
    assert scanner.says("S1_F.svs") == "late"


def test_a_copy_is_sent_where_what_it_is_a_copy_of_never_was(scanner: Scanner):
    scanner.scan("S1_A.svs", "S1_B.svs", data=b"the same")
    scanner.look()
    scanner.service.fails = [refused()]
    scanner.look(60)
    (scanner.scans / "S1_A.svs").unlink()
    scanner.look(60)
    assert (scanner.packets(), scanner.says("S1_B.svs")) == ([["S1_B.svs"]], "taken")


def test_the_same_bytes_are_another_slide_in_another_case(scanner: Scanner):
    scanner.case("S2")
    scanner.scan("S1_A.svs", "S2_A.svs", data=b"the same")
    scanner.settle()
    assert scanner.packets() == [["S1_A.svs"], ["S2_A.svs"]]


def test_a_slide_rewritten_after_it_was_taken_is_reported_and_holds_its_packet(scanner: Scanner):
    scanner.scan("S1_A.svs")
    scanner.settle()
    os.utime(scanner.scans / "S1_A.svs", ns=(1, 1))
    scanner.settle()
    assert scanner.says("S1_A.svs") == "taken"
    scanner.scan("S1_A.svs", data=b"scanned again")
    scanner.settle()
    assert (scanner.says("S1_A.svs"), scanner.service.sent) == ("changed", ["S1_A.svs"])
    left = scanner.look(5 * HOUR)
    assert (scanner.service.closed, left.held) == ([], 1)
    scanner.restart()
    scanner.settle()
    assert scanner.says("S1_A.svs") == "changed"
    (scanner.scans / "S1_A.svs").rename(scanner.scans / "S1_A rescanned.svs")
    scanner.settle()
    scanner.look(2 * HOUR)
    assert scanner.service.sent == ["S1_A.svs", "S1_A rescanned.svs"]
    assert len(scanner.service.closed) == 1


def test_what_is_taken_may_be_moved_away_before_its_packet_closes(scanner: Scanner):
    scanner.scan("S1_A.svs")
    scanner.settle()
    (scanner.scans / "S1_A.svs").unlink()
    scanner.look(1.5 * HOUR)
    assert scanner.service.closed == []  # its going was a change, too
    scanner.look(2 * HOUR)
    assert len(scanner.service.closed) == 1


def test_the_patient_is_asked_after_closing_though_it_was_killed_between(tmp_path: Path):
    scanner = Scanner(tmp_path, WatchOptions(asks=True))
    scanner.case("S1")
    (scanner.lis / "S2.json").write_text(json.dumps({"accession_number": "S2", "patient": {
        "name": "A", "birth_date": "1961-02-03", "record_number": "1"}}))  # fmt: skip
    scanner.scan("S1_A.svs", "S2_A.svs")
    scanner.settle()
    assert "no e-mail address" in scanner.why("S2_A.svs")
    scanner.now_s += 2 * HOUR
    scanner.watcher.look(Moment(scanner.now_s, scanner.now_s))
    assert (len(scanner.service.closed), scanner.service.asked) == (1, [])
    scanner.restart()
    scanner.look(1)
    assert (len(scanner.service.closed), len(scanner.service.asked)) == (1, 1)
    scanner.look(1)
    assert len(scanner.service.asked) == 1


def test_killed_after_the_service_had_a_slide_it_is_not_sent_again(scanner: Scanner):
    scanner.scan("S1_A.svs")
    scanner.look()
    scanner.service.dies_after_deposit = True
    with pytest.raises(Killed):
        scanner.look(60)
    scanner.service.dies_after_deposit = False
    scanner.scan("S1_0 copy.svs", data=b"S1_A.svs")
    scanner.restart()
    scanner.settle()
    assert scanner.service.sent == ["S1_A.svs"]
    assert (scanner.says("S1_A.svs"), scanner.says("S1_0 copy.svs")) == ("taken", "copy")
    scanner.look(2 * HOUR)
    assert scanner.packets() == [["S1_A.svs"]]
    assert len(scanner.service.closed) == 1


def test_a_packet_that_was_closed_without_its_knowing_takes_nothing_more(scanner: Scanner):
    scanner.scan("S1_A.svs")
    scanner.settle()
    scanner.service.closed += scanner.service.packets  # by hand, or by a run that was killed before it heard so
    scanner.scan("S1_B.svs")
    left = scanner.settle()
    assert (scanner.says("S1_B.svs"), scanner.packets(), left.coming) == ("late", [["S1_A.svs"]], 0)


@pytest.mark.parametrize("had_it", [True, False])
def test_killed_and_the_slide_moved_away_what_the_service_has_is_closed(scanner: Scanner, had_it: bool):
    scanner.scan("S1_A.svs")
    scanner.look()
    scanner.service.dies_after_deposit = had_it
    scanner.service.fails = [] if had_it else [Killed()]
    with pytest.raises(Killed):
        scanner.look(60)
    scanner.service.dies_after_deposit = False
    (scanner.scans / "S1_A.svs").unlink()
    scanner.restart()
    left = scanner.look(2 * HOUR)
    assert len(scanner.service.closed) == had_it
    assert left.coming == 0
    scanner.scan("S1_A.svs")
    scanner.settle()
    assert scanner.says("S1_A.svs") == "taken"
    assert scanner.service.sent == ["S1_A.svs"]


def refused(word: str = "file_too_large") -> Refused:
    return Refused("The file is too large.", word=word, status=413)


def test_what_the_service_refuses_is_said_holds_up_no_other_and_is_tried_again_more_and_more_rarely(scanner: Scanner):
    scanner.case("S2")
    scanner.scan("S1_A.svs", "S2_A.svs")
    scanner.look()
    scanner.service.fails = [refused(), refused()]
    scanner.now_s += 30
    scanner.look(30)
    assert (scanner.says("S1_A.svs"), scanner.why("S1_A.svs")) == ("refused", "The file is too large.")
    assert len(scanner.service.fails) == 0
    scanner.look(29)
    assert scanner.service.sent == []
    scanner.look(2)
    assert scanner.service.sent == ["S1_A.svs", "S2_A.svs"]


def test_a_file_that_could_not_be_sent_keeps_its_packet_open_and_the_others_go(scanner: Scanner):
    scanner.scan("S1_A.svs", "S1_B.svs")
    scanner.service.failed = {"S1_B.svs": "it changed while it was sent"}
    scanner.settle()
    assert (scanner.says("S1_A.svs"), scanner.says("S1_B.svs")) == ("taken", "refused")
    assert scanner.why("S1_B.svs") == "S1_B.svs: it changed while it was sent"
    scanner.service.failed = {}
    scanner.look(HOUR)
    scanner.look(2 * HOUR)
    assert scanner.packets() == [["S1_A.svs", "S1_B.svs"]]
    assert len(scanner.service.closed) == 1


@pytest.mark.parametrize("failure", [Unreachable(), TokenRefused(), UsageWrong()])
def test_what_is_nobodys_slides_fault_ends_the_look_and_nothing_is_lost(scanner: Scanner, failure: Exception):
    scanner.scan("S1_A.svs")
    scanner.look()
    scanner.service.fails = [failure]
    with pytest.raises(type(failure)):
        scanner.look(60)
    scanner.look(1)
    scanner.service.fails = [failure]
    with pytest.raises(type(failure)):
        scanner.look(2 * HOUR)
    scanner.look(1)
    assert (scanner.service.sent, len(scanner.service.closed)) == (["S1_A.svs"], 1)


def test_a_packet_that_can_not_be_closed_is_said_and_a_receipt_that_lacks_a_file_is_never_believed(scanner: Scanner):
    scanner.scan("S1_A.svs")
    scanner.settle()
    scanner.service.fails = [refused("files_unverified")]
    left = scanner.look(2 * HOUR)
    assert (scanner.service.closed, left.held) == ([], 1)
    (files,) = scanner.service.packets.values()
    files["S1_A.svs"] = "another"
    left = scanner.look(60)
    said = [facts for event, facts in scanner.told if event == "packet"][-1]
    assert (left.held, said["state"], said["loud"]) == (1, "refused", True)
    assert "has not what was taken, or not as it was: 1 files" in said["why"]
    files.clear()
    assert scanner.look(HOUR).held == 1
    assert scanner.service.closed == [*scanner.service.packets]


def test_nothing_is_told_twice_while_it_stays_as_it_is_and_a_flood_is_counted(scanner: Scanner):
    scanner.scan(*(f"note-{chr(97 + n // 26)}{chr(97 + n % 26)}.txt" for n in range(250)))
    scanner.look()
    scanner.look(5)
    unmatched = [facts for event, facts in scanner.told if event == "slide"]
    assert len(unmatched) == 200
    assert [facts["more"] for event, facts in scanner.told if event == "slides"] == [50]


def test_what_was_taken_in_an_earlier_run_is_no_news(scanner: Scanner):
    scanner.scan("S1_A.svs")
    scanner.settle()
    scanner.restart()
    scanner.told.clear()
    scanner.settle()
    assert scanner.told == []


def test_nothing_in_the_folder_is_touched_and_the_ledger_holds_no_name(scanner: Scanner, tmp_path: Path):
    scanner.scan("S1_A.svs", "S1_B.svs")
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in scanner.scans.rglob("*")}
    folder = scanner.scans.stat().st_mtime_ns
    scanner.settle()
    scanner.look(2 * HOUR)
    assert before == {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in scanner.scans.rglob("*")}
    assert scanner.scans.stat().st_mtime_ns == folder
    assert b"S1" not in (tmp_path / "ledger.sqlite3").read_bytes()


def test_where_nothing_can_be_remembered_nothing_is_sent(scanner: Scanner):
    class Full(Mortal):
        def __getattr__(self, name: str) -> Any:
            if name == "executemany":
                raise sqlite3.OperationalError("database or disk is full")
            return getattr(self._real, name)

    database = scanner.ledger._database
    scanner.scan("S1_A.svs")
    scanner.look()
    scanner.ledger.files._database = Full(database, itertools.count(), 0, ())
    with pytest.raises(DiskFull, match="disk is full"):
        scanner.look(60)
    assert scanner.service.sent == []
    scanner.ledger.files._database = database
    scanner.look(1)
    assert scanner.service.sent == ["S1_A.svs"]


class Mortal:
    """A ledger's database, or a service, of a process that is killed at its n-th call."""

    def __init__(self, real: Any, calls: "itertools.count[int]", last: int, names: tuple[str, ...]) -> None:
        self._real, self._calls, self._last, self._names = real, calls, last, names

    def __enter__(self) -> None:
        self._real.__enter__()

    def __exit__(self, *how: Any) -> None:
        self._real.__exit__(*how)

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name not in self._names:
            return real

        def call(*words: Any) -> Any:
            if next(self._calls) == self._last:
                raise Killed
            done = real(*words)
            if name in SERVICE and next(self._calls) == self._last:  # it was done, and nobody heard
                raise Killed
            return done

        return call


SERVICE = ("deposit", "close", "ask", "forget")


def watched_until_killed(scanner: Scanner, last: int) -> bool:
    """Watch two cases to their end, killed at the n-th call; whether that came."""
    calls, database = itertools.count(), ("execute", "executemany")
    mortal = Mortal(scanner.ledger._database, calls, last, database)
    scanner.ledger.files._database = scanner.ledger.packets._database = mortal
    service = Mortal(scanner.service, calls, last, SERVICE)
    scanner.watcher._taking._sender = scanner.watcher._closing._sender = service
    try:
        scanner.settle()
        scanner.look(2 * HOUR)
    except Killed:
        return True
    return False


def test_killed_at_whatever_step_and_started_again_it_ends_the_same(tmp_path: Path):
    killed, last = True, 0
    while killed:
        (tmp_path / str(last)).mkdir()
        scanner = Scanner(tmp_path / str(last), WatchOptions(asks=True))
        scanner.case("S1")
        scanner.case("S2", expected_slides=1)
        scanner.scan("S1_A.svs", "S1_B.svs", "S2_A.svs")
        scanner.scan("S1_A copy.svs", data=b"S1_B.svs")
        killed = watched_until_killed(scanner, last)
        scanner.restart()
        scanner.settle()
        left = scanner.look(2 * HOUR)
        assert sorted(scanner.packets()) == [["S1_A copy.svs", "S1_A.svs"], ["S2_A.svs"]], last
        assert (left.coming, left.held) == (0, 0), last
        assert len(scanner.service.sent) == len(set(scanner.service.sent)) == 3, last
        assert len(set(scanner.service.closed)) == 2, last
        assert len(set(scanner.service.asked)) == 2, last
        scanner.ledger.__exit__(None, None, None)
        last += 1
    assert last > 50


@pytest.mark.long
def test_a_hundred_thousand_files_are_looked_at_in_seconds_and_in_bounded_memory_and_none_is_read(
    scanner: Scanner, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("a file was opened"))
    for folder in range(100):
        (scanner.scans / f"S9-{folder}").mkdir()
        for file in range(1000):
            os.close(os.open(scanner.scans / f"S9-{folder}" / f"{file}.svs", os.O_CREAT | os.O_WRONLY))
            os.truncate(scanner.scans / f"S9-{folder}" / f"{file}.svs", 1)
    process = psutil.Process()
    before = process.memory_info().rss
    for after_s in (0, 60, 60):
        began_s = time.monotonic()
        assert scanner.look(after_s).coming == 100_000
        assert time.monotonic() - began_s < 30
    assert process.memory_info().rss - before < 400 * 2**20
