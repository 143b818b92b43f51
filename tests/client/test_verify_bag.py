"""`packet verify .` does in an unpacked archive.zip what the README there says: it checks the signature too."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.client.command_line import Desk
from tests.domain.bags import a_bag, a_kept_file
from transfer_service.client.delivery.verify import verify_folder
from transfer_service.client.failures import IntegrityBroken, OnlyDigests
from transfer_service.domain.packet import SignedManifest
from transfer_service.sealing.manifest import SigningKey

KEY = SigningKey.generate()
FILES = {"slides/a.svs": b"first", "Ki-67 20%.svs": b"same", "Ki-67 20?.svs": b"same", "CON": b"device", "empty": b""}


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """A bag as it is unpacked."""
    made = a_bag(*(a_kept_file(path, data) for path, data in FILES.items()))
    signed = SignedManifest(made.manifest.document, KEY.sign(made.manifest.document), KEY.key_id)
    made, folder = replace(made, manifest=signed), tmp_path / made.name
    for name, data in made.tag_files.items() | {(place, FILES[file.path]) for place, file in made.payload.items()}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def wrong_in(folder: Path) -> dict[str, str]:
    with pytest.raises(IntegrityBroken) as broken:
        verify_folder(folder, KEY.public_key_pem())
    return broken.value.facts.get("files", {str(broken.value): ""})


def test_a_bag_is_verified_with_the_names_that_were_changed_in_it(bag):
    assert not (bag / "data" / "CON").exists()
    assert verify_folder(bag, KEY.public_key_pem()).files == len(FILES)
    with pytest.raises(OnlyDigests):
        verify_folder(bag, None)


def test_a_name_that_whoever_unpacked_it_changed_is_no_harm(bag):
    (bag / "data" / "slides" / "a.svs").rename(bag / "data" / "slides" / "a_.svs")
    assert verify_folder(bag, KEY.public_key_pem()).files == len(FILES)


def test_a_changed_a_missing_and_an_extra_file_fail(bag):
    (bag / "data" / "slides" / "a.svs").write_bytes(b"fIrst")
    (bag / "data" / "Ki-67 20_.svs").unlink()
    (bag / "data" / "more.svs").write_bytes(b"more")
    (bag / "beside.txt").write_bytes(b"")
    why = wrong_in(bag)
    assert (why.pop("slides/a.svs"), why.pop("data/more.svs")) == ("it is changed", "it is not in the manifest")
    assert why.pop("beside.txt") == "it is not in the manifest"
    assert list(why.values()) == ["it is missing"]


def test_two_files_that_changed_places_fail_though_both_are_there(bag):
    one, other = bag / "data" / "slides" / "a.svs", bag / "data" / "empty"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    assert wrong_in(bag) == {"slides/a.svs": "it is changed", "empty": "it is changed"}


def test_a_link_to_the_right_bytes_is_no_file(bag, tmp_path):
    (bag / "data" / "slides" / "a.svs").rename(tmp_path / "a.svs")
    (bag / "data" / "slides" / "b.svs").symlink_to(tmp_path / "a.svs")
    assert wrong_in(bag) == {"slides/a.svs": "it is missing", "data/slides/b.svs": "it is not in the manifest"}


def test_a_name_that_leads_out_of_the_bag_is_not_followed(tmp_path):
    made, folder = a_bag(a_kept_file("../outside", b"x")), tmp_path / "bag"
    (folder / "data").mkdir(parents=True)
    (folder / "outside").write_bytes(b"x")
    signed = SignedManifest(made.manifest.document, KEY.sign(made.manifest.document), KEY.key_id)
    (folder / "release-manifest.json").write_bytes(replace(made, manifest=signed).tag_files["release-manifest.json"])
    assert wrong_in(folder) == {"../outside": "it is missing", "outside": "it is not in the manifest"}


def test_a_bag_that_another_key_signed_is_refused(bag):
    with pytest.raises(IntegrityBroken, match="not signed by the key"):
        verify_folder(bag, SigningKey.generate().public_key_pem())


def test_the_command_tells_a_whole_bag_from_a_broken_one(bag, tmp_path):
    desk, key = Desk(tmp_path / "home"), tmp_path / "key.pem"
    key.write_text(KEY.public_key_pem())
    assert desk.packet("verify", bag, "--key", key).code == 0
    (bag / "data" / "empty").unlink()
    broken = desk.packet("verify", bag, "--key", key)
    assert (broken.code, "NOT DONE: empty: it is missing" in broken.err, "\ndone: empty" in broken.err) == (
        5,
        True,
        False,
    )
