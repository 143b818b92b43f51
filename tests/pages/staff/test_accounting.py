"""Accounting on the pages of staff: who got what, searched without a number in an address, and the report of it."""

import json
import re
from uuid import uuid4

import pytest

from tests.members import signed_in
from tests.stages import PUBLIC_URL
from transfer_service.domain.people import Role
from transfer_service.pages.staff import accounting

TODAY = {"since_month": "1", "since_day": "1", "since_year": "2020"}


@pytest.fixture
def stage(stages):
    stage = stages.redeemed()
    stages.download(stage.actor, stage.file)
    return stage


@pytest.fixture
def officer(stages, visitor):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    return visitor.get("/staff/accounting")


def rows(answer):
    return len(re.findall(r"<tr>\s*<th scope=\"row\">", answer.text))


@pytest.mark.usefixtures("officer")
def test_nothing_yet_says_what_comes_here(visitor):
    assert "Nothing has left yet" in visitor.last.text


def test_what_left_stands_with_who_got_it_and_why(stage, stages, visitor):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    page = visitor.get("/staff/accounting")
    assert rows(page) == 1
    for shown in ("Dr. R. Viewer", stage.file.path, "Complete", "Second opinion", str(stage.packet.id)):
        assert shown in page.text


def test_it_is_searched_by_number_packet_recipient_days_and_outcome(stage, stages, visitor):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    visitor.get("/staff/accounting")
    search = "/staff/accounting/search"
    found = [{"record_number": "mrn-0042"}, {"packet": str(stage.packet.id)}, {"recipient": str(stages.recipient.id)},
             {"outcome": "complete"}, TODAY, {}]  # fmt: skip
    nothing = [{"record_number": "MRN-1"}, {"packet": str(uuid4())}, {"outcome": "refused"}, {"outcome": "incomplete"},
               {"until_month": "1", "until_day": "1", "until_year": "2020"}]  # fmt: skip
    assert [rows(visitor.submit(search, terms)) for terms in found] == [1] * len(found)
    assert [rows(visitor.submit(search, terms)) for terms in nothing] == [0] * len(nothing)
    assert "is like that" in visitor.last.text
    assert rows(visitor.get(f"/staff/accounting?packet={stage.packet.id}")) == 1


def test_a_search_that_can_t_be_right_says_all_of_it_and_keeps_what_was_typed(stage, stages, visitor):  # noqa: ARG001
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    visitor.get("/staff/accounting")
    wrong = {"record_number": "\u202e", "packet": "12", "recipient": str(uuid4()), "outcome": "odd",
             "since_month": "13", "since_day": "1", "since_year": "2026"}  # fmt: skip
    answer = visitor.submit("/staff/accounting/search", wrong)
    assert answer.status_code == 422
    assert all(f'id="{name}-error"' in answer.text for name in ("record_number", "packet", "recipient", "outcome"))
    assert 'id="since_month-error"' in answer.text
    assert 'value="12"' in answer.text
    backwards = {**TODAY, "until_month": "1", "until_day": "1", "until_year": "2019"}
    assert 'id="until_month-error"' in visitor.submit("/staff/accounting/search", backwards).text
    cursor = visitor.submit("/staff/accounting/search", {"cursor": "nonsense"})
    assert (cursor.status_code, cursor.mimetype) == (400, "text/html")


def test_the_next_page_is_asked_for_with_the_same_terms_and_no_number_in_an_address(
    stage, stages, visitor, monkeypatch
):
    monkeypatch.setattr(accounting, "PAGE", 1)
    stages.download(stage.actor, [*stage.files.values()][1])
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    visitor.get("/staff/accounting")
    first = visitor.submit("/staff/accounting/search", {"record_number": "MRN-0042"})
    cursor = re.search(r'name="cursor" value="([^"]+)"', first.text)[1]
    assert first.text.count('type="hidden" name="record_number" value="MRN-0042"') == 1
    second = visitor.submit("/staff/accounting/search", {"record_number": "MRN-0042", "cursor": cursor})
    assert (rows(first), rows(second)) == (1, 1)
    for page in (first, second):
        for address in re.findall(r'(?:href|action|formaction)="([^"]*)"', page.text):
            assert "MRN" not in address


def test_a_coordinator_sees_their_department_and_makes_no_report(stage, stages, visitor, another_visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    page = visitor.get("/staff/accounting")
    assert rows(page) == 1
    assert "A report to hand out" not in page.text
    before = stages.rows()
    assert visitor.post("/staff/accounting/report", {"format": "csv"}).status_code == 403
    assert stages.rows() == before
    neighbour = stages.department(stages.hospital.organization, "Radiology")
    signed_in(another_visitor, stages, Role.COORDINATOR, email="r@hospital.test", department=neighbour)
    another_visitor.get("/staff/accounting")
    for terms in ({}, {"packet": str(stage.packet.id)}, {"record_number": "MRN-0042"}):
        assert rows(another_visitor.submit("/staff/accounting/search", terms)) == 0


@pytest.mark.parametrize("role", [Role.DEPOSITOR, Role.ADMIN])
def test_no_other_role_accounts(stages, visitor, role):
    signed_in(visitor, stages, role)
    visitor.get("/staff")
    assert visitor.client.get("/staff/accounting", base_url=PUBLIC_URL).status_code == 403
    assert visitor.post("/staff/accounting/search").status_code == 403
    assert visitor.post("/staff/accounting/report", {"format": "csv"}).status_code == 403


def test_another_hospital_s_officer_finds_nothing(stage, stages, visitor):
    other = stages.enrolled("Other").pathology
    signed_in(visitor, stages, Role.PRIVACY_OFFICER, department=other)
    visitor.get("/staff/accounting")
    assert rows(visitor.submit("/staff/accounting/search", {"packet": str(stage.packet.id)})) == 0


def test_a_report_is_a_file_in_three_forms_and_is_recorded(stage, stages, visitor):  # noqa: ARG001
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    visitor.get("/staff/accounting")
    terms = {"record_number": "MRN-0042", "language": "es"}
    made = {form: visitor.post("/staff/accounting/report", terms | {"format": form}) for form in ("csv", "pdf", "json")}
    assert {answer.headers["Content-Disposition"] for answer in made.values()} == {
        f'attachment; filename="accounting.{form}"' for form in made
    }
    assert "Dr. R. Viewer" in made["csv"].text
    assert made["pdf"].data.startswith(b"%PDF")
    (line,) = json.loads(made["json"].data)["lines"]
    assert line["recipient"]["name"] == "Dr. R. Viewer"
    assert stages.actions()[-3:] == ["accounting.reported"] * 3


@pytest.mark.usefixtures("officer")
def test_a_report_that_can_t_be_right_says_so_and_records_nothing(stages, visitor):
    before = stages.rows()
    wrong = visitor.submit("/staff/accounting/report", {"format": "xls", "language": "la", "record_number": "x" * 65})
    assert wrong.status_code == 422
    assert all(f'id="{name}-error"' in wrong.text for name in ("format", "language", "record_number"))
    long_ago = {"since_month": "1", "since_day": "1", "since_year": "1999", "format": "csv"}
    assert "at most six years" in visitor.submit("/staff/accounting/report", long_ago).text
    assert stages.rows() == before
