"""The wrong thing in every field (B01 to B15): always 4xx in one shape, and nothing has changed."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import quote, unquote

import pytest

from tests.journey.hospital import MIB, PART, Hospital, a_case, code_of, in_days, sha256
from tests.journey.quiet import CANARY, UNKNOWN, Quiet, without_request_id
from tests.standalone_process import Standalone

pytestmark = pytest.mark.usefixtures("sluggish")

GIB = 1024 * MIB
LIMIT = 150 * GIB
BODIES = [
    ("POST", "/slide-requests"),
    ("POST", "/slide-requests/status"),
    ("POST", "/slide-requests/withdraw"),
    ("POST", "/slide-requests/{request_id}/decline"),
    ("POST", "/slide-requests/{request_id}/accept"),
    ("POST", "/packets"),
    ("POST", "/packets/search"),
    ("POST", "/packets/{packet_id}/close"),
    ("POST", "/packets/{packet_id}/retire"),
    ("POST", "/packets/{packet_id}/successor"),
    ("PUT", "/packets/{packet_id}/not-included"),
    ("POST", "/packets/{packet_id}/files"),
    ("POST", "/packets/{packet_id}/files/{file_id}/complete"),
    ("PUT", "/packets/{packet_id}/patient-contact"),
    ("POST", "/packets/{packet_id}/patient-contact/confirm"),
    ("POST", "/recipients"),
    ("PUT", "/recipients/{recipient_id}"),
    ("PUT", "/form-templates/{language}/approval"),
    ("POST", "/packets/{packet_id}/releases"),
    ("POST", "/releases/{release_id}/resend"),
    ("POST", "/releases/{release_id}/sign"),
    ("POST", "/releases/{release_id}/withdraw"),
    ("POST", "/releases/{release_id}/paper/confirm"),
    ("POST", "/patient/challenge"),
    ("POST", "/patient/session"),
    ("POST", "/packets/{packet_id}/links"),
    ("POST", "/links/{link_id}/revoke"),
    ("POST", "/redeem/challenge"),
    ("POST", "/redeem"),
    ("POST", "/redeemed/files/{file_id}/ticket"),
    ("POST", "/redeemed/archive/ticket"),
    ("POST", "/redeemed/opinions"),
    ("POST", "/redeemed/opinions/{opinion_id}/files"),
    ("POST", "/redeemed/opinions/{opinion_id}/files/{file_id}/complete"),
    ("POST", "/redeemed/opinions/{opinion_id}/send"),
    ("POST", "/opinions/{opinion_id}/share"),
    ("POST", "/released/{release_id}/redeem"),
    ("POST", "/released/{release_id}/acknowledge"),
    ("PUT", "/webhook"),
    ("POST", "/accounting/search"),
    ("POST", "/accounting/report"),
    ("POST", "/patient/accounting/report"),
]
MASS_ASSIGNMENT = ("id", "organization_id", "tenant_id", "role", "state", "version", "__class__", CANARY, "")

Key = tuple[str, str]
Schema = dict[str, Any]


def named(key: object) -> str:
    return " ".join(key) if isinstance(key, tuple) else str(key)


each_body = pytest.mark.parametrize("key", BODIES, ids=named)


@pytest.fixture(scope="module")
def busy(standalone: Standalone) -> Hospital:
    """Another hospital, at which things do change."""
    return Hospital(standalone, "St. Elsewhere")


@pytest.fixture(autouse=True)
def _nothing_changes_at_the_quiet_hospital(quiet: Quiet) -> Iterator[None]:
    yield
    assert quiet.state() == quiet.before


# The wrong thing in every field, by the OpenAPI document (B01, B02, B03)


@pytest.fixture(scope="module")
def document(quiet: Quiet) -> dict[str, Any]:
    return quiet.anyone.shown("/openapi.json")


def resolved(document: dict[str, Any], schema: Schema) -> Schema:
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def schema_of(document: dict[str, Any], key: Key) -> Schema:
    operation = document["paths"][f"/api/v1{key[1]}"][key[0].lower()]
    return resolved(document, operation["requestBody"]["content"]["application/json"]["schema"])


def places(document: dict[str, Any], schema: Schema, way: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple, Schema]]:
    """Every place of a body: the body itself, its fields, the fields of those, the items of lists."""
    schema = resolved(document, schema)
    yield way, schema
    for name, inner in schema.get("properties", {}).items():
        yield from places(document, inner, (*way, name))
    if "items" in schema:
        yield from places(document, schema["items"], (*way, 0))


def holds(body: Any, way: tuple[str | int, ...]) -> bool:
    for step in way:
        try:
            body = body[step]
        except (KeyError, IndexError):
            return False
    return True


def replaced(body: Any, way: tuple[str | int, ...], value: Any) -> Any:
    if not way:
        return value
    made = at = deepcopy(body)
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = value
    return made


def wrong_values(schema: Schema) -> Iterator[Any]:
    """What no field of that schema may hold."""
    yield None
    kind = schema.get("type", "string")
    yield from (value for name, value in OF_EACH_TYPE.items() if name != kind)
    yield from WRONG[kind](schema)


def wrong_texts(schema: Schema) -> list[Any]:
    longest = schema.get("maxLength", 4096)
    wrong = [CANARY + "x" * longest, "" if schema.get("minLength") or "maxLength" not in schema else CANARY * 200, 0.5]
    if "enum" in schema:
        wrong += [CANARY, schema["enum"][0].upper(), f"{schema['enum'][0]} "]
    wrong += {
        "uuid": [CANARY, UNKNOWN.upper(), f"{{{UNKNOWN}}}", UNKNOWN.replace("-", ""), f"urn:uuid:{UNKNOWN}"],
        "date": ["2026-02-30", "2026-2-3", "20260203", f"2026-01-01{CANARY}", "\u0662\u0660\u0662\u0666-01-01"],
        "date-time": ["2026-06-01T09:30:00", "2026-06-30T23:59:60Z", "2026-06-01", "-1", "10000-01-01T00:00:00Z"],
    }.get(schema.get("format", ""), [])
    if schema.get("pattern"):
        wrong += ["ab", "g" * 64, "A" * 64]
    if schema.get("minLength") == 1 and longest not in {128, 200 if schema.get("writeOnly") else 0}:
        wrong += [f"{CANARY[:9]}\x00", "\x1b[31mred", "a\u202eb", "   "]
    return wrong


def wrong_numbers(schema: Schema) -> list[Any]:
    return [-1, schema["maximum"] + 1, 2**63, -(2**63), 10**300, 1.5, 1.0, "1"]


def wrong_flags(_: Schema) -> list[Any]:
    return [0, 1, "true", "yes", "", []]


def wrong_lists(schema: Schema) -> list[Any]:
    return [[None], [[]], [0] * (schema.get("maxItems", 0) + 1)]


OF_EACH_TYPE = {"string": CANARY, "integer": 7, "boolean": True, "array": [CANARY], "object": {CANARY: CANARY}}
WRONG: dict[str, Callable[[Schema], list[Any]]] = {
    "string": wrong_texts,
    "integer": wrong_numbers,
    "boolean": wrong_flags,
    "array": wrong_lists,
    "object": lambda _: [],
}


def test_every_operation_that_takes_json_is_tried(document: dict[str, Any], quiet: Quiet) -> None:
    documented = {
        (method.upper(), path.removeprefix("/api/v1")): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "put", "post", "delete"}
    }
    assert documented.keys() == quiet.operations.keys()
    taking_json = [
        key for key, operation in documented.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]  # fmt: skip
    assert sorted(taking_json) == sorted(BODIES)


@each_body
def test_a_wrong_value_in_any_field_is_refused(quiet: Quiet, document: dict[str, Any], key: Key) -> None:
    body = quiet.valid_body(key)
    tried = 0
    for way, schema in places(document, schema_of(document, key)):
        for value in wrong_values(schema) if holds(body, way) else ():
            if (answer := quiet.ask(key, json.dumps(replaced(body, way, value)).encode())).status != 422:
                pytest.fail(f"{way} took {value!r}: {answer}")
            quiet.check_refused(answer)
            tried += 1
    assert tried >= 5


@each_body
def test_every_field_is_tried(quiet: Quiet, document: dict[str, Any], key: Key) -> None:
    body = quiet.valid_body(key)
    absent = {way for way, _ in places(document, schema_of(document, key)) if not holds(body, way)}
    assert absent <= {("passcode",), ("code",)}


@each_body
def test_a_field_that_nobody_declared_is_refused_at_any_depth(quiet: Quiet, document: dict[str, Any], key: Key) -> None:
    body = quiet.valid_body(key)
    for way, schema in places(document, schema_of(document, key)):
        if schema.get("type") == "object" and holds(body, way):
            for name in set(MASS_ASSIGNMENT) - schema.get("properties", {}).keys():
                answer = quiet.ask(key, replaced(body, (*way, name), CANARY))
                assert code_of(answer) == (422, "invalid"), (way, name)


@each_body
def test_a_field_that_is_required_is_required(quiet: Quiet, document: dict[str, Any], key: Key) -> None:
    body = quiet.valid_body(key)
    for way, schema in places(document, schema_of(document, key)):
        for name in schema.get("required", ()) if holds(body, way) else ():
            at = deepcopy(body)
            inner = at
            for step in way:
                inner = inner[step]
            del inner[name]
            quiet.check_refused(quiet.ask(key, at), (422, "invalid"))


NESTED = b"[" * 10_000 + b"]" * 10_000
MALFORMED = {
    "cut short": b'{"x": "' + CANARY.encode(),
    "nothing but a brace": b"{",
    "two values": b"{} {}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "not UTF-8": b'{"x": "\xff\xfe"}',
    "a key twice": b'{"x": 1, "x": 2}',
    "a key twice, within": b'{"x": {"y": 1, "y": 2}}',
    "NaN": b'{"x": NaN}',
    "Infinity": b'{"x": -Infinity}',
    "a number beyond all doubles": b'{"x": 1e400}',
    "an integer of 5,000 digits": b'{"x": ' + b"9" * 5000 + b"}",
    "half a surrogate pair": b'{"x": "\\ud800"}',
    "half a surrogate pair as a key": b'{"\\udfff": 1}',
    "nesting of 10,000": b'{"x": ' + NESTED + b"}",
    "nesting of 33": b'{"x": ' + b"[" * 33 + b"]" * 33 + b"}",
    "single quotes": b"{'x': 1}",
    "a comment": b'{"x": 1 /* y */}',
    "a control character in a string": b'{"x": "a\x01b"}',
    "a trailing comma": b'{"x": 1,}',
    "YAML": b"x: !!python/object/apply:os.system ['id']",
    "XML": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_json_in_one_reading_is_refused_everywhere(quiet: Quiet, body: bytes) -> None:
    for key in BODIES:
        quiet.check_refused(quiet.ask(key, body), (400, "json_malformed"))


@each_body
def test_a_body_beyond_its_bound_is_refused(quiet: Quiet, key: Key) -> None:
    body = json.dumps({"x": CANARY * (300 * 1024 // len(CANARY))}).encode()
    quiet.check_refused(quiet.ask(key, body), (413, "body_too_large"))


def test_ten_megabytes_of_json_are_refused_unread(quiet: Quiet) -> None:
    body = b'{"x": "' + CANARY.encode() * (10 * MIB // len(CANARY)) + b'"}'
    for key in (("POST", "/packets"), ("POST", "/redeem"), ("PUT", "/recipients/{recipient_id}")):
        quiet.check_refused(quiet.ask(key, body), (413, "body_too_large"))


@pytest.mark.parametrize("value", [b"null", b"true", b"7", b'"x"', b"[]", b"[{}]"])
def test_a_body_that_is_no_object_is_refused(quiet: Quiet, value: bytes) -> None:
    for key in BODIES:
        quiet.check_refused(quiet.ask(key, value), (422, "invalid"))


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/xml", "application/x-yaml", "application/json; charset=utf-16",
     "application/jsonx", "application/octet-stream", "application/x-www-form-urlencoded", "text/json", "*/*"],
)  # fmt: skip
def test_a_body_of_another_media_type_is_refused(quiet: Quiet, media_type: str) -> None:
    for key in BODIES:
        operation = quiet.operations[key]
        path = key[1].format(**operation.ids)
        body = json.dumps(operation.body).encode()
        answer = operation.who.ask(key[0], path, body, {"Content-Type": media_type} if media_type else {})
        quiet.check_refused(answer, (415, "unsupported_media_type"))


# B04 and B07: sizes and digests


@pytest.mark.parametrize("size", [LIMIT + 1, 2**53])
def test_a_file_beyond_the_limit_is_refused_before_a_byte_is_read(quiet: Quiet, size: int) -> None:
    key = ("POST", "/packets/{packet_id}/files")
    quiet.check_refused(quiet.ask(key, quiet.valid_body(key) | {"size": size}), (422, "file_too_large"))
    staff, path = quiet.coordinator, f"/api/v1{quiet.open.url}/content/a.svs"
    answer = staff.ask_raw(staff.raw("PUT", path, f"Content-Length: {size}", "Expect: 100-continue"))
    quiet.check_refused(answer, (413, "body_too_large"))


def test_sizes_up_to_the_limit_are_planned(busy: Hospital) -> None:
    packet = busy.packet()
    for size in (0, 1, PART, 5 * GIB, LIMIT):
        plan = {"path": f"{size}.svs", "size": size, "transport": "gateway"}
        planned = packet.coordinator.did(f"{packet.url}/files", plan)
        assert (
            planned["part_size"] * (planned["part_count"] - 1) <= size <= planned["part_size"] * planned["part_count"]
        )


def test_an_empty_file_goes_the_whole_way(busy: Hospital) -> None:
    packet = busy.packet()
    packet.deposit(b"", "empty.svs")
    recipient = packet.close().released().link().redeem()
    answer = recipient.get(f"/redeemed/files/{packet.files[0].id}")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("number", ["0", "2", "10001", "1e1", "01", "-1", "+1", "1.0", "%D9%A3", "x", "%20", "9" * 40])
def test_a_part_that_the_file_does_not_have_is_refused(quiet: Quiet, number: str) -> None:
    key = ("PUT", "/packets/{packet_id}/files/{file_id}/parts/{number}")
    quiet.check_refused(quiet.ask(key, ids={"number": number}), (422, "part_number_wrong"))


@pytest.mark.parametrize(
    ("data", "digest", "status", "code"),
    [
        (b"1234", None, 422, "part_size_wrong"),
        (b"", None, 422, "part_size_wrong"),
        (b"123456", None, 413, "body_too_large"),
        (b"12345", f"sha-256=:{'A' * 43}=:", 422, "digest_mismatch"),
        (b"12345", "sha-256=12345", 400, "digest_malformed"),
        (b"12345", "sha-256=:AAAA:", 400, "digest_malformed"),
        (b"12345", "sha-256=:" + "A" * 43 + "=:, sha-256=:" + "B" * 43 + "=:", 400, "digest_malformed"),
        (b"12345", CANARY, 400, "digest_malformed"),
    ],
)
def test_a_part_of_another_size_or_digest_is_refused(
    quiet: Quiet, data: bytes, digest: str | None, status: int, code: str
) -> None:
    answer = quiet.waiting.put(1, data, **({"Content_Digest": digest} if digest else {}))
    quiet.check_refused(answer, (status, code))


def test_completing_without_parts_or_digest_is_refused(quiet: Quiet, busy: Hospital) -> None:
    refused = quiet.waiting.complete()
    quiet.check_refused(refused, (409, "parts_missing"))
    assert refused.problem["parts"] == [1]
    assert code_of(quiet.file.complete(sha256(b"another"))) == (422, "digest_mismatch")
    undeclared = busy.packet().plan(b"hello", declared=False).put_all()
    assert code_of(undeclared.complete()) == (422, "digest_missing")


# The names of files (B10)


BAD_PATHS = [
    "", ".", "..", "../x", "a/../../x", "/etc/passwd", "//x", "a//b", "a/", "./a", "a/./b", "a\\..\\b", "C:/x", "C:",
    "a\x00b", "a\rb", "a\nb", "a\r\nSet-Cookie: x=y", "a\x1b[31m", "a\u202eb", "a\u2066b", "a\u2028b",
    "x" * 256, "x/" * 600 + "x", "x" * 4096, "\u0085",
]  # fmt: skip


@pytest.mark.parametrize("path", BAD_PATHS, ids=ascii)
def test_a_path_that_climbs_or_hides_something_is_refused(quiet: Quiet, path: str) -> None:
    key = ("POST", "/packets/{packet_id}/files")
    body = quiet.valid_body(key) | {"path": path}
    quiet.check_refused(quiet.ask(key, body), (422, "path_invalid"))
    staff = quiet.coordinator
    address = f"/api/v1{quiet.open.url}/content/{quote(path, safe='/')}"
    answer = staff.ask_raw(staff.raw("PUT", address, body=b"12345"))
    assert answer.status in {400, 404, 405, 414, 422}
    quiet.check_refused(answer)


ODD_PATHS = [
    'a"b;c.svs', "CON", ".hidden", "-rf", "Übersicht 1.svs", "日本/スライド.svs", "a%2fb.svs", "%00",
    "a'b`$(id).svs", "x.svs;type=a",
    "${jndi:ldap:x}.svs", "{{7*7}}.svs", "' OR 1=1--.svs", "<script>.svs", "e\u0301.svs",
    "a b.svs ", "nul.svs.", "🔬.svs", "x" * 255,
]  # fmt: skip


def test_odd_names_are_kept_and_come_back_as_attachments(busy: Hospital) -> None:
    packet = busy.packet()
    for path in ODD_PATHS:
        packet.deposit(path.encode(), path)
    recipient = packet.close().released().link().redeem()
    shown = {file["id"]: file["path"] for file in recipient.shown("/redeemed")["files"]}
    for file in packet.files:
        answer = recipient.get(f"/redeemed/files/{file.id}")
        assert answer.body == file.path.encode()
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] == "application/octet-stream"
        check_disposition(answer.headers["content-disposition"], shown[file.id])


DISPOSITION = re.compile(
    r'attachment; filename="[^"\\%;/\x00-\x1f\x7f-\xff]+"; filename\*=UTF-8\'\'([!#$&+.^_`|~%0-9A-Za-z-]+)'
)


def check_disposition(header: str, path: str) -> None:
    """RFC 6266: an attachment, a plain name, and the name itself but for what no name should have."""
    told = DISPOSITION.fullmatch(header)
    assert told, header
    name = path.rpartition("/")[2].replace('"', "_")
    assert unquote(told[1]) == (name if len(name) <= 180 else name[:180])


def test_a_path_is_one_path_in_every_unicode_form_and_case(busy: Hospital) -> None:
    packet = busy.packet()
    packet.plan(b"hello", "slides/É.svs")
    for path in ("slides/É.svs", "slides/E\u0301.svs", "slides/é.svs", "SLIDES/É.SVS", "slides/e\u0301.SVS"):
        plan = {"path": path, "size": 5, "transport": "gateway"}
        assert code_of(packet.coordinator.post(f"{packet.url}/files", plan)) == (409, "path_taken"), path
    for path in ("slides/é.svs", "SLIDES/É.svs"):
        answer = packet.coordinator.put_bytes(f"{packet.url}/content/{quote(path)}", b"hello")
        assert code_of(answer) == (409, "path_taken"), path
    assert len(packet.shown()["files"]) == 1


# Ids, wherever they stand (B11)


def bad_ids(real: str) -> list[str]:
    """What is no id, or nobody's; as it stands in an address."""
    written = [
        real.upper(),
        real.replace("-", ""),
        f"{{{real}}}",
        f"urn:uuid:{real}",
        f"{real}%20",
        f"%20{real}",
    ]
    near = [real.replace("-", "%E2%80%90"), "%EF%BC%90" + real[1:], f"{real}%0a", real + real]
    return [UNKNOWN, CANARY, *written, *near, "%27%20OR%201=1--", "1", "0" * 36, "x" * 7000, "null"]


@pytest.fixture(scope="module")
def foreign(busy: Hospital) -> dict[str, str]:
    """The ids of things that are there, at another hospital."""
    packet = busy.packet()
    file = packet.deposit(b"a slide")
    release = packet.close().released()
    link = release.link()
    ids = {"packet_id": packet.id, "file_id": file.id, "release_id": release.id, "link_id": link.id}
    return ids | {"recipient_id": release.recipient["id"]}


def test_an_id_that_is_not_there_is_answered_as_one_of_another_hospital(quiet: Quiet, foreign: dict[str, str]) -> None:
    for key, operation in quiet.operations.items():
        if key == ("GET", "/redeemed/files/{file_id}"):
            assert quiet.ask_whole(key, {"file_id": quiet.file.id}).status == 404  # of the same hospital
        for name in operation.ids.keys() & foreign.keys():
            expected = without_request_id(quiet.ask_whole(key, {name: foreign[name]}))
            assert expected[0] == 404
            for bad in bad_ids(operation.ids[name]):
                answer = quiet.ask_whole(key, {name: bad})
                assert without_request_id(answer) == expected, (key, name, bad)
        everywhere = {name: foreign[name] for name in operation.ids.keys() & foreign.keys()}
        if everywhere:
            assert quiet.ask_whole(key, everywhere).status == 404


@pytest.mark.parametrize(
    "key",
    [key for key in BODIES if key[1] in {"/packets/{packet_id}/releases", "/packets/{packet_id}/links"}],
    ids=named,
)
def test_ids_of_another_hospital_in_a_body_are_refused(quiet: Quiet, foreign: dict[str, str], key: Key) -> None:
    body = quiet.valid_body(key)
    at = body["grants"][0] if "grants" in body else body
    for name in ("recipient_id", "release_id"):
        if name in at:
            told = []
            for other in (foreign[name], UNKNOWN):
                known = at[name]
                at[name] = other
                told.append(without_request_id(quiet.ask(key, body)))
                at[name] = known
            assert told[0] == told[1]
            assert told[0][0] in {404, 409, 422}
    if "grants" in body:
        at["file_ids"] = [foreign["file_id"]]
        quiet.check_refused(quiet.ask(key, body), (422, "file_unknown"))


# B14 and B15: instants and addresses


@pytest.mark.parametrize(
    "key", [("POST", "/packets/{packet_id}/releases"), ("POST", "/packets/{packet_id}/links")], ids=named
)
@pytest.mark.parametrize(
    ("instant", "code"),
    [
        ("2026-06-01T09:30:00", "invalid"),
        ("2026-06-30T23:59:60Z", "invalid"),
        ("2026-06-31T00:00:00Z", "invalid"),
        ("0001-01-01T00:00:00+14:00", "invalid"),
        ("9999-12-31T23:59:59-14:00", "invalid"),
        ("-1", "invalid"),
        (-1, "invalid"),
        (1780306200, "invalid"),
        ("1970-01-01T00:00:00Z", "expiry_in_past"),
        ("2001-01-01T00:00:00.123456789Z", "expiry_in_past"),
        ("2038-01-19T03:14:08Z", "expiry_too_far"),
        ("9999-12-31T23:59:59Z", "expiry_too_far"),
    ],
)
def test_an_expiry_is_an_instant_ahead_and_not_too_far(quiet: Quiet, key: Key, instant: object, code: str) -> None:
    quiet.check_refused(quiet.ask(key, quiet.valid_body(key) | {"expires_at": instant}), (422, code))


def test_a_link_does_not_outlive_its_release_or_ninety_days(quiet: Quiet) -> None:
    key = ("POST", "/packets/{packet_id}/links")
    for days in (31, 91):
        body = quiet.valid_body(key) | {"expires_at": in_days(days)}
        quiet.check_refused(quiet.ask(key, body), (422, "expiry_too_far"))


@pytest.mark.parametrize(
    "address",
    [
        "a@b.test\r\nBcc: c@d.test", "a@b.test\n", "a@b.test,c@d.test", "a@b.test;c@d.test", "a@b.test c@d.test",
        "Ada <a@b.test>", "<a@b.test>", '"a b"@b.test', "a@b", "a@@b.test", "@b.test", "a@", "a@[127.0.0.1]",
        "\u0430@b.test", "a@b.test\x00", "x" * 65 + "@b.test", "a@" + "b" * 250 + ".test", "%0d%0aBcc:x@y.test",
        "=?utf-8?q?a?=@b.test,c@d.test", "a@b.test>\r\nDATA", "mailto:a@b.test?bcc=c@d.test",
    ],
)  # fmt: skip
def test_an_address_is_one_address_and_no_mail_goes_anywhere_else(quiet: Quiet, address: str) -> None:
    mail = {*(quiet.installation.data_dir / "outbox").iterdir()}
    contact = "/packets/{packet_id}/patient-contact"
    recipients = (("POST", "/recipients"), ("PUT", "/recipients/{recipient_id}"))
    for key in (*recipients, ("PUT", contact), ("POST", f"{contact}/confirm")):
        quiet.check_refused(quiet.ask(key, quiet.valid_body(key) | {"email": address}), (422, "invalid"))
    case = a_case("ada@patient.test")
    case["patient"]["email"] = address
    quiet.check_refused(quiet.ask(("POST", "/packets"), {"case": case}), (422, "invalid"))
    case["patient"] |= {"email": "ada@patient.test", "phone": f"+1 555{chr(13)}{chr(10)}0100"}
    quiet.check_refused(quiet.ask(("POST", "/packets"), {"case": case}), (422, "invalid"))
    assert {*(quiet.installation.data_dir / "outbox").iterdir()} == mail


def test_the_logs_tell_of_no_error_and_of_nothing_that_was_sent(quiet: Quiet) -> None:
    quiet.check_logs()
