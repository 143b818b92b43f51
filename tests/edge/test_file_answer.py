"""The answer that carries a file: its head, its ranges, its slot, and what is asked of its source."""

import base64
import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient

from transfer_service.edge.file_answer import Download, Source, file_answer
from transfer_service.edge.registration import register_edge
from transfer_service.edge.transfer_slots import TransferSlots
from transfer_service.errors import LinkRevoked, SealBroken, Unavailable

CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ETAG = f'"{SHA256}"'


@dataclass
class Shelf:
    """A file in blocks of 1,000 bytes, and what was asked of it. ``fails_at``: the block that raises instead."""

    content: bytes = CONTENT
    begun: list[tuple[int, int]] = field(default_factory=list)
    closed: int = 0
    refuses: Exception | None = None
    fails_at: dict[int, Exception] = field(default_factory=dict)
    slots: TransferSlots = field(default_factory=lambda: TransferSlots(uploads=1, downloads=1))

    def begin(self, start: int, stop: int) -> Generator[bytes, None, None]:
        if self.refuses is not None:
            raise self.refuses
        self.begun.append((start, stop))
        return self._blocks(start, stop)

    def _blocks(self, start: int, stop: int) -> Generator[bytes, None, None]:
        try:
            for number, at in enumerate(range(start, stop, 1000)):
                if number in self.fails_at:
                    raise self.fails_at[number]
                yield self.content[at : min(at + 1000, stop)]
        finally:
            self.closed += 1

    def slot_is_free(self) -> bool:
        with self.slots.download():
            return True


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def client(shelf: Shelf) -> FlaskClient:
    app = Flask("one file", static_folder=None)

    @app.get("/file")
    def file() -> Response:
        digest = hashlib.sha256(shelf.content).hexdigest()
        download = Download("slides/Ä 1.svs", len(shelf.content), digest)
        return file_answer(request, download, Source(shelf.begin, lambda: None), shelf.slots)

    register_edge(app, public_url="http://localhost")
    return app.test_client()


def test_the_whole_file_comes_with_what_a_client_needs_to_check_and_keep_it(client, shelf):
    with client.get("/file") as answer:
        assert answer.status_code == 200
        assert answer.data == CONTENT
        headers = answer.headers
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["ETag"] == ETAG
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(bytes.fromhex(SHA256)).decode()}:"
    assert headers["Content-Disposition"] == "attachment; filename=\"A 1.svs\"; filename*=UTF-8''%C3%84%201.svs"
    assert shelf.begun == [(0, len(CONTENT))]


def test_what_was_deposited_is_never_rendered(client):
    with client.get("/file") as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=1500-2499", (1500, 2500)),
        ("bytes=-5", (10235, 10240)),
        ("bytes=9999-", (9999, 10240)),
    ],
)
def test_a_range_begins_the_source_with_just_that_range(client, shelf, asked, span):
    with client.get("/file", headers={"Range": asked}) as answer:
        assert answer.status_code == 206
        assert answer.data == CONTENT[slice(*span)]
        assert answer.headers["Content-Range"] == f"bytes {span[0]}-{span[1] - 1}/{len(CONTENT)}"
        assert answer.headers["Content-Length"] == str(span[1] - span[0])
    assert shelf.begun == [span]


@pytest.mark.parametrize(("condition", "status"), [(ETAG, 206), ('"other"', 200), (f"W/{ETAG}", 200)])
def test_a_range_of_another_version_is_answered_with_the_whole(client, condition, status):
    with client.get("/file", headers={"Range": "bytes=0-9", "If-Range": condition}) as answer:
        assert answer.status_code == status


def test_a_range_outside_begins_nothing(client, shelf):
    assert client.get("/file", headers={"Range": "bytes=10240-"}).status_code == 416
    assert shelf.begun == []
    assert shelf.slot_is_free()


def test_a_head_has_the_same_head_and_begins_nothing(client, shelf):
    head = client.head("/file")
    with client.get("/file") as whole:
        named = ("ETag", "Content-Length", "Repr-Digest", "Content-Disposition", "Accept-Ranges")
        assert {name: head.headers[name] for name in named} == {name: whole.headers[name] for name in named}
    assert head.data == b""
    assert len(shelf.begun) == 1


def test_an_empty_file_is_a_whole_answer(client, shelf):
    shelf.content = b""
    with client.get("/file") as answer:
        assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "0")
    assert shelf.begun == [(0, 0)]


def test_without_a_free_slot_nothing_begins(client, shelf):
    with shelf.slots.download():
        answer = client.get("/file")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert shelf.begun == []


@pytest.mark.parametrize(("refusal", "status"), [(LinkRevoked(), 409), (Unavailable(), 503)])
def test_a_refusal_before_the_first_byte_is_an_error_and_frees_the_slot(client, shelf, refusal, status):
    shelf.refuses = refusal
    assert client.get("/file").status_code == status
    assert shelf.slot_is_free()


@pytest.mark.parametrize(("failure", "status"), [(SealBroken(), 500), (Unavailable(), 503), (LinkRevoked(), 409)])
def test_a_first_block_that_does_not_open_is_an_error_and_not_an_empty_file(client, shelf, failure, status):
    shelf.fails_at[0] = failure
    answer = client.get("/file")
    assert answer.status_code == status
    assert "Content-Disposition" not in answer.headers
    assert shelf.slot_is_free()


def test_a_failure_on_the_way_is_an_aborted_connection_and_frees_the_slot(client, shelf):
    shelf.fails_at[3] = LinkRevoked()
    answer = client.get("/file", buffered=False)
    with pytest.raises(ConnectionAbortedError):
        list(answer.response)
    answer.close()
    assert shelf.closed == 1
    assert shelf.slot_is_free()


def test_a_client_that_takes_only_the_beginning_closes_the_source_and_frees_the_slot(client, shelf):
    answer = client.get("/file", buffered=False)
    assert next(iter(answer.response))
    answer.close()
    assert shelf.closed == 1
    assert shelf.slot_is_free()
