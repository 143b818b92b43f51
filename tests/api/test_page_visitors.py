"""The table of pages and visitors: a page of one audience shows nothing to another, nor to staff, nor to nobody."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.conftest import HOST, Api
from tests.api.route_roles import PAGE_VISITORS, VISITORS
from tests.pages.visitor import REQUEST
from tests.stages import Stage

COOKIE = "__Host-session"


@pytest.fixture
def stage(api: Api) -> Stage:
    stage = api.stages.redeemed()
    _, stage.request_secret = api.stages.requested()
    api.stages.shared(stage)
    return stage


def browser(api: Api, stage: Stage, visitor: str) -> FlaskClient:
    """A browser whose cookie holds that visitor's token wherever a page would look for one."""
    client = api.app.test_client()
    callers = {
        "nobody": lambda: api.anyone,
        "staff": lambda: api.coordinator,
        "patient": lambda: api.patient(stage),
        "recipient": lambda: api.recipient(stage),
    }
    token = callers[visitor]().token
    if token is not None:
        with client.session_transaction(base_url=f"https://{HOST}") as session:
            session["patient"] = session["recipient"] = session["staff"] = {"token": token}
    return client


def asked(
    client: FlaskClient, stage: Stage, method: str, rule: str, headers: dict[str, str] | None = None
) -> TestResponse:
    file_id = str(stage.file.id) if stage.file else str(uuid4())
    path = rule.replace("<uuid:file_id>", file_id).replace("<path:_nowhere>", "nowhere")
    path = path.replace("<path:filename>", "pages.css").replace("<uuid:department_id>", str(stage.packet.department_id))
    if stage.opinion is not None:
        path = path.replace(f"<uuid:opinion_id>/{file_id}", f"{stage.opinion.opinion.id}/{stage.opinion.files[0].id}")
    if method == "PUT":
        headers = {"X-CSRF-Token": token_on_page(client, path), "X-File-Name": "opinion.pdf"}
        return client.put(path, base_url=f"https://{HOST}", data=b"%PDF-1.7", headers=headers)
    data = {"csrf_token": token_on_page(client, path), **filled_in(stage, path)} if method == "POST" else None
    return client.open(path, method=method, base_url=f"https://{HOST}", data=data, headers=headers or {}, buffered=True)


def filled_in(stage: Stage, path: str) -> dict[str, str]:
    """What somebody types who has every right to be there, so that only who asks can be refused."""
    assert stage.release is not None
    signature = {"form_sha256": stage.release.form.sha256, "signer": "patient", "name": "Ada Example", "read": "yes"}
    if path.startswith("/ask/"):
        return REQUEST
    forms = {
        "/l/opinion": {"sent": "1", "conclusion": "concordant", "summary": "As diagnosed."},
        "/r": {"secret": stage.letter_secret},
        "/l": {"secret": stage.link_secret},
        "/q": {"secret": stage.request_secret},
        "/r/sign": signature,
    }
    return forms.get(path, {})


def token_on_page(client: FlaskClient, path: str) -> str:
    page = path if path.startswith("/ask/") else path[:2]
    start = client.get(page, base_url=f"https://{HOST}").get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', start)
    assert found is not None
    return found[1]


def told(answer: TestResponse) -> str:
    """An answer in the letters of the table; one that has no letter is named by its status."""
    if answer.status_code == 401 or (
        answer.status_code == 303 and answer.location in {"/r", "/l", "/q", "/ask", "/staff/sign-in"}
    ):
        return "A"
    return {200: "S", 303: "G", 403: "F", 404: "N"}.get(answer.status_code, str(answer.status_code))


@pytest.mark.parametrize("route", sorted(PAGE_VISITORS), ids=" ".join)
def test_each_visitor_sees_what_the_table_says(api: Api, stage: Stage, route: tuple[str, str]) -> None:
    expected = PAGE_VISITORS[route]
    if route == ("GET", "/r/copy"):
        api.stages.copied(of=stage)
    # The refused first, so that none is refused only because another had its way before.
    for visitor in sorted(VISITORS, key=lambda visitor: expected[visitor] in "SG"):
        api.stages.clock.advance(timedelta(hours=1))  # five codes an hour, and no more
        answer = asked(browser(api, stage, visitor), stage, *route)
        assert told(answer) == expected[visitor], (visitor, answer.status_code, answer.location)
        if expected[visitor] == "A":
            assert stage.packet.case.patient.name not in answer.get_data(as_text=True)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_at_a_page_changes_nothing_however_often(api: Api, stage: Stage, method: str) -> None:
    """A30: prefetchers, scanners and previews of mail, behind a session or without one."""
    browsers = [browser(api, stage, visitor) for visitor in VISITORS]
    rows = api.stages.rows()
    for _, rule in [route for route in PAGE_VISITORS if route[0] == "GET"]:
        if method == "GET" and rule.endswith("/<uuid:file_id>"):
            continue  # a download, which is recorded as the disclosure, or the reading, that it is
        for client in browsers:
            for headers in ({}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}):
                assert asked(client, stage, method, rule, headers).status_code < 500
    assert api.stages.rows() == rows
