"""The list of packets, the search in it, and a packet that is opened by hand."""

import re
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.factories import DAY, a_patient
from tests.members import signed_in
from tests.pages.test_any_input import ODD
from tests.pages.visitor import BIRTH
from tests.stages import PUBLIC_URL, Stages
from transfer_service.domain.packet import NotIncluded, Packet, PacketState, Specimen
from transfer_service.domain.people import Role
from transfer_service.pages.staff import packets as packets_page

CASE = {
    "accession_number": "S26-77",
    "name": "Berta Beispiel",
    **BIRTH,
    "record_number": "MRN-77",
}
WHOLE = {
    **CASE,
    "email": "berta@patient.test",
    "phone": "+1 555 0177",
    "language": "es",
    "question": "Is there invasion?\r\nAnd where?",
    "diagnosis": "Ductal carcinoma in situ",
    "laterality": "left breast",
    "note": "Handle with care",
    "specimens_rows": "2",
    "specimens_2_label": "A1",
    "specimens_2_procedure": "core biopsy",
    "specimens_2_month": "4",
    "specimens_2_day": "1",
    "specimens_2_year": "2026",
    "not_included_rows": "2",
    "not_included_1_what": "slide A3",
    "not_included_1_why": "broken",
}


def shown(visitor):
    """The packets of the last page, in their order."""
    return re.findall(r'<th scope="row"><a href="/staff/packets/([0-9a-f-]{36})"', visitor.last.text)


def ids(*stages):
    return [str(stage.packet.id) for stage in stages]


def opened(stages: Stages) -> list[Packet]:
    with stages.database.reading() as tx:
        return tx.find(Packet, stages.hospital.id)


# The list


def test_the_list_says_of_each_packet_whose_it_is_its_state_and_what_it_waits_for_on_whom_and_how_long(stages, visitor):
    stages.released()
    stages.clock.advance(2 * DAY)
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets")
    row = "Ada Example S26-1234 MRN-0042 Closed The patient's signature Patient 2 days 2 days"
    assert row in visitor.text()


def test_the_list_is_the_newest_first_or_the_longest_waiting(stages, visitor):
    first = stages.opened()
    stages.clock.advance(DAY)
    second = stages.opened()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get("/staff/packets")
    assert shown(visitor) == ids(second, first)
    visitor.get("/staff/packets?order=longest")
    assert shown(visitor) == ids(first, second)


def test_the_list_is_filtered_by_state_and_by_what_is_waited_for_and_keeps_both(stages, visitor):
    closed, released, open_ = stages.closed(), stages.released(), stages.opened()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets?state=closed")
    assert {*shown(visitor)} == {*ids(closed, released)}
    visitor.get("/staff/packets?state=closed&waits_for=signature")
    assert shown(visitor) == ids(released)
    assert "/staff/packets?state=closed&amp;waits_for=signature&amp;order=longest" in visitor.last.text
    visitor.get("/staff/packets?state=open")
    assert shown(visitor) == ids(open_)


def test_a_page_leads_to_the_next_and_the_next_back_to_the_first(stages, visitor, monkeypatch):
    monkeypatch.setattr(packets_page, "PAGE", 2)
    made = [stages.opened() for _ in range(3)]
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets?state=open&order=longest")
    first = shown(visitor)
    following = re.findall(r'rel="next" href="([^"]+)"', visitor.last.text)[0].replace("&amp;", "&")
    assert parse_qs(urlsplit(following).query).keys() == {"state", "order", "cursor"}
    visitor.get(following)
    assert len(first) == 2
    assert {*first, *shown(visitor)} == {*ids(*made)}
    assert "First page" in visitor.text()
    assert 'rel="next"' not in visitor.last.text


@pytest.mark.parametrize("query", ["state=lost", "waits_for=rain", "order=shortest", "cursor=x", "state=", "cursor="])
def test_what_can_not_be_asked_leads_to_the_whole_list(stages, visitor, query):
    signed_in(visitor, stages, Role.COORDINATOR)
    answer = visitor.get(f"/staff/packets?{query}")
    assert (answer.status_code, answer.location) == (303, "/staff/packets")


def test_an_empty_list_says_what_to_do_next(stages, visitor):
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get("/staff/packets")
    assert "There are no packets yet" in visitor.text()
    assert "/staff/packets/new" in visitor.last.text
    visitor.get("/staff/packets?state=retired")
    assert "No packet is like that now" in visitor.text()


def test_a_name_is_text_and_never_markup(stages, visitor):
    stages.opened(patient=a_patient(name="<script>alert(1)</script>"))
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get("/staff/packets")
    assert "<script>alert" not in visitor.last.text


def test_a_packet_of_another_department_or_hospital_is_not_in_the_list(stages, visitor, another_visitor):
    stages.closed()
    radiology = stages.department(stages.hospital.organization, "Radiology")
    other = stages.enrolled("St. Barbara")
    signed_in(visitor, stages, Role.COORDINATOR, department=radiology)
    signed_in(
        another_visitor, stages, Role.PRIVACY_OFFICER, department=other.pathology, email="guard@other.test", name="G."
    )
    for each in (visitor, another_visitor):
        each.get("/staff/packets")
        assert shown(each) == []
        each.submit("/staff/packets/search", {"number": "S26-1234"})
        assert shown(each) == []


# The search


def test_a_packet_is_found_by_its_record_number_or_accession_number(stages, visitor):
    mine = stages.opened(accession_number="S26-1", patient=a_patient(record_number="MRN-1"))
    stages.opened(accession_number="S26-2", patient=a_patient(record_number="MRN-2"))
    signed_in(visitor, stages, Role.COORDINATOR)
    for number in ("MRN-1", " s26-1 "):
        visitor.get("/staff/packets")
        answer = visitor.submit("/staff/packets/search", {"number": number})
        assert answer.status_code == 200
        assert shown(visitor) == ids(mine)
        assert f'value="{number.strip()}"' in visitor.last.text
        assert f"1 packet with the number {number.strip()}." in visitor.text()


def test_what_was_searched_for_stands_in_no_address_and_no_title(stages, visitor):
    stages.opened()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets")
    page = visitor.submit("/staff/packets/search", {"number": "MRN-0042"}).text
    assert not any("MRN-0042" in address for address in re.findall(r'(?:href|action)="([^"]*)"', page))
    assert "MRN" not in re.findall("<title>(.*?)</title>", page)[0]
    answer = visitor.get("/staff/packets/search")
    assert (answer.status_code, answer.location) == (303, "/staff/packets")


def test_a_number_that_nobody_has_is_answered_with_what_to_do(stages, visitor):
    stages.opened()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets")
    visitor.submit("/staff/packets/search", {"number": "MRN"})
    assert shown(visitor) == []
    assert "No packet has this number" in visitor.text()


@pytest.mark.parametrize("number", ["", " ", "x" * 65, "\x00", "---"])
def test_what_can_be_no_number_is_said_beside_the_list(stages, visitor, number):
    mine = stages.opened()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets")
    answer = visitor.submit("/staff/packets/search", {"number": number})
    assert answer.status_code == 422
    assert shown(visitor) == ids(mine)
    assert "Type a whole record number or accession number" in visitor.text()


def test_of_very_many_with_one_number_the_newest_are_shown(stages, visitor, monkeypatch):
    monkeypatch.setattr("transfer_service.usecases.overview.FOUND_AT_MOST", 1)
    monkeypatch.setattr(packets_page, "FOUND_AT_MOST", 1)
    stages.opened()
    stages.clock.advance(DAY)
    newest = stages.opened()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets")
    visitor.submit("/staff/packets/search", {"number": "MRN-0042"})
    assert shown(visitor) == ids(newest)
    assert "The newest 1 packets" in visitor.text()


# A new packet


def test_a_packet_is_opened_with_everything_that_was_typed_and_leads_to_its_page(stages, visitor):
    radiology = stages.department(stages.hospital.organization, "Radiology")
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get("/staff/packets/new")
    answer = visitor.post("/staff/packets/new", {**WHOLE, "contributors": str(radiology.id)})
    (packet,) = opened(stages)
    assert (answer.status_code, answer.location) == (303, f"/staff/packets/{packet.id}")
    assert (packet.state, packet.department_id) == (PacketState.OPEN, stages.hospital.pathology.id)
    assert packet.contributing_department_ids == (radiology.id,)
    case, patient = packet.case, packet.case.patient
    assert (patient.name, patient.birth_date, patient.record_number) == ("Berta Beispiel", date(1961, 2, 3), "MRN-77")
    assert (patient.email, patient.phone, patient.language) == ("berta@patient.test", "+1 555 0177", "es")
    assert (case.accession_number, case.laterality, packet.note) == ("S26-77", "left breast", "Handle with care")
    assert (case.question, case.diagnosis) == ("Is there invasion?\nAnd where?", "Ductal carcinoma in situ")
    assert case.specimens == (Specimen("A1", "core biopsy", date(2026, 4, 1)),)
    assert case.not_included == (NotIncluded("slide A3", "broken"),)


def test_what_is_required_is_enough(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets/new")
    assert visitor.post("/staff/packets/new", CASE).status_code == 303
    (packet,) = opened(stages)
    assert (packet.case.question, packet.case.specimens, packet.note) == (None, (), None)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"accession_number": ""}, "Type the accession number"),
        ({"accession_number": "x" * 65}, "Type the accession number"),
        ({"record_number": ""}, "Type the patient's record number"),
        ({"name": "--"}, "Type the patient's full name"),
        ({"birth_year": "2999"}, "That date lies in the future."),
        ({"birth_month": "13"}, "There is no such date."),
        ({"email": "berta"}, "Type one e-mail address"),
        ({"phone": "1" * 41}, "A phone number has at most 40 characters."),
        ({"language": "tlh"}, "Choose one of the languages."),
        ({"question": "x" * 4001}, "At most 4,000 characters"),
        ({"laterality": "x" * 41}, "At most 40 characters."),
        ({"note": "\x00"}, "At most 4,000 characters"),
        ({"specimens_1_procedure": "biopsy"}, "Type the label of the specimen"),
        ({"specimens_2_label": "x" * 101}, "Type the label of the specimen"),
        ({"specimens_2_month": "13"}, "There is no such date."),
        ({"not_included_1_why": ""}, "Say why it is not included"),
        ({"not_included_2_why": "lost"}, "Say what is not included"),
        ({"contributors": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}, "Choose at most 20 departments"),
        ({"contributors": "x"}, "Choose at most 20 departments"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(stages, visitor, wrong, sentence):
    stages.department(stages.hospital.organization, "Radiology")
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets/new")
    answer = visitor.submit("/staff/packets/new", {**WHOLE, **wrong})
    assert answer.status_code == 422
    assert sentence in visitor.text()
    kept = "Berta Beispiel" if "name" not in wrong else "S26-77"
    assert f'value="{kept}"' in answer.text
    assert opened(stages) == []


def test_all_that_is_wrong_is_said_at_once_and_each_leads_to_its_field(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets/new")
    answer = visitor.submit("/staff/packets/new", {"specimens_2_procedure": "biopsy", "email": "x"})
    wrong = re.findall(r'<li><a href="#(\w+)">', answer.text)
    assert wrong == ["accession_number", "name", "birth_month", "record_number", "email", "specimens_2_label"]
    assert all(f'id="{name}"' in answer.text for name in wrong)


def test_more_rows_are_had_without_scripts_and_nothing_typed_is_lost_or_checked(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets/new")
    assert "specimens_3_label" not in visitor.last.text
    answer = visitor.submit("/staff/packets/new", {**WHOLE, "accession_number": "", "more": "specimens"})
    assert answer.status_code == 200
    assert 'id="specimens_5_label"' in answer.text
    assert "specimens_6_label" not in answer.text
    assert "not_included_3_what" not in answer.text
    assert 'value="core biopsy"' in answer.text
    assert 'class="errors"' not in answer.text
    fifth = {**WHOLE, "specimens_rows": "5", "specimens_5_label": "E5"}
    visitor.post("/staff/packets/new", fifth)
    (packet,) = opened(stages)
    assert [specimen.label for specimen in packet.case.specimens] == ["A1", "E5"]


@pytest.mark.parametrize("rows", ["", "x", "-1", "0", "9" * 50, "201", "\u0663"])
def test_however_many_rows_a_form_claims_it_has_at_most_two_hundred(stages, visitor, rows):
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets/new")
    answer = visitor.submit("/staff/packets/new", {**CASE, "specimens_rows": rows, "more": "specimens"})
    assert answer.status_code == 200
    assert len(re.findall(r'id="specimens_\d+_label"', answer.text)) in {5, 200}


def test_a_privacy_officer_opens_no_packet(stages, visitor):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    assert visitor.get("/staff/packets/new").status_code == 403
    visitor.get("/staff/packets")
    assert visitor.post("/staff/packets/new", WHOLE).status_code == 403
    assert visitor.post("/staff/packets/new", {"more": "specimens"}).status_code == 403
    assert opened(stages) == []


def test_a_department_of_another_hospital_can_not_be_chosen(stages, visitor):
    other = stages.enrolled("St. Barbara")
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets/new")
    answer = visitor.post("/staff/packets/new", {**WHOLE, "contributors": str(other.pathology.id)})
    assert answer.status_code == 422
    assert "St. Barbara" not in answer.text
    assert opened(stages) == []


def test_whose_session_ended_while_they_typed_is_told_so_and_nothing_is_opened(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets/new")
    stages.clock.advance(timedelta(days=1))
    assert visitor.post("/staff/packets/new", WHOLE).status_code == 401
    assert opened(stages) == []


# What guards the forms


def test_no_value_in_any_field_makes_a_page_fail(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets/new")
    fields = [*WHOLE, "contributors", "more", "number"]
    for path in ("/staff/packets/new", "/staff/packets/search"):
        for odd in ODD:
            for sent in (dict.fromkeys(fields, odd), {name: [odd, odd] for name in fields}, {odd or "x": odd}):
                answer = visitor.post(path, sent)
                assert answer.status_code < 500, (path, odd)
                assert "<script>alert" not in answer.text
                assert "49049" not in answer.text
    for name in ("state", "waits_for", "order", "cursor"):
        for odd in ODD[:-1]:
            assert visitor.get("/staff/packets", query_string={name: odd}).status_code < 500


def test_a_form_without_its_token_or_from_another_site_opens_and_finds_nothing(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff/packets/new")
    before = stages.rows()
    for path in ("/staff/packets/new", "/staff/packets/search"):
        fields = {**WHOLE, "number": "MRN-0042"}
        assert visitor.client.post(path, data=fields, base_url=PUBLIC_URL).status_code == 400
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        assert visitor.post(path, fields, headers=elsewhere).status_code == 400
    assert stages.rows() == before


def test_looking_changes_nothing(stages, visitor):
    stages.closed()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff")
    before = stages.rows()
    for path in ("/staff", "/staff/packets", "/staff/packets?order=longest", "/staff/packets/new"):
        assert visitor.get(path).status_code == 200
    visitor.submit("/staff/packets/search", {"number": "MRN-0042"})
    assert stages.rows() == before
