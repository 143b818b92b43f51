"""What is in a folder, and what of it is sent."""

import os
import socket
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.command_line import Desk
from transfer_service.client.deposit import paths, scan
from transfer_service.client.deposit.send import SendOptions, check_sendable
from transfer_service.client.failures import NotSent, UsageWrong
from transfer_service.domain.paths import normal_path, path_identity
from transfer_service.errors import PathInvalid


def made(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def found(contents: scan.Contents) -> list[str]:
    return [file.path for file in contents.files]


def odd(contents: scan.Contents) -> dict[str, str]:
    return {oddity.path: oddity.kind for oddity in contents.oddities}


def test_every_file_is_found_by_its_path_whatever_script_it_is_written_in(tmp_path):
    names = ["a.svs", "b/c/d.dcm", "日本/スライド.tiff", "شريحة.svs", "Ünïcødé.pdf", "🔬.bin", "Привет мир.txt", "-rf"]
    contents = scan.scan(made(tmp_path, *names))
    assert found(contents) == sorted(names)
    assert not contents.oddities
    assert {file.kind for file in contents.files} == {"slide", "radiology", "report", "other"}


def test_names_are_sent_in_form_nfc(tmp_path):
    made(tmp_path, unicodedata.normalize("NFD", "Gewebe-ä.svs"))
    assert found(scan.scan(tmp_path)) == [unicodedata.normalize("NFC", "Gewebe-ä.svs")]


def test_links_and_special_files_are_neither_followed_nor_passed_over_in_silence(tmp_path):
    folder = made(tmp_path / "in", "slide.svs")
    made(tmp_path / "elsewhere", "other-patient.svs")
    (folder / "link.svs").symlink_to(tmp_path / "elsewhere" / "other-patient.svs")
    (folder / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (folder / "broken").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        contents = scan.scan(folder)
    assert found(contents) == ["slide.svs"]
    assert odd(contents) == {
        "link.svs": "link", "linked": "link", "broken": "link", "pipe": "special", "socket": "special"
    }  # fmt: skip
    with pytest.raises(NotSent) as refused:
        check_sendable(contents)
    assert {"link.svs", "pipe"} <= set(refused.value.facts["files"])
    assert "--skip link --skip special" in refused.value.advice
    check_sendable(contents, SendOptions(skip=frozenset({"link", "special"})))


def test_what_may_not_be_read_is_said_before_anything_is_sent(tmp_path, monkeypatch):
    made(tmp_path, "slide.svs", "secret.svs")
    monkeypatch.setattr(os, "access", lambda path, _how: not str(path).endswith("secret.svs"))
    assert odd(scan.scan(tmp_path)) == {"secret.svs": "unreadable"}


def test_names_that_the_service_refuses_are_said_with_the_reason(tmp_path):
    refused = {
        "back\\slash.svs": "backslash", "line\nbreak": "control", "right\u202eleft": "control", "C:/x.svs": "drive",
        os.fsdecode(b"latin-\xe4.svs"): "not Unicode",
    }  # fmt: skip
    contents = scan.scan(made(tmp_path, "good.svs", *refused))
    assert found(contents) == ["good.svs"]
    why = {oddity.path: oddity.why for oddity in contents.oddities}
    assert all(word in why[name] for name, word in refused.items())


def test_two_names_that_windows_takes_for_one_are_not_both_sent(tmp_path):
    contents = scan.scan(made(tmp_path, "Slide.svs", "slide.SVS"))
    assert found(contents) == ["Slide.svs"]
    assert odd(contents) == {"slide.SVS": "name"}
    nfc, nfd = (unicodedata.normalize(form, "ä.svs") for form in ("NFC", "NFD"))
    contents = scan.scan(made(tmp_path / "forms", nfc, nfd))
    assert len(contents.files) == 1
    assert len(contents.oddities) == 1


def test_what_file_managers_leave_and_what_is_left_out_is_not_sent(tmp_path):
    made(tmp_path, "a.svs", "Thumbs.db", "sub/.DS_Store", "._a.svs", "x.tmp", "raw/1.bin", "case.json", "sub/case.json")
    contents = scan.scan(tmp_path, leave_out=["*.TMP", "raw/*", "./case.json"])
    assert found(contents) == ["a.svs", "sub/case.json"]
    assert len(contents.left_out) == 6


def test_empty_folders_are_told_of(tmp_path):
    made(tmp_path, "a.svs")
    (tmp_path / "nothing" / "here").mkdir(parents=True)
    assert scan.scan(tmp_path).empty_folders == ("nothing/here",)


def test_a_folder_without_files_and_one_that_is_none_are_refused(tmp_path):
    with pytest.raises(NotSent):
        check_sendable(scan.scan(tmp_path))
    with pytest.raises(UsageWrong):
        scan.scan(tmp_path / "missing")


def test_a_hundred_thousand_files_are_looked_through_in_seconds(tmp_path):
    for folder in range(100):
        (tmp_path / f"{folder:03}").mkdir()
        for file in range(1000):
            os.mknod(f"{tmp_path}/{folder:03}/tile-{file}.jpg")
    began = time.monotonic()
    assert len(scan.scan(tmp_path).files) == 100_000
    assert time.monotonic() - began < 30


@given(st.text(st.characters(), max_size=30) | st.text("aB./\\:ä\n\u202e", max_size=12) | st.text("ü/", max_size=1100))
def test_the_client_takes_exactly_the_paths_that_the_service_takes(path):
    normal = paths.packet_path(tuple(path.split("/")))
    try:
        taken = normal_path(path)
    except PathInvalid:
        assert paths.why_refused(normal) is not None
    else:
        assert paths.why_refused(normal) is None
        assert normal == taken
    assert paths.path_identity(normal) == path_identity(normal)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_no_console_stumbles_over_a_name(tmp_path, encoding):
    folder = made(tmp_path / "in", "日本.svs", "Ünïcødé.pdf", "🔬.bin")
    (folder / "ลิงก์").symlink_to("x")
    desk = Desk(tmp_path / "home", {"PYTHONIOENCODING": encoding})
    refused = desk.packet("send", folder, "--dry-run")
    assert refused.code == 6
    said = desk.packet("send", folder, "--dry-run", "--skip", "link")
    assert said.code == 0
    assert said.err.startswith("Skipped: ")
    if encoding == "cp1252":  # where a console claims to be ASCII, click speaks UTF-8 to it
        assert "\\u0e25" in refused.err
        assert "\\u65e5\\u672c.svs" in said.out
    assert (
        desk.packet("send", folder, "--dry-run", "--skip", "link", "--json").last["files"][0]["path"] == "Ünïcødé.pdf"
    )
