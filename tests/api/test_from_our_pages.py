"""Scripts of our own pages call the API as the member who is signed in; nothing else can use their cookie."""

import re

import pytest

from tests.members import signed_in
from tests.pages.visitor import Visitor
from tests.stages import PUBLIC_URL
from transfer_service.domain.people import OPERATOR, Role, SystemActor

TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)">')


class Browser(Visitor):
    """Calls the API with its cookie."""

    def call(self, method="GET", path="/api/v1/packets", **more):
        return self.client.open(path, method=method, base_url=PUBLIC_URL, **more)

    def csrf(self):
        return TOKEN.search(self.get("/staff").text)[1]


@pytest.fixture
def browser(api):
    return Browser(api.app)


def test_a_script_of_our_page_calls_the_api_as_the_member(browser, stages):
    signed_in(browser, stages, Role.COORDINATOR)
    ours = {"X-CSRF-Token": browser.csrf()}
    assert browser.call(headers=ours).status_code == 200
    assert browser.call(headers=ours | {"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("change", [
    {"X-CSRF-Token": None}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}, {"Authorization": ""},
    {"Authorization": "Bearer ts_nobody"},
])  # fmt: skip
def test_nothing_but_our_own_page_uses_the_cookie(browser, stages, change):
    signed_in(browser, stages, Role.COORDINATOR)
    headers = {"X-CSRF-Token": browser.csrf()} | change
    headers = {name: value for name, value in headers.items() if value is not None}
    for method in ("GET", "POST"):
        assert browser.call(method, headers=headers).status_code == 401


def test_the_token_of_one_browser_is_nothing_in_another(api, stages, browser):
    signed_in(browser, stages, Role.COORDINATOR)
    another = Browser(api.app)
    signed_in(another, stages, Role.COORDINATOR, name="A. Nother", email="another@hospital.test")
    assert browser.call(headers={"X-CSRF-Token": another.csrf()}).status_code == 401


def test_the_role_of_the_session_is_the_one_that_counts(browser, stages):
    signed_in(browser, stages, Role.ADMIN)
    assert browser.call(headers={"X-CSRF-Token": browser.csrf()}).status_code == 403


def test_patients_and_recipients_are_not_let_in_by_their_cookies(browser, stages):
    browser.patient_in(stages, stages.released())
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.last.text)[1]
    assert browser.call(path="/api/v1/patient/accounting", headers={"X-CSRF-Token": token}).status_code == 401


def test_who_is_disabled_is_refused_on_the_next_call(browser, stages):
    colleague = signed_in(browser, stages, Role.COORDINATOR)
    ours = {"X-CSRF-Token": browser.csrf()}
    stages.journey.members.disable(SystemActor(stages.hospital.id, OPERATOR), colleague.id, stages.now)
    assert browser.call(headers=ours).status_code == 401
