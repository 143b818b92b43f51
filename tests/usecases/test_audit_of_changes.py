"""No change without its entry (I7, L12): where the log can't be written, nothing was done."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from tests.factories import a_case
from tests.stages import BIRTH_DATE, ORIGIN, blocks, recipient_draft, sha256_hex, wrong_code
from transfer_service.domain.people import Role
from transfer_service.domain.release import Signer
from transfer_service.errors import DigestMismatch, LinkRevoked, NotAllowed
from transfer_service.usecases.deposit import FileDraft, PacketDraft
from transfer_service.usecases.patient import PatientAnswer
from transfer_service.usecases.release import SignatureDraft
from transfer_service.usecases.visits import Visits

# Each prepares what it needs, and returns what changes something.
Change = Callable[[Any], Callable[[], object]]
CHANGES: dict[str, Change] = {}


def change(prepare: Change) -> Change:
    CHANGES[prepare.__name__] = prepare
    return prepare


@change
def organization_created(stages):
    return lambda: stages.journey.enrol.create_organization("Other", stages.now)


@change
def department_created(stages):
    return lambda: stages.department(stages.hospital.organization, "Radiology")


@change
def token_created(stages):
    department = stages.hospital.pathology
    return lambda: stages.journey.enrol.create_token(department.id, Role.ADMIN, "N. Ewcomer", stages.now)


@change
def token_revoked(stages):
    return lambda: stages.journey.enrol.revoke_token(stages.hospital.admin.token_id, stages.now)


@change
def recipient_added(stages):
    return lambda: stages.recipient_added(name="Dr. S. Other")


@change
def recipient_changed(stages):
    draft = recipient_draft(name="Dr. T. Changed")
    return lambda: stages.journey.recipients.change(stages.coordinator, stages.recipient.id, draft, stages.now)


@change
def packet_opened(stages):
    return lambda: stages.journey.deposit.open_packet(stages.coordinator, PacketDraft(a_case()), stages.now)


@change
def file_planned(stages):
    stage = stages.opened()
    return lambda: stages.planned(stage)


@change
def file_planned_in_place_of_another(stages):
    stage = stages.opened()
    stages.planned(stage, "a.svs")
    draft = FileDraft("a.svs", 5)
    return lambda: stages.journey.receive.expect_content(stages.coordinator, stage.packet.id, draft, stages.now)


@change
def file_restarted(stages):
    stage = stages.received({"a": b"bytes"})
    stages.store.contents.clear()
    stages.verify_all()
    return lambda: stages.put_part(stage.file, 1, b"bytes")


@change
def file_refused(stages):
    stage = stages.opened()
    draft = FileDraft("a.svs", 5, sha256=sha256_hex(b"other"))
    receive = stages.journey.receive
    plan = receive.expect_content(stages.coordinator, stage.packet.id, draft, stages.now)
    part = receive.expect_part(stages.coordinator, stage.packet.id, plan.file.id, 1)
    receive.take_part(part, blocks(b"bytes"), None, stages.now)
    return lambda: receive._finish(plan, sha256_hex(b"bytes"), stages.now)


@change
def file_completed(stages):
    file = stages.planned(stages.opened(), size=5)
    stages.put_part(file, 1, b"bytes")
    return lambda: stages.complete(file, sha256_hex(b"bytes"))


@change
def file_deleted(stages):
    stage = stages.received()
    return lambda: stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, stage.file.id, stages.now)


@change
def packet_closed(stages):
    stage = stages.verified()
    return lambda: stages.closed(of=stage)


@change
def packet_closing(stages):
    stage = stages.received()
    close = stages.journey.close
    return lambda: close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)


@change
def packet_settled(stages):
    packet_closing(stages)()
    stages.verify_all()
    return lambda: stages.journey.close.settle(stages.now)


@change
def packet_reopened(stages):
    packet_closing(stages)()
    stages.store.contents.clear()
    stages.verify_all()
    return lambda: stages.journey.close.settle(stages.now)


@change
def release_requested(stages):
    stage = stages.closed()
    return lambda: stages.released(of=stage)


@change
def release_resent(stages):
    stage = stages.in_session()
    return lambda: stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)


@change
def release_signed(stages):
    stage = stages.in_session()
    return lambda: stages.signed(of=stage)


@change
def release_sign_refused(stages):
    stage = stages.in_session()
    draft = SignatureDraft(stage.release.form.sha256, "Ada Example", Signer.PATIENT)
    return lambda: stages.journey.releases.sign(stages.coordinator, stage.release.id, draft, stages.now)


@change
def release_withdrawn(stages):
    stage = stages.signed()
    return lambda: stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)


@change
def patient_challenged(stages):
    stage = stages.released()
    return lambda: stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)


def patient_answer(stages):
    stage = stages.released()
    challenge = stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)
    return PatientAnswer(stage.letter_secret, challenge.id, BIRTH_DATE, stages.code())


@change
def patient_session_begun(stages):
    answer = patient_answer(stages)
    return lambda: stages.journey.patients.begin(answer, ORIGIN, stages.now)


@change
def patient_refused(stages):
    answer = patient_answer(stages)
    wrong = replace(answer, code=wrong_code(answer.code))
    return lambda: stages.journey.patients.begin(wrong, ORIGIN, stages.now)


@change
def session_left(stages):
    stage = stages.in_session()
    return lambda: Visits(stages.database).leave(stage.patient, stages.now)


@change
def link_issued(stages):
    stage = stages.signed()
    return lambda: stages.linked(of=stage)


@change
def link_revoked(stages):
    stage = stages.linked()
    return lambda: stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)


@change
def link_challenged(stages):
    stage = stages.linked()
    return lambda: stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)


@change
def link_redeemed(stages):
    answer = stages.right_answer(stages.linked())
    return lambda: stages.journey.redeem.redeem(answer, ORIGIN, stages.now)


@change
def link_admitted_again(stages):
    stage = stages.redeemed(replay="key")
    return lambda: stages.journey.redeem.redeem(stage.answer, ORIGIN, stages.now)


@change
def link_refused_for_a_wrong_answer(stages):
    answer = stages.right_answer(stages.linked())
    wrong = replace(answer, response=wrong_code(answer.response))
    return lambda: stages.journey.redeem.redeem(wrong, ORIGIN, stages.now)


@change
def link_refused_for_being_over(stages):
    stage = stages.redeemed()
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    return lambda: stages.journey.deliver.look(stage.actor, stage.file.id, stages.now)


@change
def disclosure_started(stages):
    stage = stages.redeemed()
    return lambda: stages.journey.deliver.begin(stage.actor, stage.file.id, 0, 1, stages.now)


@change
def disclosure_completed(stages):
    stage = stages.redeemed()
    deliver = stages.journey.deliver
    delivery = deliver.begin(stage.actor, stage.file.id, 0, stage.file.size_bytes, stages.now)
    return lambda: list(deliver.stream(delivery))


@change
def packet_retired(stages):
    stage = stages.linked()
    return lambda: stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)


@change
def packet_destroyed(stages):
    stage = stages.closed()
    stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
    return lambda: stages.journey.retire.destroy(stages.now)


@change
def packet_abandoned(stages):
    stages.opened()
    stages.clock.now += stages.limits.abandoned_after * 2
    return lambda: stages.journey.retire.abandon(stages.now)


ENTRIES = {"link_redeemed": 2}  # counted, and let in


def done(act):
    """Some changes are the record of a refusal."""
    with suppress(NotAllowed, LinkRevoked, DigestMismatch):
        act()


def state(stages):
    """Everything but the log, and the bookkeeping that comes before a change on purpose."""
    return stages.rows("audit_entries", "audit_heads", "leftovers")


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_has_its_entry(stages, name):
    act = CHANGES[name](stages)
    before, length = state(stages), len(stages.rows()["audit_entries"])
    done(act)
    assert state(stages) != before or name == "release_sign_refused"
    assert len(stages.rows()["audit_entries"]) - length == ENTRIES.get(name, 1)
    stages.journey.account.verify_audit()


@pytest.mark.parametrize("name", CHANGES)
def test_what_can_not_be_logged_is_not_done(stages, name):
    act = CHANGES[name](stages)
    before = stages.rows("leftovers")
    stages.execute("CREATE TRIGGER no_log BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(AssertionError):
        act()
    stages.execute("DROP TRIGGER no_log")
    assert stages.rows("leftovers") == before
    done(act)
    stages.journey.account.verify_audit()


@pytest.mark.parametrize("name", ["file.verified", "file.rejected"])
def test_a_verification_that_can_not_be_logged_is_done_again(stages, name):
    stage = stages.received({"a": b"bytes"})
    if name == "file.rejected":
        stages.store.contents.clear()
    stages.execute("CREATE TRIGGER no_log BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(AssertionError):
        stages.verify_all()
    assert stages.file_now(stage.file).state.value == "verifying"
    stages.execute("DROP TRIGGER no_log")
    stages.clock.advance(stages.limits.lease_for)
    stages.verify_all()
    assert stages.actions()[-1] == name


def test_reading_leaves_no_entry(stages):
    stage = stages.redeemed()
    before = stages.rows()
    journey, officer = stages.journey, stages.hospital.privacy_officer
    journey.deposit.packet(officer, stage.packet.id)
    journey.deposit.packets(officer, limit=5)
    journey.deposit.parts(officer, stage.packet.id, stage.file.id)
    journey.close.manifest(officer, stage.packet.id)
    journey.releases.of_packet(officer, stage.packet.id)
    journey.releases.one(stage.patient, stage.release.id)
    journey.patients.release(stage.patient)
    journey.issue.of_packet(officer, stage.packet.id, stages.now)
    journey.redeem.released(stage.actor, stages.now)
    journey.deliver.look(stage.actor, stage.file.id, stages.now)
    journey.account.of_packet(officer, stage.packet.id)
    journey.account.of_patient(stage.patient)
    journey.recipients.page(officer, 5, None)
    journey.enrol.tokens()
    journey.account.verify_audit()
    assert stages.rows() == before
