"""Requests for slides on the pages of staff: read by the department, declined with a reason, or made one packet."""

import html
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.members import signed_in
from tests.stages import PUBLIC_URL
from transfer_service.domain.people import Role
from transfer_service.domain.slide_request import Asker, AskerKind

CASE = {
    "accession_number": "S26-77", "record_number": "MRN-0042", "name": "Ada Example",
    "birth_month": "2", "birth_day": "3", "birth_year": "1961",
    "email": "", "phone": "", "language": "en", "question": "Is there invasion?", "diagnosis": "", "laterality": "left",
    "note": "By phone",
}  # fmt: skip


def looked(visitor, path):
    return visitor.client.get(path, base_url=PUBLIC_URL)


@pytest.fixture
def found(stages):
    return stages.requested()[0]


def test_an_empty_list_says_what_comes_here_and_how(stages, visitor):
    signed_in(visitor, stages, Role.DEPOSITOR)
    assert "switches it on" in visitor.get("/staff/requests").text
    department = stages.open_to_requests()
    assert f"/ask/{department.id}" in visitor.get("/staff/requests").text


def test_what_waits_is_listed_with_its_age_and_stands_in_full(stages, visitor, found):
    signed_in(visitor, stages, Role.DEPOSITOR)
    stages.clock.advance(timedelta(minutes=20))
    assert "under an hour" in visitor.get("/staff/requests").text
    page = html.unescape(visitor.get(f"/staff/requests/{found.id}").text)
    asked_for = found.asked
    for shown in (asked_for.patient_name, asked_for.email, asked_for.done, asked_for.recipient.name):
        assert shown in page
    assert "Nothing of this is proved" in page
    for state in ("accepted", "declined", "withdrawn"):
        assert "No request stands so" in visitor.get(f"/staff/requests?state={state}").text
    assert str(found.id) in visitor.get("/staff/requests?state=nonsense").text


def test_declining_asks_first_and_tells_the_asker_why(stages, visitor, found):
    signed_in(visitor, stages, Role.COORDINATOR)
    page = f"/staff/requests/{found.id}/decline"
    assert "can not be taken back" in visitor.get(page).text
    before = stages.rows()
    wrong = visitor.submit(page, {"reason": "spite", "note": "x" * 501})
    assert wrong.status_code == 422
    assert all(f'id="{name}-error"' in wrong.text for name in ("reason", "note"))
    assert "x" * 501 in wrong.text
    assert stages.rows() == before
    answer = visitor.submit(page, {"reason": "elsewhere", "note": "Ask St. Agnes."})
    assert "Declined on" in answer.text
    assert "Ask St. Agnes." in answer.text
    again = visitor.post(page, {"reason": "other"})
    assert again.location == f"/staff/requests/{found.id}"
    assert stages.actions().count("slide_request.declined") == 1
    assert looked(visitor, page).status_code == 303
    assert str(found.id) in visitor.get("/staff/requests?state=declined").text


def test_a_packet_is_opened_once_with_what_staff_know(stages, visitor, found):
    signed_in(visitor, stages, Role.DEPOSITOR)
    page = f"/staff/requests/{found.id}/accept"
    form = visitor.get(page)
    assert 'value="Ada Example"' in form.text
    assert 'value="1961"' in form.text
    first = visitor.post(page, CASE | {"contact_confirmed": "yes"})
    second = visitor.post(page, CASE)
    assert (first.status_code, second.location) == (303, first.location)
    packets = stages.journey.deposit.packets(stages.coordinator, limit=5).items
    assert [f"/staff/packets/{packet.id}" for packet in packets] == [first.location]
    assert packets[0].case.accession_number == "S26-77"
    assert packets[0].case.patient.email == found.asked.email
    assert first.location in visitor.get(f"/staff/requests/{found.id}").text


def test_specimens_and_what_is_not_included_come_with_the_case_in_as_many_rows_as_it_takes(stages, visitor, found):
    signed_in(visitor, stages, Role.DEPOSITOR)
    page = f"/staff/requests/{found.id}/accept"
    assert "specimens_2_label" in visitor.get(page).text
    rows = {"specimens_1_label": "A1", "specimens_1_procedure": "core biopsy", "not_included_1_what": "slide A3",
            "not_included_1_why": "broken"}  # fmt: skip
    more = visitor.submit(page, CASE | rows | {"more": "specimens", "specimens_rows": "2", "not_included_rows": "2"})
    assert more.status_code == 200
    assert "specimens_5_label" in more.text
    assert all(f'value="{word}"' in more.text for word in ("S26-77", "A1", "core biopsy", "slide A3"))
    last = {"specimens_5_label": "B1", "specimens_rows": "5", "not_included_rows": "2"}
    assert visitor.post(page, CASE | rows | last).status_code == 303
    (packet,) = stages.journey.deposit.packets(stages.coordinator, limit=5).items
    assert [each.label for each in packet.case.specimens] == ["A1", "B1"]
    assert [(each.what, each.why) for each in packet.case.not_included] == [("slide A3", "broken")]


def test_without_a_word_that_the_address_is_the_patient_s_it_is_not_taken(stages, visitor, found):
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(f"/staff/requests/{found.id}/accept")
    assert visitor.post(f"/staff/requests/{found.id}/accept", CASE).status_code == 303
    (packet,) = stages.journey.deposit.packets(stages.coordinator, limit=5).items
    assert packet.case.patient.email is None


def test_a_case_that_can_t_be_right_says_all_of_it_at_once_and_keeps_what_was_typed(stages, visitor, found):
    signed_in(visitor, stages, Role.DEPOSITOR)
    page = f"/staff/requests/{found.id}/accept"
    visitor.get(page)
    before = stages.rows()
    wrong = dict.fromkeys(CASE, "x" * 5000) | {"accession_number": "", "birth_year": "2999", "email": "nowhere",
             "birth_month": "1", "birth_day": "1"}  # fmt: skip
    answer = visitor.submit(page, wrong)
    assert answer.status_code == 422
    fields = {*CASE, "birth_month"} - {"birth_day", "birth_year"}
    assert all(f'id="{name}-error"' in answer.text for name in fields)
    assert 'value="nowhere"' in answer.text
    assert stages.rows() == before


def test_a_physician_s_address_is_never_the_patient_s(stages, visitor):
    physician = Asker(AskerKind.PHYSICIAN, "Dr. F. Amily", "Family practice")
    request, _ = stages.requested(asker=physician)
    signed_in(visitor, stages, Role.DEPOSITOR)
    page = f"/staff/requests/{request.id}/accept"
    assert "contact_confirmed" not in visitor.get(page).text
    answer = visitor.submit(page, CASE | {"contact_confirmed": "yes"})
    assert (answer.status_code, 'id="email-error"' in answer.text) == (422, True)


def test_an_officer_reads_and_decides_nothing_and_an_admin_does_neither(stages, visitor, another_visitor, found):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    page = f"/staff/requests/{found.id}"
    assert f"{page}/accept" not in visitor.get(page).text
    before = stages.rows()
    assert visitor.post(f"{page}/decline", {"reason": "other"}).status_code == 403
    assert visitor.post(f"{page}/accept", CASE).status_code == 403
    assert looked(visitor, f"{page}/accept").location == page
    assert stages.rows() == before
    signed_in(another_visitor, stages, Role.ADMIN, name="A. Dmin", email="a@hospital.test")
    for path in ("/staff/requests", page, f"{page}/decline"):
        assert looked(another_visitor, path).status_code == 403


def test_a_foreign_request_is_not_there(stages, visitor, found):
    neighbour = stages.department(stages.hospital.organization, "Radiology")
    signed_in(visitor, stages, Role.COORDINATOR, department=neighbour)
    visitor.get("/staff")
    for id_ in (found.id, uuid4()):
        for path in ("", "/decline", "/accept"):
            assert looked(visitor, f"/staff/requests/{id_}{path}").status_code == 404
        for path in ("/decline", "/accept"):
            assert visitor.post(f"/staff/requests/{id_}{path}", CASE | {"reason": "other"}).status_code == 404
    assert str(found.id) not in visitor.get("/staff/requests").text
