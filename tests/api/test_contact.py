"""The patient's contact over HTTP: what counts, what waits, and who is shown it."""

from typing import Any

import pytest

from tests.api.conftest import Api, code_of
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import Role

NEW = "ada@new.test"


def contact_of(api: Api, **changes: Any) -> tuple[str, Any]:
    packet = api.stages.opened().packet
    address = f"/packets/{packet.id}/patient-contact"
    return address, api.coordinator.put(address, {"email": NEW, **changes})


def test_another_address_waits_until_a_second_member_of_staff_sends_it_back(api: Api) -> None:
    address, answer = contact_of(api, phone="+1 555 0199")
    pending = answer.get_json()["pending_contact"]
    assert pending.keys() == {"email", "asked_at", "asked_by", "asked_by_name"}
    assert (pending["email"], pending["asked_at"]) == (NEW, rfc3339(api.stages.now))
    assert pending["asked_by_name"] == "T. Keeper"
    waiting = {"email": "ada@patient.test", "phone": "+1 555 0199", "language": "en", "pending_contact": pending}
    assert (answer.status_code, answer.get_json()) == (202, waiting)
    packet = address.removesuffix("/patient-contact")
    assert api.depositor.get(packet).get_json()["pending_contact"] == pending
    confirm, second = f"{address}/confirm", api.staff(api.stages.hospital.pathology, Role.DEPOSITOR, "S. Econd")
    assert code_of(api.coordinator.post(confirm, {"email": NEW})) == (403, "second_person_needed")
    assert code_of(second.post(confirm, {"email": "eve@new.test"})) == (409, "contact_changed")
    assert code_of(second.post(confirm, {})) == (422, "invalid")
    confirmed = second.post(confirm, {"email": NEW})
    assert (confirmed.status_code, confirmed.get_json()) == (200, waiting | {"email": NEW, "pending_contact": None})
    assert code_of(second.post(confirm, {"email": NEW})) == (409, "nothing_to_confirm")
    assert api.depositor.get(packet).get_json()["case"]["patient"]["email"] == NEW


def test_what_counts_at_once_is_200_and_what_waits_is_left_alone(api: Api) -> None:
    address, _ = contact_of(api)
    answer = api.coordinator.put(address, {"language": "es"})
    assert answer.status_code == 200
    assert (answer.get_json()["language"], answer.get_json()["pending_contact"]["email"]) == ("es", NEW)
    assert api.coordinator.put(address, {"email": "ada@patient.test"}).get_json()["pending_contact"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "no address"},
        {"email": None},
        {"language": "no language!"},
        {"phone": ""},
        {"email": NEW, "name": "Eve"},
        {"email": "a@b.test\r\nBcc: c@d.test"},
    ],
)
def test_a_contact_is_an_address_a_number_or_a_language_tag(api: Api, body: dict[str, Any]) -> None:
    address, _ = contact_of(api)
    before = api.coordinator.get(address.removesuffix("/patient-contact")).get_json()
    assert code_of(api.coordinator.put(address, body)) == (422, "invalid")
    assert api.coordinator.get(address.removesuffix("/patient-contact")).get_json() == before


def test_no_recipient_and_no_patient_is_shown_an_address(api: Api) -> None:
    stage = api.stages.redeemed()
    api.coordinator.put(f"/packets/{stage.packet.id}/patient-contact", {"email": NEW})
    recipient, patient = api.recipient(stage), api.patient(stage)
    seen = [
        recipient.get("/redeemed"),
        patient.get(f"/releases/{stage.release.id}"),
        patient.get("/patient/accounting"),
    ]  # type: ignore[union-attr]  # a redeemed stage has one
    for answer in seen:
        assert answer.status_code == 200
        assert "new.test" not in answer.get_data(as_text=True)
        assert "pending" not in answer.get_data(as_text=True)
