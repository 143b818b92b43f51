"""The table of routes and roles (A01, A02, A04, A06): nothing is reachable that is not in it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from tests.api.conftest import Api, Caller, code_of, words_of
from tests.api.crowd import Crowd
from tests.api.route_roles import PAGE_VISITORS, ROLES, ROUTE_ROLES
from tests.api.scenes import Request
from tests.databases import Databases
from tests.stages import Stages
from transfer_service.domain.people import Role

ROUTES = sorted(ROUTE_ROLES)
WITH_IDS = [route for route in ROUTES if "<id:" in route[1]]
HARMLESS = {
    "/api/v1/packets",
    "/api/v1/packets/search",
    "/api/v1/recipients",
    "/api/v1/recipients/<id:recipient_id>",
    "/api/v1/accounting/search",
    "/api/v1/packets/<id:packet_id>/close",
    "/api/v1/packets/<id:packet_id>/content/<file_path:path>",
    "/api/v1/packets/<id:packet_id>/files",
    "/api/v1/packets/<id:packet_id>/files/<id:file_id>",
    "/api/v1/packets/<id:packet_id>/files/<id:file_id>/complete",
    "/api/v1/packets/<id:packet_id>/files/<id:file_id>/parts/<part_number:number>",
    "/api/v1/packets/<id:packet_id>/links",
    "/api/v1/packets/<id:packet_id>/not-included",
    "/api/v1/packets/<id:packet_id>/releases",
    "/api/v1/packets/<id:packet_id>/successor",
    "/api/v1/releases/<id:release_id>/sign",
    "/api/v1/released/<id:release_id>/redeem",
    "/api/v1/released/<id:release_id>/acknowledge",
}
ELSEWHERE = {"neighbour", "stranger", "other_depositor", "other_officer", "other_patient", "other_service"}
OPEN_TO_ANYONE = {
    ("GET", "/api/v1/docs"),
    ("GET", "/api/v1/docs/assets/<path:filename>"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/api/v1/patient/challenge"),
    ("POST", "/api/v1/patient/session"),
    ("POST", "/api/v1/redeem"),
    ("POST", "/api/v1/redeem/challenge"),
    ("POST", "/api/v1/slide-requests"),
    ("POST", "/api/v1/slide-requests/status"),
    ("POST", "/api/v1/slide-requests/withdraw"),
}


@pytest.fixture(scope="module")
def unspoilt(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Crowd]:
    """One for all requests that end nothing."""
    folder = tmp_path_factory.mktemp("unspoilt")
    stages = Stages(folder, databases(folder))
    yield Crowd(Api(stages))
    stages.close_down()


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Crowd:
    """A scene of its own for whatever ends something."""
    method, rule = getattr(request.node, "callspec").params["route"]  # noqa: B009 - only parametrized items have one
    if method == "GET" or rule in HARMLESS:
        return request.getfixturevalue("unspoilt")
    return Crowd(request.getfixturevalue("api"))


def as_expected(expected: str, status: int) -> bool:
    match expected:
        case "Y":
            return status < 300
        case "F":
            return status == 403
        case "N":
            return status == 404
        case "E":
            return status == 409
    return status == 401


def test_every_route_is_in_a_table_and_the_tables_have_no_other(api: Api) -> None:
    routes = {
        (method, rule.rule)
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    not_of_staff = {route for route in routes if not route[1].startswith("/staff")}  # see test_staff_pages
    assert not_of_staff == set(ROUTE_ROLES) | set(PAGE_VISITORS)


def test_only_the_pinned_routes_answer_without_a_token() -> None:
    assert {route for route, row in ROUTE_ROLES.items() if row["anyone"] != "U"} == OPEN_TO_ANYONE


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_each_role_gets_what_the_table_says(scene: Crowd, route: tuple[str, str]) -> None:
    expected = ROUTE_ROLES[route]
    # The refused first, so that none is refused only because another had its way before.
    for role in sorted(ROLES, key=lambda role: expected[role] == "Y"):
        answer = scene.ask(role, scene.request(*route))
        assert as_expected(expected[role], answer.status_code), (role, answer.status_code, answer.data)
        if role in ELSEWHERE and route not in OPEN_TO_ANYONE:
            assert str(scene.packet) not in answer.get_data(as_text=True)


@pytest.mark.parametrize("route", WITH_IDS, ids=" ".join)
def test_a_foreign_an_unknown_and_a_malformed_id_are_one_and_the_same(scene: Crowd, route: tuple[str, str]) -> None:
    request, expected = scene.request(*route), ROUTE_ROLES[route]
    not_found = words_of(scene.callers["coordinator"].get(f"/packets/{uuid4()}"))
    assert not_found[0] == 404
    for role in [role for role in ROLES if expected[role] == "N"]:
        assert words_of(scene.ask(role, request)) == not_found, role
    for role in [role for role in ROLES if expected[role] in "YN"]:
        for spoilt in in_turn(request, lambda: str(uuid4())):
            assert words_of(scene.ask(role, spoilt)) == not_found, (role, spoilt.path)
    role = next(role for role in ("coordinator", "recipient", "patient", "service") if expected[role] == "Y")
    for malformed in MALFORMED_IDS:
        for spoilt in in_turn(request, lambda malformed=malformed: malformed):
            assert words_of(scene.ask(role, spoilt)) == not_found, spoilt.path


MALFORMED_IDS = (
    "0",
    "None",
    "00000000-0000-0000-0000-000000000000",
    "{4bdb33c2-93b5-44c6-8bdc-5ddfb7c3c7d9}",
    "4BDB33C2-93B5-44C6-8BDC-5DDFB7C3C7D9",
    "4bdb33c293b544c68bdc5ddfb7c3c7d9",
    "urn:uuid:4bdb33c2-93b5-44c6-8bdc-5ddfb7c3c7d9",
    "4bdb33c2-93b5-44c6-8bdc-5ddfb7c3c7d9%0a",
    "4bdb33c2%E2%80%9093b5-44c6-8bdc-5ddfb7c3c7d9",
    "%D9%A4bdb33c2-93b5-44c6-8bdc-5ddfb7c3c7d9",
    "'%20OR%201=1--",
    "x" * 5000,
)
ID = re.compile(r"(?<=/)[0-9a-f]{8}-[0-9a-f-]{27}(?=/|$)")


def in_turn(request: Request, other: Callable[[], str]) -> list[Request]:
    """The same request about something else: each id of its address is another, one at a time, the rest as it was."""
    return [
        replace(request, path=request.path[: found.start()] + other() + request.path[found.end() :])
        for found in ID.finditer(request.path)
    ]


def test_an_upper_case_form_of_a_known_id_is_unknown(unspoilt: Crowd) -> None:
    known = f"/packets/{unspoilt.packet}"
    assert unspoilt.api.coordinator.get(known).status_code == 200
    assert code_of(unspoilt.api.coordinator.get(known.upper().replace("/PACKETS", "/packets"))) == (404, "not_found")


def test_a_revoked_token_is_refused_from_the_next_request_on(api: Api) -> None:
    enrol, now = api.stages.journey.enrol, api.stages.now
    credential, token = enrol.create_token(api.stages.hospital.pathology.id, Role.COORDINATOR, "S. Leaving", now)
    caller = Caller(api.app, token)
    assert caller.get("/packets").status_code == 200
    enrol.revoke_token(credential.id, now)
    assert code_of(caller.get("/packets")) == (401, "not_authenticated")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic dTpw", "Bearer ts_x", "ts_" + "A" * 43, "Bearer a b"]
)
def test_what_is_no_known_bearer_token_is_401_with_its_challenge(api: Api, header: str) -> None:
    answer = api.anyone.get("/packets", headers={"Authorization": header})
    assert code_of(answer) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_who_calls_is_asked_before_what_they_say(api: Api) -> None:
    """An anonymous caller learns nothing from how a body, a query or an id would be refused."""
    for answer in (
        api.anyone.post("/packets", data=b"{", content_type="application/json"),
        api.anyone.post("/packets", {"nonsense": 1}),
        api.anyone.get("/packets?nonsense=1"),
        api.anyone.put(f"/packets/{uuid4()}/files/{uuid4()}/parts/0", data=b"x"),
        api.anyone.post("/packets", {"case": 1}, headers={"Idempotency-Key": "k"}),
    ):
        assert code_of(answer) == (401, "not_authenticated")


def test_a_body_is_not_read_before_it_is_known_who_calls(api: Api) -> None:
    class Unread:
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    path = f"/packets/{uuid4()}/content/a.svs"
    environ = {"wsgi.input": Unread(), "CONTENT_LENGTH": "5"}
    assert code_of(api.anyone.put(path, environ_overrides=environ)) == (401, "not_authenticated")
    assert code_of(api.coordinator.put(path, environ_overrides=environ)) == (404, "not_found")
    assert code_of(api.admin.put(path, environ_overrides=environ)) == (403, "not_allowed")
