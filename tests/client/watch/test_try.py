"""`packet watch --try`, and what a look leaves out."""

import json
from pathlib import Path

import pytest

from tests.client.command_line import Desk
from tests.client.watch.folder import made
from tests.journey.hospital import a_case
from transfer_service.client.watch.gone import FolderGone
from transfer_service.client.watch.rule import USUAL_RULE, NamingRule
from transfer_service.client.watch.view import View

RULE = NamingRule.of(USUAL_RULE)
UNFINISHED = ("~$S1.svs", ".S1.svs", "S1.svs.tmp", "S1.PART", "S1.svs.partial", ".hidden/S1.svs", "$RECYCLE.BIN/S1.svs")


def names(view: View) -> list[str]:
    return [slide.name for slide in view.look().slides]


def test_what_is_temporary_or_left_out_or_a_case_description_is_no_slide(tmp_path: Path):
    made(tmp_path, "S1.svs", "S2/a.log", "cases [lis]/S1.json", "S1.json", *UNFINISHED)
    cases = tmp_path / "cases [lis]"
    assert names(View(tmp_path, RULE, ("*.log",), cases)) == ["S1.json", "S1.svs"]
    assert names(View(tmp_path, RULE, ("*.log", "cases*"), tmp_path)) == ["S1.svs"]


def test_what_can_not_be_sent_is_a_slide_that_is_refused(tmp_path: Path):
    made(tmp_path, "S1.svs")
    (tmp_path / "S1_link.svs").symlink_to("S1.svs")
    _, link = View(tmp_path, RULE).look().slides
    assert (link.name, link.accession, "a link" in link.refused) == ("S1_link.svs", "S1", True)


def test_a_folder_that_is_away_is_not_taken_for_an_empty_one(tmp_path: Path):
    view = View(made(tmp_path / "share", "S1.svs"), RULE)
    assert names(view) == ["S1.svs"]
    (tmp_path / "share").rename(tmp_path / "away")
    with pytest.raises(FolderGone):
        view.look()
    (tmp_path / "share").mkdir()  # where it is mounted
    view._device = -1
    with pytest.raises(FolderGone, match="mounted"):
        view.look()
    view._device = (tmp_path / "share").stat().st_dev
    assert names(view) == []


def test_it_says_what_would_go_where_and_what_nowhere_and_sends_nothing(tmp_path: Path):
    folder, cases = (
        made(tmp_path / "scans", "S1_A.svs", "S1_B.mrxs", "S2/a.svs", "readme.txt", "S1.tmp"),
        tmp_path / "lis",
    )
    cases.mkdir()
    (cases / "s1.json").write_text(json.dumps({"expected_slides": 2, **a_case(), "accession_number": "S1"}))
    desk = Desk(tmp_path / "home")
    said = desk.packet("watch", folder, "--try", "--cases", cases)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "S1: a packet of 2 slides",
        "  S1_A.svs",
        "  S1_B.mrxs: its folder is not there yet",
        "S2: no case description of that accession number is there yet",
        "  S2/a.svs",
        "No case:",
        "  readme.txt: the naming rule does not match it",
        "Never taken:",
        "  S1.tmp",
    ]
    facts = desk.packet("watch", folder, "--try", "--json").last
    assert {each["path"]: each["accession"] for each in facts["slides"]}["readme.txt"] is None
    assert desk.packet("watch", tmp_path / "nowhere", "--try").code == 2
    assert desk.packet("watch", folder, "--try", "--rule", "(").code == 2
    assert not (tmp_path / "home").exists()
