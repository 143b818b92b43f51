"""What guards the pages: CSRF tokens, Fetch Metadata, the session cookie, sessions that end."""

import re
from datetime import timedelta

import pytest
from flask import Response

from tests.pages.visitor import BIRTH
from tests.stages import PUBLIC_URL
from transfer_service.sealing.tokens import mint_secret

POSTS = [
    "/r", "/r/code", "/r/code/again", "/r/sign", "/r/withdraw", "/r/mail", "/r/sign-out",
    "/l", "/l/code", "/l/code/again", "/l/archive", "/l/address", "/l/opinion", "/l/sign-out",
    "/q", "/q/withdraw", "/q/sign-out",
]  # fmt: skip


def signed_in(stages, visitor):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    return stage


@pytest.mark.parametrize("token", [None, "", "wrong", "İ" * 200])
def test_a_post_without_its_token_is_refused_as_a_page(stages, visitor, token):
    stage = signed_in(stages, visitor)
    before = stages.rows()
    fields = {"secret": stage.letter_secret, **visitor.signature()}
    data = fields if token is None else {**fields, "csrf_token": token}
    for path in POSTS:
        answer = visitor.client.post(path, data=data, base_url=PUBLIC_URL)
        assert answer.status_code == 400
        assert answer.mimetype == "text/html"
        assert "Nothing was changed" in answer.text
    assert stages.rows() == before


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_post_from_another_site_is_refused_even_with_a_token(stages, visitor, site):
    signed_in(stages, visitor)
    before = stages.rows()
    for path in POSTS:
        answer = visitor.post(path, visitor.signature(), headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 400
    assert stages.rows() == before


def test_a_token_of_another_visitor_is_worth_nothing(stages, visitor, another_visitor):
    signed_in(stages, visitor)
    another_visitor.get("/r")
    data = {**visitor.signature(), "csrf_token": another_visitor.token()}
    assert visitor.client.post("/r/sign", data=data, base_url=PUBLIC_URL).status_code == 400


@pytest.mark.parametrize("path", ["/r", "/l"])
def test_who_comes_from_a_webmail_keeps_the_session_that_they_can_t_show(stages, visitor, app, path):
    """The browser holds a SameSite=Strict cookie back on such a visit: a new one would replace it."""
    answer = app.test_client().get(path, base_url=PUBLIC_URL, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Set-Cookie" not in answer.headers
    assert "csrf_token" not in answer.text
    stage = stages.linked()
    fields = {"secret": stage.letter_secret if path == "/r" else stage.link_secret}
    own = {"Sec-Fetch-Site": "same-origin"}
    sent = visitor.client.post(path, data=fields, base_url=PUBLIC_URL, headers=own)
    assert sent.location == f"{path}/code"


@pytest.mark.parametrize("path", ["/staff", "/staff/sign-in", "/staff/packets/some-packet/release"])
def test_staff_who_come_from_elsewhere_keep_their_session_and_go_on_from_there(app, path):
    answer = app.test_client().get(path, base_url=PUBLIC_URL, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Set-Cookie" not in answer.headers
    assert f'href="{path}"' in answer.text


def test_the_first_step_alone_is_taken_on_the_browser_s_word(stages, visitor):
    signed_in(stages, visitor)
    own = {"Sec-Fetch-Site": "same-origin"}
    for path in POSTS:
        if path not in ("/r", "/l", "/q"):
            assert visitor.client.post(path, data={}, base_url=PUBLIC_URL, headers=own).status_code == 400


def test_the_cookie_is_for_this_host_alone_and_out_of_scripts_reach(visitor):
    cookie = visitor.get("/r").headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    flags = {part.strip() for part in cookie.split(";")[1:]}
    assert flags == {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"}


def test_signing_in_changes_the_csrf_token(stages, visitor):
    stage = stages.released()
    visitor.get("/r")
    visitor.submit("/r", {"secret": stage.letter_secret})
    before = visitor.token()
    visitor.submit("/r/code", {"code": stages.code(), **BIRTH})
    again = visitor.client.post("/r/sign-out", data={"csrf_token": before}, base_url=PUBLIC_URL)
    assert again.status_code == 400


@pytest.mark.parametrize("audience", ["patient", "recipient"])
def test_signing_out_ends_the_session_on_the_server_too(stages, visitor, another_visitor, audience):
    stage = stages.linked()
    home = visitor.patient_in(stages, stage) if audience == "patient" else visitor.recipient_in(stages, stage)
    start = "/r" if audience == "patient" else "/l"
    inside = f"{start}/release" if audience == "patient" else f"{start}/files"
    assert home.status_code == 200
    stolen = visitor.client.get_cookie("__Host-session", "transfer.hospital.test", "/")
    assert stolen
    visitor.submit(f"{start}/sign-out")
    assert "You are signed out" in visitor.text()
    another_visitor.client.set_cookie("__Host-session", stolen.value, domain="transfer.hospital.test")
    for client in (visitor, another_visitor):
        assert client.get(inside).status_code == 401
    assert stages.actions()[-1] == "session.left"


def test_signing_out_twice_is_no_error(stages, visitor):
    signed_in(stages, visitor)
    token = visitor.token()
    visitor.submit("/r/sign-out")
    visitor.get("/r")
    assert visitor.post("/r/sign-out").status_code == 303
    assert visitor.client.post("/r/sign-out", data={"csrf_token": token}, base_url=PUBLIC_URL).status_code == 400


@pytest.mark.parametrize(("for_", "still_in"), [(timedelta(minutes=29), True), (timedelta(minutes=30), False)])
def test_a_patient_s_session_ends_by_itself(stages, visitor, for_, still_in):
    signed_in(stages, visitor)
    stages.clock.advance(for_)
    answer = visitor.get("/r/form")
    assert answer.status_code == (200 if still_in else 401)
    assert ("Ada Example" in answer.text) is still_in


@pytest.mark.parametrize(
    "path",
    [
        "/r/release",
        "/r/form",
        "/r/withdraw",
        "/r/accounting",
        "/r/copy",
        "/r/opinions",
        "/l/files",
        "/l/received",
        "/l/manifest",
        "/l/opinion",
    ],
)
def test_nothing_is_shown_to_who_is_not_signed_in(visitor, path):
    answer = visitor.get(path)
    assert answer.status_code == 401
    assert "signed out" in visitor.text()


def test_a_patient_s_session_opens_no_page_of_recipients(stages, visitor):
    stage = stages.linked()
    visitor.patient_in(stages, stage)
    for path in (f"/l/files/{stage.file.id}", "/l/archive", "/l/address"):
        assert visitor.post(path).status_code == 401
    assert visitor.get("/l/files").status_code == 401


def test_a_recipient_s_session_opens_no_page_of_patients(stages, visitor):
    visitor.recipient_in(stages, stages.linked())
    assert visitor.get("/r/release").status_code == 401


def test_the_json_api_needs_no_csrf_token_and_takes_no_cookie(stages, visitor, app):
    @app.post("/api/v1/anything")
    def anything() -> Response:
        return Response("taken")

    signed_in(stages, visitor)
    assert visitor.client.post("/api/v1/anything", json={}, base_url=PUBLIC_URL).text == "taken"


def test_errors_elsewhere_stay_problems(visitor):
    answer = visitor.get("/api/v1/nothing")
    assert answer.mimetype == "application/problem+json"


def test_no_address_or_title_holds_a_name_a_secret_or_a_number(stages, visitor):
    stage = stages.linked()
    visitor.patient_in(stages, stage)
    for path in ("/r", "/r/code", "/r/release", "/r/form", "/r/withdraw", "/r/accounting"):
        page = visitor.get(path).text
        (title,) = re.findall(r"<title>(.*?)</title>", page)
        for word in ("Ada", "MRN", "S26", "1961", stage.letter_secret):
            assert word not in title
        for address in re.findall(r'(?:href|action|src)="([^"]*)"', page):
            assert not re.search(r"Ada|MRN|S26|[0-9a-f]{8}-", address)


def test_a_secret_never_stands_in_a_page(stages, visitor):
    stage = stages.linked()
    visitor.get("/l")
    assert stage.link_secret not in visitor.submit("/l", {"secret": stage.link_secret}).text
    wrong = mint_secret()
    assert wrong not in visitor.submit("/l/code", {"code": wrong}).text
