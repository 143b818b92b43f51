"""The blueprint of every area of the API.

1. Who calls is asked before the body is touched; only routes marked ``public`` do without.
2. Every POST takes an Idempotency-Key.
3. Every operation's document names the ways it can refuse.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any

import flask_smorest  # type: ignore[import-untyped]  # it ships no types
from flask import g, request
from marshmallow import Schema

from transfer_service.api.error_codes import Kind, status_of
from transfer_service.domain.people import Actor
from transfer_service.edge import calls
from transfer_service.edge.idempotency import Caller, answered_once, caller_by_secret, caller_of
from transfer_service.edge.strict_json import StrictParser
from transfer_service.errors import IdempotencyKeyReused

PREFIX = "/api/v1"
PROBLEM = {"$ref": "#/components/schemas/Problem"}

View = Callable[..., Any]
Registering = Callable[[View], View]

_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same key with the same body has the same answer for 24 hours; with another body it is 422.",
}
_REPLAY_KEY = _IDEMPOTENCY_KEY | {
    "description": "The same key with the same body is the same use, uncounted, for 10 minutes; with another body, 422."
}
_READING_KEY = _IDEMPOTENCY_KEY | {"description": "Taken, and without effect: each answer is what there is now."}


class Repeats(Enum):
    """What becomes of a POST that is sent again under its Idempotency-Key."""

    ANSWERED_ALIKE = "the kept answer is given again"
    KNOWN = "its use case knows repeats by itself"
    READ_ANEW = "it only reads, and each answer is what there is now"


_KEYS = {
    Repeats.ANSWERED_ALIKE: _IDEMPOTENCY_KEY,
    Repeats.KNOWN: _REPLAY_KEY,
    Repeats.READ_ANEW: _READING_KEY,
}
_TAKES_BODY = frozenset({"POST", "PUT"})


class ApiBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest ships no types
    """One area. Routes take ``refuses``, the kinds of error that their use case raises, for the document."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, __name__, url_prefix=PREFIX, description=description)
        self._public_endpoints: set[str] = set()
        self.before_request(self._know_caller)

    def get(self, rule: str, **options: Any) -> Registering:  # noqa: ANN401 - passed on to flask-smorest
        """Register a view for GET (and HEAD)."""
        return self._registering(rule, "GET", options)

    def post(self, rule: str, **options: Any) -> Registering:  # noqa: ANN401 - passed on to flask-smorest
        """Register a view for POST. ``repeats`` says what becomes of a request that is sent again.

        ``keys_of``: whose Idempotency-Keys those of a public route are.
        """
        return self._registering(rule, "POST", options)

    def put(self, rule: str, **options: Any) -> Registering:  # noqa: ANN401 - passed on to flask-smorest
        """Register a view for PUT."""
        return self._registering(rule, "PUT", options)

    def delete(self, rule: str, **options: Any) -> Registering:  # noqa: ANN401 - passed on to flask-smorest
        """Register a view for DELETE."""
        return self._registering(rule, "DELETE", options)

    def body(self, schema: type[Schema], *, required: bool = True) -> Registering:
        """Give the view the JSON body, loaded; without ``required`` an absent body is ``{}``."""
        made: Registering = self.arguments(schema, required=required)
        return made

    def query(self, schema: type[Schema]) -> Registering:
        """Give the view the query's arguments, loaded."""
        made: Registering = self.arguments(schema, location="query")
        return made

    def shows(self, status: int, schema: type[Schema] | None = None, **options: Any) -> Registering:  # noqa: ANN401 - passed on to flask-smorest
        """Answer with what the view returns, as the schema shows it."""
        made: Registering = self.response(status, schema, **options)
        return made

    def documents(self, **document: Any) -> Registering:  # noqa: ANN401 - any part of an OpenAPI operation
        """Add to the operation's document what the decorators can't know."""
        made: Registering = self.doc(**document)
        return made

    def _registering(self, rule: str, method: str, options: dict[str, Any]) -> Registering:
        def register(view: View) -> View:
            self._register(rule, method, view, **options)
            return view

        return register

    def _register(
        self,
        rule: str,
        method: str,
        view: View,
        *,
        public: bool = False,
        keys_of: Caller = caller_by_secret,
        repeats: Repeats = Repeats.ANSWERED_ALIKE,
        refuses: Sequence[Kind] = (),
        **options: Any,  # noqa: ANN401 - passed on to flask-smorest
    ) -> None:
        if public:
            self._public_endpoints.add(f"{self.name}.{view.__name__}")
        if method == "POST" and repeats is Repeats.ANSWERED_ALIKE:
            view = answered_once(view, keys_of if public else _caller_by_token)
        document = _document(rule, method, refuses, public=public)
        if method == "POST":
            document["parameters"] = [_KEYS[repeats]]
        view = self.doc(**document)(view)
        self.add_url_rule(rule, None, view, methods=[method], **options)

    def _know_caller(self) -> None:
        if request.endpoint not in self._public_endpoints:
            g.caller = calls.actor()


def caller() -> Actor:
    """Who calls."""
    known: Actor = g.caller
    return known


def _caller_by_token() -> bytes:
    return caller_of(caller())


def _document(rule: str, method: str, refuses: Sequence[Kind], *, public: bool) -> dict[str, Any]:
    codes: dict[int, list[str]] = {400: [], 503: []}
    if not public:
        codes |= {401: [], 403: []}
    if "<" in rule or public:
        codes[404] = []
    if method in _TAKES_BODY:
        codes |= {408: [], 411: [], 413: ["body_too_large"], 415: [], 422: []}
    if method == "POST":
        codes[422].append(IdempotencyKeyReused.code)
    for kind in refuses:
        codes.setdefault(status_of(kind), []).append(kind.code)
    document: dict[str, Any] = {"responses": {status: _problem(status, codes[status]) for status in sorted(codes)}}
    if public:
        document["security"] = []
    return document


def _problem(status: int, codes: Sequence[str]) -> Mapping[str, object]:
    described = " or ".join(f"`{code}`" for code in codes) or HTTPStatus(status).phrase
    return {"description": described, "content": {"application/problem+json": {"schema": PROBLEM}}}
