"""A review service sets a webhook, and is told of what concerns it: once, signed, for as long as it may hear it."""

import json
import logging
from copy import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import DAY
from tests.stages import recipient_draft
from transfer_service.domain.people import RecipientKind
from transfer_service.domain.webhook import FORMER_SECRET_FOR, MOST_ATTEMPTS, Notice, NoticeKind, Silence, Webhook
from transfer_service.errors import NotAllowed, NotFound, NoticeNotTaken, WebhookRefused
from transfer_service.logs import JsonFormatter
from transfer_service.usecases.release import GrantDraft
from transfer_service.usecases.webhooks import WebhookDraft

RELEASED, WITHDRAWN, EXPIRING = NoticeKind
FAILED = NoticeNotTaken("answered_500")


def bring_all(stages):
    """Everything that is due now; how many attempts."""
    attempts = 0
    while stages.journey.announce.next_notice(stages.now):
        attempts += 1
    return attempts


def brought(stages):
    return [notice.kind for notice, _ in stages.courier.brought]


def waiting(stages):
    with stages.database.reading() as tx:
        return tx.find(Notice, stages.hospital.id, delivered_at=None)


def webhook_now(stages):
    return stages.journey.webhooks.shown(stages.service_actor)


def withdraw(stages, stage):
    stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now)


def long_after(stages):
    """When whatever waits is due, and the receiver has rested."""
    stages.clock.advance(timedelta(hours=11))


# Set, shown, removed


def test_a_webhook_is_set_shown_and_removed(stages):
    made = stages.webhook_set(kinds=(EXPIRING, RELEASED))
    assert made.secret.startswith("whsec_")
    assert made.kinds == (RELEASED, EXPIRING)
    assert webhook_now(stages) == made
    stages.journey.webhooks.remove(stages.service_actor, stages.now)
    with pytest.raises(NotFound):
        webhook_now(stages)
    with pytest.raises(NotFound):
        stages.journey.webhooks.remove(stages.service_actor, stages.now)


def test_without_a_choice_it_hears_of_everything(stages):
    assert stages.webhook_set().kinds == tuple(NoticeKind)


def test_set_anew_it_has_a_new_secret_and_the_former_one_signs_for_a_day(stages):
    first = stages.webhook_set()
    second = stages.webhook_set(url="https://other.test/")
    assert first.secret != second.secret
    assert webhook_now(stages).url == "https://other.test/"
    assert second.signing_secrets(stages.now) == (second.secret, first.secret)
    assert second.signing_secrets(stages.now + FORMER_SECRET_FOR) == (second.secret,)
    assert stages.webhook_set().signing_secrets(stages.now)[1] == second.secret


def test_nobody_else_sets_looks_at_or_removes_one(stages):
    stages.webhook_set()
    stage = stages.redeemed_by_service()
    hospital = stages.hospital
    everybody = [hospital.coordinator, hospital.privacy_officer, hospital.admin, hospital.depositor]
    for actor in (*everybody, stage.patient, stage.actor):
        with pytest.raises(NotAllowed):
            stages.journey.webhooks.set(actor, WebhookDraft("https://evil.test/"), stages.now)
        with pytest.raises(NotAllowed):
            stages.journey.webhooks.shown(actor)
        with pytest.raises(NotAllowed):
            stages.journey.webhooks.remove(actor, stages.now)
    assert webhook_now(stages).url == "https://remote.test/hook"


def test_an_address_that_may_not_be_called_is_refused_and_the_former_stays(stages):
    before = stages.webhook_set()
    with pytest.raises(WebhookRefused):
        stages.webhook_set(url="ftp://remote.test/")
    assert webhook_now(stages) == before


def test_address_and_secrets_are_sealed_at_rest(stages):
    stages.webhook_set()
    made = stages.webhook_set()
    (row,) = stages.rows()["webhooks"]
    for word in (made.secret, made.former_secret, "remote.test"):
        assert word not in repr(row)


# What it is told


def test_a_service_is_told_of_a_release_and_of_its_withdrawal(stages):
    stages.webhook_set()
    stage = stages.released_to_service()
    assert bring_all(stages) == 1
    withdraw(stages, stage)
    assert bring_all(stages) == 1
    assert brought(stages) == [RELEASED, WITHDRAWN]
    (first, webhook), (second, _) = stages.courier.brought
    assert first.id != second.id
    assert (first.release_id, first.packet_id) == (stage.release.id, stage.packet.id)
    assert (first.recipient_id, first.expires_at) == (stages.service.id, stage.release.expires_at)
    assert webhook.url == "https://remote.test/hook"
    assert waiting(stages) == []
    assert webhook_now(stages).last_delivered_at == stages.now


def test_nobody_is_told_of_a_release_that_was_never_signed(stages):
    stages.webhook_set()
    stage = stages.released(grants=[GrantDraft(stages.service.id)])
    withdraw(stages, stage)
    assert waiting(stages) == []


def test_a_service_that_a_release_does_not_name_hears_nothing_of_it(stages):
    stages.webhook_set()
    withdraw(stages, stages.signed())
    assert waiting(stages) == []


def test_who_was_named_as_a_person_hears_nothing_as_a_service(stages):
    person = stages.recipient_added(name="Remote Review", email="desk@remote.test")
    draft = recipient_draft(kind=RecipientKind.SERVICE)
    asked = stages.released(grants=[GrantDraft(person.id)])
    stages.service = stages.journey.recipients.change(stages.coordinator, person.id, draft, stages.now)
    stages.webhook_set()
    withdraw(stages, stages.signed(of=stages.in_session(of=asked)))
    stages.clock.advance(85 * DAY)
    assert stages.journey.announce.warn_of_ends(stages.now) == 0
    assert waiting(stages) == []


def test_a_service_is_told_of_what_it_asked_for_alone(stages):
    stages.webhook_set(kinds=(WITHDRAWN,))
    stage = stages.released_to_service()
    stages.clock.advance(85 * DAY)
    assert stages.journey.announce.warn_of_ends(stages.now) == 0
    withdraw(stages, stage)
    assert [notice.kind for notice in waiting(stages)] == [WITHDRAWN]


def test_what_its_cause_did_not_outlive_was_never_written(stages):
    stages.webhook_set()
    stage = stages.in_session(of=stages.released(grants=[GrantDraft(stages.service.id)]))
    stages.kept.refuse("INSERT", "audit_entries")
    with pytest.raises(AssertionError):
        stages.signed(of=stage)
    assert waiting(stages) == []


def test_the_log_tells_of_a_notice_under_the_request_that_caused_it_and_says_no_address(stages, caplog):
    caplog.handler.setFormatter(JsonFormatter())
    stages.webhook_set()
    stages.released_to_service()
    with caplog.at_level(logging.INFO):
        stages.courier.refuses = FAILED
        bring_all(stages)
        stages.courier.refuses = None
        long_after(stages)
        bring_all(stages)
    lines = [json.loads(each) for each in caplog.text.splitlines() if "notice" in each]
    assert [line["message"] for line in lines] == ["A notice was not taken: answered_500.", "A notice was taken."]
    (entry,) = [entry for entry in stages.audit() if entry.action == "release.signed"]
    assert {line["request_id"] for line in lines} == {entry.request_id}
    assert {line["notice_id"] for line in lines} == {str(stages.courier.tried[0].id)}
    assert "remote.test" not in caplog.text


# Before a release ends


def test_a_service_is_told_once_that_a_release_will_end_within_a_week(stages):
    stages.webhook_set()
    stage = stages.released_to_service()
    bring_all(stages)
    stages.clock.now = stage.release.expires_at - 7 * DAY - timedelta(microseconds=1)
    assert stages.journey.announce.warn_of_ends(stages.now) == 0
    stages.clock.advance(timedelta(microseconds=1))
    assert stages.journey.announce.warn_of_ends(stages.now) == 1
    assert bring_all(stages) == 1
    for _ in range(3):
        stages.clock.advance(DAY)
        stages.sweep()
        assert stages.journey.announce.warn_of_ends(stages.now) == 0
    assert brought(stages) == [RELEASED, EXPIRING]


@pytest.mark.parametrize("what", ["withdrawn", "retired", "expired", "not signed", "shut out"])
def test_nobody_is_told_of_the_end_of_what_has_ended_or_not_begun(stages, what):
    if what == "not signed":
        stage = stages.released(grants=[GrantDraft(stages.service.id)])
    else:
        stage = stages.released_to_service()
    stages.webhook_set()
    stages.clock.now = stage.release.expires_at - DAY
    if what == "withdrawn":
        withdraw(stages, stage)
    if what == "shut out":
        link = stages.redeemed_by_service(of=stage).link
        stages.journey.issue.revoke(stages.coordinator, link.id, stages.now)
    if what == "retired":
        stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    if what == "expired":
        stages.clock.advance(DAY)
    assert stages.journey.announce.warn_of_ends(stages.now) == 0


def test_two_workers_warn_of_one_end_once(stages):
    stages.webhook_set()
    stage = stages.released_to_service()
    bring_all(stages)
    stages.clock.now = stage.release.expires_at - DAY
    announce, warned = stages.journey.announce, []

    class Other:
        """Another worker is quicker, between looking and warning."""

        def reading(self):
            return stages.database.reading()

        def changing(self):
            if not warned:
                warned.append(announce.warn_of_ends(stages.now))
            return stages.database.changing()

    assert replace(announce, database=Other()).warn_of_ends(stages.now) == 0
    assert warned == [1]


def test_nobody_is_warned_by_a_webhook_that_was_removed_since_it_was_found(stages):
    stages.webhook_set()
    stage = stages.released_to_service()
    bring_all(stages)
    stages.clock.now = stage.release.expires_at - DAY

    class Slow:
        def reading(self):
            return stages.database.reading()

        def changing(self):
            stages.journey.webhooks.remove(stages.service_actor, stages.now)
            return stages.database.changing()

    assert replace(stages.journey.announce, database=Slow()).warn_of_ends(stages.now) == 0


# Tried again


def test_what_was_not_taken_is_tried_again_under_the_same_id_until_it_is(stages):
    stages.webhook_set()
    stages.released_to_service()
    stages.courier.refuses = FAILED
    for _ in range(4):
        assert bring_all(stages) == 1
        long_after(stages)
    failed = webhook_now(stages)
    assert (failed.last_failure, failed.failures) == ("answered_500", 4)
    stages.courier.refuses = None
    assert bring_all(stages) == 1
    assert len({notice.id for notice in stages.courier.tried}) == 1
    assert waiting(stages) == []
    well = webhook_now(stages)
    assert (well.failures, well.last_failed_at, well.last_delivered_at) == (0, failed.last_failed_at, stages.now)


def test_a_notice_that_fails_waits_and_its_receiver_rests(stages):
    stages.webhook_set()
    stages.released_to_service()
    stages.released_to_service()
    stages.courier.refuses = FAILED
    assert bring_all(stages) == 1
    stages.clock.advance(timedelta(seconds=4))
    assert bring_all(stages) == 0
    stages.clock.advance(timedelta(seconds=1))
    assert bring_all(stages) == 1
    first, second = stages.courier.tried
    assert first.id != second.id


def test_one_receiver_is_called_once_at_a_time(stages):
    stages.webhook_set()
    stages.released_to_service()
    stages.released_to_service()
    meanwhile = []
    stages.courier.before = lambda: meanwhile.append(other_worker())

    def other_worker():
        stages.courier.before = lambda: None
        return stages.journey.announce.next_notice(stages.now)

    assert stages.journey.announce.next_notice(stages.now) is True
    assert meanwhile == [False]
    assert bring_all(stages) == 1


def test_a_crash_in_the_middle_of_an_attempt_tries_again_under_the_same_id(stages):
    stages.webhook_set()
    stages.released_to_service()
    stages.courier.refuses = RuntimeError("killed")
    with pytest.raises(RuntimeError):
        stages.journey.announce.next_notice(stages.now)
    assert bring_all(stages) == 0
    stages.courier.refuses = None
    stages.clock.advance(timedelta(minutes=1))
    assert bring_all(stages) == 1
    assert len({notice.id for notice in stages.courier.tried}) == 1


@pytest.mark.parametrize("meanwhile", ["claimed", "removed"])
def test_what_another_worker_took_since_it_was_found_is_left_to_it(stages, meanwhile):
    stages.webhook_set()
    stages.released_to_service()

    class Slow:
        """Somebody is quicker, between looking and claiming."""

        def reading(self):
            return stages.database.reading()

        def changing(self):
            if meanwhile == "claimed":
                stages.journey.announce.next_notice(stages.now)
            else:
                stages.journey.webhooks.remove(stages.service_actor, stages.now)
            return stages.database.changing()

    assert replace(stages.journey.announce, database=Slow()).next_notice(stages.now) is False
    assert len(stages.courier.tried) == (meanwhile == "claimed")


def test_after_three_days_of_failures_the_webhook_is_disabled_and_the_log_says_so(stages):
    stages.webhook_set()
    stages.released_to_service()
    stages.courier.refuses = FAILED
    began_at = stages.now
    while waiting(stages):
        stages.clock.now = waiting(stages)[0].due_at
        assert bring_all(stages) == 1
    assert len(stages.courier.tried) == MOST_ATTEMPTS
    assert timedelta(hours=60) < webhook_now(stages).disabled_at - began_at < timedelta(hours=76)
    assert webhook_now(stages).disabled_because is Silence.GIVEN_UP
    entry = stages.audit()[-1]
    assert (entry.action, entry.actor_id) == ("webhook.disabled", "worker")
    assert (entry.subject, entry.facts) == ({"recipient": str(stages.service.id)}, {"because": "given_up"})
    assert waiting(stages) == []


def test_a_receiver_that_is_gone_is_disabled_at_once_and_called_no_more_until_it_is_set_again(stages):
    stages.webhook_set()
    stages.released_to_service()
    stages.released_to_service()
    stages.courier.refuses = NoticeNotTaken("gone", is_gone=True)
    assert bring_all(stages) == 1
    disabled = webhook_now(stages)
    assert (disabled.disabled_because, disabled.disabled_at) == (Silence.GONE, stages.now)
    assert (disabled.last_failure, disabled.last_failed_at) == ("gone", stages.now)
    stages.courier.refuses = None
    withdraw(stages, stages.released_to_service())
    stages.clock.advance(85 * DAY)
    assert stages.journey.announce.warn_of_ends(stages.now) == bring_all(stages) == 0
    assert waiting(stages) == []
    assert stages.webhook_set().is_enabled
    stages.clock.advance(-85 * DAY)
    stages.released_to_service()
    assert bring_all(stages) == 1


def test_disabling_that_can_not_be_logged_is_not_done(stages):
    stages.webhook_set()
    stages.released_to_service()
    stages.courier.refuses = NoticeNotTaken("gone", is_gone=True)
    stages.kept.refuse("INSERT", "audit_entries")
    with pytest.raises(AssertionError):
        bring_all(stages)
    stages.kept.relent()
    assert webhook_now(stages).is_enabled
    stages.clock.advance(timedelta(minutes=1))
    bring_all(stages)
    assert not webhook_now(stages).is_enabled


@pytest.mark.parametrize("outcome", [None, FAILED, NoticeNotTaken("gone", is_gone=True)])
def test_an_attempt_at_a_former_address_says_nothing_of_the_one_that_was_set_meanwhile(stages, outcome):
    stages.webhook_set()
    stages.released_to_service()
    stages.clock.advance(timedelta(seconds=1))
    stages.courier.refuses = outcome
    stages.courier.before = lambda: stages.webhook_set(url="https://other.test/")
    assert stages.journey.announce.next_notice(stages.now)
    after = webhook_now(stages)
    assert (after.is_enabled, after.last_failed_at, after.last_delivered_at) == (True, None, None)
    stages.courier.refuses, stages.courier.before = None, lambda: None
    long_after(stages)
    assert bring_all(stages) == 1
    assert stages.courier.brought[-1][1].url == "https://other.test/"


@pytest.mark.parametrize("outcome", [None, FAILED])
def test_a_webhook_that_was_removed_in_mid_attempt_stays_removed(stages, outcome):
    stages.webhook_set()
    stages.released_to_service()
    stages.courier.refuses = outcome
    stages.courier.before = lambda: stages.journey.webhooks.remove(stages.service_actor, stages.now)
    assert stages.journey.announce.next_notice(stages.now)
    assert stages.rows()["webhooks"] == stages.rows()["notices"] == []


def test_a_webhook_that_does_not_open_is_reported_and_keeps_no_other_from_its_notices(stages, caplog):
    stages.webhook_set()
    stages.released_to_service()
    stages.execute("UPDATE webhooks SET url = secret")
    del stages.service, stages.service_actor
    stages.webhook_set()
    stages.released_to_service()
    assert bring_all(stages) == 1
    assert stages.courier.brought[0][1].recipient_id == stages.service.id
    assert "does not open" in caplog.text


def test_removing_drops_what_waits(stages):
    stages.webhook_set()
    stages.released_to_service()
    stages.journey.webhooks.remove(stages.service_actor, stages.now)
    assert waiting(stages) == []


def test_with_the_token_that_set_it_a_webhook_ends_and_what_waits_is_dropped(stages):
    """Whoever had a stolen token may have set it: it outlives the token for nothing."""
    stages.webhook_set()
    stages.released_to_service()
    stages.journey.enrol.revoke_token(stages.service_actor.credential_id, stages.now)
    assert webhook_now(stages).disabled_because is Silence.TOKEN_REVOKED
    assert waiting(stages) == []
    stages.released_to_service()
    assert bring_all(stages) == 0


def test_another_token_of_the_service_takes_no_webhook_along(stages):
    stages.webhook_set()
    other, _ = stages.journey.enrol.create_service_token(stages.service.id, stages.now)
    stages.journey.enrol.revoke_token(other.id, stages.now)
    assert webhook_now(stages).is_enabled


def test_what_was_delivered_is_forgotten_a_day_after_its_release_ended(stages):
    stages.webhook_set()
    stage = stages.released_to_service()
    bring_all(stages)
    stages.clock.now = stage.release.expires_at + DAY - timedelta(microseconds=1)
    stages.sweep()
    assert len(stages.rows()["notices"]) == 1
    stages.sweep(timedelta(microseconds=1))
    assert stages.rows()["notices"] == []


def test_a_second_release_of_the_same_packet_is_told_too(stages):
    stages.webhook_set()
    stage = stages.released_to_service()
    stages.released_to_service(of=copy(stage))
    assert bring_all(stages) == 2


def test_the_backlog_counts_what_waits(stages):
    stages.webhook_set()
    stages.released_to_service()
    with stages.database.reading() as tx:
        backlog = tx.backlog(stages.now)
        assert (backlog.notices, backlog.oldest_notice_at) == (1, stages.now)
        assert tx.find(Webhook, stages.hospital.id) == [webhook_now(stages)]
