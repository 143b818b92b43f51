"""A small application on top of the edge, as the API and the pages are: what the tests of the edge talk to."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID

import flask_smorest
import marshmallow
from flask import Flask, Response, request
from marshmallow import fields

from tests.edge import anywhere
from transfer_service import errors
from transfer_service.edge.bodies import counted_body, sha256_declared
from transfer_service.edge.paced_socket import Pace
from transfer_service.edge.ranges import content_disposition, requested_range
from transfer_service.edge.registration import register_edge
from transfer_service.edge.request_log import note_actor
from transfer_service.edge.response_headers import allow_own_assets
from transfer_service.edge.strict_fields import TrueOrFalse, WholeNumber
from transfer_service.edge.strict_json import StrictParser
from transfer_service.edge.transfer_slots import TransferSlots

MIB = 1024 * 1024
ETAG = '"0123456789abcdef"'
TEST_PACE = Pace(stall_s=1.0, grace_s=1.0, bytes_per_s=8192)
CONTENT = bytes(range(256)) * 4096


class Thing(marshmallow.Schema):
    name = fields.String(required=True, validate=marshmallow.validate.Length(max=20))
    size = WholeNumber(validate=marshmallow.validate.Range(min=1, max=2**40))
    sealed = TrueOrFalse()
    labels = fields.List(fields.String())


class Optional(marshmallow.Schema):
    now = TrueOrFalse()


class Page(marshmallow.Schema):
    limit = fields.Integer(validate=marshmallow.validate.Range(min=1, max=100))
    cursor = fields.String()


class Blueprint(flask_smorest.Blueprint):
    ARGUMENTS_PARSER = StrictParser()


things = Blueprint("things", "things", url_prefix="/api/v1")
rest = flask_smorest.Blueprint("rest", "rest")
slots = TransferSlots(uploads=4, downloads=1)
stored: dict[int, str] = {}
stored_lock = threading.Lock()


@things.post("/things")
@things.arguments(Thing)
def make_thing(thing: dict[str, object]) -> Response:
    return anywhere.json_answer(thing, 201)


@things.post("/optional")
@things.arguments(Optional, required=False)
def optional(body: dict[str, object]) -> Response:
    return anywhere.json_answer(body, 200)


@things.get("/things")
@things.arguments(Page, location="query")
def list_things(page: dict[str, object]) -> Response:
    return anywhere.json_answer(page, 200)


@rest.put("/api/v1/parts/<int:number>")
def put_part(number: int) -> Response:
    if request.headers.get("Authorization") != "Bearer good":
        raise errors.NotAuthenticated
    note_actor("actor-7")
    declared = sha256_declared(request.headers.get("Content-Digest"))
    expected = int(request.headers["X-Expected"]) if "X-Expected" in request.headers else None
    digest = hashlib.sha256()
    with slots.upload():
        for piece in counted_body(request, expected, 64 * MIB, TEST_PACE):
            digest.update(piece)
    if declared is not None and declared != digest.digest():
        raise errors.DigestMismatch
    with stored_lock:
        stored[number] = digest.hexdigest()
    return Response(status=204)


@rest.get("/api/v1/parts/<int:number>")
def get_part(number: int) -> Response:
    with stored_lock:
        return anywhere.json_answer({"sha256": stored.get(number)}, 200)


@rest.get("/api/v1/files/<name>")
def get_file(name: str) -> Response:
    wanted = requested_range(request, len(CONTENT), ETAG)
    body = CONTENT[wanted.first : wanted.last + 1] if wanted else CONTENT
    response = Response(body, 206 if wanted else 200, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition(name)
    response.headers["ETag"] = ETAG
    if wanted:
        response.headers["Content-Range"] = wanted.content_range
    return response


@rest.get("/api/v1/held")
def held() -> Response:
    stack = ExitStack()
    stack.enter_context(slots.download())
    response = Response(_endless(), content_type="application/octet-stream")
    response.content_length = 1 << 40
    response.call_on_close(stack.close)
    return response


def _endless() -> Iterator[bytes]:
    while True:
        yield bytes(4 * MIB)


@rest.get("/api/v1/breaks")
def breaks() -> Response:
    def body() -> Iterator[bytes]:
        yield b"first"
        raise errors.LinkRevoked

    response = Response(body(), content_type="application/octet-stream")
    response.content_length = 100
    return response


@rest.get("/api/v1/ids/<uuid:_packet_id>")
def foreign(_packet_id: UUID) -> Response:
    raise errors.NotFound


@rest.get("/api/v1/boom")
def boom() -> Response:
    raise RuntimeError("Erika Mustermann, ts_canary")


@rest.get("/api/v1/busy")
def busy() -> Response:
    raise errors.TooMany(retry_after_s=17)


@rest.get("/api/v1/locked")
def locked() -> Response:
    raise errors.AnswerWrong(remaining_attempts=3)


@rest.get("/t/<_ticket>")
def ticket(_ticket: str) -> Response:
    return anywhere.json_answer({"client": request.remote_addr, "scheme": request.scheme}, 200)


@rest.route("/page", methods=["GET", "POST"])
def page() -> Response:
    allow_own_assets()
    return Response(request.form.get("secret", "nothing"), content_type="text/plain")


def create_app() -> Flask:
    app = Flask("tiny", static_folder=None)
    app.config.update(API_TITLE="tiny", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    api = flask_smorest.Api(app)
    api.register_blueprint(things)
    app.register_blueprint(rest)
    register_edge(app, public_url="http://service.test")
    return app
