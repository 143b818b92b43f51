"""A TCP proxy on the loopback address that fails on request: a real network between a client and a store."""

import contextlib
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass

BLOCK = 64 * 1024


@dataclass(frozen=True)
class Fault:
    """What happens to one connection. Counts are of bytes; without any field set it passes through."""

    latency_s: float = 0.0
    """Waits before the first byte of the answer is passed on."""
    cut_request_at: int | None = None
    """Breaks off once so much of what the client sends was passed on."""
    cut_answer_at: int | None = None
    """Passes on so much of the answer and breaks off when the next byte arrives."""
    answer: bytes | None = None
    """Reads one whole request, passes nothing on, answers this, and closes."""
    silent: bool = False
    """Accepts, reads nothing, answers nothing; after an ``answer``, nothing more, and stays open."""
    answer_bytes_per_s: int | None = None
    """Passes the answer on no faster."""
    reset: bool = False
    """Breaks off with RST instead of FIN."""


PASS = Fault()
LOST = Fault(cut_answer_at=0)
"""The request was done, and nobody heard of it. A body that awaits "100 Continue" never leaves, though."""
LOST_AFTER_BODY = Fault(cut_answer_at=len(b"HTTP/1.1 100 Continue\r\n\r\n"))
"""The same for a request whose body awaits "100 Continue", as boto3's puts do."""


def canned(status: str, body: bytes = b"", **headers: str) -> bytes:
    """An HTTP answer after which the connection closes; ``headers`` with _ for -, overriding Content-Length."""
    fields = {"Content-Length": str(len(body)), "Connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


class FaultProxy:
    """``with FaultProxy(port) as proxy``: connect to ``proxy.port`` instead of ``port``.

    ``proxy.next(...)`` drops idle connections and gives one fault to each of the next connections, and
    PASS, or ``then``, to all after them. A client that keeps a connection keeps its fault. ``requests``
    has the first lines of the requests that were answered from a can, ``connections`` counts all.
    """

    def __init__(self, upstream_port: int | None = None) -> None:
        self._upstream_port = upstream_port
        self._faults: deque[Fault] = deque()
        self._then = PASS
        self._dropped = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.endpoint_url = f"http://127.0.0.1:{self.port}"
        self.requests: list[str] = []
        self.connections = 0

    def next(self, *faults: Fault, then: Fault = PASS) -> None:
        self._drop()
        self._faults, self._then = deque(faults), then
        self.requests, self.connections = [], 0

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc_info):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._drop()

    def _drop(self) -> None:
        self._dropped.set()
        self._dropped = threading.Event()
        while self._open:
            _end(self._open.pop())

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                fault = self._faults.popleft() if self._faults else self._then
                self._open.add(client)
                threading.Thread(target=self._serve, args=(client, fault), daemon=True).start()

    def _serve(self, client: socket.socket, fault: Fault) -> None:
        with contextlib.suppress(OSError), client:
            if fault.answer is not None:
                self.requests.append(_read_request(client))
                time.sleep(fault.latency_s)
                client.sendall(fault.answer)
            if fault.silent:
                self._dropped.wait()
            elif fault.answer is None:
                self._pass_on(client, fault)
            _end(client, reset=fault.reset)
        self._open.discard(client)

    def _pass_on(self, client: socket.socket, fault: Fault) -> None:
        with socket.create_connection(("127.0.0.1", self._upstream_port)) as upstream:
            back = threading.Thread(target=self._answer, args=(upstream, client, fault), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                _pump(client, upstream, fault.cut_request_at)
            if fault.cut_request_at is not None:
                _end(client, reset=fault.reset)
            _end(upstream)
            back.join()

    def _answer(self, upstream: socket.socket, client: socket.socket, fault: Fault) -> None:
        with contextlib.suppress(OSError):
            upstream.recv(1, socket.MSG_PEEK)
            time.sleep(fault.latency_s)
            _pump(upstream, client, fault.cut_answer_at, fault.answer_bytes_per_s)
            upstream.recv(1, socket.MSG_PEEK)
        _end(client, reset=fault.reset)


def _pump(source: socket.socket, target: socket.socket, limit: int | None, rate: int | None = None) -> None:
    block = BLOCK if rate is None else max(1, rate // 20)
    left = limit if limit is not None else float("inf")
    while left and (data := source.recv(int(min(block, left)))):
        target.sendall(data)
        left -= len(data)
        time.sleep(len(data) / rate if rate else 0)


def _read_request(client: socket.socket) -> str:
    with client.makefile("rb") as stream:
        head = [stream.readline()]
        while head[-1] not in (b"\r\n", b""):
            head.append(stream.readline())
        fields = dict(line.decode().strip().lower().split(": ", 1) for line in head[1:-1])
        if fields.get("expect"):
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        left = int(fields.get("content-length", 0))
        while left and (data := stream.read(min(left, BLOCK))):
            left -= len(data)
    return head[0].decode().strip()


def _end(connection: socket.socket, *, reset: bool = False) -> None:
    with contextlib.suppress(OSError):
        if reset:  # its thread wakes and closes it, which with this option sends RST
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
