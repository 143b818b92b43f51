"""What ends a permission ends its downloads (F61, I6): at most one part more, and nothing after two seconds."""

import socket
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest

from tests.edge.anywhere import read_answer
from tests.journey.hospital import API, MIB, PART, Caller, Hospital, Link, Packet, code_of
from tests.standalone_process import Standalone, eventually

SIZE = 320 * MIB
ARCHIVE = "/redeemed/archive.zip"
UNDER_WAY = 8 * MIB
SLOWLY = MIB
LITTLE = 128 * 1024
"""What a slow client's own kernel may hold for it, which has left the service (Linux takes twice as much)."""


@dataclass
class Reading(ABC):
    """One running download: how much came, and when."""

    recipient: Caller
    path: str
    came: list[tuple[float, int]] = field(default_factory=list)
    is_under_way: Event = field(default_factory=Event)
    goes_on: Event = field(default_factory=Event)
    ended_with: str = ""

    @property
    def size(self) -> int:
        return sum(size for _, size in self.came)

    def after(self, at: float) -> int:
        return sum(size for when, size in self.came if when > at)

    def run(self) -> "Reading":
        with self.connected() as connection:
            connection.sendall(self.recipient.raw("GET", API + self.path))
            answer = read_answer(connection, head_only=True)
            assert answer.status == 200
            assert int(answer.headers["content-length"]) >= SIZE
            try:
                self.read(connection)
            except ConnectionResetError:
                self.ended_with = "reset"
            else:
                self.ended_with = "end"
            self.is_under_way.set()
        return self

    def connected(self) -> socket.socket:
        return self.recipient.connected()

    @abstractmethod
    def read(self, connection: socket.socket) -> None:
        """Take what comes, until it ends."""

    def note(self, piece: bytes) -> None:
        self.came.append((time.monotonic(), len(piece)))
        if self.size >= UNDER_WAY:
            self.is_under_way.set()


class Fast(Reading):
    """As fast as it goes once the permission is over; before, not so fast that it has all of the file."""

    def read(self, connection: socket.socket) -> None:
        while piece := connection.recv(MIB):
            self.note(piece)
            if not self.goes_on.is_set():
                time.sleep(0.03 * len(piece) / MIB)


class Slow(Reading):
    """A megabyte a second, after a quick beginning."""

    def connected(self) -> socket.socket:
        connection = super().connected()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)
        return connection

    def read(self, connection: socket.socket) -> None:
        while piece := connection.recv(SLOWLY // 10):
            self.note(piece)
            if self.is_under_way.is_set():
                time.sleep(len(piece) / SLOWLY)


class Stalled(Slow):
    """Stops reading, and goes on when it is told to."""

    def read(self, connection: socket.socket) -> None:
        while piece := connection.recv(SLOWLY // 10):
            self.note(piece)
            if self.is_under_way.is_set():
                assert self.goes_on.wait(60)


@pytest.fixture(scope="module")
def hospital(standalone: Standalone) -> Hospital:
    return Hospital(standalone, "St. Agatha of the endings")


@pytest.fixture(scope="module")
def large(hospital: Hospital) -> Packet:
    """A closed packet with one large file."""
    packet = hospital.packet()
    packet.deposit(bytes(range(256)) * (SIZE // 256)).settled(120)
    packet.files[0].data = b""
    return packet.close()


@pytest.fixture
def link(large: Packet) -> Link:
    return large.released().link()


def withdrawn_by_the_patient(link: Link) -> str:
    link.release.patient.did(f"/releases/{link.release.id}/withdraw")
    return "release_withdrawn"


def revoked_by_the_department(link: Link) -> str:
    link.release.packet.coordinator.did(f"/links/{link.id}/revoke")
    return "link_revoked"


def retired(link: Link) -> str:
    link.release.packet.coordinator.did(f"{link.release.packet.url}/retire")
    return "packet_retired"


def refusals_of(link: Link, recipient: Caller, file_id: str) -> set[tuple[int, str]]:
    """What is said to whoever asks anew, in every way."""
    path = f"/redeemed/files/{file_id}"
    asked = [
        recipient.get(path),
        recipient.get(ARCHIVE),
        recipient.post(f"{path}/ticket"),
        recipient.post("/redeemed/archive/ticket"),
        recipient.ask("GET", path, headers={"Range": f"bytes={PART}-"}),
        recipient.get("/redeemed"),
        link.release.packet.hospital.anyone.post("/redeem/challenge", {"secret": link.secret}),
    ]
    assert recipient.ask("HEAD", path).status == 409
    return {code_of(answer) for answer in asked}


@pytest.mark.parametrize("end", [withdrawn_by_the_patient, revoked_by_the_department, retired])
def test_what_ends_the_permission_ends_every_running_download(link: Link, end: Callable[[Link], str]) -> None:
    packet, recipient = link.release.packet, link.redeem()
    file_id = packet.files[0].id
    fast, slow, stalled = [kind(recipient, f"/redeemed/files/{file_id}") for kind in (Fast, Slow, Stalled)]
    all_at_once = Fast(recipient, ARCHIVE)
    readings = [slow, stalled, all_at_once, fast]
    with ThreadPoolExecutor(len(readings)) as threads:
        for reading in readings:
            threads.submit(reading.run)
            assert reading.is_under_way.wait(60)
        assert fast.size < SIZE / 2
        code = end(link)
        ended_at = time.monotonic()
        for reading in (fast, all_at_once):
            reading.goes_on.set()
        assert refusals_of(link, recipient, file_id) == {(409, code)}
        late_s = 3 * (time.monotonic() - ended_at)  # how slow the machine is now: some 0.2 s where nothing else runs
        assert eventually(lambda: all(reading.ended_with for reading in (fast, slow, all_at_once)))
        time.sleep(max(0.0, ended_at + 3 + late_s - time.monotonic()))
        stalled.goes_on.set()
    sys.stdout.writelines(f"{type(each).__name__}: {each.after(ended_at) / MIB:.1f} MiB more\n" for each in readings)
    for reading in readings:
        assert reading.ended_with == "reset"
        assert reading.size < SIZE
        assert reading.after(ended_at) <= PART
    for reading in (fast, slow, all_at_once):
        assert reading.after(ended_at + 2 + late_s) == 0
    assert stalled.after(ended_at) <= 4 * LITTLE
    check_disclosed_in_part(packet, link, max(each.size for each in readings))


def check_disclosed_in_part(packet: Packet, link: Link, most: int) -> None:
    def lines() -> list[dict]:
        found = packet.hospital.privacy_officer.items(f"{packet.url}/disclosures")
        return [line for line in found if line["link"] == link.id and not line["refused"]]

    (line,) = lines()
    assert line["requests"] == 4
    assert line["completed"] is False
    assert line["completed_at"] is None
    assert most <= lines()[0]["bytes"]
