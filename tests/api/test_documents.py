"""The OpenAPI document and its page: they name every route, every refusal, and nothing that is not there."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import transfer_service
from tests.api.conftest import HOST, Api
from tests.api.route_roles import ROUTE_ROLES
from transfer_service.api.error_codes import error_codes
from transfer_service.errors import Unavailable

METHODS = {"get", "put", "post", "delete"}
ROOT = Path(transfer_service.__file__).parent


@pytest.fixture(scope="module")
def _documents() -> dict[str, Any]:
    return {}


@pytest.fixture
def document(api: Api, _documents: dict[str, Any]) -> dict[str, Any]:
    if "document" not in _documents:
        answer = api.anyone.get("/openapi.json")
        assert answer.content_type == "application/json"
        _documents["document"] = answer.get_json()
    return _documents["document"]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            shared = item.get("parameters", [])
            yield method, path, {**item[method], "parameters": [*shared, *item[method].get("parameters", [])]}


def all_of(value: object) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for below in value.values():
            yield from all_of(below)
    elif isinstance(value, list):
        for below in value:
            yield from all_of(below)


def test_the_document_and_the_routes_are_the_same(document: dict[str, Any]) -> None:
    of_the_document = {(method.upper(), path) for method, path, _ in operations(document)}
    beside = {"/api/v1/openapi.json", "/api/v1/docs", "/api/v1/docs/assets/{filename}", "/healthz", "/readyz"}
    beside |= {"/metrics"}
    routes = {(method, re.sub(r"<\w+:(\w+)>", r"{\1}", rule)) for method, rule in ROUTE_ROLES}
    assert of_the_document == {route for route in routes if route[1] not in beside}


def test_the_document_is_openapi_3_1_with_what_it_requires(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert {"title", "version"} <= document["info"].keys()
    assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    assert document["security"] == [{"bearer": []}]
    tags = {tag["name"] for tag in document["tags"]}
    for _, path, operation in operations(document):
        assert set(operation["tags"]) <= tags
        assert operation["summary"].endswith(".")
        in_path = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(parameter["required"] for parameter in operation["parameters"] if parameter["in"] == "path")
        assert all("schema" in parameter for parameter in operation["parameters"])
        assert operation["responses"]
        for status, response in operation["responses"].items():
            assert re.fullmatch("[2-5][0-9]{2}", status)
            assert response["description"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = {each["$ref"] for each in all_of(document) if isinstance(each, dict) and "$ref" in each}
    assert references
    for reference in references:
        at: Any = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert named <= references


def test_every_operation_names_how_it_refuses_and_what_security_it_has(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        row = next(
            row
            for (m, rule), row in ROUTE_ROLES.items()
            if (m.lower(), re.sub(r"<\w+:(\w+)>", r"{\1}", rule)) == (method, path)
        )
        statuses = set(operation["responses"])
        assert {"400", "503"} <= statuses
        assert any(status.startswith("2") for status in statuses)
        if row["anyone"] == "U":
            assert {"401", "403"} <= statuses
            assert "security" not in operation
        else:
            assert operation["security"] == []
        if "{" in path:
            assert "404" in statuses
        if "requestBody" in operation or any(parameter["in"] == "query" for parameter in operation["parameters"]):
            assert "422" in statuses
        for status, response in operation["responses"].items():
            if status[0] in "45" and status != "416":
                assert list(response["content"]) == ["application/problem+json"]
        assert (method == "post") == any(each["name"] == "Idempotency-Key" for each in operation["parameters"])


def test_every_body_and_answer_is_closed_to_what_is_not_declared(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        if name != "Problem":
            assert schema["additionalProperties"] is False, name


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        found = dict(attrs)
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [str(found[name]) for name in ("href", "src") if name in found]


def test_the_page_shows_every_operation_with_nothing_from_elsewhere(api: Api, document: dict[str, Any]) -> None:
    answer = api.anyone.get("/docs")
    assert answer.content_type == "text/html; charset=utf-8"
    text = answer.get_data(as_text=True)
    page = Page()
    page.feed(text)
    assert not page.tags & {"script", "iframe", "img", "style"}
    assert "style=" not in text
    for link in page.links:
        assert link.startswith("#") or link in {"openapi.json", "/api/v1/docs/assets/docs.css"}
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    for _, path, operation in operations(document):
        assert path in text
        assert operation["summary"].replace("'", "&#39;") in text
    assert set(document["components"]["schemas"]) <= {id_.removeprefix("schema-") for id_ in page.ids}
    assert api.anyone.get("/docs/assets/docs.css").content_type == "text/css; charset=utf-8"


def test_the_type_of_a_problem_leads_to_its_row_on_the_page(api: Api) -> None:
    page = Page()
    page.feed(api.anyone.get("/docs").get_data(as_text=True))
    assert {each.code for each in error_codes()} <= set(page.ids)
    problem = api.anyone.get("/packets").get_json(force=True)
    address, _, fragment = problem["type"].partition("#")
    assert address == "/api/v1/docs"
    assert fragment in page.ids


def test_every_code_that_the_edge_refuses_with_is_documented() -> None:
    documented = {(each.status, each.code) for each in error_codes()}
    refused = set()
    for room in ("edge", "api"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Refusal":
                    refused |= {tuple(each.value for each in call.args[:2] if isinstance(each, ast.Constant))}
    assert len(refused) > 10
    assert refused <= documented


def test_health_is_told_and_readiness_depends_on_what_the_service_needs(api: Api) -> None:
    assert api.anyone.get("/healthz").get_json() == {"status": "ok"}
    assert api.anyone.get("/readyz").get_json() == {"ready": True, "parts": {"store": "ok", "server": "ok"}}

    def away(step: str) -> None:
        if step == "check":
            raise Unavailable

    api.stages.store.before = away
    answer = api.anyone.get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.get_json() == {"ready": False, "parts": {"store": "unavailable", "server": "ok"}}
    assert api.anyone.get("/healthz").status_code == 200


def test_a_server_that_stops_is_alive_and_not_ready(api: Api) -> None:
    client, stopping = api.app.test_client(), {"transfer_service.is_stopping": lambda: True}
    host = {"Host": HOST}
    answer = client.get("/readyz", headers=host, environ_overrides=stopping)
    assert answer.status_code == 503
    assert answer.get_json()["parts"]["server"] == "stopping"
    assert client.get("/healthz", headers=host, environ_overrides=stopping).status_code == 200
