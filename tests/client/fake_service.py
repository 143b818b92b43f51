"""A small HTTP server that answers what it is told to: for what a real service never says twice."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Canned:
    """One answer; ``cut_at`` ends its body early."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None


@dataclass
class Seen:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class FakeService(ThreadingHTTPServer):
    """Answers from ``answers``, then with ``otherwise``; keeps what it saw."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: deque[Canned] = deque()
        self.otherwise = Canned()
        self.seen: list[Seen] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeService

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(Seen(self.command, self.path, dict(self.headers), body))
        canned = self.server.answers.popleft() if self.server.answers else self.server.otherwise
        self.send_response(canned.status)
        for name, value in {"Content-Length": str(len(canned.body)), **canned.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(canned.body[: canned.cut_at])
        if canned.cut_at is not None:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - http.server's own names

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def fake_service() -> Iterator[FakeService]:
    with FakeService() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
