"""The first thing that anybody tries: a fresh clone, one command."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.standalone_process import clean_environment, told_within

CHECKOUT = Path(__file__).parents[2]
INSTALLED_WITHIN_S = 900
PLAYED_WITHIN_S = 900


def start(*words, **options):
    """The journey of this very checkout, as ./scripts/quickstart starts it once everything is installed."""
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.journey", *map(str, words)],
        cwd=CHECKOUT, env=clean_environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options,
    )  # fmt: skip


def test_a_fresh_clone_plays_the_whole_journey(tmp_path):
    clone = tmp_path / "clone"
    (tmp_path / "gitconfig").write_text("[safe]\n    directory = *\n")  # the checkout may be another user's
    environment = clean_environment() | {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(clone)], env=environment, check=True, timeout=60)
    player = subprocess.Popen(
        ["./scripts/quickstart", "--check"],
        cwd=clone, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    told = told_within(player, INSTALLED_WITHIN_S)
    assert player.returncode == 0, told
    assert "The whole journey worked." in told
    assert "every SHA-256 digest is equal to the original's" in told
    status = ["git", "status", "--short"]
    assert subprocess.run(status, cwd=clone, env=environment, capture_output=True, check=True, timeout=60).stdout == b""
    shutil.rmtree(clone)


def test_a_step_that_fails_is_named_and_the_check_ends_with_1(tmp_path):
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "a link").symlink_to(tmp_path)
    player = start(tmp_path / "links", "--check", "--data", tmp_path / "data")
    told = told_within(player, PLAYED_WITHIN_S)
    assert player.returncode == 1, told
    assert re.search(r"^FAILED. Step 3 failed \(deposit\): There is nothing in ", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["no such folder"], "can't be read as a folder: No such file"),
        (["a file"], "can't be read as a folder: Not a directory"),
        (["empty"], "is empty"),
        (["--port", "65536"], "a port is a number from 0 to 65535"),
        (["--port", "-1"], "a port is a number from 0 to 65535"),
    ],
)
def test_a_wrong_command_line_is_refused_in_a_sentence_before_anything_starts(tmp_path, words, sentence):
    (tmp_path / "a file").touch()
    (tmp_path / "empty").mkdir()
    words = [tmp_path / word if words[0] != "--port" else word for word in words]
    player = start(*words, "--data", tmp_path / "data")
    told = told_within(player, PLAYED_WITHIN_S)
    assert player.returncode == 2, told
    assert sentence in told
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("data", "sentence"), [("a file/data", "can't be written"), ("files", "holds other things")])
def test_where_the_service_can_not_start_it_says_why_in_a_line(tmp_path, data, sentence):
    (tmp_path / "a file").touch()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "slide.svs").touch()
    player = start("--check", "--data", tmp_path / data)
    told = told_within(player, PLAYED_WITHIN_S)
    assert player.returncode == 1, told
    assert re.search(rf"^FAILED. .*{sentence}", told, re.MULTILINE)
    assert "Traceback" not in told


@pytest.fixture
def odd_folder(tmp_path):
    folder = tmp_path / "odd"
    (folder / "sub folder").mkdir(parents=True)
    (folder / "test3-TRITC 2 (560).ndpi").write_bytes(os.urandom(100_000))
    (folder / "sub folder" / "100% Übersicht #1?.txt").write_bytes(b"")
    (folder / "a link").symlink_to("test3-TRITC 2 (560).ndpi")
    (folder / "linked folder").symlink_to("sub folder")
    os.mkfifo(folder / "pipe")
    (folder / "A.txt").write_text("one of two that a Windows computer would take for one")
    (folder / "a.TXT").write_text("the other")
    Path(os.fsdecode(os.fsencode(folder) + b"/not utf-8 \xff")).touch()
    return folder


def test_it_says_what_it_does_not_send_stays_and_ends_with_ctrl_c(tmp_path, odd_folder):
    player = start(odd_folder, "--data", tmp_path / "data", "--port", "0")
    overdue = threading.Timer(PLAYED_WITHIN_S, player.terminate)  # which ends the lines below
    overdue.start()
    told = []
    for line in player.stdout:
        told.append(line)
        if line.startswith("Ctrl-C stops it"):
            break
    overdue.cancel()
    text = "".join(told)
    base_url = re.search(r"start page +(http\S+)/\n", text)[1]
    with urllib.request.urlopen(f"{base_url}/l", timeout=20) as page:  # where the printed link leads
        assert page.status == 200
    family = psutil.Process(player.pid).children(recursive=True)
    player.send_signal(signal.SIGINT)
    text += told_within(player, 60)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
    assert len(family) >= 4
    not_sent = re.findall(r"NOT SENT, (.*)", text)
    assert sorted(not_sent) == [
        "a socket, pipe or device: 'pipe'",
        "a symbolic link: 'a link'",
        "a symbolic link: 'linked folder'",
        "its name is not UTF-8: 'not utf-8 \\udcff'",
        "the service does not accept this name: 'a.TXT' (path_taken)",
    ]
    assert "sent: 3 files" in text
    assert re.search(r"patient's page +http\S+/r#\S{43}\n", text)
    assert re.search(r"reviewer's link +http\S+/l#\S{43}\n", text)


def test_it_works_again_on_the_folder_of_the_last_time(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "slide.svs").write_bytes(os.urandom(1000))
    for _ in range(2):
        player = start(files, "--check", "--data", tmp_path / "data")
        told = told_within(player, PLAYED_WITHIN_S)
        assert player.returncode == 0, told
