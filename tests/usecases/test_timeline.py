"""The timeline of a packet: every entry of the log about it, by names, to each as policy has it."""

import pytest

from tests.stages import ORIGIN, SCAN, Stage
from transfer_service.domain.people import Role
from transfer_service.errors import AnswerWrong, CursorInvalid, LinkRevoked, NotAllowed, NotFound
from transfer_service.usecases.redeem import Answer
from transfer_service.usecases.timeline import OF_THE_PACKET, Timeline


def whole(stages, actor, packet_id, **more):
    """All pages of it, one after the other."""
    timeline, cursor, found = Timeline(stages.database), None, []
    while True:
        page = timeline.page(actor, packet_id, limit=5, cursor=cursor, **more)
        found += page.moments
        cursor = page.next_cursor
        if cursor is None:
            return found


def of_packet(stages, packet_id):
    return [entry for entry in stages.audit() if entry.subject.get("packet") == str(packet_id)]


def eventful(stages) -> Stage:
    """Asked, signed, refused, redeemed, downloaded in part and whole, revoked, and refused again."""
    stage = stages.redeemed()
    stages.download(stage.actor, stage.file, 0, 4)
    stages.download(stage.actor, stage.file)
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    with pytest.raises(LinkRevoked):
        stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    return stage


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.PRIVACY_OFFICER])
def test_every_entry_about_the_packet_has_its_place_from_either_end(stages, role):
    stage, _another = eventful(stages), stages.signed()
    actor = stages.staff(stages.hospital.pathology, role)
    newest = [moment.entry for moment in whole(stages, actor, stage.packet.id)]
    assert newest[::-1] == of_packet(stages, stage.packet.id)
    oldest = [moment.entry for moment in whole(stages, actor, stage.packet.id, oldest_first=True)]
    assert oldest == newest[::-1]


def test_ids_are_told_by_the_names_that_the_patient_read(stages):
    stage = eventful(stages)
    moments = {moment.entry.action: moment for moment in whole(stages, stages.coordinator, stage.packet.id)}
    assert moments["link.issued"].staff.name == "C. Weaver"
    assert [each.name for each in moments["link.issued"].recipients] == ["Dr. R. Viewer"]
    assert [each.name for each in moments["release.requested"].recipients] == ["Dr. R. Viewer"]
    completed = moments["disclosure.completed"]
    assert completed.file.path == stage.file.path
    assert completed.disclosure.completed_at is not None
    assert completed.disclosure.bytes_sent == completed.entry.facts["bytes"]
    assert moments["file.verified"].staff is None


def test_a_file_that_was_deleted_and_a_recipient_who_is_not_named_have_no_name(stages):
    stage = stages.opened()
    file = stages.planned(stage)
    stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, file.id, stages.now)
    moments = whole(stages, stages.coordinator, stage.packet.id)
    assert [moment.file for moment in moments] == [None, None, None]
    assert [moment.recipients for moment in moments] == [(), (), ()]


def test_refusals_beyond_those_with_rows_are_counted_at_the_last(stages):
    stage = eventful(stages)
    for _ in range(55):
        with pytest.raises(LinkRevoked):
            stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    refused = [
        each for each in whole(stages, stages.coordinator, stage.packet.id) if each.entry.action == "link.refused"
    ]
    assert len(refused) == 50
    assert sum(each.disclosure.requests for each in refused) >= 50


def test_wrong_answers_stand_in_it(stages):
    stage = stages.linked()
    challenge, _ = stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    with pytest.raises(AnswerWrong):
        stages.journey.redeem.redeem(Answer(stage.link_secret, challenge.id, "wrong"), ORIGIN, stages.now)
    newest = whole(stages, stages.coordinator, stage.packet.id)[0]
    assert newest.entry.action == "link.refused"
    assert newest.entry.facts["code"] == "answer_wrong"
    assert newest.disclosure.refused_code == "answer_wrong"


def test_a_depositor_reads_of_the_packet_and_not_whom_it_went_to(stages):
    stage = eventful(stages)
    moments = whole(stages, stages.hospital.depositor, stage.packet.id)
    expected = [entry for entry in of_packet(stages, stage.packet.id) if entry.action.split(".")[0] in OF_THE_PACKET]
    assert [moment.entry for moment in moments[::-1]] == expected
    assert expected
    assert not any(moment.recipients for moment in moments)
    page = Timeline(stages.database).page(stages.hospital.depositor, stage.packet.id, limit=5, cursor=None)
    assert not page.is_whole


def test_an_admin_reads_nothing(stages):
    stage = stages.opened()
    with pytest.raises(NotAllowed):
        Timeline(stages.database).page(stages.hospital.admin, stage.packet.id, limit=5, cursor=None)


def test_another_department_and_another_hospital_find_nothing(stages):
    stage = stages.opened()
    neighbour = stages.staff(stages.department(stages.hospital.organization, "Radiology"), Role.COORDINATOR)
    for actor in (neighbour, stages.enrolled("St. Barbara").privacy_officer):
        with pytest.raises(NotFound):
            Timeline(stages.database).page(actor, stage.packet.id, limit=5, cursor=None)


def test_a_cursor_of_the_other_end_is_none(stages):
    stage = stages.signed()
    timeline = Timeline(stages.database)
    cursor = timeline.page(stages.coordinator, stage.packet.id, limit=2, cursor=None).next_cursor
    for wrong in (cursor, "nonsense"):
        with pytest.raises(CursorInvalid):
            timeline.page(stages.coordinator, stage.packet.id, limit=2, cursor=wrong, oldest_first=True)


def test_a_form_on_paper_is_told_whole(stages):
    stage = stages.confirmed(of=stages.scanned(SCAN))
    moments = whole(stages, stages.coordinator, stage.packet.id)
    assert [moment.entry.action for moment in moments[:2]] == ["release.signed", "release.paper_received"]
    assert moments[0].staff.name == "S. Econd"
