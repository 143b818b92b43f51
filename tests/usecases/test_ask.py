"""Asking a department for slides: what the asker is told, and what staff make of it."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from tests.factories import DAY, a_patient_actor, a_recipient_actor, asked
from tests.stages import BIRTH_DATE, CONTENTS, ORIGIN, REQUEST_SECRET, Stage
from transfer_service.domain.packet import Specimen
from transfer_service.domain.people import Role
from transfer_service.domain.slide_request import Asker, AskerKind, DeclineReason, SlideRequest, SlideRequestState
from transfer_service.errors import Invalid, NotAllowed, NotFound, SlideRequestDecided, TooMany
from transfer_service.usecases.ask import Progress
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.slide_requests import Acceptance

HOUR = timedelta(hours=1)
GIVEN = Acceptance("S26-1234", "MRN-0042")
PHYSICIAN = asked(asker=Asker(AskerKind.PHYSICIAN, "Dr. A. Sker", "Elm Street Practice"), email="asker@practice.test")


def ask(stages, said=None, department=None, **options):
    department = department or stages.open_to_requests()
    return stages.journey.asking.receive(said or asked(), department.id, ORIGIN, stages.now, **options)


def limit(stages, **limits):
    stages.limits = Limits(**limits)
    stages.journey = stages._journey()


def queue(stages, actor=None, **equals):
    return stages.journey.slide_requests.of_department(actor or stages.coordinator, limit=200, **equals).items


def decline(stages, request, reason=DeclineReason.ELSEWHERE, note="They are at the old hospital."):
    return stages.journey.slide_requests.decline(stages.coordinator, request.id, reason, note, stages.now)


def accept(stages, request, given=GIVEN, actor=None):
    return stages.journey.slide_requests.accept(actor or stages.coordinator, request.id, given, stages.now)


# Asking


def test_a_request_lands_in_the_department_s_queue_and_its_asker_has_a_link_to_it(stages):
    request, secret = stages.requested()
    assert (request.state, request.asked) == (SlideRequestState.RECEIVED, asked())
    assert (request.department_id, request.received_at) == (stages.hospital.pathology.id, stages.now)
    standing = stages.journey.asking.status(secret)
    assert (standing.progress, standing.received_at) == (Progress.RECEIVED, stages.now)
    assert standing.contact.department.name == "Pathology"
    (entry,) = [entry for entry in stages.audit() if entry.action == "slide_request.received"]
    assert (entry.actor_id, entry.address, entry.facts) == ("visitor", ORIGIN.address, {"asker": "patient"})


def test_the_acknowledgement_says_nothing_of_what_was_asked(stages):
    ask(stages)
    (mail,) = stages.mail()
    assert mail.to == "ada@patient.test"
    said = asked()
    typed = (said.patient_name, said.done, said.question, said.record_number, said.phone, said.recipient.name)
    assert not [word for word in typed if word in f"{mail.subject} {mail.body}"]


def test_who_is_a_patient_here_and_who_is_none_is_answered_alike(stages):
    stages.opened()
    for said in (asked(), asked(patient_name="Nobody Known", record_number="MRN-9999", email="nobody@patient.test")):
        assert ask(stages, said) is None
    known, unknown = stages.mail()
    assert REQUEST_SECRET.sub("", known.body) == REQUEST_SECRET.sub("", unknown.body)


def test_the_mail_is_written_in_the_transaction_of_the_request(stages, monkeypatch):
    department = stages.open_to_requests()
    monkeypatch.setattr("transfer_service.adapters.database.auditing.append", _fail)
    with pytest.raises(ZeroDivisionError):
        ask(stages, department=department)
    assert stages.mail() == []


def _fail(*_):
    raise ZeroDivisionError


def test_only_a_department_that_is_switched_on_takes_requests_and_is_listed(stages):
    asking, pathology = stages.journey.asking, stages.hospital.pathology
    assert asking.departments() == []
    for unknown in (pathology.id, uuid4()):
        with pytest.raises(NotFound):
            asking.department(unknown)
        with pytest.raises(NotFound):
            asking.receive(asked(), unknown, ORIGIN, stages.now)
    other = stages.enrolled("Aardvark Clinic").pathology
    for each in (pathology, other):
        stages.open_to_requests(each)
    assert [it.organization.name for it in asking.departments()] == ["Aardvark Clinic", "St. Agatha"]
    assert asking.department(pathology.id).department.takes_requests
    stages.journey.enrol.take_requests(pathology.id, stages.now, taken=False)
    assert [it.department.id for it in asking.departments()] == [other.id]


def test_switching_a_department_to_what_it_is_changes_nothing(stages):
    stages.open_to_requests()
    before = stages.rows()
    assert stages.open_to_requests().takes_requests
    assert stages.rows() == before
    with pytest.raises(NotFound):
        stages.journey.enrol.take_requests(uuid4(), stages.now, taken=True)


def test_the_same_words_on_the_same_form_are_one_request(stages):
    for _ in range(3):
        ask(stages, form="form-1")
    assert len(queue(stages)) == len(stages.mail()) == 1
    ask(stages, asked(done="And another biopsy"), form="form-1")
    ask(stages, form="form-2")
    ask(stages)
    assert len(queue(stages)) == 4


def test_a_department_takes_so_many_requests_an_hour_and_says_when_it_takes_more(stages):
    limit(stages, requests_an_hour=3)
    for n in range(3):
        ask(stages, asked(email=f"a{n}@patient.test"))
        stages.clock.advance(10 * timedelta(minutes=1))
    with pytest.raises(TooMany) as refused:
        ask(stages)
    assert refused.value.retry_after_s == 30 * 60 + 1
    ask(stages, department=stages.open_to_requests(stages.department(stages.hospital.organization, "Radiology")))
    stages.clock.advance(30 * timedelta(minutes=1))
    ask(stages)
    assert len(queue(stages)) == 4


def test_nobody_s_mailbox_is_flooded_and_every_request_is_taken(stages):
    limit(stages, acknowledgements_a_day=2)
    for address in ("ada@patient.test", "ADA@patient.test", "ada+1@patient.test", "ada@PATIENT.test"):
        assert ask(stages, asked(email=address)) is None
    assert len(stages.mail()) == 2
    assert [request.acknowledged_at is None for request in queue(stages)].count(True) == 2
    ask(stages, asked(email="eve@patient.test"))
    assert [mail.to for mail in stages.mail()] == ["eve@patient.test"]
    stages.clock.advance(DAY)
    ask(stages)
    assert len(stages.mail()) == 1


# The asker's own page


def test_an_asker_sees_how_their_request_stands_and_nothing_of_the_packet(stages):
    request, secret = stages.requested()
    status = stages.journey.asking.status
    packet = accept(stages, request)
    standing = status(secret)
    assert (standing.progress, standing.decided_at) == (Progress.IN_PROGRESS, stages.now)
    stages.closed(of=stages.verified(of=stages.received(of=Stage(packet, CONTENTS))))
    assert status(secret).progress is Progress.DONE
    stages.journey.retire.retire(stages.coordinator, packet.id, stages.now)
    assert status(secret).progress is Progress.DONE
    assert not {"packet", "asked"} & {name for name in dir(standing) if not name.startswith("_")}


def test_a_declined_request_says_why_to_its_asker_who_is_told_by_mail_that_there_is_an_answer(stages):
    request, secret = stages.requested()
    declined = decline(stages, request)
    assert (declined.decided_by, declined.decided_at) == (stages.coordinator.staff_id, stages.now)
    standing = stages.journey.asking.status(secret)
    assert (standing.progress, standing.decline_reason) == (Progress.DECLINED, DeclineReason.ELSEWHERE)
    assert standing.decline_note == "They are at the old hospital."
    (mail,) = stages.mail()
    assert mail.to == "ada@patient.test"
    assert "old hospital" not in mail.body


def test_who_had_no_first_mail_has_no_second(stages):
    limit(stages, acknowledgements_a_day=1)
    for _ in range(2):
        ask(stages)
    assert len(stages.mail()) == 1
    (request,) = [request for request in queue(stages) if request.acknowledged_at is None]
    decline(stages, request)
    assert stages.mail() == []


def test_an_asker_takes_the_request_back_once_or_twice_and_it_is_not_answered_any_more(stages):
    request, secret = stages.requested()
    for _ in range(2):
        assert stages.journey.asking.withdraw(secret, ORIGIN, stages.now).progress is Progress.WITHDRAWN
    assert [entry.action for entry in stages.audit()].count("slide_request.withdrawn") == 1
    for answer in (decline, accept):
        with pytest.raises(SlideRequestDecided):
            answer(stages, request)


def test_what_is_answered_is_neither_taken_back_nor_answered_again(stages):
    request, secret = stages.requested()
    accept(stages, request)
    before = stages.rows()
    with pytest.raises(SlideRequestDecided):
        stages.journey.asking.withdraw(secret, ORIGIN, stages.now)
    for answer in (decline, accept):
        with pytest.raises(SlideRequestDecided):
            answer(stages, request)
    assert stages.rows() == before


def test_a_secret_that_nobody_was_sent_opens_nothing(stages):
    stages.requested()
    for use in (stages.journey.asking.status, lambda it: stages.journey.asking.withdraw(it, ORIGIN, stages.now)):
        with pytest.raises(NotFound):
            use("x" * 43)


# Staff


def test_who_reads_the_queue_and_who_answers(stages):
    request, _ = stages.requested()
    hospital, requests = stages.hospital, stages.journey.slide_requests
    for reader in (hospital.depositor, hospital.coordinator, hospital.privacy_officer):
        assert queue(stages, reader) == [requests.one(reader, request.id)] == [request]
    for unfit in (hospital.admin, a_patient_actor(), a_recipient_actor()):
        with pytest.raises(NotAllowed):
            queue(stages, unfit)
        with pytest.raises(NotAllowed):
            requests.one(unfit, request.id)
    for unfit in (hospital.privacy_officer, hospital.admin, a_patient_actor(), a_recipient_actor()):
        with pytest.raises(NotAllowed):
            requests.decline(unfit, request.id, DeclineReason.OTHER, None, stages.now)
        with pytest.raises(NotAllowed):
            accept(stages, request, actor=unfit)
    assert accept(stages, request, actor=hospital.depositor).created_by == hospital.depositor.staff_id


def test_another_department_s_request_and_another_hospital_s_are_not_there(stages):
    request, _ = stages.requested()
    radiology = stages.staff(stages.department(stages.hospital.organization, "Radiology"), Role.COORDINATOR)
    requests = stages.journey.slide_requests
    for other in (radiology, stages.enrolled("Other").coordinator):
        assert queue(stages, other) == []
        with pytest.raises(NotFound):
            requests.one(other, request.id)
        with pytest.raises(NotFound):
            requests.decline(other, request.id, DeclineReason.OTHER, None, stages.now)
        with pytest.raises(NotFound):
            accept(stages, request, actor=other)


def test_the_queue_is_listed_by_state(stages):
    first, _ = stages.requested()
    decline(stages, first)
    stages.clock.advance(HOUR)
    second, _ = stages.requested()
    assert [request.id for request in queue(stages)] == [second.id, first.id]
    assert queue(stages, state=SlideRequestState.RECEIVED) == [second]


def test_an_accepted_request_is_a_packet_of_what_was_asked_and_what_staff_know(stages):
    request, _ = stages.requested()
    packet = accept(stages, request, replace(GIVEN, contact_confirmed=True))
    case, said = packet.case, request.asked
    assert (case.accession_number, case.patient.record_number) == ("S26-1234", "MRN-0042")
    assert (case.patient.name, case.patient.birth_date) == ("Ada Example", BIRTH_DATE)
    assert (case.patient.email, case.patient.phone, case.patient.language) == (said.email, said.phone, "en")
    assert (case.question, packet.note) == (said.question, said.done)
    accepted = stages.journey.slide_requests.one(stages.coordinator, request.id)
    assert (accepted.state, accepted.packet_id) == (SlideRequestState.ACCEPTED, packet.id)
    view = stages.journey.deposit.packet(stages.coordinator, packet.id)
    assert view.packet == packet
    opened, answered = [entry for entry in stages.audit() if entry.subject.get("packet") == str(packet.id)]
    assert (opened.action, answered.action) == ("packet.opened", "slide_request.accepted")
    assert answered.facts == {"contact_confirmed": True}


def test_staff_overrule_what_was_asked(stages):
    request, _ = stages.requested()
    given = Acceptance(
        "S26-1234",
        "MRN-0042",
        name="Ada B. Example",
        birth_date=date(1961, 2, 4),
        email="ada@home.test",
        phone="+1 555 0199",
        language="es",
        question="Is it invasive?",
        diagnosis="DCIS",
        laterality="left",
        specimens=(Specimen("A1"),),
        note="Urgent",
    )
    packet = accept(stages, request, given)
    patient = packet.case.patient
    assert (patient.name, patient.birth_date, patient.language) == ("Ada B. Example", date(1961, 2, 4), "es")
    assert (patient.email, patient.phone) == ("ada@home.test", "+1 555 0199")
    assert (packet.case.question, packet.case.diagnosis, packet.note) == ("Is it invasive?", "DCIS", "Urgent")


def test_an_address_from_the_public_page_is_the_patient_s_only_on_the_word_of_staff(stages):
    request, _ = stages.requested()
    patient = accept(stages, request).case.patient
    assert (patient.email, patient.phone) == (None, None)


def test_a_physician_s_address_is_never_taken_for_the_patient_s(stages):
    ask(stages, PHYSICIAN)
    (request,) = queue(stages)
    with pytest.raises(Invalid):
        accept(stages, request, replace(GIVEN, contact_confirmed=True))
    patient = accept(stages, request).case.patient
    assert (patient.email, patient.phone, patient.language) == (None, None, None)


def test_a_packet_that_can_t_be_opened_leaves_the_request_as_it_was(stages):
    request, _ = stages.requested()
    before = stages.rows()
    with pytest.raises(Invalid):
        accept(stages, request, replace(GIVEN, contributing_department_ids=(uuid4(),)))
    assert stages.rows() == before


# Forgetting


def test_old_requests_are_forgotten_answered_or_not_and_newer_ones_stay(stages):
    old, secret = stages.requested()
    answered, _ = stages.requested()
    stages.clock.advance(stages.limits.request_for - DAY)
    decline(stages, answered)
    newer, _ = stages.requested()
    stages.clock.advance(2 * DAY)
    assert stages.journey.slide_requests.forget(stages.now) == 1
    assert {request.id for request in queue(stages)} == {answered.id, newer.id}
    with pytest.raises(NotFound):
        stages.journey.asking.status(secret)
    (entry,) = [entry for entry in stages.audit() if entry.action == "slide_request.forgotten"]
    assert entry.subject == {"slide_request": str(old.id)}
    assert stages.journey.slide_requests.forget(stages.now) == 0


def test_a_request_that_is_answered_while_it_is_being_forgotten_stays(stages):
    found, _ = stages.requested()
    decline(stages, found)
    assert not stages.journey.slide_requests._forget(found, stages.now)
    assert isinstance(stages.journey.slide_requests.one(stages.coordinator, found.id), SlideRequest)
