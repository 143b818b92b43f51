"""The service's HTTP API, as little of it as the journey needs: JSON calls, and files streamed both ways.

Nothing of `transfer_service` is imported here: this is what any client does (docs/curl.md says it in curl).
"""

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

MIB = 2**20
THREADS = 2
PATIENCE_S = 300
"""How long a call waits for a busy service, and for an answer."""

Body = Callable[[], bytes | Iterable[bytes]]
"""Makes the request's body; called again for each try."""


class Refused(Exception):
    """The service said no. `code` is the stable word of its problem details (RFC 9457)."""

    def __init__(self, call: str, status: int, answer: bytes) -> None:
        problem = json.loads(answer) if answer.startswith(b"{") else {}
        self.status, self.code = status, problem.get("code", "")
        super().__init__(f"{call} answered {status} {self.code}: {problem.get('detail') or problem or answer[:200]!r}")


@dataclass(frozen=True)
class LocalFile:
    """A file to deposit: its path in the packet, and where its bytes are."""

    path: str
    place: Path
    size: int
    sha256: str


class Service:
    """One running service, at its base URL. Safe to share between threads."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        timeout = urllib3.Timeout(connect=10, read=PATIENCE_S)
        self._http = urllib3.PoolManager(maxsize=THREADS + 1, retries=False, timeout=timeout, blocksize=MIB)

    def get(self, path: str, token: str | None = None) -> Any:  # noqa: ANN401 - JSON is what the service says it is
        """The JSON at a path under /api/v1."""
        return self._json("GET", path, token, {}, bytes)

    def items(self, path: str, token: str) -> Iterator[Any]:
        """Everything that a list has, page after page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(f"{path}?limit=100&cursor={cursor}" if cursor else f"{path}?limit=100", token)
            yield from page["items"]
            cursor = page["next_cursor"]

    def post(self, path: str, token: str | None = None, /, **fields: object) -> Any:  # noqa: ANN401 - as above
        """Send JSON; a repeat after a lost answer has the same Idempotency-Key, so that it counts once."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        return self._json("POST", path, token, headers, json.dumps(fields).encode)

    def put_bytes(self, path: str, token: str, size: int, body: Body) -> None:
        """Send `size` raw bytes as they come."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        self._json("PUT", path, token, headers, body)

    def stream(self, path: str, token: str) -> Iterator[bytes]:
        """The bytes at a path, at most a MiB at a time; an answer cut short is an error, not an end."""
        answer = self._send("GET", path, token, {"Accept-Encoding": "identity"}, bytes)
        yield from answer.stream(MIB)
        answer.release_conn()

    def _json(self, method: str, path: str, token: str | None, headers: dict[str, str], body: Body) -> Any:  # noqa: ANN401
        answer = self._send(method, path, token, headers, body)
        content = answer.read()
        answer.release_conn()
        return json.loads(content) if content else None

    def _send(
        self, method: str, path: str, token: str | None, headers: dict[str, str], body: Body
    ) -> urllib3.BaseHTTPResponse:
        """Ask, and where the service is busy ask again when it says: 503 with Retry-After."""
        url = f"{self.base_url}/api/v1{path}"
        if token:
            headers = headers | {"Authorization": f"Bearer {token}"}
        give_up_at = time.monotonic() + PATIENCE_S
        # One id for all its tries: the service's log tells of them by it.
        headers = headers | {"X-Request-Id": str(uuid.uuid4())}
        while True:
            answer = self._http.request(method, url, headers=headers, body=body(), preload_content=False)
            if answer.status == 503 and time.monotonic() < give_up_at:  # noqa: PLR2004 - Service Unavailable
                answer.drain_conn()
                time.sleep(float(answer.headers.get("Retry-After", 1)))
                continue
            if answer.status >= 400:  # noqa: PLR2004 - 4xx and 5xx
                raise Refused(f"{method} {path}", answer.status, answer.read())
            return answer


def digest_of(pieces: Iterable[bytes]) -> str:
    """SHA-256 (hex) of what comes in pieces."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def read_slice(place: Path, start: int, size: int) -> Iterator[bytes]:
    """Bytes [start, start + size) of a file, at most a MiB at a time."""
    with place.open("rb") as file:
        file.seek(start)
        while size > 0 and (piece := file.read(min(size, MIB))):
            size -= len(piece)
            yield piece


def deposit_file(service: Service, token: str, packet_id: str, file: LocalFile, kind: str = "other") -> str:
    """Plan a file, send its parts two at a time, say that it is complete; the file's id."""
    fields = {"path": file.path, "size": file.size, "kind": kind, "sha256": file.sha256, "transport": "gateway"}
    planned = service.post(f"/packets/{packet_id}/files", token, **fields)
    url, part_size = f"/packets/{packet_id}/files/{planned['id']}", planned["part_size"]

    def send_part(number: int) -> None:
        start = (number - 1) * part_size
        size = min(part_size, file.size - start)
        service.put_bytes(f"{url}/parts/{number}", token, size, lambda: read_slice(file.place, start, size))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(send_part, range(1, planned["part_count"] + 1)))
    service.post(f"{url}/complete", token)
    return str(planned["id"])


def close_packet(service: Service, token: str, packet_id: str) -> None:
    """Close as soon as every file has been read back, opened and compared; Refused where one was rejected."""
    service.post(f"/packets/{packet_id}/close", token, when_verified=True)
    while (packet := service.get(f"/packets/{packet_id}", token))["state"] == "closing":
        time.sleep(0.2)
    if packet["state"] != "closed":
        bad = [file["path"] for file in packet["files"] if file["state"] == "rejected"]
        raise RuntimeError(f"The packet did not close; rejected: {bad}")


def download_digests(service: Service, access_token: str, file_ids: Iterable[str]) -> dict[str, str]:
    """Download released files, two at a time, and keep only the SHA-256 (hex) of each, by file id."""

    def download(file_id: str) -> tuple[str, str]:
        return file_id, digest_of(service.stream(f"/redeemed/files/{file_id}", access_token))

    with ThreadPoolExecutor(THREADS) as threads:
        return dict(threads.map(download, file_ids))
