"""Downloads that must end, on a real server: the client never takes a beginning for the whole."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.edge.anywhere import ask, request_bytes
from tests.edge.file_app import BLOCK, FLAG, MIB, asked_of
from tests.gunicorn_process import GunicornProcess, running_gunicorn
from transfer_service.edge.stalled_downloads import ASK_EVERY_S

MOST_ON_THE_WAY = 16 * MIB  # send and receive buffers, whatever the kernel made of them


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    return tmp_path / "revoked"


@pytest.fixture
def server(tmp_path: Path, flag: Path) -> Iterator[GunicornProcess]:
    log, env = tmp_path / "server.log", {FLAG: str(flag)}
    with running_gunicorn("tests.edge.file_app:create_app", log, env=env, threads=2) as server:
        yield server


def begun(server: GunicornProcess, path: str, *, receive_bytes: int | None = None) -> socket.socket:
    connection = socket.socket()
    if receive_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.settimeout(20)
    connection.connect(server.address)
    connection.sendall(request_bytes("GET", path))
    return connection


def read_to_its_end(connection: socket.socket) -> int:
    """How many bytes came before the reset; an orderly end fails."""
    count = 0
    try:
        while piece := connection.recv(MIB):
            count += len(piece)
    except ConnectionResetError:
        return count
    pytest.fail("the answer ended as if it were whole")


def until(holds: Callable[[], bool], within_s: float) -> None:
    ends_at = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends_at, f"not within {within_s} s"
        time.sleep(0.02)


def still_serves(server: GunicornProcess) -> None:
    """The only slot is free again, and the server is well."""
    ends_at = time.monotonic() + 10
    while (answer := ask(server, request_bytes("GET", "/whole"))).status == 503:
        assert time.monotonic() < ends_at
    assert answer.body == BLOCK


def test_a_download_that_is_refused_on_its_way_is_reset(server):
    with begun(server, "/breaks") as connection:
        assert read_to_its_end(connection) <= 4 * MIB + 4096
    assert "A download was cut off: link_revoked" in server.log()
    still_serves(server)


def test_a_client_that_reads_nothing_is_cut_off_within_two_seconds_of_the_revocation(server, flag):
    with begun(server, "/never-asks", receive_bytes=4096) as connection:
        assert connection.recv(1000)
        until(lambda: asked_of(flag) >= 2, within_s=20)  # it stalls by now, and is asked about every ASK_EVERY_S
        before = asked_of(flag)
        flag.touch()
        until(lambda: "A stalled download was cut off: link_revoked" in server.log(), within_s=20)
        # However slow the machine: the first time of asking that could see it is the last. One may have come before.
        assert asked_of(flag) <= before + 2
        assert 2 * ASK_EVERY_S < 2.0
        assert read_to_its_end(connection) < MOST_ON_THE_WAY
    still_serves(server)


def test_a_client_that_stalls_is_not_cut_off_while_it_is_permitted(server, flag):
    with begun(server, "/never-asks", receive_bytes=4096) as connection:
        assert connection.recv(1000)
        until(lambda: asked_of(flag) >= 2, within_s=20)
        assert connection.recv(1000)
        assert "cut off" not in server.log()


def test_a_client_that_goes_away_gives_its_slot_back(server):
    with begun(server, "/never-asks") as connection:
        assert connection.recv(1000)
        assert ask(server, request_bytes("GET", "/whole")).status == 503
    still_serves(server)
