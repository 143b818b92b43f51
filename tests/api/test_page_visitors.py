"""The table of pages and visitors: a page of one audience shows nothing to another, nor to staff, nor to nobody."""

import re
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.conftest import HOST, Api
from tests.api.route_roles import PAGE_VISITORS, VISITORS
from tests.stages import Stage

COOKIE = "__Host-session"


@pytest.fixture
def stage(api: Api) -> Stage:
    return api.stages.redeemed()


def browser(api: Api, stage: Stage, visitor: str) -> FlaskClient:
    """A browser whose cookie holds that visitor's token wherever a page would look for one."""
    client = api.app.test_client()
    token = {
        "nobody": None,
        "staff": api.coordinator.token,
        "patient": api.patient(stage).token,
        "recipient": api.recipient(stage).token,
    }[visitor]
    if token is not None:
        with client.session_transaction(base_url=f"https://{HOST}") as session:
            session["patient"] = session["recipient"] = {"token": token}
    return client


def asked(client: FlaskClient, stage: Stage, method: str, rule: str) -> TestResponse:
    file_id = str(stage.file.id) if stage.file else str(uuid4())
    path = rule.replace("<uuid:file_id>", file_id).replace("<path:_nowhere>", "nowhere")
    path = path.replace("<path:filename>", "pages.css")
    data = {"csrf_token": token_on_page(client, path)} if method == "POST" else None
    return client.open(path, method=method, base_url=f"https://{HOST}", data=data, buffered=True)


def token_on_page(client: FlaskClient, path: str) -> str:
    start = client.get(path[:2], base_url=f"https://{HOST}").get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', start)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("route", sorted(PAGE_VISITORS), ids=" ".join)
@pytest.mark.parametrize("visitor", VISITORS)
def test_each_visitor_sees_what_the_table_says(api: Api, stage: Stage, route: tuple[str, str], visitor: str) -> None:
    answer = asked(browser(api, stage, visitor), stage, *route)
    asks_who = answer.status_code == 401 or (answer.status_code in {302, 303} and answer.location in {"/r", "/l"})
    assert asks_who == (PAGE_VISITORS[route][visitor] == "A"), (answer.status_code, answer.location)
    assert answer.status_code < 500
    if PAGE_VISITORS[route][visitor] == "A":
        assert stage.packet.case.patient.name not in answer.get_data(as_text=True)
