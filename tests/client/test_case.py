"""The case description: slips are said by field, and never repeated."""

import json

import pytest

from tests.client.command_line import Desk
from transfer_service.client.deposit.case import Case, is_of, packet_draft, read_case
from transfer_service.client.failures import UsageWrong

PATIENT = {"name": "Ada Example", "birth_date": "1961-02-03", "record_number": "MRN-1"}
CASE = {"accession_number": "S26-1", "patient": PATIENT}


def test_a_case_and_a_whole_request_are_both_taken(tmp_path):
    assert packet_draft(CASE) == {"case": CASE}
    whole = {"case": CASE, "note": "urgent"}
    (tmp_path / "case.json").write_text(json.dumps(whole))
    assert read_case(tmp_path / "case.json") == Case(whole, None)


@pytest.mark.parametrize("value", [CASE, {"case": CASE}])
def test_a_case_may_say_how_many_slides_it_has(tmp_path, value):
    file = tmp_path / "case.json"
    file.write_text(json.dumps(value | {"expected_slides": 3}))
    assert read_case(file) == Case({"case": CASE}, 3)
    for wrong in (0, "3", True, 1.5):
        file.write_text(json.dumps(value | {"expected_slides": wrong}))
        with pytest.raises(UsageWrong, match="expected_slides"):
            read_case(file)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accession_number": None}, "accession_number: must be a text"),
        ({"accession_nr": "1"}, "accession_nr: is not known"),
        ({"patient": "Ada"}, "patient: must be an object"),
        ({"patient": {**PATIENT, "birth_date": "3.2.1961"}}, "patient.birth_date: must be a day"),
        ({"patient": {**PATIENT, "birth_date": "2961-02-30"}}, "patient.birth_date: must be a day"),
        ({"patient": {**PATIENT, "birth_date": "2961-02-03"}}, "patient.birth_date: must be a day"),
        ({"patient": {**PATIENT, "email": "ada"}}, "patient.email: must be one e-mail address"),
        ({"patient": {"name": "Ada"}}, "patient.birth_date: is missing; patient.record_number: is missing"),
        ({"specimens": {}}, "specimens: must be a list"),
        ({"specimens": [{"label": "A"}, {"collected_on": "x"}]}, "specimens[1].label: is missing"),
        ({"not_included": [{"what": "glass"}]}, "not_included[0].why: is missing"),
    ],
)
def test_a_slip_is_said_by_field_without_what_was_written(changes, said):
    with pytest.raises(UsageWrong) as wrong:
        packet_draft({**CASE, **changes})
    assert said in str(wrong.value)
    assert "Ada" not in str(wrong.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"case": [], "cases": 1}'])
def test_what_is_no_case_is_refused(tmp_path, content):
    (tmp_path / "case.json").write_bytes(content)
    with pytest.raises(UsageWrong):
        read_case(tmp_path / "case.json")


def test_a_packet_is_of_the_case_that_it_was_opened_with_whatever_became_of_contacts():
    shown = {"case": {**CASE, "specimens": [], "not_included": []}}
    assert is_of({"case": CASE}, shown)
    assert is_of({"case": {**CASE, "patient": {**PATIENT, "email": "ada@example.org"}}}, shown)
    assert not is_of({"case": {**CASE, "accession_number": "S26-2"}}, shown)


def test_the_command_says_what_the_case_lacks_before_it_talks_to_anybody(tmp_path):
    (tmp_path / "slides").mkdir()
    (tmp_path / "slides" / "a.svs").write_bytes(b"x")
    desk = Desk(tmp_path / "home", {"PACKET_SERVER": "https://transfer.invalid", "TRANSFER_SERVICE_TOKEN": "ts_x"})
    lacking = desk.packet("send", tmp_path / "slides", "--accession-number", "S26-1")
    assert lacking.code == 2
    assert "patient.name: is missing" in lacking.err
