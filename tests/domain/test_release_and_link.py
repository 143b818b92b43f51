"""Releases, links, challenges: live or over, to the microsecond."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import NOW, a_challenge, a_link, a_release
from transfer_service.domain.release import RELEASE_TRANSITIONS, Basis, ReleaseState
from transfer_service.errors import (
    ChallengeOver,
    ChallengeUsed,
    FormChanged,
    LinkExpired,
    LinkLocked,
    LinkRevoked,
    LinkUsedUp,
    NotNow,
    RecipientNotNamed,
    ReleaseExpired,
    ReleaseLocked,
    ReleaseNotRequested,
    ReleaseNotSigned,
    ReleaseWithdrawn,
)

TICK = timedelta(microseconds=1)


def test_a_signed_release_is_live_until_its_expiry_and_not_at_it():
    release = a_release(state=ReleaseState.SIGNED, expires_at=NOW)
    release.check_live(NOW - TICK)
    for moment in (NOW, NOW + timedelta(seconds=1)):
        with pytest.raises(ReleaseExpired):
            release.check_live(moment)


def test_an_unsigned_or_withdrawn_release_is_not_live():
    with pytest.raises(ReleaseNotSigned):
        a_release(state=ReleaseState.REQUESTED).check_live(NOW)
    with pytest.raises(ReleaseWithdrawn):
        a_release(state=ReleaseState.WITHDRAWN).check_live(NOW)


@pytest.mark.parametrize("state", ReleaseState)
@pytest.mark.parametrize("to", ReleaseState)
def test_a_release_moves_only_where_the_table_says(state, to):
    release = a_release(state=state)
    if to in RELEASE_TRANSITIONS[state]:
        assert release.moved(to).state is to
    else:
        with pytest.raises(NotNow):
            release.moved(to)


def test_every_release_can_be_withdrawn_once_and_for_good():
    assert all(ReleaseState.WITHDRAWN in ways for state, ways in RELEASE_TRANSITIONS.items() if state != "withdrawn")
    assert RELEASE_TRANSITIONS[ReleaseState.WITHDRAWN] == frozenset()
    leads_to_attested = [state for state, ways in RELEASE_TRANSITIONS.items() if ReleaseState.ATTESTED in ways]
    assert leads_to_attested == []


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("state", ReleaseState)
def test_only_what_is_signed_or_attested_for_treatment_is_live(state, basis):
    release = a_release(state=state, basis=basis)
    if state is ReleaseState.SIGNED or (state is ReleaseState.ATTESTED and basis is Basis.TREATMENT):
        release.check_live(NOW)
    else:
        with pytest.raises(NotNow):
            release.check_live(NOW)


def test_a_release_names_its_recipients_and_no_others():
    release = a_release()
    assert release.grant_to(release.grants[0].recipient_id) is release.grants[0]
    with pytest.raises(RecipientNotNamed):
        release.grant_to(uuid4())


def test_a_release_is_signed_once_unexpired_and_on_the_form_that_was_shown():
    release = a_release(state=ReleaseState.REQUESTED, expires_at=NOW + TICK)
    release.check_may_be_signed(release.form.sha256, NOW)
    with pytest.raises(FormChanged):
        release.check_may_be_signed("0" * 64, NOW)
    with pytest.raises(ReleaseExpired):
        release.check_may_be_signed(release.form.sha256, NOW + TICK)
    with pytest.raises(ReleaseNotRequested):
        a_release(state=ReleaseState.SIGNED).check_may_be_signed(release.form.sha256, NOW)
    with pytest.raises(ReleaseWithdrawn):
        a_release(state=ReleaseState.WITHDRAWN).check_may_be_signed(release.form.sha256, NOW)


def test_wrong_answers_lock_a_release_for_life():
    a_release(wrong_answers=19).check_unlocked(20)
    with pytest.raises(ReleaseLocked):
        a_release(wrong_answers=20).check_unlocked(20)


def test_a_link_lives_until_its_expiry_and_not_at_it():
    link = a_link(expires_at=NOW)
    link.check_live(NOW - TICK)
    with pytest.raises(LinkExpired):
        link.check_live(NOW)


def test_a_revoked_link_is_over():
    with pytest.raises(LinkRevoked):
        a_link(revoked_at=NOW).check_live(NOW)


def test_a_link_is_redeemed_as_often_as_it_may_be():
    a_link(max_redemptions=2, redemptions=1).check_redeemable()
    a_link(max_redemptions=None, redemptions=10_000).check_redeemable()
    with pytest.raises(LinkUsedUp):
        a_link(max_redemptions=2, redemptions=2).check_redeemable()


def test_wrong_answers_lock_a_link_for_life():
    a_link(wrong_answers=19).check_unlocked(20)
    with pytest.raises(LinkLocked):
        a_link(wrong_answers=20).check_unlocked(20)


def test_a_challenge_is_open_once_for_its_time_and_its_tries():
    challenge = a_challenge(made_at=NOW, expires_at=NOW + timedelta(minutes=10))
    challenge.check_open(NOW, 5)
    with pytest.raises(ChallengeUsed):
        a_challenge(used_at=NOW).check_open(NOW, 5)
    for over in (a_challenge(expires_at=NOW), a_challenge(voided_at=NOW), a_challenge(wrong_answers=5)):
        with pytest.raises(ChallengeOver):
            over.check_open(NOW, 5)
