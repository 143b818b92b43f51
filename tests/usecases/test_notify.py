"""Mail goes out until it is gone, and is wiped then; or is given up, which is recorded."""

import json
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import a_mail
from transfer_service.domain.mail import Mail, MailState, Postmark
from transfer_service.errors import MailRefused, MailRefusedForGood, Unavailable
from transfer_service.logs import JsonFormatter
from transfer_service.usecases.notify import ATTEMPT_FOR, Notify


@pytest.fixture
def letter(stages):
    """One message that waits."""
    stages.mail()
    mail = a_mail(organization_id=stages.hospital.id, made_at=stages.now, due_at=stages.now)
    with stages.database.changing() as tx:
        tx.keep(mail)
    return mail


def in_outbox(stages, at=None):
    with stages.database.reading() as tx:
        return tx.mail_due(at or stages.now, 99)


def postmark(stages, mail):
    with stages.database.reading() as tx:
        return tx.get(Postmark, mail.organization_id, mail.id)


def test_what_waits_is_waiting_since_it_was_made(stages, letter):
    assert (postmark(stages, letter).state, postmark(stages, letter).at) == (MailState.WAITING, letter.made_at)


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
        with pytest.raises(Unavailable):
            stages.journey.notify.deliver(stages.now)
        stages.clock.advance(timedelta(seconds=min(2**attempt, 3600)) - tick)
        assert in_outbox(stages) == []
        stages.clock.advance(tick)
        assert [mail.id for mail in in_outbox(stages)] == [letter.id]
    stages.post.refuses = None
    assert stages.journey.notify.deliver(stages.now) == 1
    assert stages.post.mail[0].id == letter.id
    assert stages.post.mail[0].attempts == 15


def another(stages, letter, **changes):
    """One more that waits, behind the letter."""
    mail = replace(letter, id=uuid4(), to="other@patient.test", due_at=letter.due_at + timedelta(microseconds=1))
    with stages.database.changing() as tx:
        tx.keep(replace(mail, **changes))
    stages.clock.advance(timedelta(seconds=1))
    return mail


def refuse_letter(stages, letter, error):
    """The post takes everything but that one."""
    taken, tried = stages.post.send, []

    def send(mail: Mail) -> None:
        tried.append(mail.id)
        if mail.id == letter.id:
            raise error
        taken(mail)

    stages.post.send = send
    return tried


def test_one_that_is_refused_for_itself_does_not_keep_the_others(stages, letter):
    other = another(stages, letter)
    refuse_letter(stages, letter, MailRefused())
    assert stages.journey.notify.deliver(stages.now) == 2
    assert stages.post.mail == [other]
    assert in_outbox(stages) == []


@pytest.mark.parametrize("error", [Unavailable(), RuntimeError("broken")])
def test_a_post_that_does_not_answer_is_not_tried_with_the_next(stages, letter, error):
    other = another(stages, letter)
    tried = refuse_letter(stages, letter, error)
    with pytest.raises(type(error)):
        stages.journey.notify.deliver(stages.now)
    assert tried == [letter.id]
    assert in_outbox(stages) == [other]
    assert stages.journey.notify.deliver(stages.now) == 1
    assert tried == [letter.id, other.id]


def test_no_more_are_sent_at_once_than_asked_for(stages, letter):
    other = another(stages, letter)
    for sent in ([letter], [letter, other]):
        assert stages.journey.notify.deliver(stages.now, at_most=1) == 1
        assert stages.post.mail == sent
    assert stages.journey.notify.deliver(stages.now, at_most=1) == 0


@pytest.mark.parametrize("error", [Unavailable(), MailRefused()])
def test_mail_that_could_not_be_sent_for_three_days_is_given_up_and_the_log_says_so(stages, letter, error):
    stages.post.refuses = error
    for days in (timedelta(days=3, microseconds=-1), timedelta(days=3)):
        assert "mail.given_up" not in stages.actions()
        with suppress(Unavailable):
            stages.journey.notify.deliver(letter.made_at + days)
        stages.execute(f"UPDATE mail SET due_at = '2000-01-01 00:00:00.000000' WHERE id = '{letter.id.hex}'")
    entry = stages.audit()[-1]
    assert (entry.action, entry.actor_id) == ("mail.given_up", "worker")
    assert (entry.subject, entry.facts) == ({"mail": str(letter.id)}, {"attempts": 2})
    assert [value for value in stages.rows()["mail"][0] if isinstance(value, bytes)] == []
    assert postmark(stages, letter).state is MailState.REFUSED
    stages.post.refuses = None
    assert stages.journey.notify.deliver(letter.made_at + timedelta(days=9)) == 0


def test_old_mail_is_tried_before_it_is_given_up(stages, letter):
    assert stages.journey.notify.deliver(stages.now + timedelta(days=9)) == 1
    assert stages.post.mail == [letter]


def test_giving_up_that_can_not_be_logged_is_not_done(stages, letter):
    stages.post.refuses = Unavailable()
    stages.kept.refuse("INSERT", "audit_entries")
    with pytest.raises(AssertionError):
        stages.journey.notify.deliver(letter.made_at + timedelta(days=3))
    (kept,) = in_outbox(stages, letter.made_at + timedelta(days=4))
    assert kept == replace(letter, due_at=kept.due_at)


def test_a_crash_between_sending_and_marking_sends_the_same_message_again(stages, letter):
    handed_over = stages.post.send

    def send(mail: Mail) -> None:
        handed_over(mail)
        stages.kept.refuse("UPDATE", "mail")

    stages.post.send = send
    with pytest.raises(AssertionError):
        stages.journey.notify.deliver(stages.now)
    stages.kept.relent()
    assert stages.journey.notify.deliver(stages.now) == 0
    stages.post.send = handed_over
    assert stages.journey.notify.deliver(stages.clock.advance(ATTEMPT_FOR)) == 1
    assert [mail.id for mail in stages.post.mail] == [letter.id] * 2


def test_what_one_worker_is_sending_another_does_not_send(stages, letter):
    handed_over, of_others = stages.post.send, []

    def send(mail: Mail) -> None:
        of_others.append(stages.journey.notify.deliver(stages.now))
        handed_over(mail)

    stages.post.send = send
    assert stages.journey.notify.deliver(stages.now) == 1
    assert of_others == [0]
    assert stages.post.mail == [letter]


@pytest.mark.parametrize("meanwhile", ["UPDATE mail SET attempts = 1", "DELETE FROM mail"])
def test_what_changed_since_it_was_found_is_left_to_whoever_changed_it(stages, letter, meanwhile):
    found = in_outbox(stages)
    stages.execute(f"{meanwhile} WHERE id = '{letter.id.hex}'")
    assert not stages.journey.notify._claimed(found[0], stages.now)


def test_what_is_refused_for_good_says_so_at_once_is_tried_for_an_hour_and_given_up(stages, letter):
    stages.post.refuses = MailRefusedForGood()
    stages.journey.notify.deliver(stages.now)
    assert (postmark(stages, letter).state, postmark(stages, letter).at) == (MailState.REFUSED, letter.made_at)
    with stages.database.reading() as tx:
        assert tx.backlog(stages.now).mails == 0
    while in_outbox(stages, letter.made_at + timedelta(hours=1)):
        assert "mail.given_up" not in stages.actions()
        stages.clock.advance(timedelta(minutes=10))
        stages.journey.notify.deliver(stages.now)
    assert stages.now - letter.made_at == timedelta(hours=1)
    assert stages.actions()[-1] == "mail.given_up"
    assert postmark(stages, letter).at == letter.made_at


def test_what_was_refused_for_good_and_is_taken_after_all_was_sent(stages, letter):
    stages.post.refuses = MailRefusedForGood()
    stages.journey.notify.deliver(stages.now)
    stages.post.refuses = None
    stages.journey.notify.deliver(stages.clock.advance(timedelta(minutes=5)))
    assert (postmark(stages, letter).state, postmark(stages, letter).at) == (MailState.SENT, stages.now)


def test_mail_that_its_cause_did_not_outlive_was_never_written(stages):
    stage = stages.closed()
    stages.mail()
    stages.kept.refuse("INSERT", "audit_entries")
    with pytest.raises(AssertionError):
        stages.released(of=stage)
    assert in_outbox(stages) == []


def test_the_log_tells_of_a_mail_under_the_request_that_caused_it(stages, caplog):
    caplog.handler.setFormatter(JsonFormatter())
    with caplog.at_level(logging.INFO):
        stages.signed()
    (entry,) = [entry for entry in stages.audit() if entry.action == "release.requested"]
    lines = [json.loads(each) for each in caplog.text.splitlines() if "A mail went out" in each]
    assert {line["request_id"] for line in lines} == {entry.request_id}


def test_what_another_worker_sends_meanwhile_is_passed_over_and_the_rest_goes_on(stages, letter):
    """While the first mail is handed over, the other worker sends all but the last, which comes after."""
    others = [a_mail(organization_id=stages.hospital.id, made_at=stages.now, due_at=stages.now) for _ in range(2)]
    with stages.database.changing() as tx:
        tx.keep(*others)
    sent = []

    class Slow:
        def send(self, mail):
            sent.append(mail.id)
            if len(sent) == 1:
                Notify(stages.database, stages.post).deliver(stages.now, at_most=1)

    assert Notify(stages.database, Slow()).deliver(stages.now) == 3
    by_the_other = [mail.id for mail in stages.post.mail][-1:]
    assert sorted([*sent, *by_the_other]) == sorted(mail.id for mail in (letter, *others))
