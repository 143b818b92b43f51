"""PostgreSQL restarts and crashes under load (F50): 503 and nothing else; what was acknowledged is there."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.databases import PostgresqlDatabases
from tests.edge.anywhere import Answer
from tests.journey.hospital import PASSCODE, Hospital, Link, Packet, sha256, some_bytes
from tests.postgresql_server import PostgresqlServer, running_postgresql
from tests.standalone_process import NewStandalone, eventually

pytestmark = pytest.mark.postgresql
RETRIES = 400


@pytest.fixture
def server(postgresql: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """One that may be stopped."""
    with running_postgresql(postgresql.programs) as server:
        yield server


@pytest.fixture
def hospital(server: PostgresqlServer, new_standalone: NewStandalone, tmp_path: Path) -> Iterator[Hospital]:
    installation = new_standalone(tmp_path / "data")
    installation.kept = PostgresqlDatabases(server).empty(tmp_path)
    with installation.running():
        yield Hospital(installation, "St. Agatha of the restarts")


@dataclass
class Load:
    """What goes on until ``enough``: every answer is an expected one, or 503 with Retry-After, and then asked again."""

    packet: Packet
    link: Link
    enough: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[dict[str, str]] = field(default_factory=list)
    redemptions: int = 0
    refused: int = 0

    def insist(self, ask: Callable[[], Answer], *expected: int) -> Answer:
        for _ in range(RETRIES):
            answer = ask()
            if answer.status != 503:
                assert answer.status in expected, answer.body
                return answer
            assert int(answer.headers["retry-after"]) > 0
            self.refused += 1
            self.enough.wait(0.05)
        raise AssertionError("it did not come back")

    def deposit(self) -> None:
        caller, url = self.packet.coordinator, self.packet.url
        while not self.enough.is_set():
            data = some_bytes(2000)
            path = f"{sha256(data)}.svs"
            content = f"{url}/content/{path}"
            self.insist(lambda put=content, data=data: caller.put_bytes(put, data), 200, 201)  # type: ignore[misc]
            self.acknowledged.append({"path": path, "sha256": sha256(data)})

    def redeem(self) -> None:
        anyone, secret = self.packet.hospital.anyone, {"secret": self.link.secret}
        while not self.enough.is_set():
            asked = self.insist(lambda: anyone.post("/redeem/challenge", secret), 200, 201, 429)
            if asked.status == 429:
                return
            answer = secret | {"challenge_id": json.loads(asked.body)["challenge_id"], "passcode": PASSCODE}
            done = self.insist(lambda answer=answer: anyone.post("/redeem", answer), 200, 409)  # type: ignore[misc]
            self.redemptions += done.status == 200  # 409: it was redeemed, and the answer lost


def test_a_restart_and_a_crash_under_load_are_503_and_lose_nothing(
    hospital: Hospital, server: PostgresqlServer
) -> None:
    released = hospital.packet()
    released.deposit(some_bytes(1000))
    load = Load(hospital.packet(), released.close().released().link())
    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(each) for each in (load.deposit, load.deposit, load.redeem)]
        for how in (signal.SIGINT, signal.SIGQUIT):  # a restart, a crash
            seen = len(load.acknowledged)
            assert eventually(lambda seen=seen: len(load.acknowledged) > seen + 3)  # type: ignore[misc]
            refused = load.refused
            server.stop(how)
            assert eventually(lambda refused=refused: load.refused > refused)  # type: ignore[misc]
            server.start()
        seen = len(load.acknowledged)
        assert eventually(lambda: len(load.acknowledged) > seen + 3)
        load.enough.set()
        for each in running:
            each.result(60)
    check_nothing_is_lost(hospital, load)


def check_nothing_is_lost(hospital: Hospital, load: Load) -> None:
    files = {file["path"]: file for file in load.packet.coordinator.shown(load.packet.url)["files"]}
    assert {each["path"] for each in load.acknowledged} <= files.keys()
    load.packet.close()
    files = {file["path"]: file for file in load.packet.coordinator.shown(load.packet.url)["files"]}
    for each in load.acknowledged:
        assert (files[each["path"]]["state"], files[each["path"]]["sha256"]) == ("verified", each["sha256"])
    assert load.link.listed()["redemptions"] >= load.redemptions > 0
    assert hospital.installation.cli("audit", "verify")["entries"] > 0
