"""Real files from scanners and cameras, whole and broken: what went in comes out."""

import csv

from scripts.journey import Journey
from tests.journey.conftest import machine


def manifest(shared_data):
    with (shared_data / "MANIFEST.tsv").open(newline="", encoding="utf-8") as rows:
        return {row["path"]: row["sha256"] for row in csv.DictReader(rows, delimiter="\t")}


def test_every_real_file_good_or_bad_comes_back_as_it_was(standalone, shared_data, capsys):
    journey = Journey(machine(standalone), shared_data)
    journey.play()  # compares every download with its original
    deposited = {file.path: file.sha256 for file in journey.originals.values()}
    on_disk = {path.relative_to(shared_data).as_posix() for path in shared_data.rglob("*") if path.is_file()}
    assert deposited.keys() == on_disk
    assert {path: deposited[path] for path in manifest(shared_data)} == manifest(shared_data)
    assert "NOT SENT" not in capsys.readouterr().out


def test_the_signed_manifest_names_every_real_file(standalone, shared_data):
    journey = Journey(machine(standalone), shared_data / "pdf")
    journey.play()
    listed = {file["path"]: file["sha256"] for file in journey.redeemed["manifest"]["manifest"]["files"]}
    assert listed == {file.path: file.sha256 for file in journey.originals.values()}
