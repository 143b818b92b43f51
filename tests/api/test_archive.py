"""Everything that was released as one ZIP over HTTP: its head, its ranges, and what other people's tools say of it."""

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import bagit
import pytest

from tests.api.conftest import PART_BYTES, Api, code_of
from tests.missing import skip_or_fail
from tests.stages import Stage, some_bytes
from transfer_service.domain.archive import archive_of
from transfer_service.sealing.manifest import verify
from transfer_service.usecases import archive as usecase

ARCHIVE = "/redeemed/archive.zip"
CONTENTS = {
    "slides/é A1.svs": some_bytes(2 * PART_BYTES + 11),
    "reports/empty.txt": b"",
    "乳腺/切片.mrxs": b"one",
    "شريحة (1).svs": b"two",
    "ภาพ/เนื้อเยื่อ.svs": b"three",
    "🔬 & 'quoted' $(x) `y`.svs": b"four",
    "-rf": b"five",
    "Ki-67 20%.svs": b"six",
    'a "b" <c>: d?.svs ': b"seven",
    "con.txt": b"eight",
    "folder": b"nine",
    "folder/file": b"ten",
}
NAMES = {
    "Ki-67 20%.svs": "Ki-67 20_.svs",
    'a "b" <c>: d?.svs ': "a _b_ _c__ d_.svs_",
    "con.txt": "co_.txt",
    "folder": "folder~2",
}


@pytest.fixture
def redeemed(api: Api) -> Stage:
    stages = api.stages
    stage = stages.released(of=stages.closed(CONTENTS))
    return stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stage))))


@pytest.fixture
def saved(api: Api, redeemed: Stage, tmp_path: Path) -> Path:
    """The archive as it was downloaded."""
    answer = api.recipient(redeemed).get(ARCHIVE)
    assert answer.status_code == 200
    place = tmp_path / answer.headers["Content-Disposition"].split('"')[1]
    place.write_bytes(answer.data)
    return place


@pytest.fixture
def unpacked(saved: Path) -> Path:
    """The bag in it, as ``unzip`` unpacks it."""
    ran("unzip", "-q", saved.name, folder=saved.parent)
    return saved.with_suffix("")


def tool(*names: str) -> str:
    found = next((name for name in names if shutil.which(name)), None)
    if found is None:
        skip_or_fail(f"there is no {names[0]} here: what it makes of an archive was not tried")
    return found


def ran(*command: str, folder: Path) -> str:
    done = subprocess.run(
        [tool(command[0]), *command[1:]], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_head_says_what_is_coming(api: Api, redeemed: Stage) -> None:
    answer = api.recipient(redeemed).get(ARCHIVE)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    name = f"packet-{str(redeemed.packet.id)[:8]}.zip"
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{name}"')
    assert re.fullmatch('"[0-9a-f]{64}"', answer.headers["ETag"])
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "Repr-Digest" not in answer.headers
    head = api.recipient(redeemed).ask("HEAD", ARCHIVE)
    its_own = "X-Request-Id"
    assert {**head.headers, its_own: ""} == {**answer.headers, its_own: ""}
    assert head.data == b""


def test_a_head_discloses_nothing(api: Api, redeemed: Stage) -> None:
    assert api.recipient(redeemed).ask("HEAD", ARCHIVE).status_code == 200
    assert api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"] == []


def test_ranges_are_those_of_the_whole(api: Api, redeemed: Stage) -> None:
    recipient = api.recipient(redeemed)
    whole = recipient.get(ARCHIVE)
    size, tag = len(whole.data), whole.headers["ETag"]
    for header, first, last in (
        ("bytes=0-0", 0, 0),
        ("bytes=5000-90000", 5000, 90000),
        ("bytes=-22", size - 22, size - 1),
    ):
        part = recipient.get(ARCHIVE, headers={"Range": header, "If-Range": tag})
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert part.data == whole.data[first : last + 1]
    for refused in (f"bytes={size}-", "bytes=0-1,5-6"):
        assert code_of(recipient.get(ARCHIVE, headers={"Range": refused})) == (416, "range_not_satisfiable")
    other = recipient.get(ARCHIVE, headers={"Range": "bytes=0-0", "If-Range": '"something else"'})
    assert (other.status_code, len(other.data)) == (200, size)


def test_an_archive_takes_a_place_among_the_downloads_before_it_is_laid_out(
    api: Api, redeemed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipient, laid_out = api.recipient(redeemed), []
    monkeypatch.setattr(usecase, "archive_of", lambda bag: laid_out.append(bag) or archive_of(bag))
    with api.slots.download(), api.slots.download():
        assert code_of(recipient.get(ARCHIVE)) == (503, "busy")
        assert recipient.ask("HEAD", ARCHIVE).status_code == 503
    assert laid_out == []
    assert recipient.ask("HEAD", ARCHIVE).status_code == 200
    assert recipient.get(ARCHIVE).status_code == 200


def test_a_revoked_link_has_no_archive(api: Api, redeemed: Stage) -> None:
    assert redeemed.link is not None
    api.coordinator.post(f"/links/{redeemed.link.id}/revoke")
    assert code_of(api.recipient(redeemed).get(ARCHIVE)) == (409, "link_revoked")
    lines = api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"]
    assert [line["refused"] for line in lines] == [True]


def test_unzip_7z_and_python_find_nothing_wrong(saved: Path) -> None:
    assert "No errors detected" in ran("unzip", "-t", saved.name, folder=saved.parent)
    assert "Everything is Ok" in ran(tool("7z", "7zz"), "t", saved.name, folder=saved.parent)
    assert zipfile.ZipFile(saved).testzip() is None


def test_every_file_is_unpacked_as_it_was_deposited(unpacked: Path) -> None:
    found = {
        path.relative_to(unpacked / "data").as_posix() for path in (unpacked / "data").rglob("*") if path.is_file()
    }
    assert found == {NAMES.get(path, path) for path in CONTENTS}
    for path, data in CONTENTS.items():
        assert (unpacked / "data" / NAMES.get(path, path)).read_bytes() == data


def test_it_is_a_valid_bag(unpacked: Path) -> None:
    bag = bagit.Bag(str(unpacked))
    assert bag.validate()
    assert bag.version_info == (1, 0)
    assert bag.algorithms == ["sha256"]


def test_sha256sum_finds_every_file_as_it_was(unpacked: Path) -> None:
    told = ran("sha256sum", "--strict", "-c", "manifest-sha256.txt", folder=unpacked)
    assert told.count(": OK\n") == len(CONTENTS)
    assert ran("sha256sum", "--strict", "-c", "tagmanifest-sha256.txt", folder=unpacked).count(": OK\n") == 5


@pytest.mark.parametrize("spoilt", ["data/-rf", "README.txt", "data/reports/empty.txt"])
def test_a_bag_that_was_changed_is_not_valid(unpacked: Path, spoilt: str) -> None:
    (unpacked / spoilt).write_bytes(b"else")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(unpacked)).validate()


def test_the_release_manifest_in_it_is_the_signed_one(api: Api, redeemed: Stage, saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        kept = archive.read(f"{saved.stem}/release-manifest.json")
    shown = api.recipient(redeemed).get("/redeemed").get_json()["manifest"]
    assert json.loads(kept) == shown
    verify(shown["manifest"], shown["signature"], api.stages.signing_key.public_key_pem())


def test_what_was_downloaded_is_told_file_by_file(api: Api, redeemed: Stage, saved: Path) -> None:
    assert saved.exists()
    lines = api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"]
    assert {line["what"]["path"]: line["bytes"] for line in lines} == {
        path: len(data) for path, data in CONTENTS.items()
    }
    assert all(line["completed"] for line in lines)
