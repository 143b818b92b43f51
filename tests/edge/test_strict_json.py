import contextlib
import json

import marshmallow
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.edge.tiny_app import create_app
from transfer_service.edge.refusal import Refusal
from transfer_service.edge.strict_fields import TrueOrFalse, WholeNumber
from transfer_service.edge.strict_json import parse_strict_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)
HOST = {"Host": "service.test"}


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app()


@given(JSON)
def test_what_python_writes_is_read_as_written(value: object) -> None:
    assert parse_strict_json(json.dumps(value).encode()) == value
    assert parse_strict_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\\u0dD8é1e-. \n', max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Refusal):
        parse_strict_json(data)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"{'a': 1}", b'{"a": 1,}', b"[1] 2", b"\xff", b'{"a": "\xed\xa0\x80"}', b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"), b'{"a": 1, "a": 1}', b'{"b": {"a": 1, "\\u0061": 2}}', b"[NaN]", b"[Infinity]",
        b"[-Infinity]", b"[1e400]", b"[-1e400]", b'["\\ud800"]', b'["\\udc00\\ud800"]', b'{"\\uD800": 1}',
        b"[" * 33 + b"]" * 33, b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 100_000, b"1" * 5000, b'["\x00"]', b'"\t"',
    ],
)  # fmt: skip
def test_what_two_parsers_could_read_differently_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        parse_strict_json(data)
    assert (refused.value.code, refused.value.word) == (400, "json_malformed")


def test_depth_is_counted_outside_of_strings() -> None:
    assert parse_strict_json(b"[" * 32 + b"]" * 32)
    assert parse_strict_json(json.dumps(["[{" * 500 + '\\"']).encode())


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_strict_json(b'["\\ud83d\\ude00"]') == ["\U0001f600"]


def test_a_quarter_megabyte_of_escaped_quotes_is_read_in_linear_time() -> None:
    with pytest.raises(Refusal):
        parse_strict_json(b'"' + b'\\"' * 120_000)


@pytest.mark.parametrize("value", ["1", True, False, 1.0, 1.5, None, [], {}, "", 1e300])
def test_a_whole_number_is_an_integer_and_nothing_else(value: object) -> None:
    schema = marshmallow.Schema.from_dict({"n": WholeNumber(required=True)})()
    with pytest.raises(marshmallow.ValidationError):
        schema.load({"n": value})
    assert schema.load({"n": 2**63}) == {"n": 2**63}


@pytest.mark.parametrize("value", [0, 1, "true", "yes", None, "", 1.0])
def test_true_or_false_is_a_boolean_and_nothing_else(value: object) -> None:
    schema = marshmallow.Schema.from_dict({"b": TrueOrFalse(required=True)})()
    with pytest.raises(marshmallow.ValidationError):
        schema.load({"b": value})
    assert schema.load({"b": False}) == {"b": False}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ('{"name": "a"}', "application/json", 201, None),
        ('{"name": "a"}', "application/json; charset=UTF-8", 201, None),
        ('{"name": "a"}', "application/json; charset=utf-16", 415, "unsupported_media_type"),
        ('{"name": "a"}', "text/plain", 415, "unsupported_media_type"),
        ('{"name": "a"}', "application/problem+json", 415, "unsupported_media_type"),
        ('{"name": "a"}', None, 415, "unsupported_media_type"),
        ("", "application/json", 400, "body_missing"),
        ("{", "application/json", 400, "json_malformed"),
        ("[]", "application/json", 422, "invalid"),
        ("null", "application/json", 422, "invalid"),
        ('"name"', "application/json", 422, "invalid"),
        ('{"name": "a", "role": "admin"}', "application/json", 422, "invalid"),
        ('{"name": ["a"]}', "application/json", 422, "invalid"),
        ('{"name": null}', "application/json", 422, "invalid"),
        ('{"name": "a", "size": "1"}', "application/json", 422, "invalid"),
        ('{"name": "a", "size": true}', "application/json", 422, "invalid"),
        ('{"name": "a", "size": 1.5}', "application/json", 422, "invalid"),
        ('{"name": "a", "size": 0}', "application/json", 422, "invalid"),
        ('{"name": "a", "size": -1}', "application/json", 422, "invalid"),
        ('{"name": "a", "size": 9223372036854775808}', "application/json", 422, "invalid"),
        ('{"name": "a", "size": 1e400}', "application/json", 400, "json_malformed"),
        ('{"name": "a", "labels": "a"}', "application/json", 422, "invalid"),
        (" " * 300_000, "application/json", 413, "body_too_large"),
    ],
)
def test_bodies_are_read_strictly_by_a_flask_smorest_view(
    app: Flask, body: str, content_type: str | None, status: int, code: str | None
) -> None:
    answer = app.test_client().post("/api/v1/things", data=body, content_type=content_type, headers=HOST)
    assert answer.status_code == status
    if code is not None:
        problem = json.loads(answer.data)
        assert (problem["code"], problem["status"], problem["type"]) == (code, status, f"/api/v1/docs#{code}")


def test_an_absent_body_is_empty_where_nothing_is_required(app: Flask) -> None:
    assert app.test_client().post("/api/v1/optional", headers=HOST).json == {}
    assert app.test_client().post("/api/v1/optional", json={"now": True}, headers=HOST).json == {"now": True}
    assert app.test_client().post("/api/v1/optional", json={"later": 1}, headers=HOST).status_code == 422


def test_schema_failures_name_fields_and_never_values(app: Flask) -> None:
    sent = {"name": "Erika Mustermann-Canary-Name", "size": "canary", "labels": ["a", 5], "other": "canary"}
    answer = app.test_client().post("/api/v1/things", json=sent, headers=HOST)
    assert set(json.loads(answer.data)["errors"]) == {"name", "size", "labels.1", "other"}
    assert b"anary" not in answer.data


def test_a_field_name_of_a_megabyte_is_not_sent_back_whole(app: Flask) -> None:
    answer = app.test_client().post(
        "/api/v1/things", json={"x" * 200_000: 1, **{str(n): 1 for n in range(200)}}, headers=HOST
    )
    assert answer.status_code == 422
    assert len(answer.data) < 10_000


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200), ("?limit=5&cursor=a", 200), ("?limit=5&limit=6", 400), ("?cursor=a&cursor=a", 400),
        ("?other=1", 422), ("?limit=x", 422), ("?limit=0", 422), ("?limit=1e1", 422),
    ],
)  # fmt: skip
def test_query_arguments_are_known_and_single(app: Flask, query: str, status: int) -> None:
    assert app.test_client().get(f"/api/v1/things{query}", headers=HOST).status_code == status


def test_a_name_in_query_and_body_is_refused(app: Flask) -> None:
    answer = app.test_client().post("/api/v1/things?name=b", json={"name": "a"}, headers=HOST)
    assert (answer.status_code, json.loads(answer.data)["code"]) == (400, "argument_twice")
