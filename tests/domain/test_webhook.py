"""How long a receiver is waited for, and which secrets sign."""

from datetime import timedelta

import pytest

from tests.factories import NOW, a_notice, a_webhook
from transfer_service.domain.webhook import LONGEST_REST, LONGEST_WAIT, MOST_ATTEMPTS, NoticeKind, Silence

SECOND = timedelta(seconds=1)


def test_a_notice_is_tried_sixteen_times_in_some_three_days_each_after_a_longer_wait():
    for _ in range(20):
        notice = a_notice()
        waits = [notice.wait_after(attempts) for attempts in range(1, MOST_ATTEMPTS)]
        assert timedelta(hours=60) <= sum(waits, timedelta()) <= timedelta(hours=76)
        assert waits[:9] == sorted(waits[:9])
        assert max(waits) <= LONGEST_WAIT * 1.25


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 15), (5, 405), (8, 10935), (9, 28800), (20, 28800)])
def test_a_wait_is_up_to_a_quarter_longer_by_the_notice_s_own_id(attempts, seconds):
    waits = [a_notice().wait_after(attempts).total_seconds() for _ in range(50)]
    assert all(seconds <= wait < seconds * 1.25 for wait in waits)
    assert len(set(waits)) > 10


def test_the_last_attempt_is_the_last_by_number():
    assert not a_notice(attempts=MOST_ATTEMPTS - 1).is_last_attempt
    assert a_notice(attempts=MOST_ATTEMPTS).is_last_attempt


def test_a_notice_is_due_until_it_was_taken():
    assert a_notice().is_due(NOW)
    assert not a_notice(due_at=NOW + SECOND).is_due(NOW)
    assert not a_notice(delivered_at=NOW).is_due(NOW)


def test_a_failing_receiver_rests_longer_each_time_and_never_for_long():
    rests = [a_webhook().rest_after(failures).total_seconds() for failures in (1, 2, 3, 6, 7, 99)]
    assert rests == [5, 10, 20, 160, 300, LONGEST_REST.total_seconds()]


def test_a_webhook_is_called_when_it_is_enabled_and_has_rested():
    assert a_webhook().may_be_called(NOW)
    assert a_webhook(resting_until=NOW).may_be_called(NOW)
    assert not a_webhook(resting_until=NOW + SECOND).may_be_called(NOW)
    assert not a_webhook(disabled_at=NOW, disabled_because=Silence.GONE).may_be_called(NOW)


def test_a_webhook_wants_what_it_was_set_for_while_it_is_enabled():
    some = a_webhook(kinds=(NoticeKind.RELEASED,))
    assert some.wants(NoticeKind.RELEASED)
    assert not some.wants(NoticeKind.EXPIRING)
    assert not a_webhook(disabled_at=NOW, disabled_because=Silence.GONE).wants(NoticeKind.RELEASED)


def test_a_former_secret_signs_too_until_its_time_is_over():
    assert a_webhook(secret="new").signing_secrets(NOW) == ("new",)
    changed = a_webhook(secret="new", former_secret="old", former_until=NOW + SECOND)
    assert changed.signing_secrets(NOW) == ("new", "old")
    assert changed.signing_secrets(NOW + SECOND) == ("new",)


def test_a_webhook_prints_neither_its_secrets_nor_its_address():
    shown = repr(a_webhook(former_secret="whsec_old"))
    assert "whsec" not in shown
    assert "remote" not in shown
