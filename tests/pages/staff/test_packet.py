"""The page of one packet: what stands there, what can be done from it, and for whom nothing is there."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import a_case
from tests.members import signed_in
from tests.stages import PUBLIC_URL, Stage, some_bytes
from transfer_service.domain.packet import FileState, PacketState
from transfer_service.domain.people import Role
from transfer_service.pages.staff.packet_files import A_PAGE
from transfer_service.sealing.manifest import verify
from transfer_service.usecases.deposit import PacketDraft

NO_FILE = "5f0c6f5e-0e3c-4d52-9d53-1c3f4a4d7f10"
POSTS = ["/close", "/contact", "/contact/confirm", "/successor", "/retire", f"/files/{NO_FILE}/delete"]
GETS = ["", "/receipt", "/retire"]


def at(stage: Stage, end: str = "") -> str:
    return f"/staff/packets/{stage.packet.id}{end}"


def state_of(stages, stage: Stage) -> PacketState:
    return stages.refreshed(stage).packet.state


# Who is let in


@pytest.mark.parametrize("end", GETS)
def test_nobody_sees_a_packet_without_signing_in(stages, visitor, end):
    answer = visitor.get(at(stages.closed(), end))
    assert (answer.status_code, answer.location) == (303, "/staff/sign-in")


@pytest.mark.parametrize("end", POSTS)
def test_nothing_happens_without_a_session_or_without_its_token(stages, visitor, end):
    stage = stages.closed()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff")
    before = stages.rows()
    assert visitor.client.post(at(stage, end), base_url=PUBLIC_URL).status_code == 400
    visitor.submit("/staff/sign-out")
    before = stages.rows()
    visitor.get("/staff/sign-in")
    assert visitor.post(at(stage, end), {"sure": "yes"}).status_code == 401
    assert stages.rows() == before


@pytest.mark.parametrize("end", GETS)
def test_a_packet_of_another_department_is_the_same_404_as_none_at_all(stages, visitor, end):
    stage = stages.closed()
    department = stages.department(stages.hospital.organization, "Radiology")
    signed_in(visitor, stages, Role.COORDINATOR, department=department)
    foreign, unknown = visitor.get(at(stage, end)), visitor.get(f"/staff/packets/{uuid4()}{end}")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert "Ada" not in foreign.text


@pytest.mark.parametrize("end", GETS)
def test_an_admin_reads_no_packet(stages, visitor, end):
    signed_in(visitor, stages, Role.ADMIN)
    answer = visitor.get(at(stages.closed(), end))
    assert answer.status_code == 403
    assert "Ada" not in answer.text


def test_a_privacy_officer_reads_and_changes_nothing_but_its_end(stages, visitor):
    stage = stages.verified()
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    page = visitor.get(at(stage)).text
    assert "Ada Example" in page
    for absent in ("data-uploader", "/close", "/delete", 'action="/staff/packets/' + str(stage.packet.id) + "/contact"):
        assert absent not in page
    assert "/retire" in page
    before = stages.rows()
    for end in ("/close", "/contact/confirm", "/successor", f"/files/{stage.file.id}/delete"):
        assert visitor.post(at(stage, end)).status_code == 403, end
    assert visitor.post(at(stage, "/contact"), {"phone": "1"}).status_code == 403
    assert stages.rows() == before


def test_a_depositor_may_not_retire(stages, visitor):
    stage = stages.closed()
    signed_in(visitor, stages, Role.DEPOSITOR)
    assert "/retire" not in visitor.get(at(stage)).text
    assert visitor.get(at(stage, "/retire")).status_code == 303
    visitor.get(at(stage))
    assert visitor.post(at(stage, "/retire"), {"sure": "yes"}).status_code == 403
    assert state_of(stages, stage) is PacketState.CLOSED


# What stands there


def test_an_open_packet_shows_its_case_and_takes_files(stages, visitor):
    stage = stages.opened({}, question="Is there invasion?")
    signed_in(visitor, stages, Role.DEPOSITOR)
    page = visitor.get(at(stage))
    assert page.status_code == 200
    for shown in ("Ada Example", "Is there invasion?", "No file has arrived yet.", "data-uploader", "curl"):
        assert shown in visitor.text() or shown in page.text
    assert "<title>Packet</title>" in page.text


def test_every_file_says_how_it_stands_and_a_rejected_one_why(stages, visitor):
    stage = stages.verified()
    stages.planned(stage, "slides/B1.svs", 5)
    rejected = stages.planned(stage, "slides/C1.svs", 5)
    stages.put_part(rejected, 1, b"12345")
    stages.complete(rejected, "ab" * 32)
    stages.verify_all()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    shown = visitor.text()
    assert "Verified: 2 of 4." in shown
    assert "not complete" in shown
    assert "What was stored is not what was sent: its digest is another. Send it again, or delete it." in shown
    assert stages.file_now(stage.file).sha256 in shown
    assert shown.index("slides/C1.svs") < shown.index("slides/B1.svs") < shown.index("slides/A1.svs")


def test_many_files_are_shown_some_at_a_time(stages, visitor):
    stage = stages.opened({})
    for number in range(A_PAGE + 1):
        stages.planned(stage, f"slides/{number:04}.dcm", 1)
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    assert "Page 1 of 2" in visitor.text()
    assert f"slides/{A_PAGE:04}.dcm" not in visitor.text()
    for asked, page in (("2", 2), ("99", 2), ("0", 1), ("-1", 1), ("x", 1), ("9" * 99, 1), ("٢", 1)):
        visitor.get(at(stage), query_string={"page": asked})
        assert f"Page {page} of 2" in visitor.text(), asked


def test_a_contributing_department_sends_files_and_does_not_close(stages, visitor):
    radiology = stages.department(stages.hospital.organization, "Radiology")
    draft = PacketDraft(a_case(), contributing_department_ids=(radiology.id,))
    stage = Stage(stages.journey.deposit.open_packet(stages.coordinator, draft, stages.now), {})
    stages.put(stage, "mammogram.dcm", b"a picture")
    stages.verify_all()
    signed_in(visitor, stages, Role.DEPOSITOR, department=radiology)
    page = visitor.get(at(stage)).text
    assert "data-uploader" in page
    assert "Contributing departments" in page
    assert f"{stage.packet.id}/close" not in page
    assert visitor.post(at(stage, "/close")).status_code == 404
    assert state_of(stages, stage) is PacketState.OPEN


# Deleting, closing, the receipt


def test_a_file_is_deleted_while_the_packet_is_open_and_twice_is_no_error(stages, visitor):
    stage = stages.verified()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    for _ in range(2):
        assert visitor.post(at(stage, f"/files/{stage.file.id}/delete")).location == at(stage)
    assert stages.actions().count("file.deleted") == 1
    assert str(stage.file.id) not in visitor.get(at(stage)).text


def test_a_file_of_a_closed_packet_stays(stages, visitor):
    stage = stages.closed()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    answer = visitor.post(at(stage, f"/files/{stage.file.id}/delete"))
    assert answer.status_code == 409
    assert "nothing in it can change" in answer.text
    assert stages.file_now(stage.file).state is FileState.VERIFIED


def test_a_verified_packet_is_closed_and_its_receipt_holds(stages, visitor):
    stage = stages.verified()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    for _ in range(2):
        assert visitor.post(at(stage, "/close")).location == at(stage)
    visitor.get(at(stage))
    assert "What is in the packet can not change any more." in visitor.text()
    assert "data-uploader" not in visitor.last.text
    answer = visitor.get(at(stage, "/receipt"))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    receipt = json.loads(answer.data)
    assert receipt["key_id"] in visitor.text()
    verify(receipt["manifest"], receipt["signature"], stages.journey.close.signing_key.public_key_pem())
    assert stages.actions().count("packet.closed") == 1


def test_a_packet_whose_files_are_being_verified_closes_by_itself(stages, visitor):
    stage = stages.received()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get(at(stage))
    assert "Close when verified" in visitor.text()
    visitor.submit(at(stage, "/close"))
    assert "You can shut this page." in visitor.text()
    stages.verify_all()
    stages.journey.close.settle(stages.now)
    assert state_of(stages, stage) is PacketState.CLOSED


def test_a_packet_with_a_file_that_is_not_complete_is_not_closed(stages, visitor):
    stage = stages.verified()
    stages.planned(stage, "slides/B1.svs", 5)
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get(at(stage))
    assert "once every file has arrived" in visitor.text()
    answer = visitor.post(at(stage, "/close"))
    assert answer.status_code == 409
    assert "not every file is complete and verified" in answer.text
    assert state_of(stages, stage) is PacketState.OPEN


def test_an_empty_packet_is_not_closed(stages, visitor):
    stage = stages.opened({})
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get(at(stage))
    answer = visitor.post(at(stage, "/close"))
    assert answer.status_code == 409
    assert "there is no file in it" in answer.text


def test_an_open_packet_has_no_receipt(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    assert visitor.get(at(stages.verified(), "/receipt")).status_code == 409


# How the patient is reached


def test_a_phone_and_a_language_are_changed_at_once(stages, visitor):
    stage = stages.verified()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    email = stage.packet.case.patient.email
    visitor.submit(at(stage, "/contact"), {"email": email, "phone": "+1 555 0199", "language": "es"})
    patient = stages.refreshed(stage).packet.case.patient
    assert (patient.email, patient.phone, patient.language) == (email, "+1 555 0199", "es")


def test_another_address_waits_for_another_member_of_staff(stages, visitor, another_visitor):
    stage = stages.verified()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    visitor.submit(at(stage, "/contact"), {"email": "new@patient.test"})
    assert "new@patient.test waits to be confirmed" in visitor.text()
    alone = visitor.post(at(stage, "/contact/confirm"), {"email": "new@patient.test"})
    assert alone.status_code == 403
    assert "Another member of staff has to confirm it" in alone.text
    signed_in(another_visitor, stages, Role.COORDINATOR, name="B. Second", email="second@hospital.test")
    another_visitor.get(at(stage))
    changed = another_visitor.post(at(stage, "/contact/confirm"), {"email": "other@patient.test"})
    assert changed.status_code == 409
    another_visitor.submit(at(stage, "/contact/confirm"), {"email": "new@patient.test"})
    assert stages.refreshed(stage).packet.case.patient.email == "new@patient.test"
    assert another_visitor.post(at(stage, "/contact/confirm"), {"email": "new@patient.test"}).status_code == 303


def test_an_address_that_waits_is_taken_back(stages, visitor):
    stage = stages.verified()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    visitor.submit(at(stage, "/contact"), {"email": "new@patient.test"})
    visitor.submit(at(stage, "/contact"), {"email": stage.packet.case.patient.email})
    assert stages.refreshed(stage).packet.pending_contact is None
    assert "contact.change_taken_back" in stages.actions()


def test_what_is_wrong_with_a_contact_is_said_and_what_was_typed_stays(stages, visitor):
    stage = stages.verified()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    before = stages.rows()
    answer = visitor.post(at(stage, "/contact"), {"email": "nobody", "phone": "1" * 41, "language": "xx"})
    assert answer.status_code == 422
    assert 'value="nobody"' in answer.text
    for said in ("Type one e-mail address", "A phone number has at most 40", "Choose one of the languages"):
        assert said in answer.text
    assert stages.rows() == before


# Successors, and the end


def test_a_successor_starts_from_a_closed_packet_once(stages, visitor):
    stage = stages.closed()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get(at(stage))
    first = visitor.post(at(stage, "/successor")).location
    assert first == visitor.post(at(stage, "/successor")).location != at(stage)
    visitor.get(first)
    assert "the earlier packet" in visitor.text()
    assert "being carried over" in visitor.text()
    assert first in visitor.get(at(stage)).text


def test_an_open_packet_has_no_successor(stages, visitor):
    stage = stages.verified()
    signed_in(visitor, stages, Role.DEPOSITOR)
    assert "/successor" not in visitor.get(at(stage)).text
    assert visitor.post(at(stage, "/successor")).location == at(stage)
    assert stages.actions().count("packet.opened") == 1


def test_retiring_is_asked_once_more_and_then_done_with_grace(stages, visitor):
    stage = stages.closed()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get(at(stage, "/retire"))
    assert "destroyed after 7 days" in visitor.text()
    assert visitor.post(at(stage, "/retire")).status_code == 422
    assert state_of(stages, stage) is PacketState.CLOSED
    visitor.submit(at(stage, "/retire"), {"sure": "yes"})
    packet = stages.refreshed(stage).packet
    assert (packet.state, packet.destroy_at - packet.retired_at) == (PacketState.RETIRED, timedelta(days=7))
    assert "the files are destroyed on" in visitor.text()


def test_a_privacy_officer_alone_retires_at_once(stages, visitor, another_visitor):
    stage = stages.closed()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get(at(stage, "/retire"))
    assert visitor.post(at(stage, "/retire"), {"sure": "yes", "when": "now"}).status_code == 403
    signed_in(another_visitor, stages, Role.PRIVACY_OFFICER, name="P. Officer", email="privacy@hospital.test")
    another_visitor.get(at(stage, "/retire"))
    another_visitor.submit(at(stage, "/retire"), {"sure": "yes", "when": "now"})
    packet = stages.refreshed(stage).packet
    assert packet.destroy_at == packet.retired_at
    stages.journey.retire.sweep(stages.now)
    another_visitor.get(at(stage))
    assert "The files were destroyed." in another_visitor.text()


def test_looking_changes_nothing(stages, visitor):
    stage = stages.closed({"a.svs": some_bytes(10)})
    signed_in(visitor, stages, Role.COORDINATOR)
    before = stages.rows()
    for end in GETS:
        assert visitor.get(at(stage, end)).status_code == 200
    assert stages.rows() == before


def test_a_script_that_asks_whether_somebody_is_in_again_takes_no_cookie_away(stages, visitor):
    visitor.get("/staff/sign-in")
    answer = visitor.client.get(at(stages.closed()), base_url=PUBLIC_URL, headers={"Sec-Fetch-Dest": "empty"})
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
