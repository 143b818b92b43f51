"""A review service with its own token: what is released to it, redeemed, and confirmed; and nothing else."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import DAY
from tests.stages import ORIGIN, recipient_draft
from transfer_service.adapters.database.transaction import SqlTransaction
from transfer_service.domain.link import LinkState, Verification
from transfer_service.domain.packet import PacketFile
from transfer_service.domain.people import RecipientKind
from transfer_service.errors import (
    ChallengeUsed,
    FileUnknown,
    Invalid,
    LinkExpired,
    LinkRevoked,
    NotAllowed,
    NotAuthenticated,
    NotFetched,
    NotFound,
    PacketRetired,
    ReleaseExpired,
    ReleaseWithdrawn,
)
from transfer_service.usecases.refusals import MOST_ROWS
from transfer_service.usecases.release import GrantDraft


def listed(stages, actor=None, **page):
    given = {"limit": 50, "cursor": None, **page}
    return stages.journey.services.released(actor or stages.service_actor, stages.now, **given)


def redeem(stages, stage, actor=None, replay=None):
    return stages.journey.services.redeem(actor or stages.service_actor, stage.release.id, replay, stages.now)


def acknowledge(stages, stage, file_ids=None):
    return stages.journey.services.acknowledge(stages.service_actor, stage.release.id, file_ids, stages.now)


def links(stages, stage):
    return stages.journey.issue.of_packet(stages.coordinator, stage.packet.id, stages.now)


def lines(stages, stage):
    return stages.journey.account.of_packet(stages.coordinator, stage.packet.id)


def test_what_the_patient_signed_is_listed_with_its_size_and_no_more(stages):
    stage = stages.released_to_service()
    (item,) = listed(stages).items
    assert item.release == stage.release
    assert (item.files, item.bytes) == (2, sum(file.size_bytes for file in stage.files.values()))
    assert (item.redemptions, item.acknowledged_at) == (0, None)
    redeem(stages, stage)
    assert [item.redemptions for item in listed(stages).items] == [1]


def test_a_long_list_reads_no_file_s_row(stages, monkeypatch):
    stage = stages.released_to_service()
    asked, find = [], SqlTransaction.find
    monkeypatch.setattr(
        SqlTransaction, "find", lambda tx, kind, *a, **about: asked.append(kind) or find(tx, kind, *a, **about)
    )
    assert [item.release.id for item in listed(stages).items] == [stage.release.id]
    assert asked
    assert PacketFile not in asked


def test_only_the_files_granted_are_counted_and_let_out(stages):
    stage = stages.closed()
    one = stage.file
    stages.released_to_service(of=stage, grants=[GrantDraft(stages.service.id, (one.id,))])
    (item,) = listed(stages).items
    assert (item.files, item.bytes) == (1, one.size_bytes)
    assert [file.id for file in redeem(stages, stage).released.files] == [one.id]


def test_what_is_not_signed_not_live_or_for_somebody_else_is_not_listed(stages):
    asked = stages.released(grants=[GrantDraft(stages.service.id)])
    stages.signed()  # to a person
    withdrawn, retired, revoked = (stages.released_to_service() for _ in range(3))
    stages.journey.releases.withdraw(withdrawn.patient, withdrawn.release.id, stages.now)
    stages.journey.retire.retire(stages.coordinator, retired.packet.id, stages.now)
    redeem(stages, revoked)
    stages.journey.issue.revoke(stages.coordinator, links(stages, revoked)[0].link.id, stages.now)
    live = stages.released_to_service()
    assert [item.release.id for item in listed(stages).items] == [live.release.id]
    for stage, refusal in ((asked, NotFound), (withdrawn, ReleaseWithdrawn), (retired, PacketRetired)):
        with pytest.raises(refusal):
            redeem(stages, stage)
    stages.clock.now = live.release.expires_at
    assert listed(stages).items == []
    with pytest.raises(ReleaseExpired):
        redeem(stages, live)


def test_the_list_comes_in_pages_newest_first(stages):
    made = []
    for _ in range(3):
        made.append(stages.released_to_service().release.id)
        stages.clock.advance(timedelta(seconds=1))
    first = listed(stages, limit=2)
    rest = listed(stages, limit=2, cursor=first.next_cursor)
    assert [item.release.id for item in (*first.items, *rest.items)] == made[::-1]
    assert rest.next_cursor is None


def test_a_redemption_opens_exactly_what_a_link_would(stages):
    stage = stages.fetched_by_service()
    assert stage.actor.recipient_id == stages.service.id
    for path, file in stage.files.items():
        assert stages.download(stage.actor, file) == stage.contents[path]
    assert {line.recipient for line in lines(stages, stage)} == {stages.service}


def test_the_first_redemption_issues_a_link_that_staff_see_and_later_ones_count_on_it(stages):
    stage = stages.redeemed_by_service()
    redeem(stages, stage)
    (view,) = links(stages, stage)
    assert (view.state, view.link.verification, view.link.redemptions) == (
        LinkState.LIVE,
        Verification.SERVICE_TOKEN,
        2,
    )
    assert (view.link.recipient_id, view.link.expires_at) == (stages.service.id, stage.release.expires_at)


def test_a_revoked_link_lets_in_no_more_ends_what_runs_and_the_refusal_is_accounted_for(stages):
    stage = stages.redeemed_by_service()
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    with pytest.raises(LinkRevoked):
        redeem(stages, stage)
    with pytest.raises(LinkRevoked):
        stages.download(stage.actor, stage.file)
    assert [line.disclosure.refused_code for line in lines(stages, stage)] == ["link_revoked"] * 2
    assert len(links(stages, stage)) == 1


def test_a_release_that_ended_after_a_redemption_is_refused_as_a_link_would_be(stages):
    withdrawn, expired = stages.redeemed_by_service(), stages.redeemed_by_service()
    stages.journey.releases.withdraw(withdrawn.patient, withdrawn.release.id, stages.now)
    with pytest.raises(ReleaseWithdrawn):
        redeem(stages, withdrawn)
    stages.clock.now = expired.release.expires_at
    with pytest.raises(LinkExpired):
        redeem(stages, expired)


def test_before_any_link_a_refusal_is_in_the_audit_log(stages):
    stage = stages.released_to_service()
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    with pytest.raises(ReleaseWithdrawn):
        redeem(stages, stage)
    entry = stages.audit()[-1]
    assert (entry.action, entry.actor_kind, entry.facts) == (
        "release.redeem_refused",
        "service",
        {"code": "release_withdrawn"},
    )
    assert links(stages, stage) == []


def test_refusals_before_any_link_do_not_fill_the_audit_log(stages):
    stage = stages.released_to_service()
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    for _ in range(MOST_ROWS + 2):
        with pytest.raises(ReleaseWithdrawn):
            redeem(stages, stage)
    refused = [entry for entry in stages.audit() if entry.action == "release.redeem_refused"]
    assert len(refused) == MOST_ROWS


def test_one_service_s_refusals_do_not_hide_another_s(stages):
    other = stages.recipient_added(name="Second Opinions Ltd", kind=RecipientKind.SERVICE)
    _, token = stages.journey.enrol.create_service_token(other.id, stages.now)
    actor = stages.bearers.actor(token, ORIGIN, stages.now)
    stage = stages.released_to_service(grants=[GrantDraft(stages.service.id), GrantDraft(other.id)])
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    for who in (*[None] * (MOST_ROWS + 1), actor):
        with pytest.raises(ReleaseWithdrawn):
            redeem(stages, stage, actor=who)
    assert stages.audit()[-1].subject["recipient"] == str(other.id)


def test_a_repeat_with_its_key_is_the_same_redemption_with_a_fresh_token(stages):
    stage = stages.redeemed_by_service(replay="k")
    again = redeem(stages, stage, replay="k")
    assert again.token != stage.redeemed.token
    assert again.released.link.redemptions == 1
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(stage.redeemed.token, ORIGIN, stages.now)
    stages.clock.advance(stages.limits.replay_for)
    with pytest.raises(ChallengeUsed):
        redeem(stages, stage, replay="k")


def test_who_was_named_as_a_person_gets_nothing_by_a_service_s_token(stages):
    recipient = stages.recipient_added(name="Dr. S. Later")
    stage = stages.signed(of=stages.in_session(of=stages.released(grants=[GrantDraft(recipient.id)])))
    draft = recipient_draft(name="Dr. S. Later", kind=RecipientKind.SERVICE)
    stages.journey.recipients.change(stages.coordinator, recipient.id, draft, stages.now)
    _, token = stages.journey.enrol.create_service_token(recipient.id, stages.now)
    actor = stages.bearers.actor(token, ORIGIN, stages.now)
    assert listed(stages, actor).items == []
    with pytest.raises(NotFound):
        redeem(stages, stage, actor)


def test_another_service_finds_nothing_here(stages):
    stage = stages.fetched_by_service()
    other = stages.recipient_added(name="Other Review", kind=RecipientKind.SERVICE)
    abroad = stages.enrolled("Other")
    foreign = stages.journey.recipients.add(abroad.coordinator, recipient_draft(kind=RecipientKind.SERVICE), stages.now)
    for recipient in (other, foreign):
        _, token = stages.journey.enrol.create_service_token(recipient.id, stages.now)
        actor = stages.bearers.actor(token, ORIGIN, stages.now)
        assert listed(stages, actor).items == []
        for release_id in (stage.release.id, uuid4()):
            with pytest.raises(NotFound):
                stages.journey.services.redeem(actor, release_id, None, stages.now)
            with pytest.raises(NotFound):
                stages.journey.services.acknowledge(actor, release_id, None, stages.now)


def test_nobody_but_a_service_and_a_service_nowhere_else(stages):
    stage = stages.redeemed_by_service()
    for actor in (stages.coordinator, stages.hospital.admin, stage.patient, stage.actor):
        for call in (
            lambda actor=actor: listed(stages, actor),
            lambda actor=actor: redeem(stages, stage, actor),
            lambda actor=actor: stages.journey.services.acknowledge(actor, stage.release.id, None, stages.now),
        ):
            with pytest.raises(NotAllowed):
                call()
    with pytest.raises(NotAllowed):
        stages.journey.redeem.released(stages.service_actor, stages.now)
    with pytest.raises(NotAllowed):
        stages.journey.releases.one(stages.service_actor, stage.release.id)


def test_staff_can_not_issue_a_service_s_link(stages):
    stage = stages.signed()
    draft = replace(stages.link_draft(stage), verification=Verification.SERVICE_TOKEN)
    with pytest.raises(Invalid):
        stages.journey.issue.issue(stages.coordinator, stage.packet.id, draft, stages.now)


def test_a_person_has_no_token_and_an_unknown_recipient_none(stages):
    with pytest.raises(Invalid, match="a person"):
        stages.journey.enrol.create_service_token(stages.recipient.id, stages.now)
    with pytest.raises(NotFound):
        stages.journey.enrol.create_service_token(uuid4(), stages.now)


def test_a_revoked_token_takes_along_what_it_let_in_and_nothing_else(stages):
    stage, other = stages.redeemed_by_service(), stages.redeemed()
    stages.journey.enrol.revoke_token(stages.service_actor.credential_id, stages.now)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(stage.redeemed.token, ORIGIN, stages.now)
    assert stages.bearers.actor(other.redeemed.token, ORIGIN, stages.now)


def test_a_token_that_was_revoked_while_its_request_waited_lets_nothing_in(stages):
    stage = stages.redeemed_by_service(replay="k")
    stages.journey.enrol.revoke_token(stages.service_actor.credential_id, stages.now)
    for replay in ("k", "another", None):
        with pytest.raises(NotAuthenticated):
            redeem(stages, stage, replay=replay)
    stages.clock.advance(timedelta(days=2))
    with stages.database.changing() as tx:
        tx.forget(stages.now)
    with pytest.raises(NotAuthenticated):
        redeem(stages, stage)


def test_what_one_token_let_in_is_not_continued_by_another_which_would_outlive_it(stages):
    _, token = stages.journey.enrol.create_service_token(stages.service.id, stages.now)
    second = stages.bearers.actor(token, ORIGIN, stages.now)
    stage = stages.redeemed_by_service(replay="k")
    by_second = redeem(stages, stage, actor=second, replay="k")
    assert by_second.released.link.redemptions == 2
    stages.journey.enrol.revoke_token(second.credential_id, stages.now)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(by_second.token, ORIGIN, stages.now)
    assert stages.bearers.actor(stage.redeemed.token, ORIGIN, stages.now)


def test_a_confirmed_receipt_is_shown_to_department_and_patient_and_said_once(stages):
    stage = stages.fetched_by_service()
    receipts = acknowledge(stages, stage)
    assert {receipt.file_id for receipt in receipts} == {file.id for file in stage.files.values()}
    confirmed_at = stages.now
    stages.clock.advance(timedelta(minutes=1))
    before = stages.rows()
    assert {*acknowledge(stages, stage)} == {*receipts}
    assert stages.rows() == before
    assert {line.confirmed_at for line in lines(stages, stage)} == {confirmed_at}
    assert {line.confirmed_at for line in stages.journey.account.of_patient(stage.patient)} == {confirmed_at}
    assert [item.acknowledged_at for item in listed(stages).items] == [confirmed_at]


def test_files_may_be_confirmed_one_by_one(stages):
    stage = stages.fetched_by_service()
    first, second = (file.id for file in stage.files.values())
    assert [receipt.file_id for receipt in acknowledge(stages, stage, [first])] == [first]
    assert listed(stages).items[0].acknowledged_at is None
    assert {line.confirmed_at for line in lines(stages, stage)} == {None, stages.now}
    later = stages.clock.advance(timedelta(minutes=1))
    assert {receipt.file_id for receipt in acknowledge(stages, stage, [second])} == {first, second}
    assert listed(stages).items[0].acknowledged_at == later


def test_what_was_not_fetched_or_not_released_can_not_be_confirmed(stages):
    stage = stages.redeemed_by_service()
    with pytest.raises(NotFetched):
        acknowledge(stages, stage)
    stages.download(stage.actor, stage.file)
    with pytest.raises(NotFetched):
        acknowledge(stages, stage)
    with pytest.raises(FileUnknown):
        acknowledge(stages, stage, [stage.file.id, uuid4()])
    assert acknowledge(stages, stage, [stage.file.id])


def test_what_was_received_may_be_confirmed_after_the_release_ended(stages):
    stage = stages.fetched_by_service()
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    stages.clock.advance(DAY)
    assert len(acknowledge(stages, stage)) == 2
