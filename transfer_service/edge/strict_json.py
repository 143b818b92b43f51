"""JSON bodies and query arguments, read strictly, for webargs and flask-smorest.

Two parsers that read one text differently are how checks are walked around (duplicate keys, BOMs, lone
surrogates); so a text that could be read in two ways is refused. RFC 8259, and RFC 7493 (I-JSON) section 2.
"""

import json
import re
from typing import Any, Never

import marshmallow
from flask import Request
from webargs import core
from webargs.flaskparser import FlaskParser

from transfer_service.edge.bodies import read_small_body
from transfer_service.edge.refusal import Refusal

DEEPEST = 32
# Possessive, and content without its closing quote: linear on any text.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_strict_json(data: bytes, deepest: int = DEEPEST) -> object:
    """Return the value that ``data`` (UTF-8) holds.

    Raises Refusal 400 ``json_malformed`` for a BOM, wrong UTF-8, duplicate keys, NaN, Infinity, a number
    that no double holds, lone surrogates, nesting beyond ``deepest``, and whatever is not JSON.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("The body is not UTF-8.")
    if text.startswith("\ufeff"):
        _refuse("The body starts with a byte order mark.")
    if _depth(text) > deepest:
        _refuse(f"The body is nested more than {deepest} levels deep.")
    return _without_lone_surrogates(_loaded(text), text)


def _loaded(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        _refuse("The body is not valid JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("An object in the body names a key twice.")
    return found


def _no_constant(_: str) -> Never:
    _refuse("NaN and Infinity are not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        _refuse("A number in the body is too large.")
    return number


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in _STRING.sub("", text):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _without_lone_surrogates(value: object, text: str) -> object:
    if _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            _refuse("A string in the body holds half a surrogate pair.")
    return value


def _refuse(detail: str) -> Never:
    raise Refusal(400, "json_malformed", detail)


class StrictParser(FlaskParser):
    """What the API's blueprints set as ``ARGUMENTS_PARSER``.

    JSON: ``application/json`` or 415; beyond ``body_bytes`` 413; an absent body is 400, or ``{}`` where the
    schema requires nothing. Unknown fields and query arguments are 422 (a query argument given twice is
    refused by the request gate). A name given both in the query and in the body is 400.
    """

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - the type that webargs declares
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "json": marshmallow.RAISE,
        "query": marshmallow.RAISE,
        "querystring": marshmallow.RAISE,
        "form": marshmallow.RAISE,
    }

    def __init__(self, *, body_bytes: int = 256 * 1024) -> None:
        super().__init__()
        self._body_bytes = body_bytes

    def load_json(self, req: Request, schema: marshmallow.Schema) -> object:
        """Return the JSON value of the body, or webargs' ``missing``."""
        data = read_small_body(req, self._body_bytes)
        if not data:
            return self._absent(schema)
        if req.mimetype != "application/json" or req.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
            raise Refusal(415, "unsupported_media_type", "Send the body as application/json in UTF-8.")
        value = parse_strict_json(data)
        if isinstance(value, dict) and value.keys() & req.args.keys():
            raise Refusal(400, "argument_twice", "An argument stands both in the query and in the body.")
        return value

    def _absent(self, schema: marshmallow.Schema) -> object:
        if any(field.required for field in schema.load_fields.values()):
            raise Refusal(400, "body_missing", "A JSON body is needed here.")
        return core.missing
