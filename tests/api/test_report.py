"""The report of an accounting over HTTP: in three forms, for the patient and for privacy officers."""

import csv
import io
import json

import pytest

from tests.api.conftest import Api, code_of
from tests.api.scenes import Scene
from tests.api.test_what_is_shown import shape
from transfer_service.api.schemas.reports import ReportSchema
from transfer_service.domain.accounting import AccountQuery, ReportFormat
from transfer_service.usecases.report import ReportDraft


@pytest.fixture
def scene(api: Api) -> Scene:
    scene = Scene(api)
    scene.callers["recipient"].get(f"/redeemed/files/{scene.stage.file.id}")
    scene.later("", {})
    scene.callers["patient"] = api.patient(scene.stage)
    return scene


WHAT = {"": {"file_id", "path", "kind", "size", "sha256"}}
LINE = {
    "": {
        "date", "recipient", "description", "what", "purpose", "authorization", "count", "last_at", "bytes",
        "completed", "accountable", "exempt_under", "packet",
    },
    "recipient": {"": {"id", "name", "organization", "address"}},
    "what": WHAT,
    "authorization": {"": {"release", "basis", "signed_at", "form_sha256"}},
}  # fmt: skip


@pytest.mark.proves("164.528(b)(2)(i)", "164.528(b)(2)(ii)", "164.528(b)(2)(iii)", "164.528(b)(2)(iv)")
def test_a_report_shows_date_recipient_description_purpose_and_authorization(scene: Scene) -> None:
    officer, patient = scene.callers["privacy_officer"], scene.callers["patient"]
    asked = officer.post("/accounting/report", {"record_number": "MRN-0042"}).get_json()
    own = patient.post("/patient/accounting/report").get_json()
    for report in (asked, own):
        assert set(report) == {"organization", "patient", "since", "until", "made_at", "lines"}
        assert set(report["patient"]) == {"name", "birth_date", "record_number"}
        (line,) = report["lines"]
        assert shape(line) == LINE
        assert (line["recipient"]["address"], line["purpose"]) == ("viewer@review.test", "Second opinion")
        assert line["description"].startswith(("1 slide scan: ", "1 report: "))
        assert (line["count"], line["completed"], line["accountable"]) == (1, True, False)


def test_the_json_that_is_sent_is_the_one_that_the_schema_documents(scene: Scene) -> None:
    journey, officer = scene.api.stages.journey, scene.api.stages.hospital.privacy_officer
    for query in (AccountQuery(), AccountQuery(record_number="MRN-0042")):
        report = journey.reports.for_officer(officer, ReportDraft(query), scene.api.stages.now)
        assert json.loads(journey.reports.rendered(report, ReportFormat.JSON)) == ReportSchema().dump(report)


def test_a_report_is_a_file_where_that_is_asked_for(scene: Scene) -> None:
    officer, patient = scene.callers["privacy_officer"], scene.callers["patient"]
    for answer in (
        officer.post("/accounting/report", {"format": "csv"}),
        patient.post("/patient/accounting/report", {"format": "csv", "language": "en"}),
    ):
        assert answer.headers["Content-Disposition"] == 'attachment; filename="accounting.csv"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.mimetype == "text/csv"
        (row,) = csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline=""))
        assert row["Recipient"] == "Dr. R. Viewer"
    answer = patient.post("/patient/accounting/report", {"format": "pdf"})
    assert (answer.mimetype, answer.get_data()) == ("application/pdf", b"%PDF-")


def test_a_key_is_taken_and_each_report_is_of_what_there_is_now(scene: Scene) -> None:
    officer = scene.callers["privacy_officer"]
    answers = [
        officer.post("/accounting/report", {"format": "csv"}, headers={"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "Idempotency-Replayed" not in answers[1].headers
    assert scene.stages.actions()[-2:] == ["accounting.reported"] * 2


@pytest.mark.parametrize(
    "asked",
    [
        {"format": "xml"},
        {"language": "fr"},
        {"since": "yesterday"},
        {"since": "2001-01-01T00:00:00Z"},
        {"since": "2026-05-12T00:00:00Z", "until": "2026-05-11T00:00:00Z"},
        {"refused": True},
        {"packet_id": "4bdb33c2-93b5-44c6-8bdc-5ddfb7c3c7d9"},
        {"record_number": ""},
        {"completed": 1},
    ],
)
def test_what_no_report_is_made_of_is_refused_and_not_recorded(scene: Scene, asked: dict[str, object]) -> None:
    before = scene.stages.actions()
    assert code_of(scene.callers["privacy_officer"].post("/accounting/report", asked)) == (422, "invalid")
    assert code_of(scene.callers["patient"].post("/patient/accounting/report", asked)) == (422, "invalid")
    assert scene.stages.actions() == before


def test_the_search_is_narrowed_by_all_that_an_officer_may_ask(scene: Scene) -> None:
    officer = scene.callers["privacy_officer"]
    department = str(scene.stage.packet.department_id)
    for asked, count in (
        ({"record_number": "mrn-0042", "department_id": department, "basis": "authorization"}, 1),
        ({"refused": False, "completed": True}, 1),
        ({"refused": True}, 0),
        ({"completed": False}, 0),
        ({"record_number": "MRN-0043"}, 0),
    ):
        assert len(officer.post("/accounting/search", asked).get_json()["items"]) == count, asked
