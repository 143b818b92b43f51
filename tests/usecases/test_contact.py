"""The patient's contact: one member of staff asks for another address, a second confirms what they saw."""

from uuid import uuid4

import pytest

from tests.factories import a_patient, a_patient_actor, a_recipient_actor
from transfer_service.domain.manifest import case_document
from transfer_service.domain.packet import PacketState
from transfer_service.domain.people import Role
from transfer_service.errors import (
    ContactChanged,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NothingToConfirm,
    PacketRetired,
    SecondPersonNeeded,
)
from transfer_service.sealing.manifest import salted_digest
from transfer_service.usecases.contact import ContactDraft

OLD, NEW = "ada@patient.test", "ada@new.test"


def change(stages, stage, actor=None, **draft):
    draft = ContactDraft(**draft or {"email": NEW})
    return stages.journey.contacts.change(actor or stages.coordinator, stage.packet.id, draft, stages.now)


def confirm(stages, stage, actor=None, email=NEW):
    depositor = stages.hospital.depositor
    return stages.journey.contacts.confirm(actor or depositor, stage.packet.id, email, stages.now)


def packet_now(stages, stage):
    return stages.refreshed(stage).packet


def test_the_first_address_counts_at_once(stages):
    for nothing in (None, ""):
        stage = stages.opened(patient=a_patient(email=nothing))
        packet = change(stages, stage)
        assert packet == packet_now(stages, stage)
        assert (packet.case.patient.email, packet.pending_contact) == (NEW, None)
        assert stages.mail() == []


def test_another_address_counts_when_a_second_member_of_staff_confirms_it(stages):
    stage = stages.opened()
    packet = change(stages, stage)
    assert packet == packet_now(stages, stage)
    assert packet.case.patient.email == OLD
    pending = packet.pending_contact
    assert (pending.email, pending.asked_at) == (NEW, stages.now)
    assert (pending.asked_by, pending.asked_by_name) == (stages.coordinator.staff_id, "C. Weaver")
    packet = confirm(stages, stage)
    assert packet == packet_now(stages, stage)
    assert (packet.case.patient.email, packet.pending_contact) == (NEW, None)
    assert stages.actions()[-2:] == ["contact.change_asked", "contact.change_confirmed"]
    assert stages.audit()[-1].facts == {"asked_by": str(stages.coordinator.staff_id)}
    assert NEW not in repr(stages.audit()) + repr(pending)


def test_who_asked_can_not_confirm_whatever_token_they_come_with(stages):
    stage = stages.opened()
    change(stages, stage)
    same_person = stages.staff(stages.hospital.pathology, Role.DEPOSITOR, "C. Weaver")
    before = stages.rows("audit_entries", "audit_heads")
    for actor in (stages.coordinator, same_person):
        with pytest.raises(SecondPersonNeeded):
            confirm(stages, stage, actor)
        assert stages.actions()[-1] == "contact.refused"
        assert stages.audit()[-1].facts == {"code": "second_person_needed"}
    assert stages.rows("audit_entries", "audit_heads") == before


def test_an_address_slipped_in_between_is_not_confirmed(stages):
    stage = stages.opened()
    change(stages, stage)
    change(stages, stage, email="eve@elsewhere.test")
    before = stages.rows()
    with pytest.raises(ContactChanged):
        confirm(stages, stage)
    assert stages.rows() == before
    assert confirm(stages, stage, email="eve@elsewhere.test").case.patient.email == "eve@elsewhere.test"


def test_who_replaces_an_address_that_waits_is_who_asked(stages):
    stage = stages.opened()
    change(stages, stage)
    change(stages, stage, stages.hospital.depositor, email="third@patient.test")
    with pytest.raises(SecondPersonNeeded):
        confirm(stages, stage, email="third@patient.test")
    assert confirm(stages, stage, stages.coordinator, "third@patient.test").case.patient.email == "third@patient.test"


def test_the_same_again_changes_nothing_and_whoever_asked_first_stays_who_asked(stages):
    stage = stages.opened()
    change(stages, stage)
    before = stages.rows()
    change(stages, stage)
    change(stages, stage, stages.hospital.depositor)
    assert stages.rows() == before
    assert confirm(stages, stage).case.patient.email == NEW


def test_the_address_that_counts_takes_back_one_that_waits(stages):
    stage = stages.opened()
    change(stages, stage)
    assert change(stages, stage, email=OLD).pending_contact is None
    assert stages.actions()[-1] == "contact.change_taken_back"
    with pytest.raises(NothingToConfirm):
        confirm(stages, stage)
    before = stages.rows()
    change(stages, stage, email=OLD)
    assert stages.rows() == before


def test_phone_and_language_count_at_once_and_leave_what_waits(stages):
    stage = stages.opened()
    change(stages, stage)
    packet = change(stages, stage, phone="+1 555 0199", language="es-US")
    patient = packet.case.patient
    assert (patient.email, patient.phone, patient.language) == (OLD, "+1 555 0199", "es-US")
    assert packet.pending_contact.email == NEW
    assert stages.audit()[-1].facts == {"changed": "phone language"}
    packet = change(stages, stage, email="third@patient.test", phone="+1 555 0100")
    assert (packet.case.patient.phone, packet.pending_contact.email) == ("+1 555 0100", "third@patient.test")
    with pytest.raises(Invalid):
        change(stages, stage, email=None)


def test_the_former_address_is_told_without_the_new_one_or_anything_about_the_patient(stages):
    stage = stages.opened()
    change(stages, stage)
    assert stages.mail() == []
    confirm(stages, stage)
    (letter,) = stages.mail()
    assert letter.to == OLD
    for secret in (NEW, "new.test", "Ada", "MRN-0042", "S26-1234", "carcinoma"):
        assert secret not in letter.body + letter.subject


def test_sessions_of_the_packets_releases_end_when_the_new_address_counts(stages):
    stage, other = stages.in_session(), stages.in_session()
    change(stages, stage)
    assert stages.journey.patients.release(stage.patient) == stage.release
    session = stages.patient_session(stage.letter_secret)
    confirm(stages, stage)
    with pytest.raises(NotAuthenticated):
        stages.patient_actor(session)
    assert stages.session_of(stage.patient).revoked_at == stages.now
    assert stages.session_of(other.patient).revoked_at is None


def test_a_release_keeps_the_address_that_it_was_asked_with(stages):
    stage = stages.released()
    change(stages, stage)
    confirm(stages, stage)
    stages.mail()
    assert stages.patient_session(stage.letter_secret)
    assert {mail.to for mail in stages.post.mail[-1:]} == {OLD}
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    assert stages.mail()[-1].to == OLD
    stages.released(of=stage)
    assert stages.post.mail[-1].to == NEW


def test_a_closed_packets_manifest_and_form_still_hold(stages):
    stage = stages.released()
    change(stages, stage)
    packet = confirm(stages, stage)
    assert packet.manifest == stage.packet.manifest
    assert packet.manifest.document["case_sha256"] == salted_digest(packet.case_salt, case_document(packet.case))
    assert stages.signed(of=stages.in_session(of=stage)).release.signature.email == OLD


def test_a_packet_that_is_about_to_close_closes_with_the_new_address(stages):
    stage = stages.received()
    stages.journey.close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)
    change(stages, stage)
    stages.verify_all()
    assert stages.journey.close.settle(stages.now) == 1
    packet = confirm(stages, stage)
    assert (packet.state, packet.case.patient.email) == (PacketState.CLOSED, NEW)


def test_a_retired_packets_contact_stays(stages):
    stage = stages.closed()
    change(stages, stage)
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    for act in (change, confirm):
        with pytest.raises(PacketRetired):
            act(stages, stage)


def test_only_the_packets_own_depositors_and_coordinators_keep_contacts(stages):
    radiology = stages.department(stages.hospital.organization, "Radiology")
    stage, hospital = stages.opened(), stages.hospital
    stranger = stages.enrolled("Other").coordinator
    foreign = (stages.staff(radiology, Role.COORDINATOR), stranger)
    roles = (hospital.privacy_officer, hospital.admin, a_patient_actor(), a_recipient_actor(), stages.service_actor)
    for _ in range(2):  # before and after somebody asked
        for actors, refusal in ((foreign, NotFound), (roles, NotAllowed)):
            for actor in actors:
                for act in (change, confirm):
                    with pytest.raises(refusal):
                        act(stages, stage, actor)
        change(stages, stage)
    with pytest.raises(NotFound):
        stages.journey.contacts.confirm(stages.coordinator, uuid4(), NEW, stages.now)
