"""A keyring file is whole and its owner's alone, or the service does not start; and memory is short."""

import errno
import gc
import json
import logging
import os
import stat
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.standalone_process import eventually
from transfer_service.adapters.keyring import CachedKeyring, LocalKeyring, memory, remove_unfinished
from transfer_service.errors import InstallationDamaged, SealBroken, SettingsInvalid, Unavailable
from transfer_service.sealing.keys import SecretKey

CONTEXT = {"organization": "o-1", "purpose": "records"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "keyring.json"
    LocalKeyring.create(path)
    return path


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_key_unwraps_in_its_own_context_alone(path: Path) -> None:
    keyring = LocalKeyring(path)
    key, wrapped = keyring.generate(CONTEXT)
    assert LocalKeyring(path).unwrap(wrapped, dict(reversed(CONTEXT.items()))) == key
    for context in ({}, {"organization": "o-2", "purpose": "records"}, {"organization": "o-1"}, CONTEXT | {"x": ""}):
        with pytest.raises(SealBroken):
            keyring.unwrap(wrapped, context)
    keyring.check()


def test_no_two_generated_keys_are_the_same(path: Path) -> None:
    keyring = LocalKeyring(path)
    keys = [keyring.generate(CONTEXT) for _ in range(20)]
    assert len({key.reveal() for key, _ in keys}) == len({wrapped for _, wrapped in keys}) == 20


@pytest.mark.parametrize("at", [0, 7, 8, 40, 111])
def test_an_altered_blob_does_not_unwrap(path: Path, at: int) -> None:
    keyring = LocalKeyring(path)
    _, wrapped = keyring.generate(CONTEXT)
    broken = bytearray(wrapped)
    broken[at] ^= 1
    with pytest.raises(SealBroken):
        keyring.unwrap(bytes(broken), CONTEXT)


@pytest.mark.parametrize("length", [0, 7, 8, 9, 60, 111])
def test_a_cut_blob_does_not_unwrap(path: Path, length: int) -> None:
    keyring = LocalKeyring(path)
    _, wrapped = keyring.generate(CONTEXT)
    assert len(wrapped) == 112
    with pytest.raises(SealBroken):
        keyring.unwrap(wrapped[:length], CONTEXT)


def test_another_file_s_keyring_opens_nothing(path: Path, tmp_path: Path) -> None:
    _, wrapped = LocalKeyring(path).generate(CONTEXT)
    with pytest.raises(SealBroken):
        LocalKeyring.create(tmp_path / "other.json").unwrap(wrapped, CONTEXT)


def test_after_a_rotation_older_keys_go_on_opening_what_is_theirs(path: Path, tmp_path: Path) -> None:
    key, wrapped = LocalKeyring(path).generate(CONTEXT)
    LocalKeyring.create(tmp_path / "new.json")
    new = json.loads((tmp_path / "new.json").read_text())
    edited(path, lambda document: (document["keys"].update(new["keys"]), document.update(current=new["current"])))
    rotated = LocalKeyring(path)
    assert rotated.unwrap(wrapped, CONTEXT) == key
    _, wrapped_anew = rotated.generate(CONTEXT)
    assert wrapped_anew[:8].hex() == new["current"] != wrapped[:8].hex()
    assert LocalKeyring(tmp_path / "new.json").unwrap(wrapped_anew, CONTEXT)


def test_a_new_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        LocalKeyring.create(tmp_path / "open.json")
        os.umask(0o777)
        LocalKeyring.create(tmp_path / "shut.json")
    finally:
        os.umask(before)
    for name in ("open.json", "shut.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_an_existing_file_is_never_replaced(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for existing in (path, tmp_path / "dangling"):
        with pytest.raises(SettingsInvalid, match="can't be made"):
            LocalKeyring.create(existing)
    assert path.read_bytes() == before
    assert not (tmp_path / "nowhere").exists()


def test_the_file_and_its_directory_are_on_disk_before_create_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    LocalKeyring.create(tmp_path / "keyring.json")
    assert synced == [False, True]


KILLED_IN = """
import os, sys, pathlib
from transfer_service.adapters.keyring import LocalKeyring
setattr(os, sys.argv[1], lambda *_, **__: os._exit(9))
LocalKeyring.create(pathlib.Path(sys.argv[2]))
"""


def killed_in(call: str, path: Path) -> bool:
    """Whether a process that made a keyring was killed at that call."""
    command = [sys.executable, "-c", KILLED_IN, call, str(path)]
    return subprocess.run(command, timeout=60, check=False).returncode == 9


@pytest.mark.parametrize("call", ["fchmod", "fsync", "link", "unlink"])
def test_one_killed_while_it_makes_a_file_leaves_a_whole_one_or_none(tmp_path: Path, call: str) -> None:
    path = tmp_path / "keyring.json"
    assert killed_in(call, path)
    if path.exists():
        LocalKeyring(path)
    else:
        LocalKeyring.create(path)
    remove_unfinished(path)
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_one_left_is_gone_once_a_file_is_made_and_nothing_else(tmp_path: Path) -> None:
    others = [tmp_path / name for name in ("other.json.0123456789abcdef.new", "keyring.json.new", "keyring.json.1.new")]
    for path in (*others, tmp_path / "keyring.json.0123456789abcdef.new"):
        path.write_text("")
    LocalKeyring.create(tmp_path / "keyring.json")
    assert {*tmp_path.iterdir()} == {*others, tmp_path / "keyring.json"}


def test_of_many_that_make_a_file_at_once_one_does(tmp_path: Path) -> None:
    made: list[LocalKeyring] = []
    refused: list[SettingsInvalid] = []

    def make() -> None:
        try:
            made.append(LocalKeyring.create(tmp_path / "keyring.json"))
        except SettingsInvalid as error:
            refused.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert (len(made), len(refused)) == (1, 7)
    assert list(tmp_path.iterdir()) == [tmp_path / "keyring.json"]
    assert made[0].unwrap(LocalKeyring(tmp_path / "keyring.json").generate(CONTEXT)[1], CONTEXT)


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsInvalid, match="can't be made: No space left on device"):
        LocalKeyring.create(tmp_path / "keyring.json")
    assert not list(tmp_path.iterdir())


def test_a_local_keyring_says_once_that_it_is_the_lower_assurance(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    LocalKeyring(path)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "lower assurance" in caplog.text
    secret = next(iter(json.loads(path.read_text())["keys"].values()))
    assert secret not in caplog.text


def test_a_missing_file_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="keyring create"):
        LocalKeyring(tmp_path / "keyring.json")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o700, 0o400, 0o601, 0o4600])
def test_any_other_mode_does_not_start(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(SettingsInvalid, match=rf"mode {mode:04o}; it must be 0600"):
        LocalKeyring(path)


def test_a_symbolic_link_does_not_start(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(path)
    with pytest.raises(SettingsInvalid, match="link"):
        LocalKeyring(link)


def test_a_directory_or_a_pipe_does_not_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "directory").mkdir(0o600)
    for name in ("pipe", "directory"):
        with pytest.raises(SettingsInvalid, match="not a regular file"):
            LocalKeyring(tmp_path / name)


def test_another_users_file_does_not_start(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(SettingsInvalid, match="another user"):
        LocalKeyring(path)


def test_a_file_cut_anywhere_does_not_start(path: Path) -> None:
    whole = path.read_bytes().rstrip()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InstallationDamaged, match="not whole JSON"):
            LocalKeyring(path)


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "other fields": lambda document: document.update(extra=1),
    "other fields ": lambda document: document.pop("current"),
    "another version": lambda document: document.update(version=2),
    "another version ": lambda document: document.update(version="1"),
    "another version  ": lambda document: document.update(version=True),
    "not a mapping": lambda document: document.update(keys=[]),
    "not among its keys": lambda document: document.update(current="0" * 16),
    "not among its keys ": lambda document: document.update(current=None),
    "not among its keys  ": lambda document: document.update(keys={}),
    "not 16 hex digits": lambda document: document["keys"].update({"X" * 16: "A" * 43 + "="}),
    "not 32 bytes": lambda document: document["keys"].update({"0" * 16: "AAAA"}),
    "not 32 bytes ": lambda document: document["keys"].update({"0" * 16: "!" * 44}),
    "not 32 bytes  ": lambda document: document["keys"].update({"0" * 16: None}),
}


@pytest.mark.parametrize("why", DAMAGES)
def test_a_file_that_create_did_not_write_does_not_start(path: Path, why: str) -> None:
    edited(path, DAMAGES[why])
    with pytest.raises(InstallationDamaged, match=why.strip()) as caught:
        LocalKeyring(path)
    for secret in json.loads(path.read_text()).get("keys") or {}:
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "not whole"),
        (b"[]", "not whole"),
        (b"null", "not whole"),
        (b"\xff", "not whole"),
        (b"[" * 60_000, "not whole"),
        (b'{"version": 1, "version": 1}', "twice"),
        (b" " * 70_000, "too long"),
    ],
)
def test_other_bytes_do_not_start(path: Path, octets: bytes, why: str) -> None:
    path.write_bytes(octets)
    with pytest.raises(InstallationDamaged, match=why):
        LocalKeyring(path)


class CountingKeyring:
    """A real keyring that counts, and can be out of order."""

    def __init__(self, keyring: LocalKeyring) -> None:
        self.keyring = keyring
        self.unwrapped = 0
        self.down = False

    def generate(self, context: Mapping[str, str]) -> tuple[SecretKey, bytes]:
        return self.keyring.generate(context)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> SecretKey:
        self.check()
        self.unwrapped += 1
        return self.keyring.unwrap(wrapped, context)

    def check(self) -> None:
        if self.down:
            raise Unavailable


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Alarms:
    """Every alarm that was set: for when, and whether it is cancelled. They ring when they are told to."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.set: list[Alarm] = []
        self.fail = False

    def __call__(self, seconds: float, ring: Callable[[], None]) -> "Alarm":
        if self.fail:
            raise RuntimeError("can't start new thread")
        self.set.append(Alarm(self.clock.now + seconds, ring))
        return self.set[-1]

    def ring(self) -> None:
        """Let the one that was set last ring, at its time."""
        self.clock.now = self.set[-1].at
        self.set[-1].ring()


class Alarm:
    def __init__(self, at: float, ring: Callable[[], None]) -> None:
        self.at, self.ring, self.is_cancelled = at, ring, False

    def cancel(self) -> None:
        self.is_cancelled = True


@pytest.fixture
def alarms() -> Alarms:
    return Alarms(Clock())


@pytest.fixture
def counting(path: Path) -> CountingKeyring:
    return CountingKeyring(LocalKeyring(path))


def test_a_key_is_remembered_for_a_minute_and_no_longer(counting: CountingKeyring) -> None:
    clock = Clock()
    cached = CachedKeyring(counting, 60, clock)
    key, wrapped = cached.generate(CONTEXT)
    for now, unwrapped in ((1000.0, 1), (1059.9, 1), (1060.0, 2), (1119.9, 2), (1120.0, 3)):
        clock.now = now
        assert cached.unwrap(wrapped, CONTEXT) == key
        assert counting.unwrapped == unwrapped


def test_no_setting_makes_memory_longer_than_a_minute(counting: CountingKeyring) -> None:
    clock = Clock()
    cached = CachedKeyring(counting, 3600, clock)
    _, wrapped = cached.generate(CONTEXT)
    cached.unwrap(wrapped, CONTEXT)
    clock.now += 60
    cached.unwrap(wrapped, CONTEXT)
    assert counting.unwrapped == 2


def test_a_remembered_key_is_of_its_context_alone(counting: CountingKeyring) -> None:
    cached = CachedKeyring(counting, clock=Clock())
    _, wrapped = cached.generate(CONTEXT)
    cached.unwrap(wrapped, CONTEXT)
    with pytest.raises(SealBroken):
        cached.unwrap(wrapped, CONTEXT | {"organization": "o-2"})
    with pytest.raises(SealBroken):
        cached.unwrap(wrapped[:-1], CONTEXT)


def test_what_does_not_answer_is_unavailable_once_memory_ends(counting: CountingKeyring) -> None:
    clock = Clock()
    cached = CachedKeyring(counting, 60, clock)
    _, wrapped = cached.generate(CONTEXT)
    cached.unwrap(wrapped, CONTEXT)
    counting.down = True
    cached.unwrap(wrapped, CONTEXT)
    clock.now += 60
    with pytest.raises(Unavailable):
        cached.unwrap(wrapped, CONTEXT)
    with pytest.raises(Unavailable):
        cached.check()


def test_memory_holds_a_bounded_number_of_keys(counting: CountingKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CACHE_KEYS", 3)
    cached = CachedKeyring(counting, clock=Clock())
    wrapped = [cached.generate(CONTEXT)[1] for _ in range(4)]
    for one in wrapped:
        cached.unwrap(one, CONTEXT)
    for one in wrapped[1:]:
        cached.unwrap(one, CONTEXT)
    assert counting.unwrapped == 4
    cached.unwrap(wrapped[0], CONTEXT)
    assert counting.unwrapped == 5


def test_what_nobody_asks_for_again_is_let_go_of_after_a_minute(counting: CountingKeyring, alarms: Alarms) -> None:
    cached = CachedKeyring(counting, 60, alarms.clock, alarms)
    assert alarms.set == []
    first, second = (cached.generate(CONTEXT)[1] for _ in range(2))
    cached.unwrap(first, CONTEXT)
    alarms.clock.now += 25
    cached.unwrap(second, CONTEXT)
    assert [alarm.at for alarm in alarms.set] == [1060]
    alarms.ring()
    assert [place for place, _ in cached._held] == [second]
    assert [alarm.at for alarm in alarms.set] == [1060, 1085]
    alarms.ring()
    assert not cached._held
    assert len(alarms.set) == 2
    cached.unwrap(first, CONTEXT)
    assert [alarm.at for alarm in alarms.set] == [1060, 1085, 1145]


def test_an_alarm_that_rings_early_is_set_again(counting: CountingKeyring, alarms: Alarms) -> None:
    cached = CachedKeyring(counting, 60, alarms.clock, alarms)
    cached.unwrap(cached.generate(CONTEXT)[1], CONTEXT)
    alarms.set[0].ring()
    assert len(cached._held) == 1
    assert [alarm.at for alarm in alarms.set] == [1060, 1060]


def test_what_no_alarm_can_be_set_for_is_not_held(counting: CountingKeyring, alarms: Alarms) -> None:
    cached = CachedKeyring(counting, 60, alarms.clock, alarms)
    key, wrapped = cached.generate(CONTEXT)
    alarms.fail = True
    assert cached.unwrap(wrapped, CONTEXT) == key
    assert not cached._held
    alarms.fail = False
    assert cached.unwrap(wrapped, CONTEXT) == key
    assert (len(cached._held), len(alarms.set)) == (1, 1)


def test_an_alarm_neither_keeps_a_memory_nor_outlives_it(counting: CountingKeyring, alarms: Alarms) -> None:
    cached = CachedKeyring(counting, 60, alarms.clock, alarms)
    cached.unwrap(cached.generate(CONTEXT)[1], CONTEXT)
    gone = weakref.ref(cached)
    del cached
    gc.collect()
    assert gone() is None
    assert alarms.set[0].is_cancelled
    alarms.ring()


def alarm_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "keyring-memory"]


def test_an_idle_process_holds_no_keys(counting: CountingKeyring) -> None:
    before = alarm_threads()
    cached = CachedKeyring(counting, 0.2)
    for _ in range(3):
        cached.unwrap(cached.generate(CONTEXT)[1], CONTEXT)
    assert eventually(lambda: not cached._held)
    assert eventually(lambda: not {*alarm_threads()} - {*before})


def test_a_memory_has_one_thread_and_leaves_none(counting: CountingKeyring) -> None:
    before = alarm_threads()
    cached = CachedKeyring(counting)
    for _ in range(20):
        cached.unwrap(cached.generate(CONTEXT)[1], CONTEXT)
    assert [thread.daemon for thread in {*alarm_threads()} - {*before}] == [True]
    del cached
    gc.collect()
    assert eventually(lambda: not {*alarm_threads()} - {*before})


def test_many_threads_share_one_memory(counting: CountingKeyring) -> None:
    cached = CachedKeyring(counting)
    keys = [cached.generate(CONTEXT) for _ in range(8)]
    wrong: list[int] = []

    def ask() -> None:
        wrong.extend(1 for key, wrapped in keys * 20 if cached.unwrap(wrapped, CONTEXT) != key)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert wrong == []
