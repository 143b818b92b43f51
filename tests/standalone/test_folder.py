"""The data folder: whatever stopped a first start, the next one goes on; what is not ours is left alone."""

import os
import stat
import subprocess
import sys

import pytest

from tests.standalone.test_child import full_disk
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.errors import SettingsInvalid
from transfer_service.standalone.folder import DataFolder


@pytest.fixture
def folder(tmp_path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def start(folder: DataFolder) -> None:
    with folder.locked():
        folder.prepare(8080)
        folder.prepare_keyring()


def test_a_first_start_makes_all_that_is_needed(folder):
    start(folder)
    assert {path.name for path in folder.path.iterdir()} == {"lock", "logs", "keyring.json", "settings.toml"}
    assert (folder.path / "lock").read_text() == f"{os.getpid()}\n"
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (folder.path, *folder.path.iterdir())} == {0}


STARTS = """
import itertools, os, pathlib, shutil, sys
from transfer_service.standalone.folder import DataFolder

def start():
    with folder.locked():
        folder.prepare(8080)
        folder.prepare_keyring()

def start_and_die_at(call, number):
    real, calls = getattr(os, call), itertools.count()
    setattr(os, call, lambda *a, **o: os._exit(9) if next(calls) == number else real(*a, **o))
    start()
    os._exit(0)

folder = DataFolder(pathlib.Path(sys.argv[2]))
for kills in itertools.count():
    if (child := os.fork()) == 0:
        start_and_die_at(sys.argv[1], kills)
    _, status = os.waitpid(child, 0)
    start()
    assert sorted(os.listdir(folder.path)) == ["keyring.json", "lock", "logs", "settings.toml"]
    shutil.rmtree(folder.path)
    if status == 0:
        break
print(kills)
"""


@pytest.mark.parametrize("call", ["mkdir", "chmod", "open", "write", "fchmod", "fsync", "link", "unlink", "rename"])
def test_a_first_start_killed_anywhere_is_gone_on_with_by_the_next(folder, call):
    command = [sys.executable, "-c", STARTS, call, str(folder.path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) > 0


@pytest.mark.parametrize("names", [["logs"], ["logs", "keyring.json.0123456789abcdef.new"]])
def test_what_an_earlier_first_start_left_before_its_lock_is_ours(folder, names):
    folder.path.mkdir()
    (folder.path / "logs").mkdir()
    for name in names[1:]:
        (folder.path / name).write_text("")
    start(folder)
    assert {path.name for path in folder.path.iterdir()} == {"lock", "logs", "keyring.json", "settings.toml"}


def test_a_folder_that_was_put_back_without_its_lock_is_ours(folder):
    start(folder)
    (folder.path / "lock").unlink()
    before = (folder.path / "keyring.json").read_bytes()
    start(folder)
    assert (folder.path / "keyring.json").read_bytes() == before


@pytest.mark.parametrize("other", ["holiday.txt", "keyring.json.bak", "lock.txt"])
def test_a_folder_with_other_things_is_refused_and_left_as_it_was(folder, other):
    folder.path.mkdir(mode=0o755)
    (folder.path / "logs").mkdir()
    (folder.path / other).write_text("")
    mode = folder.path.stat().st_mode
    with pytest.raises(SettingsInvalid, match="holds other things"):
        start(folder)
    assert {path.name for path in folder.path.iterdir()} == {"logs", other}
    assert folder.path.stat().st_mode == mode


def test_a_folder_in_use_is_refused_and_names_the_process(folder):
    with folder.locked(), pytest.raises(SettingsInvalid, match=f"Process {os.getpid()} runs on"), folder.locked():
        pass
    start(folder)


def test_a_second_name_of_the_keyring_is_removed(folder):
    start(folder)
    second = folder.path / "keyring.json.0123456789abcdef.new"
    second.hardlink_to(folder.path / "keyring.json")
    start(folder)
    assert not second.exists()
    LocalKeyring(folder.path / "keyring.json")


@pytest.mark.parametrize("call", ["mkdir", "fsync", "write", "link"])
def test_a_full_disk_is_one_sentence_and_no_obstacle_once_there_is_room(folder, monkeypatch, call):
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full_disk)
        with pytest.raises(SettingsInvalid, match="No space left on device"):
            start(folder)
    start(folder)


def test_an_error_of_what_runs_in_the_folder_is_not_called_the_folder_s(folder):
    with pytest.raises(OSError, match="No space left"), folder.locked():
        full_disk()
