"""Links: under a live release, to somebody it names, until it ends, listed, revocable."""

from dataclasses import replace
from uuid import uuid4

import pytest

from tests.factories import DAY, a_patient_actor, a_recipient_actor
from tests.stages import ORIGIN, PUBLIC_URL, wrong_code
from transfer_service.domain.link import LinkState, Verification
from transfer_service.domain.people import Role
from transfer_service.errors import (
    AnswerWrong,
    ExpiryInPast,
    ExpiryTooFar,
    Invalid,
    LinkRevoked,
    NotAllowed,
    NotFound,
    PacketNotClosed,
    PacketRetired,
    RecipientNotNamed,
    ReleaseExpired,
    ReleaseNotSigned,
    ReleaseWithdrawn,
)
from transfer_service.sealing.tokens import token_hash


def issue(stages, stage, actor=None, **changes):
    draft = replace(stages.link_draft(stage), **changes)
    return stages.journey.issue.issue(actor or stages.coordinator, stage.packet.id, draft, stages.now)


def states(stages, stage):
    return [view.state for view in stages.journey.issue.of_packet(stages.coordinator, stage.packet.id, stages.now)]


def test_the_secret_stands_in_the_url_alone_and_is_not_mailed(stages):
    stage = stages.signed()
    stages.mail()
    link, url = issue(stages, stage)
    page, _, secret = url.partition("#")
    assert (page, len(secret)) == (f"{PUBLIC_URL}/l", 43)
    assert link.secret_hash == token_hash(secret)
    assert stages.mail() == []
    (listed,) = stages.journey.issue.of_packet(stages.coordinator, stage.packet.id, stages.now)
    assert (listed.link, listed.state) == (link, LinkState.LIVE)
    assert secret not in repr(link) + repr(stages.audit())


def test_no_link_without_a_live_signed_release_of_that_very_packet(stages):
    asked = stages.released()
    with pytest.raises(ReleaseNotSigned):
        issue(stages, asked)
    withdrawn, expired, other = stages.signed(), stages.signed(), stages.signed()
    stages.journey.releases.withdraw(withdrawn.patient, withdrawn.release.id, stages.now)
    with pytest.raises(ReleaseWithdrawn):
        issue(stages, withdrawn)
    for release_id in (other.release.id, uuid4()):
        with pytest.raises(NotFound):
            issue(stages, expired, release_id=release_id)
    stages.clock.now = expired.release.expires_at
    with pytest.raises(ReleaseExpired):
        issue(stages, expired)
    retired = stages.signed()
    stages.journey.retire.retire(stages.coordinator, retired.packet.id, stages.now)
    with pytest.raises(PacketRetired):
        issue(stages, retired)
    unclosed = replace(retired, packet=stages.opened().packet)
    with pytest.raises(PacketNotClosed):
        issue(stages, unclosed)


def test_a_link_is_for_somebody_whom_the_release_names(stages):
    stranger = stages.recipient_added(name="Dr. S. Other")
    stage = stages.signed()
    for recipient_id in (stranger.id, uuid4()):
        with pytest.raises(RecipientNotNamed):
            issue(stages, stage, recipient_id=recipient_id)


def test_a_link_ends_within_ninety_days_and_within_its_release(stages):
    long = stages.in_session(expires_at=stages.now + 365 * DAY)
    long, short = stages.signed(of=long), stages.signed(of=stages.in_session(expires_at=stages.now + 10 * DAY))
    assert issue(stages, long, expires_at=stages.now + 90 * DAY)
    assert issue(stages, short, expires_at=short.release.expires_at)
    for stage, expires_at, error in [
        (long, stages.now + 91 * DAY, ExpiryTooFar),
        (short, stages.now + 11 * DAY, ExpiryTooFar),
        (short, stages.now, ExpiryInPast),
    ]:
        with pytest.raises(error):
            issue(stages, stage, expires_at=expires_at)


def test_a_passcode_goes_with_its_verification_and_is_kept_as_a_slow_hash(stages):
    stage = stages.signed()
    for wrong in ({"passcode": "x"}, {"verification": Verification.PASSCODE}):
        with pytest.raises(Invalid):
            issue(stages, stage, **wrong)
    links = [issue(stages, stage, verification=Verification.PASSCODE, passcode="blue whale")[0] for _ in range(2)]
    assert links[0].passcode.hash != links[1].passcode.hash
    assert b"blue whale" not in b"".join(path.read_bytes() for path in stages.directory.glob("transfer.db*"))


def test_who_may_issue_list_and_revoke(stages):
    stage = stages.linked()
    hospital, journey = stages.hospital, stages.journey
    for unfit in (hospital.depositor, hospital.privacy_officer, hospital.admin, a_patient_actor(), a_recipient_actor()):
        with pytest.raises(NotAllowed):
            issue(stages, stage, unfit)
    for unfit in (hospital.depositor, hospital.admin, stage.patient, a_recipient_actor()):
        with pytest.raises(NotAllowed):
            journey.issue.of_packet(unfit, stage.packet.id, stages.now)
        with pytest.raises(NotAllowed):
            journey.issue.revoke(unfit, stage.link.id, stages.now)
    radiology = stages.department(hospital.organization, "Radiology")
    for stranger in (stages.staff(radiology, Role.COORDINATOR), stages.enrolled("Other").coordinator):
        for call in (
            lambda actor: issue(stages, stage, actor),
            lambda actor: journey.issue.of_packet(actor, stage.packet.id, stages.now),
            lambda actor: journey.issue.revoke(actor, stage.link.id, stages.now),
        ):
            with pytest.raises(NotFound):
                call(stranger)
    assert journey.issue.revoke(hospital.privacy_officer, stage.link.id, stages.now).revoked_at == stages.now


def test_a_revoked_link_is_dead_at_once_and_stays_listed(stages):
    stage = stages.redeemed()
    revoked = stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    for call in (
        lambda: stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now),
        lambda: stages.journey.redeem.released(stage.actor, stages.now),
        lambda: stages.journey.deliver.look(stage.actor, stage.file.id, stages.now),
        lambda: stages.journey.deliver.begin(stage.actor, stage.file.id, 0, 1, stages.now),
    ):
        with pytest.raises(LinkRevoked):
            call()
    assert states(stages, stage) == [LinkState.REVOKED]
    before = stages.rows()
    stages.clock.advance(DAY)
    assert stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now) == revoked
    assert stages.rows() == before


def test_every_link_is_listed_with_what_it_is_worth_now(stages):
    limited = stages.linked(of=stages.signed(), max_redemptions=1)
    assert states(stages, limited) == [LinkState.LIVE]
    stages.redeemed(of=limited)
    assert states(stages, limited) == [LinkState.USED_UP]
    locked = stages.linked()
    for _ in range(4):
        answer = stages.right_answer(locked)
        wrong = replace(answer, response=wrong_code(answer.response))
        for _ in range(5):
            with pytest.raises(AnswerWrong):
                stages.journey.redeem.redeem(wrong, ORIGIN, stages.now)
    assert states(stages, locked) == [LinkState.LOCKED]
    withdrawn, retired, expired = stages.linked(), stages.linked(), stages.linked()
    stages.journey.releases.withdraw(withdrawn.patient, withdrawn.release.id, stages.now)
    stages.journey.retire.retire(stages.coordinator, retired.packet.id, stages.now)
    assert states(stages, withdrawn) == [LinkState.WITHDRAWN]
    assert states(stages, retired) == [LinkState.RETIRED]
    stages.clock.now = expired.link.expires_at
    assert states(stages, expired) == [LinkState.EXPIRED]
