"""docs/watch.md is true: what it shows is what comes, and its unit is one that systemd takes."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click import Group

from tests.client.command_line import Desk
from tests.client.watch.folder import NAME, made, mirax_files
from tests.journey.hospital import a_case
from tests.missing import skip_or_fail
from transfer_service.client.command import packet
from transfer_service.client.watch.rule import NamingRule
from transfer_service.client.watch.standing import State

PAGE = (Path(__file__).parents[3] / "docs" / "watch.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found


def test_what_it_shows_of_a_trial_is_what_comes(tmp_path: Path):
    made(tmp_path / "scans", "S26-4711_A1.svs", "S26-4712/A1.ndpi", "readme.txt")
    for path, data in mirax_files().items():
        made(tmp_path / "scans", path.replace(NAME, "S26-4711_B1"), data=data)
    (tmp_path / "cases").mkdir()
    case = {**a_case(), "accession_number": "S26-4711", "expected_slides": 2}
    (tmp_path / "cases" / "S26-4711.json").write_text(json.dumps(case))
    said = subprocess.run(
        ["bash", "-ec", block("sh")], cwd=tmp_path, env=Desk(tmp_path / "home").env(), capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    shown = PAGE.partition(block("sh"))[2].partition("\nThen")[0].replace("```", "")
    assert said.split() == shown.split()


def test_its_rules_say_what_it_says_of_them():
    one, other = (NamingRule.of(rule) for rule in re.findall(r"--rule '([^']+)'", PAGE))
    assert one.read("S26-1234-A1.svs").accession == "S26-1234"
    named = other.read("S26-1234_A1/0001.dcm")
    assert (named.accession, named.slide) == ("S26-1234", "S26-1234_A1")
    assert json.loads(re.search(r"^    (\{.*expected_slides.*\})$", PAGE, re.MULTILINE)[1])["expected_slides"] == 2


def test_its_options_are_options_and_its_states_are_states():
    assert isinstance(packet, Group)
    known = {name for parameter in packet.commands["watch"].params for name in parameter.opts}
    assert {*re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)} <= known
    told = PAGE.partition("| state | means |")[2].partition("\n\n")[0]
    assert {*State} - {State.READY} <= {*re.findall(r"[a-z]+", told)}


@pytest.mark.parametrize("word", ["User=packet-watch", "UMask=0077", "ProtectSystem=strict"])
def test_its_unit_is_closed(word: str):
    assert word in block("ini").splitlines()


def test_systemd_understands_its_unit(tmp_path: Path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        skip_or_fail("There is no systemd-analyze: the unit of docs/watch.md was NOT checked by systemd.")
    program = made(tmp_path, "packet", data=b"#!/bin/sh\n") / "packet"
    program.chmod(0o755)
    unit = tmp_path / "packet-watch.service"
    unit.write_text(block("ini").replace("/opt/packet/bin/packet", str(program)))
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "packet-watch" in line]) == (0, [])
