"""Mail goes out until it is gone, and is wiped then."""

from datetime import timedelta

import pytest

from tests.factories import a_mail
from transfer_service.domain.mail import Mail
from transfer_service.errors import Unavailable


@pytest.fixture
def letter(stages):
    """One message that waits."""
    stages.mail()
    mail = a_mail(organization_id=stages.hospital.id, made_at=stages.now, due_at=stages.now)
    with stages.database.changing() as tx:
        tx.keep(mail)
    return mail


def in_outbox(stages):
    with stages.database.reading() as tx:
        return tx.mail_due(stages.now, 99)


def test_what_was_sent_is_wiped_and_not_sent_again(stages, letter):
    assert stages.journey.notify.deliver(stages.now) == 1
    assert stages.post.mail == [letter]
    assert stages.journey.notify.deliver(stages.now + timedelta(days=9)) == 0
    (row,) = stages.rows()["mail"]
    assert [value for value in row if isinstance(value, bytes)] == []


def test_what_could_not_be_sent_is_tried_after_twice_as_long_each_time_up_to_an_hour(stages, letter):
    stages.post.refuses = Unavailable()
    tick = timedelta(microseconds=1)
    for attempt in range(15):
        assert stages.journey.notify.deliver(stages.now) == 0
        stages.clock.advance(timedelta(seconds=min(2**attempt, 3600)) - tick)
        assert in_outbox(stages) == []
        stages.clock.advance(tick)
        assert [mail.id for mail in in_outbox(stages)] == [letter.id]
    stages.post.refuses = None
    assert stages.journey.notify.deliver(stages.now) == 1
    assert stages.post.mail[0].id == letter.id
    assert stages.post.mail[0].attempts == 15


def test_one_that_fails_does_not_keep_the_others(stages, letter):
    other = a_mail(organization_id=stages.hospital.id, to="other@patient.test", made_at=stages.now, due_at=stages.now)
    with stages.database.changing() as tx:
        tx.keep(other)
    taken = stages.post.send

    def refuse_one(mail: Mail) -> None:
        if mail.id == letter.id:
            raise Unavailable
        taken(mail)

    stages.post.send = refuse_one
    assert stages.journey.notify.deliver(stages.now) == 1
    assert stages.post.mail == [other]


def test_a_crash_between_sending_and_marking_sends_the_same_message_again(stages, letter):
    stages.execute("CREATE TRIGGER full BEFORE UPDATE ON mail BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(AssertionError):
        stages.journey.notify.deliver(stages.now)
    stages.execute("DROP TRIGGER full")
    assert stages.journey.notify.deliver(stages.now) == 1
    assert [mail.id for mail in stages.post.mail] == [letter.id] * 2


def test_mail_that_its_cause_did_not_outlive_was_never_written(stages):
    stage = stages.closed()
    stages.mail()
    stages.execute("CREATE TRIGGER full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(AssertionError):
        stages.released(of=stage)
    assert in_outbox(stages) == []
