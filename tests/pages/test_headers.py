"""What every page says to the browser (ASVS V3.4). None leads to another site, runs what stands in it, or is framed."""

import re
from pathlib import Path

import pytest

from tests.stages import PUBLIC_URL
from transfer_service import pages

EVERY_ANSWER = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
PAGES = {
    "nobody": [
        "/",
        "/r",
        "/l",
        "/q",
        "/ask",
        "/r/signed-out",
        "/r/release",
        "/l/files",
        "/nothing",
        "/l/nothing",
        "/t/no",
    ],
    "patient": ["/r/release", "/r/form", "/r/withdraw", "/r/accounting", "/r/opinions"],
    "recipient": ["/l/files", "/l/opinion"],
}
TEMPLATES = sorted(Path(pages.__file__).parent.glob("templates/**/*.html"))
HOSTILE = "//evil.test/", "https://evil.test/", "/\\evil.test", "javascript:alert(1)"


def let_in(stages, visitor, who):
    stage = stages.linked()
    if who == "patient":
        visitor.patient_in(stages, stage)
    if who == "recipient":
        visitor.recipient_in(stages, stage)
    return stage


@pytest.mark.parametrize("who", PAGES)
def test_every_page_bears_every_header_for_whoever_asks_and_from_wherever(stages, visitor, who):
    let_in(stages, visitor, who)
    for path in PAGES[who]:
        answer = visitor.get(path, headers={"Origin": "https://evil.test", "Accept": "text/html"})
        assert {name: answer.headers[name] for name in EVERY_ANSWER} == EVERY_ANSWER, path
        assert answer.mimetype == "text/html" or path == "/nothing", path
        if path != "/nothing":
            assert answer.headers.getlist("Content-Security-Policy") == [PAGE_POLICY], path
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")], path


def test_what_was_deposited_is_never_shown_whatever_it_calls_itself(stages, visitor):
    """B35: a name that a browser would render, and content that would run."""
    contents = {
        "a.html": b"<script>alert(document.domain)</script>",
        "b.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "c.svs": b"<html><script>alert(1)</script>",
        "d.pdf": b"%PDF-1.7 /JavaScript",
    }
    stage = stages.linked(of=stages.signed(of=stages.in_session(of=stages.released(of=stages.closed(contents)))))
    visitor.recipient_in(stages, stage)
    for path in [f"/l/files/{file.id}" for file in stage.files.values()] + ["/l/archive"]:
        with visitor.get(visitor.ticket(path), headers={"Accept": "text/html"}) as answer:
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.headers["Content-Security-Policy"] == FILE_POLICY
            assert answer.mimetype in {"application/octet-stream", "application/zip"}
            assert {name: answer.headers[name] for name in EVERY_ANSWER} == EVERY_ANSWER


@pytest.mark.parametrize("who", ["patient", "recipient"])
def test_nothing_that_is_sent_along_makes_a_page_lead_to_another_site(stages, visitor, who):
    stage = let_in(stages, visitor, who)
    start, secret = ("/r", stage.letter_secret) if who == "patient" else ("/l", stage.link_secret)
    for evil in HOSTILE:
        asked = dict.fromkeys(("next", "url", "return", "return_to", "redirect", "continue", "lang"), evil)
        visitor.get(start)
        answers = [
            visitor.post(start, {"secret": secret, **asked}, query_string=asked, headers={"Referer": evil}),
            *(visitor.client.get(f"{start}{path}", query_string=asked, base_url=PUBLIC_URL) for path in ("/", "/code")),
        ]
        for answer in answers:
            assert answer.status_code in {200, 303, 429}
            assert "evil.test" not in answer.headers.get("Location", "")
            assert re.fullmatch(r"|/[rl](/\w+)?", answer.headers.get("Location", "")), answer.location


def test_a_host_that_is_not_ours_is_no_page(visitor):
    for host in ("evil.test", "transfer.hospital.test.evil.test", "transfer.hospital.test@evil.test"):
        assert visitor.client.get("/r", base_url=PUBLIC_URL, headers={"Host": host}).status_code in {400, 421}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_holds_no_script_no_style_and_no_handler(template):
    text = template.read_text()
    assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:|<iframe|<base\b", text)
    assert not re.findall(r"\|\s*safe\b|autoescape", text)
    assert not re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//""", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_form_that_posts_has_a_place_for_its_token(template):
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", template.read_text(), re.DOTALL):
        assert "protected(" in form or "csrf_token()" in form
