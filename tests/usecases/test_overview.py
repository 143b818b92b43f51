"""What waits on whom: packets are brought to every state by those whose part it is, and the list says what is next."""

from datetime import timedelta

import pytest

from tests.factories import DAY, a_patient
from tests.stages import ORIGIN, Stages
from tests.waits import expected, listed
from transfer_service.domain.link import Verification
from transfer_service.domain.packet import PacketState
from transfer_service.domain.people import Role
from transfer_service.domain.slide_request import DeclineReason
from transfer_service.domain.waiting import PENDING, Awaited, Party
from transfer_service.errors import AnswerWrong, CursorInvalid, NotAllowed
from transfer_service.ports import PacketsAsked, Waiting
from transfer_service.usecases.deposit import PacketDraft
from transfer_service.usecases.release import GrantDraft

HOUR = timedelta(hours=1)


@pytest.fixture
def waits(stages: Stages):
    """What the list says of a packet, which must be what the domain says."""

    def of(stage):
        found = listed(stages)[stage.packet.id]
        assert found == expected(stages, stage.packet.id)
        return found.awaited

    return of


def broken(stages, stage):
    stages.store.tamper(stage.file.object_key, b"x" * len(stages.store.contents[stage.file.object_key][1]))
    stages.verify_all()


# One after another along the way


def test_an_empty_packet_waits_for_files_since_it_was_opened(stages, waits):
    stage = stages.opened()
    opened_at = stages.now
    stages.clock.advance(DAY)
    assert waits(stage) is Awaited.FILES
    assert listed(stages)[stage.packet.id].since == opened_at


def test_a_packet_waits_for_files_while_one_is_on_its_way(stages, waits):
    stage = stages.verified()
    stages.planned(stage, "slides/B1.svs")
    assert waits(stage) is Awaited.FILES


def test_a_packet_whose_files_are_read_back_waits_on_the_service(stages, waits):
    stage = stages.received()
    assert waits(stage) is Awaited.VERIFICATION
    assert Awaited.VERIFICATION.party is Party.SERVICE


def test_a_rejected_file_waits_on_the_department_before_anything_else(stages, waits):
    stage = stages.received()
    broken(stages, stage)
    stages.planned(stage, "slides/B1.svs")
    assert waits(stage) is Awaited.REJECTED_FILE


def test_a_packet_whose_files_are_all_there_waits_to_be_closed(stages, waits):
    stage = stages.verified()
    assert waits(stage) is Awaited.CLOSE


def test_a_rejected_file_that_is_taken_out_is_waited_for_no_more(stages, waits):
    stage = stages.received()
    broken(stages, stage)
    stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, stage.file.id, stages.now)
    assert waits(stage) is Awaited.CLOSE


def test_a_closing_packet_waits_on_the_service_until_it_is_closed(stages, waits):
    stage = stages.received()
    stages.journey.close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)
    assert waits(stage) is Awaited.VERIFICATION
    stages.verify_all()
    assert waits(stage) is Awaited.VERIFICATION
    stages.journey.close.settle(stages.now)
    assert waits(stage) is Awaited.RELEASE


def test_the_files_of_a_successor_wait_on_the_service_and_its_predecessor_for_nothing(stages, waits):
    former = stages.closed()
    stage = stages.succeeded(former)
    assert waits(stage) is Awaited.CARRYING
    assert waits(former) is Awaited.NOTHING
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    assert waits(former) is Awaited.RELEASE


def test_a_file_whose_source_ended_while_it_was_carried_waits_on_the_department(stages, waits):
    former = stages.closed()
    stage = stages.succeeded(former)
    stages.journey.retire.retire(stages.hospital.privacy_officer, former.packet.id, stages.now, at_once=True)
    stages.journey.retire.destroy(stages.now)
    stages.carry_all()
    assert waits(stage) is Awaited.REJECTED_FILE


def test_a_closed_packet_waits_for_a_release_and_a_requested_one_for_the_patient(stages, waits):
    stage = stages.closed()
    assert waits(stage) is Awaited.RELEASE
    stages.released(of=stage)
    assert waits(stage) is Awaited.SIGNATURE
    assert Awaited.SIGNATURE.party is Party.PATIENT


def test_a_release_on_paper_waits_for_the_patient_and_then_for_a_second_person(stages, waits):
    stage = stages.asked_on_paper()
    assert waits(stage) is Awaited.SIGNATURE
    stages.clock.advance(DAY)
    stages.scanned(of=stage)
    assert waits(stage) is Awaited.CONFIRMATION
    assert listed(stages)[stage.packet.id].since == stages.now
    stages.confirmed(of=stage)
    assert waits(stage) is Awaited.LINK


def test_a_signed_release_waits_for_a_link_and_a_link_for_its_recipient(stages, waits):
    stage = stages.signed()
    assert waits(stage) is Awaited.LINK
    stages.linked(of=stage)
    assert waits(stage) is Awaited.REDEMPTION
    stages.redeemed(of=stage)
    assert waits(stage) is Awaited.OPINION
    assert {Awaited.REDEMPTION.party, Awaited.OPINION.party} == {Party.RECIPIENT}


def test_a_release_for_treatment_waits_for_a_link_at_once(stages, waits):
    assert waits(stages.attested()) is Awaited.LINK


def test_a_release_to_a_service_waits_for_the_service_without_a_link(stages, waits):
    stage = stages.released_to_service()
    assert waits(stage) is Awaited.REDEMPTION
    stages.redeemed_by_service(of=stage)
    assert waits(stage) is Awaited.OPINION


def test_an_opinion_waits_to_be_shared_and_then_nothing_is_waited_for(stages, waits):
    stage = stages.redeemed()
    stages.drafted(stage)
    assert waits(stage) is Awaited.OPINION
    opinion = stages.answered(stage).opinion
    assert waits(stage) is Awaited.SHARING
    stages.journey.opinions.share(stages.coordinator, opinion.id, stages.now)
    assert waits(stage) is Awaited.NOTHING


def test_the_newest_opinion_is_the_one_that_waits(stages, waits):
    stage = stages.redeemed()
    stages.answered(stage)
    stages.clock.advance(HOUR)
    stages.shared(stage)
    assert waits(stage) is Awaited.NOTHING


def test_each_of_several_recipients_is_waited_for(stages, waits):
    other = stages.recipient_added(name="Dr. S. Econd", email="second@review.test")
    stage = stages.signed(grants=[GrantDraft(stages.recipient.id), GrantDraft(other.id)])
    stages.linked(of=stage)
    assert waits(stage) is Awaited.LINK
    stages.linked(of=stage, recipient_id=other.id)
    assert waits(stage) is Awaited.REDEMPTION


# What ends, by somebody or by the clock


def test_a_request_that_nobody_signed_expires_and_waits_for_another(stages, waits):
    stage = stages.released(expires_at=stages.now + 2 * DAY)
    stages.clock.advance(2 * DAY - HOUR)
    assert waits(stage) is Awaited.SIGNATURE
    stages.clock.advance(HOUR)
    assert waits(stage) is Awaited.RELEASE
    assert listed(stages)[stage.packet.id].since == stages.now


def test_a_link_that_expires_unused_waits_for_another_until_its_release_expires(stages, waits):
    stage = stages.linked(expires_at=stages.now + 3 * DAY)
    assert waits(stage) is Awaited.REDEMPTION
    stages.clock.advance(3 * DAY)
    assert waits(stage) is Awaited.LINK
    assert listed(stages)[stage.packet.id].since == stages.now
    stages.clock.advance(87 * DAY)
    assert waits(stage) is Awaited.RELEASE


def test_a_link_that_was_used_ends_and_nothing_is_waited_for(stages, waits):
    stage = stages.redeemed(expires_at=stages.now + 3 * DAY)
    stages.clock.advance(3 * DAY)
    assert waits(stage) is Awaited.NOTHING
    stages.clock.advance(87 * DAY)
    assert waits(stage) is Awaited.NOTHING


def test_a_second_link_waits_for_the_recipient_again(stages, waits):
    stage = stages.redeemed(expires_at=stages.now + 3 * DAY)
    stages.clock.advance(3 * DAY)
    stages.linked(of=stage)
    assert waits(stage) is Awaited.REDEMPTION


def test_a_revoked_link_waits_for_another_and_a_withdrawn_release_for_another(stages, waits):
    stage = stages.linked()
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    assert waits(stage) is Awaited.LINK
    stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now)
    assert waits(stage) is Awaited.RELEASE


def test_a_withdrawal_after_the_files_were_had_ends_the_waiting_but_an_opinion_can_still_be_shared(stages, waits):
    stage, answered = stages.redeemed(), stages.redeemed()
    stages.answered(answered)
    for each in (stage, answered):
        stages.journey.releases.withdraw(stages.coordinator, each.release.id, stages.now)
    assert waits(stage) is Awaited.NOTHING
    assert waits(answered) is Awaited.SHARING


def test_a_link_that_is_used_up_still_waits_for_the_opinion_of_who_used_it(stages, waits):
    stage = stages.redeemed(of=stages.linked(max_redemptions=1))
    assert waits(stage) is Awaited.OPINION


def test_a_link_that_is_locked_waits_for_another(stages, waits):
    stage = stages.linked(verification=Verification.PASSCODE, passcode="correct horse")
    for _ in range(stages.limits.wrong_answers):
        assert waits(stage) is Awaited.REDEMPTION
        with pytest.raises(AnswerWrong):
            stages.journey.redeem.redeem(stages.right_answer(stage, "wrong"), ORIGIN, stages.now)
    assert waits(stage) is Awaited.LINK


def test_a_retired_packet_has_ended(stages, waits):
    stage = stages.linked()
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    assert waits(stage) is Awaited.ENDED


def test_a_second_release_is_waited_for_beside_one_that_is_done(stages, waits):
    stage = stages.redeemed()
    stages.shared(stage)
    stages.released(of=stage)
    assert waits(stage) is Awaited.SIGNATURE


def test_what_was_undone_is_not_listed(stages):
    def open_and_fail():
        with stages.database.changing():
            stages.opened()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        open_and_fail()
    assert listed(stages) == {}


# Lists, figures, and who has them


def brought_to_all_kinds(stages):
    """A packet of each of many kinds, a minute apart."""
    makers = [stages.opened, stages.received, stages.verified, stages.closed, stages.released, stages.signed]
    makers += [stages.linked, stages.redeemed]
    made = {}
    for maker in makers:
        stages.clock.advance(timedelta(minutes=1))
        stage = maker()
        made[stage.packet.id] = stage
    return made


def test_the_list_is_newest_first_and_by_state_and_by_what_is_waited_for(stages):
    made = brought_to_all_kinds(stages)
    assert [*listed(stages)] == [*reversed(made)]
    everything = listed(stages)
    for state in PacketState:
        mine = [id_ for id_ in listed(stages) if stages.refreshed(made[id_]).packet.state is state]
        assert [*listed(stages, state=state)] == mine
        assert {*listed(stages, state=state, longest_first=True)} == {*mine}
    for awaited in Awaited:
        mine = {id_ for id_, wait in everything.items() if wait.awaited is awaited}
        assert {*listed(stages, awaited=awaited)} == {*listed(stages, awaited=awaited, longest_first=True)} == mine


def test_the_longest_waiting_come_first_and_what_waits_for_nobody_not_at_all(stages):
    made = brought_to_all_kinds(stages)
    done = stages.redeemed()
    stages.shared(done)
    found = listed(stages, longest_first=True)
    assert {*found} == {*made}
    assert [wait.since for wait in found.values()] == sorted(wait.since for wait in found.values())
    assert [*listed(stages, awaited=Awaited.NOTHING, longest_first=True)] == [done.packet.id]


def test_the_board_counts_each_kind_with_its_oldest_and_names_the_longest_waiting(stages):
    brought_to_all_kinds(stages)
    first_closed = stages.now
    stages.clock.advance(DAY)
    stages.closed()
    board = stages.journey.overview.board(stages.coordinator, stages.now)
    everything = listed(stages)
    for awaited in PENDING:
        mine = [wait.since for wait in everything.values() if wait.awaited is awaited]
        assert board.waiting.get(awaited) == (Waiting(len(mine), min(mine)) if mine else None)
    assert board.waiting[Awaited.RELEASE].number == 2
    assert board.waiting[Awaited.RELEASE].oldest_at < first_closed
    assert [line.id for line in board.longest.lines.items] == [*listed(stages, longest_first=True)][:8]
    assert board.longest.departments == {stages.hospital.pathology.id: stages.hospital.pathology}


def test_the_board_counts_requests_without_an_answer(stages):
    stages.ask_without_limits()
    received_at = stages.now
    first, _ = stages.requested()
    stages.clock.advance(HOUR)
    stages.requested()
    board = stages.journey.overview.board(stages.hospital.depositor, stages.now)
    assert board.requests == Waiting(2, received_at)
    stages.journey.slide_requests.decline(stages.coordinator, first.id, DeclineReason.OTHER, None, stages.now)
    assert stages.journey.overview.board(stages.hospital.privacy_officer, stages.now).requests.number == 1


def test_another_department_sees_nothing_but_what_it_contributes_to(stages):
    radiology = stages.department(stages.hospital.organization, "Radiology")
    radiologist = stages.staff(radiology, Role.COORDINATOR, "R. Adiology")
    stages.requested()
    stages.closed()
    assert listed(stages, radiologist) == {}
    board = stages.journey.overview.board(radiologist, stages.now)
    assert (board.waiting, board.longest.lines.items, board.requests) == ({}, [], Waiting(0, None))
    assert stages.journey.overview.numbered(radiologist, "S26-1234", stages.now).lines.items == []
    draft = PacketDraft(stages.opened().packet.case, contributing_department_ids=(radiology.id,))
    shared = stages.journey.deposit.open_packet(stages.coordinator, draft, stages.now)
    assert [*listed(stages, radiologist)] == [shared.id]
    assert stages.journey.overview.board(radiologist, stages.now).waiting[Awaited.FILES].number == 1
    found = stages.journey.overview.numbered(radiologist, "S26-1234", stages.now)
    assert [line.id for line in found.lines.items] == [shared.id]


def test_a_privacy_officer_lists_every_department_each_packet_once(stages):
    radiology = stages.department(stages.hospital.organization, "Radiology")
    radiologist = stages.staff(radiology, Role.COORDINATOR, "R. Adiology")
    draft = PacketDraft(stages.opened().packet.case, contributing_department_ids=(stages.hospital.pathology.id,))
    stages.journey.deposit.open_packet(radiologist, draft, stages.now)
    officer = stages.hospital.privacy_officer
    assert len(listed(stages, officer)) == 2
    board = stages.journey.overview.board(officer, stages.now)
    assert board.waiting == {Awaited.FILES: Waiting(2, stages.now)}
    assert {*board.longest.departments} == {radiology.id, stages.hospital.pathology.id}


def test_another_hospital_sees_nothing(stages):
    stages.requested()
    stages.closed()
    other = stages.enrolled("St. Barbara")
    for actor in (other.coordinator, other.depositor, other.privacy_officer):
        assert listed(stages, actor) == {}
        board = stages.journey.overview.board(actor, stages.now)
        assert (board.waiting, board.longest.lines.items, board.requests) == ({}, [], Waiting(0, None))
        assert stages.journey.overview.numbered(actor, "S26-1234", stages.now).lines.items == []


def test_neither_an_administrator_nor_a_patient_nor_a_recipient_has_an_overview(stages):
    stage = stages.redeemed()
    overview = stages.journey.overview
    for actor in (stages.hospital.admin, stage.patient, stage.actor):
        for look in (
            lambda actor: overview.board(actor, stages.now),
            lambda actor: overview.packets(actor, PacketsAsked(), stages.now, limit=1),
            lambda actor: overview.numbered(actor, "S26-1234", stages.now),
        ):
            with pytest.raises(NotAllowed):
                look(actor)


def test_a_packet_is_found_by_exactly_its_record_or_accession_number(stages):
    mine = stages.opened(accession_number="S26-1", patient=a_patient(record_number="MRN-1"))
    stages.clock.advance(HOUR)
    newer = stages.opened(accession_number="S26-2", patient=a_patient(record_number="mrn-1"))
    crossed = stages.opened(accession_number="MRN-2", patient=a_patient(record_number="MRN-2"))

    def found(number):
        return [
            line.id for line in stages.journey.overview.numbered(stages.coordinator, number, stages.now).lines.items
        ]

    assert found(" mrn-1 ") == [newer.packet.id, mine.packet.id]
    assert found("S26-1") == [mine.packet.id]
    assert found("MRN-2") == [crossed.packet.id]
    assert found("MRN") == found("S26") == found("") == []


def test_a_line_has_the_case_opened_and_says_whose_it_is(stages):
    stage = stages.opened()
    (line,) = stages.journey.overview.packets(stages.coordinator, PacketsAsked(), stages.now, limit=5).lines.items
    assert (line.case, line.state, line.department_id) == (
        stage.packet.case,
        PacketState.OPEN,
        stages.hospital.pathology.id,
    )
    assert "Ada" not in repr(line)


def test_the_files_of_an_opinion_are_no_packet_of_the_list(stages):
    stage = stages.redeemed()
    stages.answered(stage)
    assert [*listed(stages)] == [stage.packet.id]


def test_a_cursor_goes_on_in_its_own_order_alone(stages):
    stages.opened()
    stages.opened()
    overview, who = stages.journey.overview, stages.coordinator
    cursor = overview.packets(who, PacketsAsked(), stages.now, limit=1).lines.next_cursor
    for asked, word in ((PacketsAsked(longest_first=True), cursor), (PacketsAsked(), "x"), (PacketsAsked(), "")):
        with pytest.raises(CursorInvalid):
            overview.packets(who, asked, stages.now, limit=1, cursor=word)


# What is kept is mended


def test_what_an_older_version_left_behind_is_mended_in_a_round(stages):
    stage, other = stages.closed(), stages.opened()
    stages.execute("DELETE FROM waits")
    assert listed(stages) == {}
    assert stages.journey.mend.mend_some(stages.now)
    assert not stages.journey.mend.mend_some(stages.now)
    assert listed(stages)[stage.packet.id].awaited is Awaited.RELEASE
    assert listed(stages)[other.packet.id].awaited is Awaited.FILES
    stages.execute("UPDATE waits SET awaited = 'nothing'")
    assert not stages.journey.mend.mend_some(stages.now)
    stages.clock.advance(HOUR)
    assert stages.journey.mend.mend_some(stages.now)
    assert listed(stages)[stage.packet.id].awaited is Awaited.RELEASE


def test_mending_what_is_right_writes_nothing(stages):
    stages.redeemed()
    before = stages.rows()
    while stages.journey.mend.mend_some(stages.now):
        pass
    assert stages.rows() == before
