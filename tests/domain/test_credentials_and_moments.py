"""Credentials and instants."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW, a_credential
from transfer_service.domain.moments import parsed, rfc3339


def test_a_credential_is_live_until_its_expiry_and_not_at_it():
    credential = a_credential(expires_at=NOW)
    assert credential.is_live(NOW - timedelta(microseconds=1))
    assert not credential.is_live(NOW)
    assert a_credential(expires_at=None).is_live(NOW)
    assert not a_credential(expires_at=None, revoked_at=NOW).is_live(NOW)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_an_instant_survives_being_written_and_is_always_27_characters(moment):
    assert len(rfc3339(moment)) == 27
    assert parsed(rfc3339(moment)) == moment


def test_an_instant_is_written_in_utc_and_never_without_a_zone():
    assert rfc3339(datetime(2026, 5, 12, 9, tzinfo=timezone(timedelta(hours=2)))) == "2026-05-12T07:00:00.000000Z"
    with pytest.raises(ValueError, match="zone"):
        rfc3339(datetime(2026, 5, 12))  # noqa: DTZ001 - the very thing that is refused
