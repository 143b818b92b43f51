"""Somebody at a page: follows its forms as a browser does, with the token that stands in them."""

import html
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.stages import PUBLIC_URL, Stage, Stages

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_HIDDEN_FORM = re.compile(r'name="form_sha256" value="([0-9a-f]{64})"')


class Visitor:
    """Keeps cookies and the last page."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.last: TestResponse | None = None

    def get(self, path: str, **more: Any) -> TestResponse:
        """A page; what stands behind a # in its address a browser keeps to itself."""
        return self._kept(self.client.get(path.partition("#")[0], base_url=PUBLIC_URL, **more))

    def post(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form with the CSRF token of the last page; redirects are not followed."""
        data = {"csrf_token": self.token(), **(fields or {})}
        return self.client.post(path, data=data, base_url=PUBLIC_URL, **more)

    def submit(self, path: str, fields: dict[str, Any] | None = None) -> TestResponse:
        """The same, followed to the page it leads to."""
        answer = self.post(path, fields)
        return self.get(answer.location.partition("#")[0]) if answer.status_code == 303 else self._kept(answer)

    def ticket(self, path: str, **fields: Any) -> str:
        """Where a download's form leads."""
        answer = self.post(path, fields)
        assert answer.status_code == 303
        assert answer.location.startswith("/t/")
        return answer.location

    def token(self) -> str:
        assert self.last is not None
        return _TOKEN.findall(self.last.text)[0]

    def text(self) -> str:
        """The last page without its markup."""
        assert self.last is not None
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.last.text)))

    # Ways that many tests go

    def patient_in(self, stages: Stages, stage: Stage) -> TestResponse:
        self.get("/r")
        assert self.submit("/r", {"secret": stage.letter_secret}).status_code == 200
        return self.submit("/r/code", {"code": stages.code(), **BIRTH})

    def recipient_in(self, stages: Stages, stage: Stage, passcode: str | None = None) -> TestResponse:
        self.get("/l")
        assert self.submit("/l", {"secret": stage.link_secret}).status_code == 200
        return self.submit("/l/code", {"code": passcode or stages.code()})

    def signature(self, **changes: Any) -> dict[str, Any]:
        """The form to sign, filled in."""
        assert self.last is not None
        if not _HIDDEN_FORM.search(self.last.text):
            self.get("/r/form")
        digest = _HIDDEN_FORM.findall(self.last.text)[0]
        return {"form_sha256": digest, "signer": "patient", "name": "Ada Example", "read": "yes", **changes}

    def _kept(self, answer: TestResponse) -> TestResponse:
        if answer.mimetype == "text/html":
            self.last = answer
        return answer


BIRTH = {"birth_month": "2", "birth_day": "3", "birth_year": "1961"}

#: The form of /ask, filled in.
REQUEST = {
    "asker": "patient",
    "patient_name": "Ada Example",
    **BIRTH,
    "record_number": "MRN-0042",
    "email": "ada@patient.test",
    "phone": "+1 555 0100",
    "done": "A biopsy of the left breast, in spring",
    "done_month": "4",
    "done_day": "1",
    "done_year": "2026",
    "recipient_name": "Dr. R. Viewer",
    "recipient_organization": "Breast Review Service",
    "recipient_email": "viewer@review.test",
    "question": "Is there invasion?",
}
