"""An opinion is received by the department, shared, and read by the patient."""

from copy import copy
from datetime import timedelta

import pytest

from tests.stages import REPLY, Stage, recipient_draft, some_bytes
from tests.usecases.conftest import PART_BYTES
from transfer_service.domain.opinion import Conclusion, Reply
from transfer_service.domain.people import Role
from transfer_service.errors import NotAllowed, NotAuthenticated, NotFound, PacketRetired
from transfer_service.usecases import opinion_files
from transfer_service.usecases.opinion_files import ONE_READING_FOR
from transfer_service.usecases.visits import Visits


@pytest.fixture
def stage(stages):
    return stages.redeemed()


@pytest.fixture
def opinions(journey):
    return journey.opinions


def read(files, actor, view, start=0, stop=None, *, now):
    file = view.files[0]
    reading = files.begin(actor, view.opinion.id, file.id, start, file.size_bytes if stop is None else stop, now)
    return b"".join(files.stream(reading))


def readings(stages):
    return stages.actions().count("opinion.read")


def test_the_department_reads_what_was_sent_and_who_said_it(stages, stage, opinions):
    sent = stages.answered(stage)
    assert opinions.of_packet(stages.coordinator, stage.packet.id) == [sent]
    shown = opinions.opinion(stages.hospital.privacy_officer, sent.opinion.id)
    assert (shown.recipient.name, shown.opinion.reply) == (stages.recipient.name, REPLY)


def test_the_recipient_is_shown_as_the_patient_read_them(stages, stage, opinions):
    sent = stages.answered(stage)
    changed = recipient_draft(name="Dr. T. Changed")
    stages.journey.recipients.change(stages.coordinator, stages.recipient.id, changed, stages.now)
    assert opinions.opinion(stages.coordinator, sent.opinion.id).recipient == stages.recipient


def test_the_newest_which_counts_comes_last(stages, stage, opinions):
    first = stages.answered(stage)
    stages.clock.advance(timedelta(hours=1))
    second = stages.answered(stage, Reply(Conclusion.DISCORDANT, "On second thought."))
    assert [view.opinion for view in opinions.of_packet(stages.coordinator, stage.packet.id)] == [
        first.opinion,
        second.opinion,
    ]


def test_a_draft_is_not_there_for_the_department(stages, stage, opinions):
    draft = stages.drafted(stage)
    assert opinions.of_packet(stages.coordinator, stage.packet.id) == []
    for act in (
        lambda: opinions.opinion(stages.coordinator, draft.opinion.id),
        lambda: opinions.share(stages.coordinator, draft.opinion.id, stages.now),
        lambda: opinions.received.look(stages.coordinator, draft.opinion.id, draft.files[0].id),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_department_s_coordinator_has_the_bytes(stages, stage, opinions):
    data = some_bytes(2 * PART_BYTES + 5)
    sent = stages.answered(stage, contents={"opinion.pdf": data})
    assert read(opinions.received, stages.coordinator, sent, now=stages.now) == data
    assert read(opinions.received, stages.coordinator, sent, 39_000, 41_000, now=stages.now) == data[39_000:41_000]
    assert "disclosure.started" not in stages.actions()


def test_nobody_else_of_the_staff_has_the_bytes(stages, stage, opinions):
    sent = stages.answered(stage)
    what = (sent.opinion.id, sent.files[0].id)
    hospital = stages.hospital
    for actor in (hospital.depositor, hospital.privacy_officer, hospital.admin, stage.actor, stage.patient):
        with pytest.raises(NotAllowed):
            opinions.received.begin(actor, *what, 0, 1, stages.now)
    neighbour = stages.staff(stages.department(hospital.organization, "Radiology"), Role.COORDINATOR)
    stranger = stages.enrolled("St. Nowhere").coordinator
    for actor in (neighbour, stranger):
        with pytest.raises(NotFound):
            opinions.received.begin(actor, *what, 0, 1, stages.now)
    assert readings(stages) == 0


def test_who_may_look_and_who_may_share(stages, stage, opinions):
    sent = stages.answered(stage).opinion
    for actor in (stages.hospital.depositor, stages.hospital.admin, stage.actor, stage.patient):
        for act in (
            lambda actor: opinions.of_packet(actor, stage.packet.id),
            lambda actor: opinions.opinion(actor, sent.id),
            lambda actor: opinions.share(actor, sent.id, stages.now),
        ):
            with pytest.raises(NotAllowed):
                act(actor)
    with pytest.raises(NotAllowed):
        opinions.share(stages.hospital.privacy_officer, sent.id, stages.now)
    with pytest.raises(NotFound):
        opinions.opinion(stages.enrolled("St. Nowhere").coordinator, sent.id)


def test_a_patient_sees_nothing_before_it_is_shared(stages, stage, opinions):
    sent = stages.answered(stage)
    assert opinions.of_patient(stage.patient) == []
    with pytest.raises(NotFound):
        opinions.shared.look(stage.patient, sent.opinion.id, sent.files[0].id)


def test_what_is_shared_is_the_patient_s_to_read(stages, stage, opinions):
    shared = stages.shared(stage)
    assert shared.opinion.shared_by == stages.coordinator.staff_id
    assert opinions.of_patient(stage.patient) == [shared]
    assert read(opinions.shared, stage.patient, shared, now=stages.now) == b"a second opinion"


def test_sharing_tells_the_patient_that_there_is_something_and_not_what(stages, stage):
    stages.mail()
    stages.shared(stage, Reply(Conclusion.DISCORDANT, "Invasive."))
    (mail,) = stages.mail()
    assert mail.to == "ada@patient.test"
    for hidden in ("Ada", "MRN", "S26", "discordant", "Invasive", "opinion", "slide", stage.letter_secret):
        assert hidden not in f"{mail.subject} {mail.body}"


def test_sharing_twice_is_sharing_once(stages, stage, opinions):
    shared = stages.shared(stage)
    stages.mail()
    assert opinions.share(stages.coordinator, shared.opinion.id, stages.now + timedelta(days=1)) == shared
    assert stages.mail() == []


def test_what_is_shared_with_one_patient_is_not_there_for_another(stages, stage, opinions):
    shared = stages.shared(stage)
    other: Stage = stages.in_session()
    assert opinions.of_patient(other.patient) == []
    with pytest.raises(NotFound):
        opinions.shared.look(other.patient, shared.opinion.id, shared.files[0].id)


def test_the_same_patient_reads_it_by_another_release_of_the_packet(stages, stage, opinions):
    shared = stages.shared(stage)
    again = stages.in_session(of=stages.released(of=copy(stage)))
    assert opinions.of_patient(again.patient) == [shared]


def test_nobody_else_reads_as_a_patient(stages, stage, opinions):
    shared = stages.shared(stage)
    for actor in (stages.coordinator, stages.hospital.privacy_officer, stage.actor):
        with pytest.raises(NotAllowed):
            opinions.of_patient(actor)
        with pytest.raises(NotAllowed):
            opinions.shared.look(actor, shared.opinion.id, shared.files[0].id)


def test_a_file_of_another_packet_is_not_reached_through_an_opinion(stages, stage, opinions):
    sent = stages.answered(stage)
    with pytest.raises(NotFound):
        opinions.received.look(stages.coordinator, sent.opinion.id, stage.file.id)


def test_ranges_and_repeats_within_an_hour_are_one_reading(stages, stage, opinions):
    shared, received = stages.shared(stage), opinions.received
    for start in (0, 5, 0):
        read(received, stages.coordinator, shared, start, now=stages.now)
    assert readings(stages) == 1
    read(opinions.shared, stage.patient, shared, now=stages.now)
    assert readings(stages) == 2
    read(received, stages.coordinator, shared, now=stages.now + ONE_READING_FOR)
    assert readings(stages) == 3
    (entry, *_) = [entry for entry in stages.audit() if entry.action == "opinion.read"]
    assert entry.subject["file"] == str(shared.files[0].id)
    assert entry.subject["packet"] == str(stage.packet.id)


def test_each_file_is_a_reading_of_its_own(stages, stage, opinions):
    sent = stages.answered(stage, contents={"a.pdf": b"a", "b.pdf": b"b"})
    for file in sent.files:
        opinions.received.begin(stages.coordinator, sent.opinion.id, file.id, 0, 1, stages.now)
    assert readings(stages) == 2


def test_a_return_packet_that_is_retired_is_read_no_more(stages, stage, opinions, journey):
    sent = stages.answered(stage)
    journey.retire.retire(stages.coordinator, sent.opinion.id, stages.now)
    with pytest.raises(PacketRetired):
        opinions.received.look(stages.coordinator, sent.opinion.id, sent.files[0].id)
    assert opinions.opinion(stages.coordinator, sent.opinion.id).opinion.reply == REPLY


def revoked(stages, stage):  # noqa: ARG001 - one shape for both
    stages.journey.enrol.revoke_token(stages.coordinator.token_id, stages.now)
    return stages.coordinator


def left(stages, stage):
    Visits(stages.database).leave(stage.patient, stages.now)
    return stage.patient


@pytest.mark.parametrize("end", [revoked, left])
def test_a_running_download_stops_when_its_session_is_ended(stages, stage, opinions, monkeypatch, end):
    monkeypatch.setattr(opinion_files, "CHECK_EVERY_S", 0.0)
    shared = stages.shared(stage, contents={"a.tiff": some_bytes(3 * PART_BYTES)})
    files, actor = (opinions.received, stages.coordinator) if end is revoked else (opinions.shared, stage.patient)
    stream = files.stream(files.begin(actor, shared.opinion.id, shared.files[0].id, 0, 3 * PART_BYTES, stages.now))
    next(stream)
    end(stages, stage)
    with pytest.raises(NotAuthenticated):
        next(stream)


def test_a_running_download_outlasts_the_patient_s_half_hour(stages, stage, opinions, monkeypatch):
    monkeypatch.setattr(opinion_files, "CHECK_EVERY_S", 0.0)
    data = some_bytes(3 * PART_BYTES)
    shared = stages.shared(stage, contents={"a.tiff": data})
    reading = opinions.shared.begin(stage.patient, shared.opinion.id, shared.files[0].id, 0, len(data), stages.now)
    stream = opinions.shared.stream(reading)
    begun = next(stream)
    stages.clock.advance(stages.limits.patient_session_for * 2)
    assert begun + b"".join(stream) == data
