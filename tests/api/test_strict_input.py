"""What is refused on its way in (B02, B03, B04, B07, B10, B14, B15): always 4xx, and nothing has changed."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from tests.api.conftest import CASE, PART_BYTES, RECIPIENT, Api, code_of
from tests.api.route_roles import ROUTE_ROLES
from tests.api.scenes import Scene
from tests.databases import Databases
from tests.stages import Stages, sha256_hex
from transfer_service.api.schemas.strict_texts import EmailAddress
from transfer_service.api.schemas.strict_values import Id, Instant
from transfer_service.domain.moments import rfc3339

LIMIT = 150 * 1024**3
PLAN: dict[str, Any] = {"path": "slides/A1.svs", "size": 12, "kind": "slide", "transport": "gateway"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Api]:
    """One for all: what is refused changes nothing."""
    folder = tmp_path_factory.mktemp("strict")
    stages = Stages(folder, databases(folder))
    yield Api(stages)
    stages.close_down()


def changed(body: dict[str, Any], where: str, value: object) -> dict[str, Any]:
    """The body with ``value`` at a dotted place."""
    made = deepcopy(body)
    *way, last = where.split(".")
    at: Any = made
    for step in way:
        at = at[int(step)] if step.isdigit() else at[step]
    at[last] = value
    return made


def packet_with(where: str, value: object) -> dict[str, Any]:
    return {"case": changed(CASE, where, value)}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/packets", {"case": CASE, "state": "closed"}),
        ("/packets", {"case": CASE, "id": "4bdb33c2-93b5-44c6-8bdc-5ddfb7c3c7d9"}),
        ("/packets", {"case": CASE, "organization_id": "4bdb33c2-93b5-44c6-8bdc-5ddfb7c3c7d9"}),
        ("/packets", packet_with("role", "admin")),
        ("/packets", packet_with("patient.tenant_id", 1)),
        ("/packets", packet_with("specimens.0.id", 1)),
        ("/packets", packet_with("not_included.0.x", 1)),
        ("/packets/search", {"organization_id": "x"}),
        ("/recipients", {**RECIPIENT, "version": 7}),
        ("/recipients", changed(RECIPIENT, "accreditations.0.x", 1)),
        ("/accounting/search", {"organization_id": "x"}),
        ("/accounting/report", {"organization_id": "x"}),
        ("/redeem", {"secret": "x", "challenge_id": "x", "code": "1", "role": "admin"}),
    ],
)
def test_a_field_that_nobody_declared_is_refused_at_any_depth(api: Api, path: str, body: object) -> None:
    rows = api.stages.rows()
    caller = api.privacy_officer if path.startswith("/accounting") else api.coordinator
    assert code_of(caller.post(path, body)) == (422, "invalid")
    assert api.stages.rows() == rows


def test_a_query_argument_that_nobody_declared_is_refused(api: Api) -> None:
    assert code_of(api.coordinator.get("/packets?organization_id=1")) == (422, "invalid")
    assert code_of(api.coordinator.get("/packets?limit=1&limit=2")) == (400, "argument_twice")


@pytest.mark.parametrize("value", ["1", True, 1.5, 1.0, -1, 2**53 + 1, 2**63, [1], {}, None])
def test_a_size_is_a_whole_number_of_json_and_no_other_type(api: Api, value: object) -> None:
    stage = api.stages.opened()
    answer = api.coordinator.post(f"/packets/{stage.packet.id}/files", {**PLAN, "size": value})
    assert code_of(answer) == (422, "invalid")


@pytest.mark.parametrize(
    "where", ["accession_number", "patient.name", "patient.record_number", "patient.phone", "question", "laterality"]
)
@pytest.mark.parametrize("value", [1, True, None, ["x"], {"x": 1}, "", "   ", "a\x00b", "a\x1b[31m", "x" * 5000])
def test_a_text_is_a_string_with_something_to_see_in_it(api: Api, where: str, value: object) -> None:
    assert code_of(api.coordinator.post("/packets", packet_with(where, value))) == (422, "invalid")


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\u2028b", "a\u202eb", "a\tb"])
def test_a_line_is_one_line(api: Api, value: str) -> None:
    assert code_of(api.coordinator.post("/packets", packet_with("patient.name", value))) == (422, "invalid")
    assert code_of(api.coordinator.post("/packets", packet_with("patient.phone", value))) == (422, "invalid")
    assert code_of(api.coordinator.post("/recipients", {**RECIPIENT, "name": value})) == (422, "invalid")


def test_long_texts_may_have_lines_and_any_language(api: Api) -> None:
    text = "Первая строка\r\n\tsecond line\n三行目"
    shown = api.coordinator.post("/packets", packet_with("question", text)).get_json()
    assert shown["case"]["question"] == text


@pytest.mark.parametrize(
    "value",
    [
        "a@b.test\r\nBcc: c@d.test",
        "a@b.test\n",
        "a@b.test,c@d.test",
        "=?utf-8?q?a?=@b.test",
        "a@b.test; c@d.test",
        "Ada <a@b.test>",
        "<a@b.test>",
        '"a b"@b.test',
        "a b@b.test",
        "a@b",
        "a@@b.test",
        "a@b@c.test",
        "@b.test",
        "a@",
        "a.@b.test",
        "a@-b.test",
        "a@b..test",
        "a@[127.0.0.1]",
        "\u0430@b.test",
        "x" * 65 + "@b.test",
        "a@" + "b" * 250 + ".test",
        1,
        None,
    ],
)
def test_an_address_is_exactly_one_address(api: Api, value: object) -> None:
    assert code_of(api.coordinator.post("/packets", packet_with("patient.email", value))) == (422, "invalid")
    assert code_of(api.coordinator.post("/recipients", {**RECIPIENT, "email": value})) == (422, "invalid")


@pytest.mark.parametrize("value", ["a@b.test", "ada.example+slides@mail.hospital.test", "o'neil@b-c.test", "1@2.test"])
def test_usual_addresses_are_taken(api: Api, value: str) -> None:
    assert api.coordinator.post("/recipients", {**RECIPIENT, "email": value}).status_code == 201


@pytest.mark.parametrize(
    "value", ["2126-01-01", "1961-2-3", "19610203", "1961-02-30", "1961-W05-5", "", 1961, None, "0000-01-01"]
)
def test_a_birth_date_is_a_day_that_has_come(api: Api, value: object) -> None:
    assert code_of(api.coordinator.post("/packets", packet_with("patient.birth_date", value))) == (422, "invalid")


@pytest.mark.parametrize(
    "value",
    [
        "2026-06-01T09:30:00",
        "2026-06-01",
        "2026-06-01 09:30:00Z",
        "2026-06-30T23:59:60Z",
        "2026-06-31T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-06-01T09:30:00+25:00",
        "2026-06-01T24:00:00Z",
        "20260601T093000Z",
        "1780306200",
        1780306200,
        -1,
        None,
    ],
)
def test_an_instant_has_its_zone_and_exists(api: Api, value: object) -> None:
    stage = api.stages.closed()
    body = {"grants": [{"recipient_id": str(api.stages.recipient.id)}], "purpose": "Opinion", "basis": "authorization"}
    answer = api.coordinator.post(f"/packets/{stage.packet.id}/releases", {**body, "expires_at": value})
    assert code_of(answer) == (422, "invalid")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2026-05-12T09:30:00Z", "expiry_in_past"),
        ("1970-01-01T00:00:00Z", "expiry_in_past"),
        ("2038-01-19T03:14:08Z", "expiry_too_far"),
        ("9999-12-31T23:59:59Z", "expiry_too_far"),
    ],
)
def test_an_expiry_is_ahead_and_not_too_far(api: Api, value: str, code: str) -> None:
    stage = api.stages.closed()
    body = {"grants": [{"recipient_id": str(api.stages.recipient.id)}], "purpose": "Opinion", "basis": "authorization"}
    answer = api.coordinator.post(f"/packets/{stage.packet.id}/releases", {**body, "expires_at": value})
    assert code_of(answer) == (422, code)


@pytest.mark.parametrize("size", [0, 1, 5 * 1024**3, LIMIT])
def test_sizes_up_to_the_limit_are_planned(api: Api, size: int) -> None:
    stage = api.stages.opened()
    shown = api.coordinator.post(f"/packets/{stage.packet.id}/files", {**PLAN, "size": size})
    assert shown.status_code == 201
    assert shown.get_json()["size"] == size


def test_a_size_beyond_the_limit_is_refused_before_a_byte_is_read(api: Api) -> None:
    stage = api.stages.opened()
    plan = {**PLAN, "size": LIMIT + 1}
    assert code_of(api.coordinator.post(f"/packets/{stage.packet.id}/files", plan)) == (422, "file_too_large")
    environ = {"CONTENT_LENGTH": str(LIMIT + 1)}
    answer = api.coordinator.put(f"/packets/{stage.packet.id}/content/a.svs", environ_overrides=environ)
    assert code_of(answer) == (413, "body_too_large")


def test_direct_transport_is_not_offered(api: Api) -> None:
    stage = api.stages.opened()
    answer = api.coordinator.post(f"/packets/{stage.packet.id}/files", {**PLAN, "transport": "direct"})
    assert code_of(answer) == (422, "invalid")


@pytest.mark.parametrize(
    "number", ["0", "10001", "3", "1e1", "01", "-1", "+1", "1.0", "٣", "x", "%20", "99999999999999999999"]
)
def test_a_part_number_that_the_file_does_not_have_is_refused(api: Api, number: str) -> None:
    file = api.stages.planned(api.stages.opened(), size=PART_BYTES + 1)
    path = f"/packets/{file.packet_id}/files/{file.id}/parts/{number}"
    assert code_of(api.coordinator.put(path, data=b"x")) == (422, "part_number_wrong")


def test_a_part_has_exactly_its_planned_size_and_its_declared_digest(api: Api) -> None:
    file = api.stages.planned(api.stages.opened(), size=PART_BYTES + 1)
    parts = f"/packets/{file.packet_id}/files/{file.id}/parts"
    assert code_of(api.coordinator.put(f"{parts}/2", environ_overrides={"CONTENT_LENGTH": "0"})) == (
        422,
        "part_size_wrong",
    )
    assert code_of(api.coordinator.put(f"{parts}/2", data=b"xy")) == (413, "body_too_large")
    wrong = {"Content-Digest": "sha-256=:" + "A" * 43 + "=:"}
    assert code_of(api.coordinator.put(f"{parts}/2", data=b"x", headers=wrong)) == (422, "digest_mismatch")
    malformed = {"Content-Digest": "sha-256=x"}
    assert code_of(api.coordinator.put(f"{parts}/2", data=b"x", headers=malformed)) == (400, "digest_malformed")
    assert api.coordinator.get(parts).get_json()["items"] == []


def test_completing_names_the_parts_that_are_missing(api: Api) -> None:
    file = api.stages.planned(api.stages.opened(), size=2 * PART_BYTES + 1)
    path = f"/packets/{file.packet_id}/files/{file.id}"
    assert api.coordinator.put(f"{path}/parts/2", data=bytes(PART_BYTES)).status_code == 204
    answer = api.coordinator.post(f"{path}/complete")
    assert code_of(answer) == (409, "parts_missing")
    assert answer.get_json(force=True)["parts"] == [1, 3]


def test_a_digest_is_declared_somewhere_and_is_64_lower_case_digits(api: Api) -> None:
    file = api.stages.planned(api.stages.opened(), size=1)
    path = f"/packets/{file.packet_id}/files/{file.id}"
    api.coordinator.put(f"{path}/parts/1", data=b"x")
    assert code_of(api.coordinator.post(f"{path}/complete", {})) == (422, "digest_missing")
    for malformed in (sha256_hex(b"x").upper(), "ab", "g" * 64, None, 1):
        assert code_of(api.coordinator.post(f"{path}/complete", {"sha256": malformed})) == (422, "invalid")
    assert api.coordinator.post(f"{path}/complete", {"sha256": sha256_hex(b"x")}).status_code == 202


@pytest.mark.parametrize(
    "path",
    ["", "../x", "/x", "a//b", "a/./b", "a\\b", "C:/x", "a\x00b", "a\rb", "a\nb", "a\u202eb", "x" * 4096, "x" * 5000],
)
def test_a_path_that_is_no_plain_relative_path_is_refused(api: Api, path: str) -> None:
    stage = api.stages.opened()
    answer = api.coordinator.post(f"/packets/{stage.packet.id}/files", {**PLAN, "path": path})
    assert answer.status_code == 422
    assert api.coordinator.get(f"/packets/{stage.packet.id}").get_json()["files"] == []


@pytest.mark.parametrize("path", ["CON", ".hidden", 'a"b;c.svs', "a b/é.svs", "日本.svs", "-rf", "a%2fb"])
def test_odd_names_are_kept_as_they_are(api: Api, path: str) -> None:
    stage = api.stages.opened()
    shown = api.coordinator.post(f"/packets/{stage.packet.id}/files", {**PLAN, "path": path})
    assert shown.get_json()["path"] == path


def test_one_path_in_two_unicode_forms_or_cases_is_one_path(api: Api) -> None:
    stage = api.stages.opened()
    files = f"/packets/{stage.packet.id}/files"
    assert api.coordinator.post(files, {**PLAN, "path": "É.svs"}).status_code == 201
    assert code_of(api.coordinator.post(files, {**PLAN, "path": "E\u0301.svs"})) == (409, "path_taken")
    assert code_of(api.coordinator.post(files, {**PLAN, "path": "é.SVS"})) == (409, "path_taken")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("..%2fx", 400),
        ("a%00b", 400),
        ("%2e%2e/x", 400),
        ("a%0ab", 422),
        ("a%0d%0ab", 422),
        ("%ff", 422),
        ("%ed%a0%80", 422),
    ],
)
def test_an_address_that_hides_a_path_is_refused(api: Api, path: str, status: int) -> None:
    stage = api.stages.opened()
    address = f"/api/v1/packets/{stage.packet.id}/content/{path}"
    # The test client mends what it sends; a server hands on the bytes.
    raw = {"RAW_URI": address, "PATH_INFO": unquote_to_bytes(address).decode("latin-1")}
    answer = api.coordinator.put(address, data=b"x", environ_overrides=raw)
    assert answer.status_code == status
    assert api.coordinator.get(f"/packets/{stage.packet.id}").get_json()["files"] == []


@pytest.mark.parametrize("limit", ["0", "201", "1e1", "-1", "٣", "1_0", " 1", "1.0", "", "x" * 100])
def test_a_page_has_1_to_200_items(api: Api, limit: str) -> None:
    assert code_of(api.coordinator.get("/packets", query_string={"limit": limit})) == (422, "invalid")


@pytest.mark.parametrize("path", ["/packets", "/recipients", "/audit", "/packets/{}/links", "/packets/{}/disclosures"])
@pytest.mark.parametrize("cursor", ["x", "AAAA", "' OR 1=1--", "é", "YWZ0ZXI6LTE"])
def test_a_cursor_that_is_not_ours_is_refused(api: Api, path: str, cursor: str) -> None:
    stage = api.stages.opened()
    answer = api.privacy_officer.get(path.format(stage.packet.id), query_string={"cursor": cursor})
    assert code_of(answer) == (400, "cursor_invalid")


# Properties


class Fields(Schema):
    id = Id()
    at = Instant()
    email = EmailAddress()


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)  # noqa: DTZ001 - the zones are drawn


@given(MOMENTS)
def test_every_instant_with_a_zone_is_read_and_shown_in_utc(moment: datetime) -> None:
    read = Fields().load({"at": moment.isoformat()})["at"]
    assert read == moment
    assert Fields().dump({"at": read})["at"] == rfc3339(moment.astimezone(UTC))


@given(st.uuids())
def test_every_id_has_one_form(uuid: Any) -> None:
    assert Fields().load({"id": str(uuid)})["id"] == uuid
    for other in {uuid.hex, uuid.urn, f"{{{uuid}}}", str(uuid).upper()} - {str(uuid)}:
        with pytest.raises(ValidationError):
            Fields().load({"id": other})


@given(st.one_of(st.text(), st.from_regex(r"[^@]{1,9}@[^@]{1,9}\.[a-z]{2}", fullmatch=True)))
def test_no_accepted_address_has_room_for_a_second_one(text: str) -> None:
    try:
        address = Fields().load({"email": text})["email"]
    except ValidationError:
        return
    assert address.isascii()
    assert address.count("@") == 1
    assert not set(address) & set(' \t\r\n,;:<>()[]"\\')


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)),
    max_leaves=12,
)
BODIES = sorted(route for route in ROUTE_ROLES if route[0] == "POST")


def test_no_json_makes_a_server_error(api: Api) -> None:
    """Each POST, by its own kind of caller, with a valid body spoilt at one place or with any other value."""
    scene = Scene(api)
    requests = {
        route: (scene.request(*route), next(r for r, e in ROUTE_ROLES[route].items() if e == "Y")) for route in BODIES
    }

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(BODIES), JSON, st.data())
    def check(route: tuple[str, str], value: object, data: st.DataObject) -> None:
        request, role = requests[route]
        body = request.kwargs.get("json")
        if body and data.draw(st.booleans()):
            value = {**body, data.draw(st.sampled_from(sorted(body))): value}
        answer = scene.callers[role].post(request.path, value)
        assert answer.status_code < 500, answer.data

    check()
