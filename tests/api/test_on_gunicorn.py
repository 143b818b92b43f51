"""Bodies on a real server (B05, B06): never read before it is known who calls, never taken for whole."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.api.conftest import HOST
from tests.databases import Databases
from tests.edge.anywhere import Answer, ask, connected, is_closed, read_answer, request_bytes
from tests.gunicorn_process import GunicornProcess, running_gunicorn

NAME = "CANARY-Erika-Mustermann.svs"


@dataclass(frozen=True)
class Served:
    server: GunicornProcess
    token: str
    packet: str
    file: str

    @property
    def path(self) -> str:
        return f"/api/v1/packets/{self.packet}/files/{self.file}"

    def raw(self, method: str, path: str, *headers: str, body: bytes = b"", token: str | None = None) -> bytes:
        who = f"Authorization: Bearer {token or self.token}"
        return request_bytes(method, path, body=body, headers=(who, *headers), host=HOST)

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"") -> Answer:
        return ask(self.server, self.raw(method, path, *headers, body=body))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("served")
    env = {"SERVED_APP_DIRECTORY": str(directory), "SERVED_APP_DATABASE": databases(directory).url}
    with running_gunicorn("tests.api.served_app:create_app", directory / "log", env=env) as server:
        assert ask(server, request_bytes("GET", "/healthz", host=HOST)).status == 200  # the worker has loaded the app
        yield Served(server, **json.loads((directory / "known.json").read_text()))


def test_a_body_is_not_even_asked_for_before_it_is_known_who_calls(served: Served) -> None:
    headers = ("Expect: 100-continue", "Content-Length: 100000")
    for token, path, status in (
        ("ts_" + "A" * 43, f"{served.path}/parts/1", 401),
        (None, f"{served.path}/parts/2", 422),
        (None, f"/api/v1/packets/{served.file}/content/a.svs", 404),
    ):
        with connected(served.server) as connection:
            connection.sendall(served.raw("PUT", path, *headers, token=token))
            answer = read_answer(connection)  # the first line that comes: a 100 would be taken for it
            assert answer.status == status
            assert is_closed(connection)


def test_a_part_that_is_asked_for_is_taken(served: Served) -> None:
    headers = ("Expect: 100-continue", "Content-Length: 100000")
    with connected(served.server) as connection:
        connection.sendall(served.raw("PUT", f"{served.path}/parts/1", *headers))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(bytes(100_000))
        assert read_answer(connection).status == 204
    listed = json.loads(served.ask("GET", f"{served.path}/parts").body)
    assert listed == {"items": [{"number": 1, "size": 100_000, "sha256": None}], "next_cursor": None}


def test_a_body_cut_short_leaves_nothing(served: Served) -> None:
    path = f"/api/v1/packets/{served.packet}/content/{NAME}"
    with connected(served.server) as connection:
        connection.sendall(served.raw("PUT", path, "Content-Length: 200000", body=bytes(199_999)))
        connection.shutdown(socket.SHUT_WR)
        answer = read_answer(connection)
    assert (answer.status, answer.problem["code"]) == (400, "body_incomplete")
    files = json.loads(served.ask("GET", f"/api/v1/packets/{served.packet}").body)["files"]
    assert [file["state"] for file in files if file["path"] == NAME] == ["receiving"]
    assert served.ask("PUT", path, body=bytes(200_000)).status == 201


def test_the_log_names_routes_and_never_a_path(served: Served) -> None:
    served.ask("PUT", f"/api/v1/packets/{served.packet}/content/{NAME}", body=bytes(200_000))
    log = served.server.log()
    assert "/api/v1/packets/<id:packet_id>/content/<file_path:path>" in log
    assert "CANARY" not in log
    assert f"/packets/{served.packet}" not in log
    assert served.token not in log
