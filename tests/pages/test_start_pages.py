"""GET /l and /r: they say nothing and count nothing (whoever asks, however often), and take any paste."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.pages.visitor import Visitor
from tests.stages import PUBLIC_URL

SCANNERS = [
    "Mozilla/5.0 (compatible; Barracuda Sentinel)", "Mimecast-URL-Protect", "Microsoft Office SafeLinks",
    "Proofpoint URL Defense", "Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "curl/8.7", "",
]  # fmt: skip


@pytest.mark.parametrize("path", ["/l", "/r"])
def test_fifty_looks_by_scanners_change_nothing(stages, app, path):
    stage = stages.linked()
    before = stages.rows()
    client = app.test_client()
    for number in range(50):
        method = ("GET", "HEAD", "OPTIONS")[number % 3]
        agent = {"User-Agent": SCANNERS[number % len(SCANNERS)], "Purpose": "prefetch", "Sec-Purpose": "prefetch"}
        answer = client.open(path, method=method, base_url=PUBLIC_URL, headers=agent)
        assert answer.status_code == 200
        for secret in (stage.link_secret, stage.letter_secret):
            client.open(f"{path}?code={secret}", method=method, base_url=PUBLIC_URL, headers=agent)
    assert stages.rows() == before


@pytest.mark.parametrize("path", ["/l", "/r"])
def test_a_page_that_nobody_proved_anything_to_is_the_same_for_everybody(stages, app, path):
    empty = Visitor(app).get(path).text
    stages.linked()
    full = Visitor(app).get(path).text
    token = re.compile(r'value="[^"]{20,}"')
    assert token.sub("", full) == token.sub("", empty)


@pytest.mark.parametrize("path", ["/l", "/r", "/l/signed-out", "/r/signed-out"])
def test_pages_bear_the_headers_that_keep_them_to_themselves(visitor, path):
    headers = visitor.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_no_page_has_a_script_or_a_style_inline(stages, visitor):
    visitor.patient_in(stages, stages.released())
    pages = [visitor.get(path).text for path in ("/r", "/r/release", "/r/form", "/r/withdraw", "/r/accounting", "/l")]
    for text in pages:
        assert not re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=|javascript:", text)


PASTES = (
    "{}",
    "  {}\n",
    "https://transfer.hospital.test/r#{}",
    "<https://transfer.hospital.test/r#{}>",
    "https://transfer.hospital.test/r%23{}",
    "https%3A%2F%2Ftransfer.hospital.test%2Fr%23{}",
    "https://safelinks.test/?url=https%3A%2F%2Ftransfer.hospital.test%2Fr%23{}&data=05%7C01",
    "https://gateway.test/v3/?u=https%253A%252F%252Ftransfer.hospital.test%252Fr%2523{}&k=1",
    "#{}",
    "{}.",
    "https://transfer.hospital.test/r#\N{ZERO WIDTH SPACE}{}",
    "\N{NO-BREAK SPACE}{}\r\n\t",
)


def test_a_secret_is_found_in_whatever_a_mail_gateway_made_of_its_address(stages, visitor):
    stage = stages.released()
    visitor.get("/r")
    for pasted in PASTES:
        assert visitor.post("/r", {"secret": pasted.format(stage.letter_secret)}).location == "/r/code"
        stages.clock.advance(timedelta(minutes=15))


def test_a_secret_broken_over_lines_or_encoded_letter_by_letter_is_found(stages, visitor):
    secret = stages.released().letter_secret
    visitor.get("/r")
    assert visitor.post("/r", {"secret": f"{secret[:20]}\r\n{secret[20:]}"}).location == "/r/code"
    encoded = "".join(f"%{ord(each):02X}" for each in secret)
    assert visitor.post("/r", {"secret": encoded}).location == "/r/code"
    assert (
        visitor.post("/r", {"secret": quote(quote(f"https://a.test/r#{secret}", safe=""), safe="")}).status_code == 303
    )


@pytest.mark.parametrize("path", ["/l", "/r"])
def test_what_is_no_secret_is_asked_for_again(visitor, path):
    visitor.get(path)
    for pasted in ("", "#", "x" * 42, "x" * 44, "x" * 43 + "-", "%23", "ÿ" * 43, "٣" * 43):
        answer = visitor.submit(path, {"secret": pasted})
        assert answer.status_code == 422
        assert "That is not the whole code" in visitor.text()


@pytest.mark.parametrize("path", ["/l", "/r"])
def test_an_unknown_secret_names_nobody(stages, visitor, path):
    stages.linked()
    visitor.get(path)
    answer = visitor.submit(path, {"secret": "x" * 43})
    assert answer.status_code == 404
    assert "not known here" in visitor.text()
    assert "Pathology" not in answer.text
    assert "555" not in answer.text


@pytest.mark.parametrize("path", ["/l", "/r"])
def test_one_s_secret_does_not_open_the_other_s_door(stages, visitor, path):
    stage = stages.linked()
    visitor.get(path)
    wrong = stage.letter_secret if path == "/l" else stage.link_secret
    assert visitor.submit(path, {"secret": wrong}).status_code == 404


@pytest.mark.parametrize(("name", "kind"), [("pages.css", "text/css"), ("pages.js", "text/javascript")])
def test_static_files_are_served_with_their_own_types(visitor, name, kind):
    with visitor.get(f"/assets/{name}") as answer:
        assert answer.mimetype == kind


def test_the_front_door_leads_to_both_pages(visitor):
    visitor.get("/")
    assert 'href="/r"' in visitor.last.text
    assert 'href="/l"' in visitor.last.text


@pytest.mark.parametrize("path", ["/l", "/r"])
def test_a_slash_too_many_leads_to_the_same_page(visitor, path):
    answer = visitor.get(f"{path}/")
    assert (answer.status_code, answer.location) == (303, path)


@pytest.mark.parametrize("path", ["/l/relase", "/r/relase", "/r/code/more"])
def test_a_mistyped_address_is_answered_with_a_page(visitor, path):
    answer = visitor.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "mistyped" in visitor.text()
