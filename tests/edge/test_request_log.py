"""A request's id: whose it is, and where it goes."""

from collections.abc import Iterator

import pytest
from flask import Flask

from transfer_service.edge.peer import client_address
from transfer_service.edge.request_log import register_request_log, request_id

UUID = "0d9f4dc6-97e5-4b0e-a7b8-2a4e5ad8fd4d"


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask("tiny")
    app.add_url_rule("/", view_func=request_id)
    register_request_log(app)
    return app


@pytest.mark.parametrize("sent", [UUID, UUID.replace("-", "")])
def test_a_well_formed_id_of_the_clients_is_taken_over_and_answered(app: Flask, sent: str) -> None:
    answer = app.test_client().get("/", headers={"X-Request-Id": sent})
    assert answer.headers["X-Request-Id"] == answer.text == sent


@pytest.mark.parametrize("sent", ["", "canary", UUID.upper(), UUID + "0", f"{UUID},{UUID}", "12.03.1961", "1" * 31])
def test_any_other_gives_way_to_one_of_ours(app: Flask, sent: str) -> None:
    answer = app.test_client().get("/", headers={"X-Request-Id": sent})
    assert answer.headers["X-Request-Id"] == answer.text != sent
    assert len(answer.text) == 32


def test_two_requests_have_two_ids(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/").text != client.get("/").text


def seen(peer: str, forwarded: str | None, *trusted: str) -> str:
    environ = {"REMOTE_ADDR": peer, "transfer_service.trusted_proxies": frozenset(trusted)}
    return client_address(environ | ({} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}))


def test_a_trusted_proxy_is_believed_for_the_address_that_it_saw_itself() -> None:
    assert seen("127.0.0.1", "203.0.113.7", "127.0.0.1") == "203.0.113.7"
    assert seen("127.0.0.1", "6.6.6.6, 2001:db8::7", "127.0.0.1") == "2001:db8::7"


@pytest.mark.parametrize("said", [None, "", "unknown", "203.0.113.7:80", "203.0.113.7,", "a\x1b[2J"])
def test_what_is_no_address_is_not_believed_of_anybody(said: str | None) -> None:
    assert seen("127.0.0.1", said, "127.0.0.1") == "127.0.0.1"


def test_nobody_else_is_believed() -> None:
    assert seen("127.0.0.1", "203.0.113.7") == "127.0.0.1"
    assert seen("127.0.0.2", "203.0.113.7", "127.0.0.1") == "127.0.0.2"
