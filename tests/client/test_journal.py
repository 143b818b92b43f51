"""What a run leaves for the next: nothing of anybody, and only one run at a time."""

import stat
import time

import pytest

from transfer_service.client.deposit.journal import Journal, Stamp
from transfer_service.client.failures import InUse, UsageWrong

BASE = "https://transfer.test"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("PACKET_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "Doe, Jane 1961").mkdir()
    return tmp_path / "state"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "Doe, Jane 1961"


def test_the_next_run_knows_the_packet_its_key_and_its_files(folder):
    stamp = Stamp.of(folder.stat())
    with Journal.of(BASE, folder) as journal:
        assert journal.packet_id is None
        key = journal.opening_key(b"body")
    with Journal.of(BASE, folder) as journal:
        assert journal.opening_key(b"body") == key != journal.opening_key(b"other")
        journal.remember_packet("p-1")
        journal.remember_file("f-1", stamp)
        journal.remember_file("f-2", stamp, "ab")
        journal.note_sending()
    with Journal.of(BASE, folder) as journal:
        assert journal.packet_id == "p-1"
        assert journal.sent("f-1").digest is None
        assert (journal.sent("f-2").stamp, journal.sent("f-2").digest) == (stamp, "ab")
        assert journal.sent("f-3") is None
        assert journal.sent_ago_s() < 60
        journal.start_anew()
        assert (journal.packet_id, journal.sent("f-1")) == (None, None)
        assert journal.opening_key(b"body") != key


def test_each_service_folder_and_part_of_it_has_a_journal_of_its_own(folder, tmp_path):
    places = {
        Journal.of(*words).path
        for words in ((BASE, folder), (BASE, tmp_path), (BASE + "x", folder), (BASE, folder, "2"))
    }
    assert len(places) == 4


def test_a_key_that_the_service_has_forgotten_is_not_used_again(folder, monkeypatch):
    with Journal.of(BASE, folder) as journal:
        key, then = journal.opening_key(b"body"), time.time()
        monkeypatch.setattr(time, "time", lambda: then + 24 * 3600)
        assert journal.opening_key(b"body") != key


def test_a_second_run_on_the_same_folder_is_told_so(folder):
    with Journal.of(BASE, folder), pytest.raises(InUse):
        Journal.of(BASE, folder)
    Journal.of(BASE, folder).__exit__(None, None, None)


def test_it_holds_no_name_and_nobody_else_may_read_it(folder, state):
    with Journal.of(BASE, folder) as journal:
        journal.opening_key(b"Jane Doe")
        journal.remember_file("f-1", Stamp.of(folder.stat()))
    for path in [state, *state.rglob("*")]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077
        assert "Doe" not in path.name
        assert path.is_dir() or not [
            word for word in (b"Doe", b"Jane", b"slides", b"transfer.test") if word in path.read_bytes()
        ]


def test_a_damaged_journal_is_said_to_be_one(folder):
    with Journal.of(BASE, folder) as journal:
        path = journal.path
    path.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(UsageWrong, match="damaged"):
        Journal.of(BASE, folder)
