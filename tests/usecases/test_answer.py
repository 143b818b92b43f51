"""Answer: a recipient puts their opinion into a packet of its own, and sends it."""

import hashlib
from copy import copy
from datetime import timedelta

import pytest

from tests.factories import a_reply
from tests.stages import OPINION, REPLY, blocks, some_bytes
from tests.usecases.conftest import PART_BYTES
from transfer_service.domain.opinion import Conclusion, Opinion, OpinionState, Reply
from transfer_service.domain.packet import FileState, Packet, PacketKind, PacketState
from transfer_service.errors import (
    FilesUnverified,
    LinkExpired,
    LinkRevoked,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OpinionEmpty,
    OpinionSent,
    PacketNotOpen,
    PacketRetired,
    ReleaseWithdrawn,
)
from transfer_service.sealing.manifest import verify
from transfer_service.usecases.deposit import FileDraft
from transfer_service.usecases.visits import Visits


@pytest.fixture
def stage(stages):
    return stages.redeemed(expires_at=stages.now + timedelta(hours=3))


@pytest.fixture
def answers(journey):
    return journey.answers


def packet_of(stages, opinion):
    with stages.database.reading() as tx:
        return tx.get(Packet, opinion.organization_id, opinion.id)


def revoke(stages, stage):
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)


def withdraw(stages, stage):
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)


def retire(stages, stage):
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)


def expire(stages, stage):
    stages.clock.now = stage.link.expires_at


def sign_out(stages, stage):
    Visits(stages.database).leave(stage.actor, stages.now)


ENDS = [
    (revoke, LinkRevoked),
    (expire, LinkExpired),
    (withdraw, ReleaseWithdrawn),
    (retire, PacketRetired),
    (sign_out, NotAuthenticated),
]
each_end = pytest.mark.parametrize(("end", "refusal"), ENDS, ids=[end.__name__ for end, _ in ENDS])


def test_an_opinion_begins_with_a_packet_of_its_own(stages, stage, answers):
    opinion = answers.begin(stage.actor, stages.now).opinion
    packet = packet_of(stages, opinion)
    assert (packet.kind, packet.state, packet.department_id) == (
        PacketKind.OPINION,
        PacketState.OPEN,
        stage.packet.department_id,
    )
    assert packet.wrapped_key != stage.packet.wrapped_key
    assert packet.case.accession_number == stage.packet.case.accession_number
    assert opinion.packet_id == stage.packet.id
    assert opinion.recipient_version == stages.recipient.version


def test_a_recipient_has_one_draft_at_a_time(stages, stage, answers):
    first = answers.begin(stage.actor, stages.now).opinion
    assert answers.begin(stage.actor, stages.now).opinion == first
    answers.send(stage.actor, first.id, REPLY, stages.now)
    assert answers.begin(stage.actor, stages.now).opinion.id != first.id


def test_another_link_under_the_same_release_goes_on_with_the_draft(stages, stage, answers):
    draft = stages.drafted(stage)
    revoke(stages, stage)
    again = stages.redeemed(of=stages.linked(of=copy(stage)))
    assert answers.begin(again.actor, stages.now) == draft


def test_what_was_put_is_read_back_and_closed_with_a_signed_manifest(stages, stage):
    contents = {"opinion.pdf": b"a second opinion", "annotated/A1.tiff": some_bytes(2 * PART_BYTES)}
    sent = stages.answered(stage, contents=contents)
    packet = packet_of(stages, sent.opinion)
    assert sent.opinion.state is OpinionState.SENT
    assert sent.opinion.reply == REPLY
    assert packet.state is PacketState.CLOSED
    signed = packet.signed_manifest()
    verify(signed.document, signed.signature, stages.signing_key.public_key_pem())
    assert {file["path"] for file in signed.document["files"]} == {*contents}


def test_an_opinion_may_be_a_summary_alone(stages, stage):
    sent = stages.answered(stage, contents={})
    assert packet_of(stages, sent.opinion).signed_manifest().document["files"] == []


def test_what_more_is_needed_is_named(stages, stage):
    assert stages.answered(stage, a_reply(), {}).opinion.reply == a_reply()


def test_an_opinion_that_says_nothing_is_not_sent(stages, stage, answers):
    draft = stages.drafted(stage, {})
    with pytest.raises(OpinionEmpty):
        answers.send(stage.actor, draft.opinion.id, Reply(Conclusion.CONCORDANT), stages.now)
    assert packet_of(stages, draft.opinion).state is PacketState.OPEN


def test_nothing_is_sent_while_a_file_is_not_verified(stages, stage, answers):
    draft = stages.drafted(stage)
    stages.put_in_opinion(stage, draft, "late.pdf", b"late")
    with pytest.raises(FilesUnverified):
        answers.send(stage.actor, draft.opinion.id, REPLY, stages.now)
    stages.verify_all()
    answers.send(stage.actor, draft.opinion.id, REPLY, stages.now)


def test_what_was_sent_takes_nothing_more(stages, stage, answers):
    sent = stages.answered(stage)
    with pytest.raises(OpinionSent):
        answers.send(stage.actor, sent.opinion.id, REPLY, stages.now)
    with pytest.raises(OpinionSent):
        stages.put_in_opinion(stage, sent, "more.pdf", b"more")
    with pytest.raises(OpinionSent):
        answers.deposit.delete_file(stage.actor, sent.opinion.id, sent.files[0].id, stages.now)
    assert answers.deposit.file(stage.actor, sent.opinion.id, sent.files[0].id).state is FileState.VERIFIED


def test_said_at_once_it_is_begun_and_sent_with_what_the_draft_holds(stages, stage, answers):
    draft = stages.drafted(stage)
    said = answers.say(stage.actor, REPLY, 0, stages.now)
    assert (said.opinion.id, said.files) == (draft.opinion.id, draft.files)
    assert answers.say(stage.actor, REPLY, 1, stages.now).opinion.id != draft.opinion.id


def test_said_twice_it_is_sent_once(stages, stage, answers):
    answers.say(stage.actor, REPLY, 0, stages.now)
    with pytest.raises(OpinionSent):
        answers.say(stage.actor, REPLY, 0, stages.now)
    assert len(answers.own(stage.actor, stages.now)) == 1


def test_what_can_not_be_said_is_not_begun(stages, stage, answers):
    with pytest.raises(OpinionEmpty):
        answers.say(stage.actor, Reply(Conclusion.CONCORDANT), 0, stages.now)
    assert answers.own(stage.actor, stages.now) == []
    assert "opinion.begun" not in stages.actions()


def test_the_newest_comes_last_and_all_stay(stages, stage, answers):
    first = stages.answered(stage)
    stages.clock.advance(timedelta(hours=1))
    second = stages.answered(stage, Reply(Conclusion.DISCORDANT, "On second thought."))
    stages.clock.advance(timedelta(hours=1))
    draft = stages.drafted(stage)
    assert [view.opinion.id for view in answers.own(stage.actor, stages.now)] == [
        view.opinion.id for view in (first, second, draft)
    ]


def test_parts_come_in_any_order_and_a_file_can_be_taken_out_again(stages, stage, answers):
    deposit, receive = answers.deposit, answers.receive
    opinion, data = answers.begin(stage.actor, stages.now).opinion, some_bytes(PART_BYTES + 5)
    file = deposit.add_file(stage.actor, opinion.id, FileDraft("a.tiff", len(data)), stages.now)
    for number, part in ((2, data[PART_BYTES:]), (1, data[:PART_BYTES])):
        plan = receive.expect_part(stage.actor, opinion.id, file.id, number)
        receive.take_part(plan, blocks(part), hashlib.sha256(part).digest())
    assert [part.number for part in deposit.parts(stage.actor, opinion.id, file.id)] == [1, 2]
    deposit.complete(stage.actor, opinion.id, file.id, None, stages.now)
    stages.verify_all()
    assert deposit.file(stage.actor, opinion.id, file.id).state is FileState.VERIFIED
    deposit.delete_file(stage.actor, opinion.id, file.id, stages.now)
    assert answers.one(stage.actor, opinion.id, stages.now).files == []
    stages.check_nothing_is_orphaned()


@each_end
def test_after_an_end_nothing_is_begun_put_looked_at_or_sent(stages, stage, answers, end, refusal):
    draft = stages.drafted(stage)
    end(stages, stage)
    actor, opinion, file, now = stage.actor, draft.opinion, draft.files[0], stages.now
    for act in (
        lambda: answers.begin(actor, now),
        lambda: answers.say(actor, REPLY, 0, now),
        lambda: answers.own(actor, now),
        lambda: answers.one(actor, opinion.id, now),
        lambda: answers.send(actor, opinion.id, REPLY, now),
        lambda: answers.deposit.add_file(actor, opinion.id, FileDraft("b.pdf", 5), now),
        lambda: answers.deposit.parts(actor, opinion.id, file.id),
        lambda: answers.deposit.delete_file(actor, opinion.id, file.id, now),
        lambda: answers.receive.expect_content(actor, opinion.id, FileDraft("b.pdf", 5), now),
    ):
        with pytest.raises(refusal):
            act()
    assert packet_of(stages, opinion).state is PacketState.OPEN


@each_end
@pytest.mark.parametrize("size", [5, PART_BYTES + 5], ids=["one part", "many parts"])
def test_bytes_that_were_on_their_way_when_it_ended_do_not_count(stages, stage, answers, end, refusal, size):
    opinion = answers.begin(stage.actor, stages.now).opinion
    plan = answers.receive.expect_content(stage.actor, opinion.id, FileDraft("b.pdf", size), stages.now)
    end(stages, stage)
    with pytest.raises(refusal):
        answers.receive.take_content(plan, blocks(some_bytes(size)))
    stages.check_nothing_is_orphaned()


def test_what_was_sent_stays_when_everything_ended(stages, stage, journey):
    sent = stages.answered(stage)
    withdraw(stages, stage)
    revoke(stages, stage)
    retire(stages, stage)
    stages.sweep(stages.limits.grace_for)
    assert journey.opinions.opinion(stages.coordinator, sent.opinion.id).opinion == sent.opinion
    assert packet_of(stages, sent.opinion).state is PacketState.CLOSED


def test_an_abandoned_draft_is_swept_and_another_can_be_begun(stages, stage, answers):
    draft = stages.drafted(stage)
    stages.clock.advance(stages.limits.abandoned_after + timedelta(seconds=1))
    stages.sweep()
    again = stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stages.released(of=stage)))))
    with pytest.raises(NotFound):  # under another release it is another's
        answers.one(again.actor, draft.opinion.id, stages.now)
    stages.sweep(stages.limits.grace_for)
    assert packet_of(stages, draft.opinion).wrapped_key is None
    stages.check_nothing_is_orphaned()


def test_a_swept_draft_is_not_gone_on_with(stages, stage, answers):
    draft = stages.drafted(stage)
    stages.journey.retire.retire(stages.coordinator, draft.opinion.id, stages.now)
    with pytest.raises(PacketNotOpen):
        answers.send(stage.actor, draft.opinion.id, REPLY, stages.now)
    assert answers.own(stage.actor, stages.now) == []
    assert answers.begin(stage.actor, stages.now).opinion.id != draft.opinion.id


def test_an_opinion_is_its_recipient_s_alone(stages, stage, answers):
    draft = stages.drafted(stage)
    somebody = stages.recipient
    stages.recipient = stages.recipient_added(name="Dr. S. Other")
    signed = stages.signed(of=stages.in_session(of=stages.released(of=copy(stage))))
    other = stages.redeemed(of=stages.linked(of=signed))
    stages.recipient = somebody
    assert answers.own(other.actor, stages.now) == []
    file = draft.files[0].id
    for act in (
        lambda: answers.one(other.actor, draft.opinion.id, stages.now),
        lambda: answers.send(other.actor, draft.opinion.id, REPLY, stages.now),
        lambda: answers.deposit.file(other.actor, draft.opinion.id, file),
        lambda: answers.receive.expect_part(other.actor, draft.opinion.id, file, 1),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_recipient_reaches_no_packet_but_that_of_their_opinion(stages, stage, answers):
    for packet_id in (stage.packet.id, stages.opened().packet.id):
        with pytest.raises(NotFound):
            answers.deposit.add_file(stage.actor, packet_id, FileDraft("b.pdf", 5), stages.now)


def test_nobody_but_a_recipient_answers(stages, stage, answers):
    draft = stages.drafted(stage).opinion
    hospital = stages.hospital
    for actor in (hospital.coordinator, hospital.depositor, hospital.privacy_officer, stage.patient):
        for act in (
            lambda actor: answers.begin(actor, stages.now),
            lambda actor: answers.own(actor, stages.now),
            lambda actor: answers.one(actor, draft.id, stages.now),
            lambda actor: answers.send(actor, draft.id, REPLY, stages.now),
            lambda actor: answers.say(actor, REPLY, 0, stages.now),
            lambda actor: answers.deposit.add_file(actor, draft.id, FileDraft("b.pdf", 5), stages.now),
            lambda actor: answers.deposit.parts(actor, draft.id, draft.id),
        ):
            with pytest.raises(NotAllowed):
                act(actor)


def test_a_recipient_deposits_through_no_department_s_door(stages, stage, journey):
    draft = stages.drafted(stage).opinion
    with pytest.raises(NotAllowed):
        journey.deposit.add_file(stage.actor, draft.id, FileDraft("b.pdf", 5), stages.now)


def test_a_return_packet_is_none_of_the_department_s_cases(stages, stage, journey):
    sent = stages.answered(stage).opinion
    staff, now = stages.coordinator, stages.now
    assert [packet.id for packet in journey.deposit.packets(staff, limit=9).items] == [stage.packet.id]
    found = journey.deposit.packets(staff, limit=9, accession_number=stage.packet.case.accession_number)
    assert [packet.id for packet in found.items] == [stage.packet.id]
    for act in (
        lambda: journey.deposit.packet(staff, sent.id),
        lambda: journey.deposit.add_file(staff, sent.id, FileDraft("b.pdf", 5), now),
        lambda: journey.close.close(staff, sent.id, now, when_verified=False),
        lambda: journey.close.manifest(staff, sent.id),
        lambda: journey.releases.ask(staff, sent.id, stages.release_draft(), now),
        lambda: journey.issue.issue(staff, sent.id, stages.link_draft(stage), now),
        lambda: journey.account.of_packet(staff, sent.id),
    ):
        with pytest.raises(NotFound):
            act()


def test_what_the_log_says_of_an_opinion_is_not_what_it_says(stages, stage):
    stages.answered(stage, Reply(Conclusion.DISCORDANT, "Invasive."), OPINION)
    entries = [entry for entry in stages.audit() if entry.action.startswith("opinion.")]
    assert [entry.action for entry in entries] == ["opinion.begun", "opinion.sent"]
    assert all(entry.subject["packet"] == str(stage.packet.id) for entry in entries)
    assert "discordant" not in repr(entries)


def test_what_an_opinion_says_lies_sealed(stages, stage):
    sent = stages.answered(stage, Reply(Conclusion.DISCORDANT, "Invasive."))
    assert b"discordant" not in repr(stages.rows()).encode()
    assert "Invasive" not in repr(stages.rows())
    with stages.database.reading() as tx:
        assert tx.get(Opinion, sent.opinion.organization_id, sent.opinion.id) == sent.opinion
