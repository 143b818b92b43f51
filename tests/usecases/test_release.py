"""Asking the patient, their letter, their signature, their change of mind."""

from dataclasses import fields, replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import DAY, a_packet, a_patient, a_patient_actor, a_recipient_actor, a_system_actor, an_event
from tests.stages import ORIGIN, PUBLIC_URL, recipient_draft
from transfer_service.audit.entry import actor_words
from transfer_service.domain.mail import MailState
from transfer_service.domain.packet import PacketState
from transfer_service.domain.people import Role
from transfer_service.domain.release import Medium, ReleaseState, Signer
from transfer_service.errors import (
    ExpiryInPast,
    ExpiryTooFar,
    FileUnknown,
    FormChanged,
    Invalid,
    MailRefusedForGood,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PacketNotClosed,
    PacketRetired,
    PatientUnreachable,
    ReleaseExpired,
    ReleaseNotRequested,
    ReleaseWithdrawn,
)
from transfer_service.sealing.tokens import token_hash
from transfer_service.usecases.release import GrantDraft, ReleaseDraft, SignatureDraft
from transfer_service.usecases.withdrawal import WithdrawalDraft


def sign(stages, stage, actor=None, **changes):
    draft = replace(SignatureDraft(stage.release.form.sha256, "Ada Example", Signer.PATIENT), **changes)
    return stages.journey.releases.sign(actor or stage.patient, stage.release.id, draft, stages.now)


def ask(stages, stage, *grants, **changes):
    draft = ReleaseDraft(grants or [GrantDraft(stages.recipient.id)], "Second opinion", stages.now + DAY)
    return stages.journey.releases.ask(stages.coordinator, stage.packet.id, replace(draft, **changes), stages.now)


def test_the_letter_goes_to_the_patients_own_address_and_its_secret_nowhere_else(stages):
    stage = stages.closed()
    stages.mail()
    stage.release = ask(stages, stage)
    (letter,) = stages.mail()
    assert letter.to == stage.packet.case.patient.email
    secret = stages.letter_secret()
    assert f"{PUBLIC_URL}/r#{secret}" in letter.body
    assert token_hash(secret) == stage.release.secret_hash
    everything = repr(stage.release) + stage.release.form.text + repr(stages.audit()) + letter.subject
    assert secret not in everything
    for phi in ("Ada", "MRN-0042", "S26-1234", "carcinoma"):
        assert phi not in letter.body + letter.subject


def test_a_letter_says_whom_to_call_where_the_department_said_so(stages):
    stages.released()
    assert "Questions? Pathology" in stages.post.mail[-1].body
    silent = stages.journey.enrol.create_department(stages.hospital.id, "Cytology", "", stages.now)
    stages.hospital.coordinator = stages.staff(silent, Role.COORDINATOR)
    stages.released()
    assert "Questions?" not in stages.post.mail[-1].body


def test_staff_see_what_became_of_the_newest_letter(stages):
    def letter():
        (listed,) = stages.journey.releases.of_packet(stages.coordinator, stage.packet.id)
        return listed.letter.state, listed.letter.at

    stage = stages.closed()
    stage.release = stages.journey.releases.ask(stages.coordinator, stage.packet.id, stages.release_draft(), stages.now)
    assert letter() == (MailState.WAITING, stages.now)
    stages.post.refuses = MailRefusedForGood()
    refused_at = stages.clock.advance(DAY)
    stages.journey.notify.deliver(refused_at)
    assert letter() == (MailState.REFUSED, refused_at)
    stages.post.refuses = None
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.clock.advance(DAY))
    assert letter() == (MailState.WAITING, stages.now)
    stages.patient_session(stages.letter_secret())
    assert letter() == (MailState.SENT, stages.now)


def test_of_a_letter_from_before_that_was_noted_nothing_is_said(stages):
    stage = stages.released()
    stages.execute("UPDATE mail SET kind = NULL, about_id = NULL")
    (listed,) = stages.journey.releases.of_packet(stages.coordinator, stage.packet.id)
    assert listed.letter is None


def test_a_release_binds_scope_recipients_purpose_and_the_packets_content(stages):
    second = stages.recipient_added(name="Dr. S. Other")
    stage = stages.closed()
    one, two = stage.files.values()
    release = ask(stages, stage, GrantDraft(stages.recipient.id, (two.id,)), GrantDraft(second.id))
    first_grant, second_grant = release.grants
    assert first_grant.file_ids == (two.id,)
    assert set(second_grant.file_ids) == {one.id, two.id}
    assert release.state is ReleaseState.REQUESTED
    for words in ("Dr. R. Viewer", "Dr. S. Other", "Second opinion", one.path, two.path):
        assert words in release.form.text
    (listed,) = stages.journey.releases.of_packet(stages.coordinator, stage.packet.id)
    assert [getattr(listed, field.name) for field in fields(release)] == [
        getattr(release, field.name) for field in fields(release)
    ]
    assert stages.journey.releases.one(stages.hospital.privacy_officer, release.id) == release


def test_only_a_closed_packet_is_released(stages):
    for stage in (stages.opened(), stages.verified()):
        with pytest.raises(PacketNotClosed):
            ask(stages, stage)
    stage = stages.closed()
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    with pytest.raises(PacketRetired):
        ask(stages, stage)
    with pytest.raises(PacketNotClosed):
        a_packet(state=PacketState.CLOSED).signed_manifest()


@pytest.mark.parametrize("email", [None, ""])
def test_a_patient_without_an_address_is_not_asked_by_mail(stages, email):
    stage = stages.closed(patient=a_patient(email=email))
    before = stages.rows()
    with pytest.raises(PatientUnreachable):
        ask(stages, stage)
    assert stages.rows() == before


def test_a_release_names_what_is_there_and_ends_in_time(stages):
    stage, other = stages.closed(), stages.closed()
    foreign = stages.enrolled("Other")
    stranger = stages.journey.recipients.add(foreign.coordinator, recipient_draft(), stages.now)
    known = stages.recipient.id
    for wrong, changes, error in [
        ([GrantDraft(known, (other.file.id,))], {}, FileUnknown),
        ([GrantDraft(known, (uuid4(),))], {}, FileUnknown),
        ([GrantDraft(known, ())], {}, Invalid),
        ([GrantDraft(uuid4())], {}, Invalid),
        ([GrantDraft(stranger.id)], {}, Invalid),
        ([GrantDraft(known), GrantDraft(known, (stage.file.id,))], {}, Invalid),
        ([GrantDraft(known)], {"grants": ()}, Invalid),
        ([GrantDraft(known)], {"expires_at": stages.now}, ExpiryInPast),
        ([GrantDraft(known)], {"expires_at": stages.now + 366 * DAY}, ExpiryTooFar),
    ]:
        with pytest.raises(error):
            ask(stages, stage, *wrong, **changes)
    assert stages.journey.releases.of_packet(stages.coordinator, stage.packet.id) == []
    assert ask(stages, stage, expires_at=stages.now + 365 * DAY)


def test_who_may_ask_and_who_may_look(stages):
    stage, releases = stages.in_session(), stages.journey.releases
    hospital = stages.hospital
    radiology = stages.department(hospital.organization, "Radiology")
    draft = stages.release_draft()
    for unfit in (hospital.depositor, hospital.admin, stage.patient, a_recipient_actor()):
        for call in (
            lambda actor: releases.ask(actor, stage.packet.id, draft, stages.now),
            lambda actor: releases.resend(actor, stage.release.id, stages.now),
            lambda actor: releases.of_packet(actor, stage.packet.id),
        ):
            with pytest.raises(NotAllowed):
                call(unfit)
    with pytest.raises(NotAllowed):
        releases.ask(hospital.privacy_officer, stage.packet.id, draft, stages.now)
    for stranger in (stages.staff(radiology, Role.COORDINATOR), stages.enrolled("Other").coordinator):
        for call in (
            lambda actor: releases.ask(actor, stage.packet.id, draft, stages.now),
            lambda actor: releases.resend(actor, stage.release.id, stages.now),
            lambda actor: releases.of_packet(actor, stage.packet.id),
            lambda actor: releases.one(actor, stage.release.id),
            lambda actor: releases.withdraw(actor, stage.release.id, stages.now),
        ):
            with pytest.raises(NotFound):
                call(stranger)
    for unfit in (hospital.depositor, a_recipient_actor(organization_id=hospital.id)):
        with pytest.raises(NotAllowed):
            releases.one(unfit, stage.release.id)
    assert releases.one(stage.patient, stage.release.id) == stage.release


# Letters again


def test_a_new_letter_kills_the_old_secret_and_its_sessions(stages):
    stage = stages.in_session()
    token = stages.patient_session(stage.letter_secret).token
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    with pytest.raises(NotFound):
        stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(token, ORIGIN, stages.now)
    fresh = stages.letter_secret()
    assert fresh != stage.letter_secret
    assert stages.patient_actor(stages.patient_session(fresh)).release_id == stage.release.id


def test_a_new_letter_unlocks_the_release(stages):
    stage = stages.released()
    with stages.database.changing() as tx:
        locked = replace(stage.release, wrong_answers=20)
        tx.save(an_event(stages.coordinator), locked)
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    assert stages.patient_session(stages.letter_secret())


def test_sessions_that_ended_by_themselves_are_left_as_they_were(stages):
    stage = stages.in_session()
    stages.clock.advance(DAY)
    before = stages.rows()["credentials"]
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    assert stages.rows()["credentials"] == before


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
def test_a_new_letter_of_a_release_that_ended_asks_for_nothing_and_shows_who_got_what(stages, how):
    stage = stages.signed()
    if how == "withdrawn":
        stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    else:
        stages.clock.now = stage.release.expires_at
    ended_at = stages.now
    stages.clock.now = ended_at + 60 * DAY - timedelta(seconds=1)
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    letter = stages.mail()[-1]
    assert "asks for your permission" not in letter.subject + letter.body
    patient = stages.patient_actor(stages.patient_session(stages.letter_secret()))
    assert stages.journey.account.of_patient(patient) == []
    stages.clock.now = ended_at + 60 * DAY
    with pytest.raises(ReleaseExpired):
        stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)


# Signing


def test_the_patient_signs_once(stages):
    stage = stages.in_session()
    signed = sign(stages, stage)
    assert (signed.state, signed.signed_at) == (ReleaseState.SIGNED, stages.now)
    assert signed.signature.email == stage.packet.case.patient.email
    before = stages.rows()
    with pytest.raises(ReleaseNotRequested):
        sign(stages, stage)
    assert stages.rows() == before


def test_a_representative_says_by_what_authority(stages):
    stage = stages.in_session()
    for authority in (None, "", "  "):
        with pytest.raises(Invalid):
            sign(stages, stage, signer=Signer.REPRESENTATIVE, authority=authority)
    with pytest.raises(Invalid):
        sign(stages, stage, name=" ")
    for authority in ("health care proxy", ""):
        with pytest.raises(Invalid):
            sign(stages, stage, authority=authority)
    signed = sign(stages, stage, signer=Signer.REPRESENTATIVE, authority="health care proxy", name="B. Example")
    assert (signed.signature.signer, signed.signature.authority) == (Signer.REPRESENTATIVE, "health care proxy")


def test_only_the_form_that_was_shown_is_signed(stages):
    stage = stages.in_session()
    with pytest.raises(FormChanged):
        sign(stages, stage, form_sha256="0" * 64)
    assert stages.journey.releases.one(stage.patient, stage.release.id).state is ReleaseState.REQUESTED


def test_nobody_signs_for_the_patient_and_that_staff_tried_is_recorded(stages):
    stage = stages.in_session()
    hospital = stages.hospital
    for actor in (hospital.depositor, hospital.coordinator, hospital.privacy_officer, hospital.admin):
        with pytest.raises(NotAllowed):
            sign(stages, stage, actor)
        entry = stages.audit()[-1]
        assert (entry.action, entry.actor_id) == ("release.sign_refused", str(actor.staff_id))
        assert entry.subject["release"] == str(stage.release.id)
    for actor in (a_recipient_actor(organization_id=hospital.id), a_system_actor(organization_id=hospital.id)):
        with pytest.raises(NotAllowed):
            sign(stages, stage, actor)
    draft = SignatureDraft(stage.release.form.sha256, "Ada Example", Signer.PATIENT)
    with pytest.raises(NotAllowed):
        stages.journey.releases.sign(hospital.coordinator, uuid4(), draft, stages.now)
    assert stages.journey.releases.one(stage.patient, stage.release.id).state is ReleaseState.REQUESTED


def test_a_patient_reaches_their_own_release_alone(stages):
    mine, theirs = stages.in_session(), stages.in_session()
    for call in (
        lambda: sign(stages, mine, theirs.patient),
        lambda: stages.journey.releases.one(theirs.patient, mine.release.id),
        lambda: stages.journey.releases.withdraw(theirs.patient, mine.release.id, stages.now),
        lambda: stages.journey.releases.one(
            a_patient_actor(release_id=mine.release.id), mine.release.id
        ),  # another organization
    ):
        with pytest.raises(NotFound):
            call()


def test_nothing_is_signed_after_its_end(stages):
    expired, withdrawn = stages.in_session(), stages.in_session()
    stages.journey.releases.withdraw(withdrawn.patient, withdrawn.release.id, stages.now)
    with pytest.raises(ReleaseWithdrawn):
        sign(stages, withdrawn)
    stages.clock.now = expired.release.expires_at
    with pytest.raises(ReleaseExpired):
        sign(stages, expired)


# Withdrawing


def test_the_patient_or_staff_on_their_word_withdraws_and_again_is_nothing_new(stages):
    for staff in (None, stages.coordinator, stages.hospital.privacy_officer):
        stage = stages.signed()
        actor = staff or stage.patient
        who = actor_words(actor)
        withdrawn = stages.journey.releases.withdraw(actor, stage.release.id, stages.now)
        assert withdrawn.state is ReleaseState.WITHDRAWN
        assert (withdrawn.withdrawn_by, withdrawn.withdrawn_at) == (":".join(who), stages.now)
        entry = stages.audit()[-1]
        assert (entry.action, entry.at) == ("release.withdrawn", stages.now)
        assert (entry.actor_kind, entry.actor_id) == who
        assert entry.subject == {"packet": str(stage.packet.id), "release": str(stage.release.id)}
        assert (entry.request_id, entry.address) == (actor.origin.request_id, actor.origin.address)
        before = stages.rows()
        stages.clock.advance(DAY)
        assert stages.journey.releases.withdraw(actor, stage.release.id, stages.now) == withdrawn
        assert stages.rows() == before


def test_staff_say_how_the_patient_told_them_and_what_they_note_stays_out_of_the_log(stages):
    note = "Called by her daughter Eve"
    for told_by in (Medium.PHONE, Medium.PAPER, Medium.IN_PERSON, None):
        stage = stages.signed()
        draft = WithdrawalDraft(told_by, note)
        withdrawn = stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now, draft)
        assert (withdrawn.withdrawn_how, withdrawn.withdrawn_note) == (told_by, note)
        assert stages.journey.releases.one(stages.coordinator, stage.release.id) == withdrawn
        entry = stages.audit()[-1]
        assert entry.facts == ({"how": told_by.value} if told_by else {})
        assert note not in repr(stages.audit()) + repr(withdrawn)


def test_a_patient_withdraws_on_their_page_and_staff_never_there(stages):
    stage = stages.signed()
    for actor, draft in (
        (stage.patient, WithdrawalDraft(Medium.PHONE)),
        (stage.patient, WithdrawalDraft(note="because")),
        (stages.coordinator, WithdrawalDraft(Medium.PAGE)),
    ):
        with pytest.raises(Invalid):
            stages.journey.releases.withdraw(actor, stage.release.id, stages.now, draft)
    withdrawn = stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    assert withdrawn.withdrawn_how is Medium.PAGE
    assert stages.audit()[-1].facts == {"how": "page"}


def test_others_do_not_withdraw(stages):
    stage = stages.redeemed()
    for actor in (stages.hospital.depositor, stages.hospital.admin, stage.actor):
        with pytest.raises(NotAllowed):
            stages.journey.releases.withdraw(actor, stage.release.id, stages.now)
    assert stages.journey.releases.one(stage.patient, stage.release.id).state is ReleaseState.SIGNED


def test_a_withdrawn_release_leaves_the_patient_their_page(stages):
    stage = stages.signed()
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    session = stages.patient_session(stage.letter_secret)
    assert session.release.state is ReleaseState.WITHDRAWN
