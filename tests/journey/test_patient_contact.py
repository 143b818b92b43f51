"""A patient has moved: two members of staff see to it, and the patient signs from paper, by the code in the letter."""

from uuid import uuid4

from tests.journey.hospital import Hospital, Release, code_of
from tests.standalone_process import Standalone

TYPED_CODE = r"(?m)^([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})\s*$"


def test_a_patient_who_moved_is_asked_again_and_signs_with_the_code_from_the_letter(standalone: Standalone) -> None:
    hospital = Hospital(standalone, "St. Agatha of the movers")
    packet = hospital.packet()
    packet.deposit(b"a slide")
    packet.close()
    release = packet.ask_release(hospital.recipient())
    contact, former, new = f"{packet.url}/patient-contact", packet.patient_email, f"moved-{uuid4().hex}@patient.test"
    assert hospital.coordinator.put(contact, {"email": new}).status == 202
    assert code_of(hospital.coordinator.post(f"{contact}/confirm", {"email": new})) == (403, "second_person_needed")
    hospital.staff("depositor").did(f"{contact}/confirm", {"email": new})
    assert hospital.mail.await_mail(former, r"(had this address)")
    hospital.coordinator.did(f"/releases/{release.id}/withdraw", {})

    packet.patient_email = new
    again = packet.ask_release(hospital.recipient())
    hospital.coordinator.did(f"/releases/{again.id}/resend", {})
    typed = hospital.mail.await_mail(new, TYPED_CODE).lower().replace("-", " ").replace("0", "o")
    Release(packet, again.recipient, again.id, typed).sign()
    assert hospital.coordinator.shown(f"/releases/{again.id}")["state"] == "signed"
    assert len(hospital.audited("contact.refused", packet=packet.id)) == 1
    assert len(hospital.audited("contact.change_confirmed", packet=packet.id)) == 1
