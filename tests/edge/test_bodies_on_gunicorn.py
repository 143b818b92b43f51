import base64
import hashlib
import json
import socket
import struct

import pytest

from tests.edge.anywhere import ask, connected, is_answered, is_closed, read_answer, request_bytes
from tests.gunicorn_process import GunicornProcess

BEARER = "Authorization: Bearer good"
MIB = 1024 * 1024


def put(number: int, body: bytes, *headers: str) -> bytes:
    return request_bytes("PUT", f"/api/v1/parts/{number}", body=body, headers=(BEARER, *headers))


def stored(server: GunicornProcess, number: int) -> str | None:
    found: str | None = json.loads(ask(server, request_bytes("GET", f"/api/v1/parts/{number}")).body)["sha256"]
    return found


def test_a_whole_body_is_counted_and_its_digest_compared(server: GunicornProcess) -> None:
    body = bytes(3 * MIB) + b"end"
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    answer = ask(
        server, put(1, body, f"Content-Digest: sha-512=:AAAA:, sha-256=:{digest}:", f"X-Expected: {len(body)}")
    )
    assert answer.status == 204
    assert stored(server, 1) == hashlib.sha256(body).hexdigest()


def test_a_wrong_digest_is_refused(server: GunicornProcess) -> None:
    digest = base64.b64encode(bytes(32)).decode()
    assert ask(server, put(2, b"body", f"Content-Digest: sha-256=:{digest}:")).problem["code"] == "digest_mismatch"
    assert ask(server, put(2, b"body", "Content-Digest: sha-256=oops")).problem["code"] == "digest_malformed"
    assert stored(server, 2) is None


def test_a_body_cut_short_by_fin_is_not_a_body(server: GunicornProcess) -> None:
    with connected(server) as connection:
        connection.sendall(put(3, bytes(MIB), "Content-Length: 2000000"))
        connection.shutdown(socket.SHUT_WR)
        answer = read_answer(connection)
    assert (answer.status, answer.problem["code"]) == (400, "body_incomplete")
    assert stored(server, 3) is None


def test_a_body_cut_short_by_reset_is_not_a_body(server: GunicornProcess) -> None:
    with connected(server) as connection:
        connection.sendall(put(4, bytes(MIB), "Content-Length: 2000000"))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert stored(server, 4) is None


def test_a_stalled_body_is_given_up(server: GunicornProcess) -> None:
    with connected(server) as connection:
        connection.sendall(put(5, b"some", "Content-Length: 2000000"))
        answer = read_answer(connection)
    assert (answer.status, answer.problem["code"]) == (408, "body_too_slow")
    assert answer.headers["connection"] == "close"
    assert stored(server, 5) is None


def test_a_trickling_body_is_given_up_though_it_never_stalls(server: GunicornProcess) -> None:
    with connected(server) as connection:
        connection.sendall(put(6, b"", "Content-Length: 2000000"))
        for _ in range(200):
            connection.sendall(b"x")
            if is_answered(connection, 0.1):
                break
        assert read_answer(connection).status == 408


def test_a_body_longer_than_the_plan_is_refused_unread(server: GunicornProcess) -> None:
    with connected(server) as connection:
        connection.sendall(put(7, b"", "Content-Length: 1000001", "X-Expected: 1000000"))
        answer = read_answer(connection)
        assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_a_body_shorter_than_the_plan_is_refused_unread(server: GunicornProcess) -> None:
    with connected(server) as connection:
        connection.sendall(put(7, b"", "Content-Length: 999999", "X-Expected: 1000000"))
        assert read_answer(connection).problem["code"] == "part_size_wrong"


def test_a_chunked_body_is_refused_unread(server: GunicornProcess) -> None:
    with connected(server) as connection:
        connection.sendall(put(8, b"", "Transfer-Encoding: chunked"))
        answer = read_answer(connection)
        assert (answer.status, answer.headers["connection"]) == (411, "close")


def test_a_body_without_a_length_is_refused(server: GunicornProcess) -> None:
    assert ask(server, put(8, b"")).status == 411


def test_expect_continue_with_a_bad_token_gets_401_and_no_100(server: GunicornProcess) -> None:
    with connected(server) as connection:
        head = ("Authorization: Bearer bad", "Content-Length: 100000", "Expect: 100-continue")
        connection.sendall(request_bytes("PUT", "/api/v1/parts/9", headers=head))
        answer = read_answer(connection)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.headers["connection"] == "close"


def test_expect_continue_with_a_good_token_gets_100_then_the_answer(server: GunicornProcess) -> None:
    with connected(server) as connection:
        connection.sendall(put(10, b"", "Content-Length: 100000", "Expect: 100-continue"))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(bytes(100000))
        assert read_answer(connection).status == 204


@pytest.mark.parametrize("size", [20 * MIB, 60 * MIB])
def test_a_refusal_reaches_a_client_that_sends_its_whole_body_first(server: GunicornProcess, size: int) -> None:
    with connected(server) as connection:
        head = ("Authorization: Bearer bad", f"Content-Length: {size}")
        connection.sendall(request_bytes("PUT", "/api/v1/parts/11", headers=head))
        for _ in range(size // MIB):
            connection.sendall(bytes(MIB))
        assert read_answer(connection).status == 401
        assert is_closed(connection)


def test_a_connection_whose_body_was_read_serves_the_next_request(server: GunicornProcess) -> None:
    with connected(server) as connection:
        for _ in range(3):
            connection.sendall(put(12, bytes(100_000)))
            answer = read_answer(connection)
            assert (answer.status, answer.headers["connection"]) == (204, "keep-alive")


def test_a_small_body_refused_unread_does_not_become_the_next_request(server: GunicornProcess) -> None:
    inner = request_bytes("GET", "/api/v1/busy")
    with connected(server) as connection:
        connection.sendall(
            request_bytes("PUT", "/api/v1/parts/13", body=inner) + request_bytes("GET", "/api/v1/locked")
        )
        assert read_answer(connection).status == 401
        assert read_answer(connection).problem["remaining_attempts"] == 3
