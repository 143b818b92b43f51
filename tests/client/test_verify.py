"""A changed, missing, extra or renamed file fails (C23); so does a manifest that the pinned key did not sign."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.client.command_line import Desk
from transfer_service.client.delivery.delivery import Delivery
from transfer_service.client.delivery.verify import verify_folder
from transfer_service.client.failures import IntegrityBroken, OnlyDigests, UsageWrong
from transfer_service.sealing.manifest import SigningKey

FILES = {"slides/a.svs": b"first", "slides/b.svs": b"second", "empty.txt": b"", "CON": b"device"}
A_FILE = {"path": "a", "size": 1, "sha256": "0" * 64, "id": "0" * 36}
KEY = SigningKey.generate()


def manifest(files: dict[str, bytes]) -> dict[str, object]:
    listed = [
        {"id": f"{number:08}-{'0' * 27}", "path": path, "size": len(data), "sha256": sha256(data).hexdigest()}
        for number, (path, data) in enumerate(files.items())
    ]  # fmt: skip
    return {"version": 1, "kind": "release", "release": "r-1", "files": listed}


@pytest.fixture
def got(tmp_path: Path) -> Path:
    """A folder as `fetch` leaves it."""
    folder, document = tmp_path / "got", manifest(FILES)
    folder.mkdir()
    delivery = Delivery(document, KEY.sign(document), KEY.key_id)
    delivery.save(folder)
    for wanted in delivery.wanted(folder):
        wanted.place.parent.mkdir(exist_ok=True)
        wanted.place.write_bytes(FILES[wanted.path])
    return folder


def wrong_in(folder: Path) -> dict[str, str]:
    with pytest.raises(IntegrityBroken) as broken:
        verify_folder(folder, KEY.public_key_pem())
    return broken.value.facts.get("files", {str(broken.value): ""})


def test_what_came_whole_is_verified(got):
    verified = verify_folder(got, KEY.public_key_pem())
    assert (verified.files, verified.size_bytes, verified.key_id) == (4, 17, KEY.key_id)


def test_without_a_pinned_key_it_is_said_that_nobody_vouches_for_the_digests(got):
    with pytest.raises(OnlyDigests):
        verify_folder(got, None)


def test_a_changed_file_fails(got):
    (got / "slides" / "a.svs").write_bytes(b"fIrst")
    assert wrong_in(got) == {"slides/a.svs": "it is changed"}
    (got / "slides" / "a.svs").write_bytes(b"first and more")
    assert wrong_in(got) == {"slides/a.svs": "it is changed"}


def test_a_missing_file_fails(got):
    (got / "empty.txt").unlink()
    assert wrong_in(got) == {"empty.txt": "it is missing"}


def test_an_extra_file_fails_and_so_does_a_half_one(got):
    (got / "slides" / ".c.svs.part").write_bytes(b"")
    (got / "loop").symlink_to(got)
    assert wrong_in(got) == {"slides/.c.svs.part": "it is not in the manifest", "loop": "it is not in the manifest"}


def test_a_renamed_file_fails_and_so_do_two_that_changed_places(got):
    (got / "empty.txt").rename(got / "empty2.txt")
    assert set(wrong_in(got)) == {"empty.txt", "empty2.txt"}
    (got / "empty2.txt").rename(got / "empty.txt")
    for old, new in (("a", "c"), ("b", "a"), ("c", "b")):
        (got / "slides" / f"{old}.svs").rename(got / "slides" / f"{new}.svs")
    assert set(wrong_in(got)) == {"slides/a.svs", "slides/b.svs"}


def test_a_link_in_the_place_of_a_file_is_no_file(got, tmp_path):
    (got / "slides" / "a.svs").rename(tmp_path / "a.svs")
    (got / "slides" / "a.svs").symlink_to(tmp_path / "a.svs")
    assert wrong_in(got) == {"slides/a.svs": "it is missing"}


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["manifest"]["files"].pop(),
        lambda document: document["manifest"]["files"][0].update(size=6),
        lambda document: document["manifest"]["files"][0].update(path="slides/z.svs"),
        lambda document: document["manifest"]["files"].reverse(),
        lambda document: document["manifest"].update(release="r-2"),
        lambda document: document.update(signature=SigningKey.generate().sign(document["manifest"])),
        lambda document: document.update(signature=""),
    ],
)
def test_a_manifest_that_the_pinned_key_did_not_sign_fails_whatever_it_says_of_its_key(got, change):
    path = got / ".packet" / "manifest.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    assert "not signed by the key" in next(iter(wrong_in(got)))


@pytest.mark.parametrize(
    "document",
    [
        [], {}, {"manifest": {}, "signature": "", "key_id": ""},
        {"manifest": {"kind": "packet", "files": []}, "signature": "", "key_id": ""},
        {"manifest": {"kind": "release", "files": [{"path": 1}]}, "signature": "", "key_id": ""},
        {"manifest": {"kind": "release", "files": [A_FILE | {"size": True}]}, "signature": "", "key_id": ""},
        {"manifest": {"kind": "release", "files": [A_FILE | {"id": "../../x"}]}, "signature": "", "key_id": ""},
        {"manifest": {"kind": "release", "files": [A_FILE | {"sha256": ""}]}, "signature": "", "key_id": ""},
        {"manifest": {"kind": "release", "files": [A_FILE, A_FILE]}, "signature": "", "key_id": ""},
        {"manifest": {"kind": "release", "files": [A_FILE]}, "signature": 1, "key_id": ""},
    ],
)  # fmt: skip
def test_what_is_no_release_manifest_is_refused(document):
    with pytest.raises(IntegrityBroken):
        Delivery.read(document)


def test_the_command_tells_the_three_ends_apart(got, tmp_path):
    desk, key = Desk(tmp_path / "home"), tmp_path / "key.pem"
    key.write_text(KEY.public_key_pem())
    assert desk.packet("verify", got, "--key", key).code == 0
    assert desk.packet("verify", got).code == 7
    assert desk.with_(PACKET_MANIFEST_KEY=str(key)).packet("verify", got).code == 0
    (got / "empty.txt").unlink()
    broken = desk.packet("verify", got, "--key", key, "--json")
    assert (broken.code, broken.last["code"], broken.last["files"]) == (5, "integrity", {"empty.txt": "it is missing"})
    key.write_text("no key")
    assert desk.packet("verify", got, "--key", key).code == 2
    assert desk.packet("verify", tmp_path).code == 2


def test_nothing_was_fetched_where_nothing_was(tmp_path):
    with pytest.raises(UsageWrong):
        verify_folder(tmp_path, None)
