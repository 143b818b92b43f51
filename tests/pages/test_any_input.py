"""No input makes a page fail: wrong types, far too much, control characters, nothing, everything twice."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pages.test_protection import POSTS
from tests.pages.visitor import BIRTH, REQUEST
from tests.stages import PUBLIC_URL

FIELDS = [
    "secret", "code", "birth_month", "birth_day", "birth_year", "form_sha256", "name", "signer", "authority", "read",
    *REQUEST, "asker_name", "practice", "form_id",
    "conclusion", "summary", "sent", "missing_1", "missing_kind_1",
    "fetched",
]  # fmt: skip
URLENCODED = "application/x-www-form-urlencoded"
ODD = [
    "", " ", "\x00", "\r\n\r\n", "\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}", "\ud7ff\ufffe", "\U0001f9ec" * 50, "'\";--",
    "{{7007*7}}", "<script>alert(1)</script>", "../../etc/passwd", "9" * 400, "-1", "1e9", "NaN", "null", "[]", "%",
    "%zz", "%00", "%ff%fe", "#" * 200, "x" * 40_000,
]  # fmt: skip


AN_HOUR_APART = {"/r/code/again", "/l/code/again"}  # five codes an hour, and no more


def deep_in(stages, visitor, stage):
    """A visitor with a challenge open for the letter and for the link, and signed in as a patient."""
    visitor.patient_in(stages, stage)
    visitor.get("/r")
    visitor.submit("/r", {"secret": stage.letter_secret})
    visitor.get("/l")
    visitor.submit("/l", {"secret": stage.link_secret})


def test_no_value_in_any_field_makes_a_page_fail(stages, visitor):
    stage = stages.linked()
    deep_in(stages, visitor, stage)
    reached = Counter()
    for path in sorted(
        {*POSTS, f"/ask/{stages.open_to_requests().id}"} - {"/r/sign-out", "/l/sign-out", "/q/sign-out", "/r/withdraw"},
        key=lambda path: path in AN_HOUR_APART,
    ):
        for odd in ODD:
            for fields in (dict.fromkeys(FIELDS, odd), {name: [odd, odd] for name in FIELDS}, {odd or "x": odd}):
                if path in AN_HOUR_APART:
                    stages.clock.advance(timedelta(hours=1))
                answer = visitor.post(path, fields)
                reached[path, answer.status_code] += 1
                assert answer.status_code < 500, (path, odd)
                assert "<script>alert" not in answer.text
                assert "49049" not in answer.text
    for path in AN_HOUR_APART:  # all but what is too large has its way, for nothing is read from these forms
        assert reached[path, 303] > reached[path, 413] == 3
        assert reached[path, 303] + reached[path, 413] == 3 * len(ODD)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(["/r", "/r/code", "/r/sign", "/l", "/l/code"]), body=st.binary(max_size=300))
def test_no_body_makes_a_page_fail(stages, visitor, path, body):
    if not visitor.client.get_cookie("__Host-session", "transfer.hospital.test", "/"):
        deep_in(stages, visitor, stages.linked())
    token = visitor.token().encode()
    answer = visitor.client.post(
        path, data=b"csrf_token=" + token + b"&" + body, base_url=PUBLIC_URL, content_type=URLENCODED
    )
    assert answer.status_code < 500


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("application/json", 400), ("text/plain", 400), ("", 400), ("multipart/form-data; boundary=x", 415)],
)
def test_what_is_no_form_is_refused_as_a_page(visitor, content_type, status):
    visitor.get("/r")
    answer = visitor.client.post("/r", data=b'{"secret": [1]}', base_url=PUBLIC_URL, content_type=content_type)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"


def test_a_megabyte_is_refused_unread_as_a_page(visitor):
    visitor.get("/r")
    answer = visitor.post("/r", {"secret": "x" * 1_000_000})
    assert answer.status_code == 413
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize("cookie", ["", "x", "e30.abc.def", "." * 3000, "ÿ"])
def test_a_cookie_that_is_not_ours_is_nothing(visitor, cookie):
    visitor.client.set_cookie("__Host-session", cookie, domain="transfer.hospital.test")
    assert visitor.get("/r").status_code == 200
    assert visitor.get("/r/release").status_code == 401
    visitor.get("/r")
    assert visitor.post("/r/code", {"code": "1", **BIRTH}).status_code == 401


@pytest.mark.parametrize(
    "path", ["/l/files/x", "/l/files/..", "/r/nothing", "/l/nothing", "/assets/../app.py", "/assets/"]
)
def test_an_address_that_is_none_is_not_found(visitor, path):
    assert visitor.get(path).status_code in (400, 404)


def test_a_database_that_is_away_is_an_answer_for_people(stages, visitor):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    stages.kept.take_away()
    stages.database.dispose()
    answer = visitor.get("/r/release")
    assert answer.status_code == 503
    assert answer.mimetype == "text/html"
    assert "Try again in a minute" in visitor.text()
