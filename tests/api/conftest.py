"""The whole application but for the bucket, the post, the clock and the worker, and callers of every role."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.stages import PUBLIC_URL, Hospital, Stage, Stages, recipient_draft
from transfer_service.app import flask_app
from transfer_service.domain.people import Department, Recipient, RecipientKind, Role
from transfer_service.edge.calls import Service
from transfer_service.edge.metrics import Exposition
from transfer_service.edge.readiness import Readiness
from transfer_service.edge.transfer_slots import TransferSlots
from transfer_service.sealing import layout

PART_BYTES = 40_000  # two whole chunks and a piece of a third
METRICS_TOKEN = "m" * 32
HOST = PUBLIC_URL.removeprefix("https://")
CASE = {
    "accession_number": "S26-1234",
    "patient": {
        "name": "Ada Example",
        "birth_date": "1961-02-03",
        "record_number": "MRN-0042",
        "email": "ada@patient.test",
        "phone": "+1 555 0100",
        "language": "en",
    },
    "question": "Is there invasion?\nSee slide A1.",
    "diagnosis": "Ductal carcinoma in situ",
    "laterality": "left",
    "specimens": [{"label": "A1", "procedure": "core biopsy", "collected_on": "2026-04-01"}, {"label": "A2"}],
    "not_included": [{"what": "slide A3", "why": "broken"}],
}
RECIPIENT = {
    "name": "Dr. R. Viewer",
    "email": "viewer@review.test",
    "organization": "Breast Review Service",
    "specialty": "breast pathology",
    "kind": "person",
    "credentials": ["MD"],
    "accreditations": [{"name": "CLIA", "source": "https://registry.test", "checked_on": "2026-01-02"}],
}


KNOWN_CASE = {"accession_number": "S26-1234", "patient": {"record_number": "MRN-0042"}}


def slide_request(department_id: object, **changes: Any) -> dict[str, Any]:
    """The body of a request to that department."""
    said = {
        "department_id": str(department_id),
        "asker": {"kind": "patient", "name": "Ada Example"},
        "patient": {"name": "Ada Example", "birth_date": "1961-02-03", "record_number": "MRN-0042"},
        "email": "ada@patient.test",
        "phone": "+1 555 0100",
        "language": "es",
        "done": "A biopsy of the left breast\nin spring",
        "done_on": "2026-04-01",
        "recipient": {
            "name": "Dr. R. Viewer",
            "organization": "Breast Review Service",
            "email": "viewer@review.test",
        },
        "question": "Is there invasion?",
    }
    return said | changes


@dataclass
class Caller:
    """Somebody with a token, or with none."""

    app: Flask
    token: str | None = None

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        given = {"Host": HOST, **(headers or {})}
        if self.token is not None:
            given.setdefault("Authorization", f"Bearer {self.token}")
        address = path if path.startswith(("/api", "/healthz", "/readyz", "/metrics")) else f"/api/v1{path}"
        return self.app.test_client().open(address, method=method, headers=given, buffered=True, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.ask("GET", path, **kwargs)

    def post(self, path: str, body: object = None, **kwargs: Any) -> TestResponse:
        return self.ask("POST", path, **({"json": body} if body is not None else {}), **kwargs)

    def put(self, path: str, body: object = None, **kwargs: Any) -> TestResponse:
        return self.ask("PUT", path, **({"json": body} if body is not None else {}), **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self.ask("DELETE", path, **kwargs)


class Api:
    """The application on top of ``stages``, and a caller for each role in its hospital."""

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        self.slots = TransferSlots(uploads=2, downloads=2)
        ready = Readiness({"store": stages.store.check}, kept_for_s=0)
        service = Service(
            journey=stages.journey,
            bearers=stages.bearers,
            sign_in=stages.sign_in,
            database=stages.database,
            service_key=stages.service_key,
            slots=self.slots,
            clock=stages.clock,
            ready=ready,
            exposition=Exposition(stages.database, ready),
            metrics_token_sha256=sha256(METRICS_TOKEN.encode()).digest(),
        )
        self.app = flask_app(service, public_url=PUBLIC_URL)
        self.anyone = Caller(self.app)
        pathology = stages.hospital.pathology
        self.depositor = self.staff(pathology, Role.DEPOSITOR)
        self.coordinator = self.staff(pathology, Role.COORDINATOR)
        self.privacy_officer = self.staff(pathology, Role.PRIVACY_OFFICER)
        self.admin = self.staff(pathology, Role.ADMIN)

    def staff(self, department: Department, role: Role, name: str = "T. Keeper") -> Caller:
        _, token = self.stages.journey.enrol.create_token(department.id, role, name, self.stages.now)
        return Caller(self.app, token)

    def revoked(self) -> Caller:
        """A coordinator whose token was just taken away."""
        enrol, now = self.stages.journey.enrol, self.stages.now
        credential, token = enrol.create_token(self.stages.hospital.pathology.id, Role.COORDINATOR, "R. Gone", now)
        enrol.revoke_token(credential.id, now)
        return Caller(self.app, token)

    def stranger(self) -> Caller:
        """The coordinator of another hospital."""
        return self.staff(self.stages.enrolled("St. Elsewhere").pathology, Role.COORDINATOR)

    def neighbour(self) -> Caller:
        """A coordinator of another department of the same hospital."""
        radiology = self.stages.department(self.stages.hospital.organization, "Radiology")
        return self.staff(radiology, Role.COORDINATOR)

    def patient(self, stage: Stage) -> Caller:
        return Caller(self.app, self.stages.patient_session(stage.letter_secret).token)

    def recipient(self, stage: Stage) -> Caller:
        assert stage.redeemed is not None
        return Caller(self.app, stage.redeemed.token)

    def service(self, recipient: Recipient) -> Caller:
        """A review service, with a token of its own."""
        return Caller(self.app, self.stages.journey.enrol.create_service_token(recipient.id, self.stages.now)[1])

    def service_of(self, hospital: Hospital) -> Caller:
        """A review service that another hospital keeps."""
        draft = recipient_draft(kind=RecipientKind.SERVICE)
        return self.service(self.stages.journey.recipients.add(hospital.coordinator, draft, self.stages.now))


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "DEFAULT_PART_BYTES", PART_BYTES)


@pytest.fixture
def api(stages: Stages) -> Api:
    return Api(stages)


def code_of(response: TestResponse) -> tuple[int, str]:
    """(status, code) of a problem."""
    assert response.content_type == "application/problem+json", response.data
    problem = response.get_json(force=True)
    assert problem["status"] == response.status_code
    return response.status_code, problem["code"]


def words_of(response: TestResponse) -> tuple[int, dict[str, Any]]:
    """A whole problem but for the id of its request."""
    problem = json.loads(response.data)
    del problem["request_id"]
    return response.status_code, problem
