"""Who is told by mail of what happened: once each, without PHI, and with nothing that opens anything."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import DAY
from tests.stages import BIRTH_DATE, ORIGIN, recipient_draft
from transfer_service.domain.link import Verification
from transfer_service.domain.mail import MailKind, Postmark
from transfer_service.errors import NotAllowed, SealBroken
from transfer_service.usecases.notify import GIVE_UP_AFTER
from transfer_service.usecases.release import GrantDraft
from transfer_service.usecases.remind import BEFORE_END, OLD

PATIENT = "ada@patient.test"


def withdraw(stages, stage, actor=None):
    """The mails that it brings."""
    stages.mail()
    stages.journey.releases.withdraw(actor or stage.patient, stage.release.id, stages.now)
    return stages.mail()


def fetch(stages, stage):
    """Every file, whole; the mails that it brings."""
    stages.mail()
    for file in stage.files.values():
        stages.download(stage.actor, file)
    return stages.mail()


def remind(stages, at):
    stages.mail()
    stages.clock.now = at
    stages.journey.remind.remind(at)
    return stages.mail()


def check_tells_nothing(stage, mail):
    """Nothing of the patient or the packet; no secret, no address of a page, no id."""
    text = f"{mail.subject}\n{mail.body}"
    patient = stage.packet.case.patient
    told = [patient.name, patient.record_number, str(BIRTH_DATE), stage.packet.case.accession_number, *stage.files]
    told += [stage.link_secret, stage.letter_secret, str(stage.packet.id), str(stage.release.id), "://", "#"]
    assert [each for each in told if each and each in text] == []
    assert not re.search(r"\S{30}", text)


def last_week(stage):
    return stage.link.expires_at - BEFORE_END


# -- withdrawn -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["patient", "coordinator"])
def test_who_had_a_link_is_told_that_it_was_withdrawn(stages, by):
    stage = stages.linked()
    actor = stage.patient if by == "patient" else stages.coordinator
    (mail,) = withdraw(stages, stage, actor)
    assert (mail.to, mail.kind, mail.language) == ("viewer@review.test", MailKind.WITHDRAWN, "en")
    assert "Pathology at St. Agatha" in mail.body
    assert "Pathology: +1 555 0111" in mail.body
    check_tells_nothing(stage, mail)
    assert withdraw(stages, stage) == []


def test_who_never_had_a_link_is_not(stages):
    assert withdraw(stages, stages.signed()) == []
    assert withdraw(stages, stages.released(), stages.coordinator) == []


def test_who_has_downloaded_is_told_however_the_link_ended(stages):
    stage = stages.redeemed()
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    assert len(withdraw(stages, stage)) == 1


def test_whose_link_was_over_before_it_was_used_is_not_told(stages):
    revoked, expired = stages.linked(), stages.linked()
    stages.journey.issue.revoke(stages.coordinator, revoked.link.id, stages.now)
    assert withdraw(stages, revoked) == []
    stages.clock.now = expired.link.expires_at
    assert withdraw(stages, expired, stages.coordinator) == []


def test_each_of_several_is_told_once_however_many_links_they_had(stages):
    other = stages.recipient_added(name="Dr. S. Other", email="other@review.test")
    grants = [GrantDraft(stages.recipient.id), GrantDraft(other.id)]
    stage = stages.linked(of=stages.linked(of=stages.signed(grants=grants)))
    stages.linked(of=stage, recipient_id=other.id)
    assert sorted(mail.to for mail in withdraw(stages, stage)) == ["other@review.test", "viewer@review.test"]


def test_a_review_service_that_has_fetched_is_told_beside_its_webhook(stages):
    stage = stages.fetched_by_service()
    assert [mail.to for mail in withdraw(stages, stage)] == ["desk@remote.test"]


def test_nobody_is_told_of_a_withdrawal_that_was_not_done(stages):
    stage = stages.linked()
    stages.mail()
    stages.kept.refuse("INSERT", "audit_entries")
    with pytest.raises(AssertionError):
        stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    stages.kept.relent()
    assert stages.mail() == []


def test_a_withdrawal_stands_and_is_told_of_once_however_long_the_post_fails(stages):
    """F68: the mail waits; nothing waits for it."""
    stage = stages.linked()
    stages.mail()
    stages.post.refuses = RuntimeError("down")
    released = stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    for _ in range(5):
        with pytest.raises(RuntimeError):
            stages.journey.notify.deliver(stages.clock.advance(timedelta(hours=2)))
    stages.post.refuses = None
    stages.clock.advance(timedelta(hours=2))
    (mail,) = stages.mail()
    assert mail.kind is MailKind.WITHDRAWN
    assert released.withdrawn_at == mail.made_at


# -- in their language, at the address that the patient read --------------------------------------------------


def test_recipients_are_written_to_as_the_directory_says_now_at_the_address_of_then(stages):
    stage = stages.linked()
    spanish = recipient_draft(language="es-MX")
    assert stages.journey.recipients.change(stages.coordinator, stages.recipient.id, spanish, stages.now).version == 2
    stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    code = stages.mail()[-1]
    assert (code.to, code.kind, code.language) == ("viewer@review.test", MailKind.CODE, "es")
    moved = recipient_draft(email="moved@review.test", language="es-MX")
    stages.journey.recipients.change(stages.coordinator, stages.recipient.id, moved, stages.now)
    (mail,) = withdraw(stages, stage)
    assert (mail.to, mail.language) == ("viewer@review.test", "es")


def test_a_letter_says_in_which_language_it_is(stages):
    stages.signed(of=stages.in_session(of=stages.released(of=stages.closed())))
    assert {mail.language for mail in stages.post.mail} == {"en"}


# -- fetched -------------------------------------------------------------------------------------------------


def choose(stages, stage, tells=True):
    return stages.journey.patients.choose(stage.patient, stages.now, tells_of_fetching=tells)


def test_the_patient_is_not_told_that_files_were_received_until_they_ask_for_it(stages):
    assert fetch(stages, stages.redeemed()) == []


def test_the_patient_who_asked_for_it_is_told_once_when_the_first_file_was_received_whole(stages):
    stage = stages.redeemed()
    assert choose(stages, stage).tells_of_fetching
    stages.mail()
    stages.download(stage.actor, stage.file, 0, 3)
    assert stages.mail() == []
    (mail,) = fetch(stages, stage)
    assert (mail.to, mail.kind) == (PATIENT, MailKind.FETCHED)
    check_tells_nothing(stage, mail)
    assert stages.recipient.name not in mail.body
    again = stages.redeemed(of=stages.linked(of=stage))
    assert fetch(stages, again) == []


def test_the_patient_is_told_of_each_recipient(stages):
    other = stages.recipient_added(name="Dr. S. Other", email="other@review.test")
    grants = [GrantDraft(stages.recipient.id), GrantDraft(other.id)]
    stage = stages.signed(grants=grants)
    choose(stages, stage)
    for recipient in (stages.recipient, other):
        (mail,) = fetch(stages, stages.redeemed(of=stages.linked(of=stage, recipient_id=recipient.id)))
        assert mail.to == PATIENT


def test_the_patient_may_think_again(stages):
    stage = stages.redeemed()
    choose(stages, stage)
    before = stages.rows()
    choose(stages, stage)
    assert stages.rows() == before
    choose(stages, stage, tells=False)
    assert fetch(stages, stage) == []
    assert [entry.facts for entry in stages.audit() if entry.action == "patient.mail_chosen"] == [
        {"fetched": "yes"},
        {"fetched": "no"},
    ]


def test_nobody_chooses_for_the_patient(stages):
    stage = stages.redeemed()
    for actor in (stages.coordinator, stage.actor):
        with pytest.raises(NotAllowed):
            stages.journey.patients.choose(actor, stages.now, tells_of_fetching=True)


# -- expiring ------------------------------------------------------------------------------------------------


def test_who_did_not_use_their_link_is_reminded_once_before_it_ends(stages):
    stage = stages.linked()
    tick = timedelta(microseconds=1)
    assert remind(stages, last_week(stage) - tick) == []
    (mail,) = remind(stages, last_week(stage))
    assert (mail.to, mail.kind) == ("viewer@review.test", MailKind.EXPIRING)
    assert "May 26, 2026, 09:30 UTC" in mail.body
    check_tells_nothing(stage, mail)
    assert remind(stages, last_week(stage) + DAY) == []


def test_who_used_their_link_has_none_or_can_not_use_it_is_not_reminded(stages):
    stages.redeemed()
    revoked, withdrawn, retired, short = (stages.linked() for _ in range(4))
    stages.journey.issue.revoke(stages.coordinator, revoked.link.id, stages.now)
    stages.journey.releases.withdraw(withdrawn.patient, withdrawn.release.id, stages.now)
    stages.journey.retire.retire(stages.coordinator, retired.packet.id, stages.now)
    assert remind(stages, last_week(short) + BEFORE_END) == []


def test_a_link_for_two_days_is_not_reminded_of(stages):
    stage = stages.linked(expires_at=stages.now + OLD)
    assert remind(stages, stages.now + OLD - timedelta(seconds=1)) == []
    assert stage.link.redemptions == 0


def test_a_link_by_passcode_is_reminded_of_too(stages):
    stage = stages.linked(verification=Verification.PASSCODE, passcode="correct horse battery")
    assert len(remind(stages, last_week(stage))) == 1


@pytest.mark.parametrize(("wishes", "mails"), [((), 0), ((MailKind.EXPIRING,), 1)])
def test_who_wants_no_reminders_has_none_and_hears_of_a_withdrawal_all_the_same(stages, wishes, mails):
    stage = stages.linked()
    for notify in ((MailKind.EXPIRING,) if not wishes else (), wishes):
        draft = recipient_draft(notify=notify)
        stages.journey.recipients.change(stages.coordinator, stages.recipient.id, draft, stages.now)
    assert len(remind(stages, last_week(stage))) == mails
    assert len(withdraw(stages, stage, stages.coordinator)) == 1


def test_two_that_remind_at_once_remind_once(stages):
    stage = stages.linked()
    stages.clock.now = last_week(stage)
    due = stages.journey.remind._due(stages.now)
    assert [stages.journey.remind._tell(link, stages.now) for link in due * 2] == [True, False]
    assert stages.journey.remind._tell(replace(stage.link, redemptions=1), stages.now) is False


def test_a_reminder_that_was_given_up_is_not_made_again(stages):
    stage = stages.linked()
    stages.mail()
    stages.clock.now = last_week(stage)
    stages.journey.remind.remind(stages.now)
    with stages.database.reading() as tx:
        (mail,) = tx.mail_due(stages.now, 9)
    stages.journey.notify._put_off(mail, stages.now + GIVE_UP_AFTER)
    assert stages.journey.remind.remind(stages.now) == 0
    with stages.database.reading() as tx:
        assert [mark.kind for mark in tx.find(Postmark, stages.hospital.id, about_id=stage.link.id)] == [mail.kind]


def test_a_packet_that_does_not_open_keeps_no_other_s_recipient_from_a_reminder(stages):
    broken, whole = stages.linked(), stages.linked()
    stages.mail()
    stages.execute(f"UPDATE packets SET note = case_salt WHERE id = '{broken.packet.id.hex}'")
    stages.clock.now = last_week(whole)
    with pytest.raises(SealBroken):
        stages.journey.remind.remind(stages.now)
    (mail,) = stages.mail()
    assert mail.about_id == whole.link.id
