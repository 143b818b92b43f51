"""Cut connections, a stop in mid-upload, kill -9 of each process (F54, F62): what was acknowledged stays."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException

import pytest

from tests.edge.anywhere import read_answer
from tests.journey.cut_lines import cut
from tests.journey.hospital import API, PART, File, Hospital, Packet, code_of, sha256, some_bytes
from tests.standalone_process import NewStandalone, Standalone, eventually

SIZE = 300_000
PATIENCE_S = 300


@pytest.fixture(scope="module")
def hospital(standalone: Standalone) -> Hospital:
    return Hospital(standalone, "St. Agatha of the cut lines")


# F54


@pytest.mark.parametrize("how", ["FIN", "RST"])
def test_a_part_whose_connection_is_cut_is_not_stored_and_is_sent_again(hospital: Hospital, how: str) -> None:
    packet = hospital.packet()
    for size, number in ((SIZE, 1), (PART + SIZE, 2)):
        file = packet.plan(some_bytes(size))
        for whole in range(1, number):
            assert file.put(whole).status == 204
        for sent in (0, 1, SIZE // 2, SIZE - 1):
            cut(file, number, sent, how)
            assert file.arrived() == [*range(1, number)]
        assert file.put(number).status == 204
        assert file.complete().status == 202
        assert file.settled()["sha256"] == sha256(file.data)


def test_a_cut_second_attempt_leaves_the_first(hospital: Hospital) -> None:
    file = hospital.packet().plan(some_bytes(SIZE)).put_all()
    for how in ("FIN", "RST"):
        cut(file, 1, SIZE - 1, how)
    assert file.arrived() == [1]
    assert file.complete().status == 202
    assert file.settled()["sha256"] == sha256(file.data)


def test_a_whole_file_whose_connection_is_cut_is_sent_again_in_its_place(hospital: Hospital) -> None:
    packet, data = hospital.packet(), some_bytes(PART + SIZE)
    target = f"{packet.url}/content/slides/A1.svs"
    request = packet.coordinator.raw("PUT", API + target, body=data)
    with packet.coordinator.connected() as connection:
        connection.sendall(request[:-1])
        connection.shutdown(socket.SHUT_WR)
        assert code_of(read_answer(connection)) == (400, "body_incomplete")
    assert [file["state"] for file in packet.shown()["files"]] == ["receiving"]
    assert packet.coordinator.put_bytes(target, data).status == 201
    packet.close()
    assert [file["sha256"] for file in packet.shown()["files"]] == [sha256(data)]


# Stops and kills, at an installation of one's own


@dataclass
class Depositor:
    """A client that goes on whatever happens: asks what has arrived, sends the rest, until the file is verified."""

    file: File
    acknowledged: set[int] = field(default_factory=set)
    failures: int = 0

    def run(self) -> "Depositor":
        give_up_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_at:
            try:
                if self._is_verified():
                    return self
            except (OSError, HTTPException):
                self.failures += 1
            time.sleep(0.1)
        raise AssertionError(f"not verified after {PATIENCE_S} s: {self.file.caller.get(self.file.url)}")

    def _is_verified(self) -> bool:
        shown = self.file.caller.get(self.file.url)
        if shown.status != 200:
            return self._failed(shown.status)
        state = json.loads(shown.body)["state"]
        assert state != "rejected", shown.body
        if state == "receiving":
            self._send_what_is_missing()
        return state == "verified"

    def _send_what_is_missing(self) -> None:
        arrived = self.file.caller.get(f"{self.file.url}/parts")
        if arrived.status != 200:
            self._failed(arrived.status)
            return
        there = {part["number"] for part in json.loads(arrived.body)["items"]}
        assert self.acknowledged <= there
        for number in set(self.file.numbers) - there:
            answer = self.file.put(number)
            if answer.status != 204:
                self._failed(answer.status)
                return
            self.acknowledged.add(number)
        self.file.complete()

    def _failed(self, status: int) -> bool:
        assert status == 503, status
        self.failures += 1
        return False


@pytest.fixture(scope="module")
def own(new_standalone: NewStandalone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A hospital at an installation that may be killed; whose dead workers are given up on soon."""
    with new_standalone(tmp_path_factory.mktemp("interrupted") / "data").running() as installation:
        with (installation.data_dir / "settings.toml").open("a") as settings:
            settings.write("lease_for_s = 4\n")
        killed(installation, "worker")
        yield Hospital(installation, "St. Agatha of the power cuts")
        assert installation.cli("audit", "verify")["entries"] > 0


def killed(installation: Standalone, name: str) -> None:
    """kill -9 of one process; returns once another is in its place, which need not answer yet."""
    pid = installation.pid(name)
    os.kill(pid, signal.SIGKILL)
    await_another(installation, name, pid)


def await_another(installation: Standalone, name: str, pid: int) -> None:
    assert eventually(lambda: installation.pids().get(name, pid) != pid, PATIENCE_S)


@dataclass
class Deposits:
    """Several clients at one packet, each with a file."""

    packet: Packet
    depositors: list[Depositor]
    running: list["Future[Depositor]"]

    @property
    def acknowledged(self) -> int:
        return sum(len(each.acknowledged) for each in self.depositors)

    def await_acknowledged(self, parts: int) -> None:
        assert eventually(lambda: self.acknowledged >= parts, PATIENCE_S)

    @property
    def done(self) -> int:
        return sum(each.done() for each in self.running)

    def finish(self) -> int:
        """Everything verified, closed, released, downloaded and equal; how often clients failed on the way."""
        failures = sum(each.result().failures for each in self.running)
        self.packet.check_every_byte()
        return failures


@pytest.fixture
def deposits(own: Hospital) -> Iterator[Deposits]:
    packet = own.packet()
    depositors = [Depositor(packet.plan(some_bytes(PART + PART // 2))) for _ in range(3)]
    with ThreadPoolExecutor(len(depositors)) as threads:
        yield Deposits(packet, depositors, [threads.submit(each.run) for each in depositors])


def test_a_stop_in_mid_upload_and_a_new_start_lose_nothing_that_was_acknowledged(
    own: Hospital, deposits: Deposits
) -> None:
    deposits.await_acknowledged(2)
    assert own.installation.stop() == 0
    assert deposits.done < len(deposits.depositors)
    own.installation.start()
    assert deposits.finish() > 0  # they all met a service that was down


@pytest.mark.parametrize("name", ["serve", "worker", "seaweedfs"])
def test_a_kill_in_mid_upload_loses_nothing_that_was_acknowledged(own: Hospital, deposits: Deposits, name: str) -> None:
    deposits.await_acknowledged(2)
    assert deposits.done < len(deposits.depositors)
    killed(own.installation, name)
    deposits.finish()


@pytest.mark.parametrize("name", ["serve", "worker", "seaweedfs"])
def test_a_kill_in_mid_verification_ends_in_the_same_file(own: Hospital, name: str) -> None:
    packet = own.packet()
    assert any(is_killed_in_mid_verification(packet, name) for _ in range(10)), "ten times it was over too soon"
    packet.check_every_byte()


def is_killed_in_mid_verification(packet: Packet, name: str) -> bool:
    """Kill that process once the worker reads another file back; whether it still did. In the end it is verified."""
    installation = packet.hospital.installation
    pid, file = installation.pid(name), packet.deposit(some_bytes(4 * PART))
    assert eventually(lambda: verification(file) != ("verifying", False), PATIENCE_S)
    os.kill(pid, signal.SIGKILL)
    is_hit = verification(file) == ("verifying", True)
    await_another(installation, name, pid)
    Depositor(file).run()
    return is_hit


def verification(file: File) -> tuple[str, bool]:
    """A file's state, and whether a worker has it: as the records say, whatever runs."""
    kept = file.caller.installation.kept
    assert kept is not None
    query = "SELECT state, lease_until IS NOT NULL FROM packet_files WHERE id = ?"
    ((state, is_leased),) = kept.query(query, file.id.replace("-", ""))
    return state, bool(is_leased)
