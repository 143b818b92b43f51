"""Credentials and instants."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW, a_credential
from transfer_service.domain.moments import parsed, rfc3339
from transfer_service.domain.people import NOWHERE, CredentialKind, recipient_actor
from transfer_service.errors import NotAuthenticated


def test_a_credential_is_live_until_its_expiry_and_not_at_it():
    credential = a_credential(expires_at=NOW)
    assert credential.is_live(NOW - timedelta(microseconds=1))
    assert not credential.is_live(NOW)
    assert a_credential(expires_at=None).is_live(NOW)
    assert not a_credential(expires_at=None, revoked_at=NOW).is_live(NOW)


def test_a_recipient_s_token_makes_a_recipient_and_no_other_does():
    session = a_credential(kind=CredentialKind.RECIPIENT, recipient_id=uuid4(), role=None)
    actor = recipient_actor(session, NOWHERE)
    assert (actor.link_id, actor.redemption_id) == (session.subject_id, session.holder_id)
    assert (actor.recipient_id, actor.session_id) == (session.recipient_id, session.id)
    for other in (
        a_credential(),
        a_credential(kind=CredentialKind.PATIENT),
        a_credential(kind=CredentialKind.RECIPIENT, recipient_id=None),
    ):
        with pytest.raises(NotAuthenticated):
            recipient_actor(other, NOWHERE)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_an_instant_survives_being_written_and_is_always_27_characters(moment):
    assert len(rfc3339(moment)) == 27
    assert parsed(rfc3339(moment)) == moment


def test_an_instant_is_written_in_utc_and_never_without_a_zone():
    assert rfc3339(datetime(2026, 5, 12, 9, tzinfo=timezone(timedelta(hours=2)))) == "2026-05-12T07:00:00.000000Z"
    with pytest.raises(ValueError, match="zone"):
        rfc3339(datetime(2026, 5, 12))  # noqa: DTZ001 - the very thing that is refused
