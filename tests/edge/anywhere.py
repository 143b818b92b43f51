"""Raw sockets and small things for the edge's tests."""

import json
import socket
from dataclasses import dataclass
from typing import Any

from flask import Response

from tests.gunicorn_process import GunicornProcess


def json_answer(value: object, status: int) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


def connected(server: GunicornProcess) -> socket.socket:
    return socket.create_connection(server.address, timeout=20)


def request_bytes(
    method: str, target: str, *, body: bytes = b"", headers: tuple[str, ...] = (), host: str = "service.test"
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers]
    if body and not any(each.lower().startswith("content-length") for each in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def read_answer(connection: socket.socket, *, head_only: bool = False) -> Answer:
    """One answer and no byte of what follows it; asserts that it is whole."""
    data, body = b"", b""
    while not data.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        assert piece, f"closed after {data!r}"
        data += piece
    status_line, *lines = data.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = 0 if head_only else int(headers.get("content-length", "0"))
    while len(body) < length:
        piece = connection.recv(length - len(body))
        assert piece, f"{len(body)} of {length} bytes"
        body += piece
    return Answer(int(status_line.split(" ")[1]), headers, body)


def is_answered(connection: socket.socket, within_s: float) -> bool:
    """Whether an answer, or the end, begins to come in that time. Not a byte of it is taken: none can get lost."""
    before = connection.gettimeout()
    connection.settimeout(within_s)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.settimeout(before)
    return True


def ask(server: GunicornProcess, raw: bytes) -> Answer:
    with connected(server) as connection:
        connection.sendall(raw)
        return read_answer(connection, head_only=raw.startswith(b"HEAD"))


def is_closed(connection: socket.socket) -> bool:
    """Whether the server ends the connection; waits for it as long as the socket's timeout."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
