"""Slow and silent clients, against a server with two threads and little patience."""

import resource
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.edge.anywhere import Answer, ask, connected, is_answered, is_closed, read_answer, request_bytes
from tests.gunicorn_process import GunicornProcess, running_gunicorn
from tests.standalone_process import eventually
from transfer_service.edge.gateway_server import MOST_CONNECTIONS

THINGS = request_bytes("GET", "/api/v1/things")


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornProcess]:
    patience = {"head_s": 3.0, "send_s": 5.0, "linger_s": 1.0}
    log_path = tmp_path_factory.mktemp("hasty") / "server.log"
    with running_gunicorn("tests.edge.tiny_app:create_app", log_path, threads=2, patience=patience) as running:
        yield running


def test_five_hundred_silent_connections_take_no_thread(server: GunicornProcess) -> None:
    silent = [connected(server) for _ in range(500)]
    halves = [connected(server) for _ in range(50)]
    try:
        for half in halves:
            half.sendall(b"GET /api/v1/things HTTP/1.1\r\nHost: serv")
        for _ in range(20):
            assert ask(server, THINGS).status == 200
        for half in halves:
            half.sendall(b"ice.test\r\n\r\n")
            assert read_answer(half).status == 200
    finally:
        for each in (*silent, *halves):
            each.close()


def test_when_every_place_is_taken_the_longest_silent_gives_way(server: GunicornProcess) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, MOST_CONNECTIONS + 1000), hard))
    silent: list[socket.socket] = []
    try:
        silent += [connected(server) for _ in range(MOST_CONNECTIONS + 50)]
        assert ask(server, THINGS).status == 200
        silent[0].settimeout(5)  # half of what a silent connection may wait: it was not the deadline
        assert is_closed(silent[0])
    finally:
        for each in silent:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_that_gives_way_while_its_bytes_come_ends_no_worker(tmp_path: Path) -> None:
    with running_gunicorn("tests.edge.tiny_app:create_app", tmp_path / "log", open_files=120) as server:
        assert ask(server, THINGS).status == 200
        (worker,) = psutil.Process(server.process.pid).children()
        silent = [connected(server) for _ in range(60)]
        assert is_closed(silent[0])  # every place is taken
        worker.suspend()
        try:
            silent += [connected(server) for _ in range(30)]
            for each in silent:
                each.sendall(b"GET")
        finally:
            worker.resume()
        assert ask(server, THINGS).status == 200
        assert psutil.Process(server.process.pid).children() == [worker]
        for each in silent:
            each.close()


def test_small_bodies_that_trickle_take_no_thread(server: GunicornProcess) -> None:
    head = ("Content-Type: application/json", "Content-Length: 13")
    slow = [connected(server) for _ in range(20)]
    try:
        for each in slow:
            each.sendall(request_bytes("POST", "/api/v1/things", headers=head) + b'{"name')
        assert ask(server, THINGS).status == 200
        for each in slow:
            each.sendall(b'":"x"} ')
            assert read_answer(each).status == 201
    finally:
        for each in slow:
            each.close()


@pytest.mark.parametrize("more", [("Expect: 100-continue", "Content-Length: 60000"), ("Content-Length: 200000",)])
def test_bodies_that_never_come_leave_threads_for_others(server: GunicornProcess, more: tuple[str, ...]) -> None:
    head = request_bytes("POST", "/api/v1/things", headers=("Content-Type: application/json", *more))
    waiting = [connected(server) for _ in range(20)]
    try:
        for each in waiting:
            each.sendall(head)
        answers = [_answered_soon(each) for each in waiting]
        busy = [answer for answer in answers if answer is not None and answer.status == 503]
        assert [answer.problem["code"] for answer in busy] == ["busy"] * 19  # the one that waits has the one place
    finally:
        for each in waiting:
            each.close()


def test_clients_that_ask_and_never_read_leave_threads_for_others(server: GunicornProcess) -> None:
    deaf = [_deaf(server) for _ in range(20)]
    try:
        for each in deaf:
            with suppress(TimeoutError, ConnectionError):
                each.sendall(THINGS * 20_000)
        for _ in range(20):
            assert ask(server, THINGS).status == 200
    finally:
        for each in deaf:
            each.close()


def _answered_soon(connection: socket.socket) -> Answer | None:
    """The answer, which a 100 Continue is too; None where the server waits."""
    return read_answer(connection) if is_answered(connection, 5) else None


def _deaf(server: GunicornProcess) -> socket.socket:
    """A connection that has room for next to nothing."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    deaf.connect(server.address)
    deaf.settimeout(0.2)
    return deaf


def test_a_silent_connection_is_closed_and_a_half_sent_head_gets_408(hasty: GunicornProcess) -> None:
    with connected(hasty) as silent, connected(hasty) as half:
        half.sendall(b"GET /api")
        answer = read_answer(half)
        assert (answer.status, answer.problem["code"]) == (408, "head_too_slow")
        assert is_closed(half)
        assert is_closed(silent)


def test_a_head_sent_a_byte_at_a_time_is_given_up_too(hasty: GunicornProcess) -> None:
    with connected(hasty) as connection:
        for byte in THINGS * 10:
            connection.sendall(bytes([byte]).replace(b"\n", b" "))
            if is_answered(connection, 0.05):
                break
        assert read_answer(connection).status == 408


def test_a_downloader_who_stops_reading_gives_its_thread_and_place_back(hasty: GunicornProcess) -> None:
    held = request_bytes("GET", "/api/v1/held")
    with connected(hasty) as stalled, connected(hasty) as second:
        stalled.sendall(held)
        assert stalled.recv(1000)
        second.sendall(held)
        refused = read_answer(second)
        assert (refused.status, refused.problem["code"], refused.headers["retry-after"]) == (503, "busy", "5")
        _wait_for_line(hasty, '"route": "/api/v1/held"', 2)
        second.sendall(held)
        assert second.recv(1000).startswith(b"HTTP/1.1 200")


def _wait_for_line(server: GunicornProcess, text: str, times: int) -> None:
    assert eventually(lambda: server.log().count(text) >= times, 60)


def is_refused(running: GunicornProcess) -> bool:
    try:
        socket.create_connection(running.address, timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_stopping_server_finishes_what_runs_and_takes_nothing_new(tmp_path_factory: pytest.TempPathFactory) -> None:
    log_path = tmp_path_factory.mktemp("stopping") / "server.log"
    with running_gunicorn("tests.edge.tiny_app:create_app", log_path, threads=2) as running:
        body = bytes(300_000)
        with connected(running) as upload, connected(running):
            head = ("Authorization: Bearer good", f"Content-Length: {len(body)}", "Expect: 100-continue")
            upload.sendall(request_bytes("PUT", "/api/v1/parts/1", headers=head))
            assert upload.recv(1000).startswith(b"HTTP/1.1 100")
            running.process.terminate()
            assert eventually(lambda: is_refused(running))  # a probe, or a proxy, learns of it at once
            upload.sendall(body)
            assert read_answer(upload).status == 204
            assert running.process.wait(timeout=20) == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(running.address, timeout=5).close()
