"""Real files from scanners and cameras, whole and broken: what went in comes out, one by one and all at once."""

import contextlib
import csv
import io
import zipfile
from dataclasses import dataclass

import bagit
import pytest

from scripts.http_client import digest_of, read_slice
from scripts.journey import Journey
from tests.journey.conftest import machine


def manifest(shared_data):
    with (shared_data / "MANIFEST.tsv").open(newline="", encoding="utf-8") as rows:
        return {row["path"]: row["sha256"] for row in csv.DictReader(rows, delimiter="\t")}


@dataclass
class Played:
    journey: Journey
    told: str


@pytest.fixture(scope="module")
def played(standalone, shared_data):
    """The whole journey with every real file; it compares every download with its original."""
    journey = Journey(machine(standalone), shared_data)
    with contextlib.redirect_stdout(io.StringIO()) as told:
        journey.play()
    return Played(journey, told.getvalue())


def test_every_real_file_good_or_bad_comes_back_as_it_was(played, shared_data):
    deposited = {file.path: file.sha256 for file in played.journey.originals.values()}
    on_disk = {path.relative_to(shared_data).as_posix() for path in shared_data.rglob("*") if path.is_file()}
    assert deposited.keys() == on_disk
    assert {path: deposited[path] for path in manifest(shared_data)} == manifest(shared_data)
    assert "NOT SENT" not in played.told


def test_all_real_files_together_are_a_valid_bag(played, tmp_path):
    journey, place = played.journey, tmp_path / "archive.zip"
    with place.open("wb") as archive:
        archive.writelines(journey.service.stream("/redeemed/archive.zip", journey.redeemed["access_token"]))
    with zipfile.ZipFile(place) as archive:
        archive.extractall(tmp_path)
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert bagit.Bag(str(folder)).validate()
    for file in journey.originals.values():
        unpacked = folder / "data" / file.path
        assert digest_of(read_slice(unpacked, 0, unpacked.stat().st_size)) == file.sha256


def test_the_signed_manifest_names_every_real_file(played):
    journey = played.journey
    listed = {file["path"]: file["sha256"] for file in journey.redeemed["manifest"]["manifest"]["files"]}
    assert listed == {file.path: file.sha256 for file in journey.originals.values()}
