"""No change without its entry (I7, L12): where the log can't be written, nothing was done."""

import ast
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import DAY, a_case, a_mail, asked
from tests.members import PASSWORD, acting, authenticator_of, enrolled, invited
from tests.stages import BIRTH_DATE, ORIGIN, REPLY, blocks, recipient_draft, sha256_hex, some_bytes, wrong_code
from tests.usecases.conftest import PART_BYTES
from transfer_service import identity, usecases
from transfer_service.domain.language import Language
from transfer_service.domain.people import Role
from transfer_service.domain.release import Signer
from transfer_service.domain.slide_request import DeclineReason
from transfer_service.errors import DigestMismatch, LinkRevoked, NotAllowed, ReleaseWithdrawn
from transfer_service.identity.account import Accounts
from transfer_service.identity.sign_in import Proof
from transfer_service.usecases.audit_log import LogFormat, LogQuery
from transfer_service.usecases.contact import ContactDraft
from transfer_service.usecases.deposit import FileDraft, PacketDraft
from transfer_service.usecases.members import MemberDraft
from transfer_service.usecases.notify import GIVE_UP_AFTER
from transfer_service.usecases.patient import PatientAnswer
from transfer_service.usecases.release import SignatureDraft
from transfer_service.usecases.report import ReportDraft
from transfer_service.usecases.slide_requests import Acceptance
from transfer_service.usecases.successor import SuccessorDraft
from transfer_service.usecases.visits import Visits
from transfer_service.usecases.webhooks import WebhookDraft
from transfer_service.wording.authorization import template_in

ACTION = re.compile(r"[a-z_]+\.[a-z_]+")  # noun.past_tense

SPANISH = template_in(Language.SPANISH)

# Each prepares what it needs, and returns what changes something.
Change = Callable[[Any], Callable[[], object]]
CHANGES: dict[str, Change] = {}
RECORDED: dict[str, tuple[str, ...]] = {}
#: Recorded, and no more.
NOTHING_ELSE = {
    "release_sign_refused",
    "service_refused",
    "paper_shown",
    "paper_refused",
    "contact_refused",
    "accounting_reported",
    "audit_exported",
    "opinion_read",
}
VERIFICATIONS = ("file.verified", "file.rejected")  # done again by another worker, so tried apart


def change(*recorded: str) -> Callable[[Change], Change]:
    """Something that changes what is kept, and the actions that the log has of it."""

    def register(prepare: Change) -> Change:
        CHANGES[prepare.__name__], RECORDED[prepare.__name__] = prepare, recorded
        return prepare

    return register


@change("organization.created")
def organization_created(stages):
    return lambda: stages.journey.enrol.create_organization("Other", stages.now)


@change("department.created")
def department_created(stages):
    return lambda: stages.department(stages.hospital.organization, "Radiology")


@change("member.invited")
def member_invited(stages):
    return lambda: invited(stages)


@change("member.invitation_opened")
def invitation_opened(stages):
    _, secret = invited(stages)
    accounts = Accounts(stages.database, stages.sign_in)
    return lambda: accounts.open_invitation(secret, ORIGIN, stages.now)


@change("session.begun")
def invitation_accepted(stages):
    _, secret = invited(stages)
    accounts = Accounts(stages.database, stages.sign_in)
    code = authenticator_of(accounts.invitation(secret, stages.now).totp_text).at(stages.now)
    return lambda: accounts.accept(secret, PASSWORD, code, ORIGIN, stages.now)


@change("session.begun")
def session_begun(stages):
    colleague = enrolled(stages)
    given = Proof(colleague.email, PASSWORD, colleague.code())
    return lambda: stages.sign_in.enter(given, ORIGIN, stages.now)


@change("session.refused")
def session_refused(stages):
    given = Proof(enrolled(stages).email, PASSWORD, "000000")
    return lambda: stages.sign_in.enter(given, ORIGIN, stages.now)


@change("session.role_chosen")
def session_role_chosen(stages):
    actor = acting(stages, enrolled(stages, Role.COORDINATOR, Role.ADMIN))
    return lambda: stages.sign_in.act_as(actor, Role.ADMIN, stages.now)


@change("session.left")
def staff_session_left(stages):
    actor = acting(stages, enrolled(stages))
    return lambda: stages.sign_in.leave(actor, stages.now)


@change("session.left_everywhere")
def session_left_everywhere(stages):
    actor = acting(stages, enrolled(stages))
    return lambda: stages.sign_in.leave_everywhere(actor, stages.now)


@change("member.invited_again")
def member_invited_again(stages):
    colleague = enrolled(stages)
    return lambda: stages.journey.members.invite_again(stages.operator, colleague.id, stages.now)


@change("member.given_roles")
def member_given_roles(stages):
    colleague = enrolled(stages)
    return lambda: stages.journey.members.give_roles(stages.operator, colleague.id, [Role.ADMIN], stages.now)


@change("member.disabled")
def member_disabled(stages):
    colleague = enrolled(stages)
    return lambda: stages.journey.members.disable(stages.operator, colleague.id, stages.now)


@change("member.changed_password")
def member_changed_password(stages):
    colleague = enrolled(stages)
    actor, code = acting(stages, colleague), colleague.code()
    accounts = Accounts(stages.database, stages.sign_in)
    return lambda: accounts.change_password(actor, PASSWORD, "another long password", code, stages.now)


@change("member.renewed_recovery_codes")
def member_renewed_codes(stages):
    colleague = enrolled(stages)
    actor, code = acting(stages, colleague), colleague.code()
    accounts = Accounts(stages.database, stages.sign_in)
    return lambda: accounts.renew_codes(actor, PASSWORD, code, stages.now)


@change("department.requests_opened")
def requests_opened(stages):
    return stages.open_to_requests


@change("department.requests_closed")
def requests_closed(stages):
    department = stages.open_to_requests()
    return lambda: stages.journey.enrol.take_requests(department.id, stages.now, taken=False)


@change("slide_request.received")
def slide_request_received(stages):
    department = stages.open_to_requests()
    return lambda: stages.journey.asking.receive(asked(), department.id, ORIGIN, stages.now)


@change("slide_request.withdrawn")
def slide_request_withdrawn(stages):
    _, secret = stages.requested()
    return lambda: stages.journey.asking.withdraw(secret, ORIGIN, stages.now)


@change("slide_request.declined")
def slide_request_declined(stages):
    request, _ = stages.requested()
    decline = stages.journey.slide_requests.decline
    return lambda: decline(stages.coordinator, request.id, DeclineReason.OTHER, None, stages.now)


@change("packet.opened", "slide_request.accepted")
def slide_request_accepted(stages):
    request, _ = stages.requested()
    accept = stages.journey.slide_requests.accept
    return lambda: accept(stages.coordinator, request.id, Acceptance("S26-1", "MRN-1"), stages.now)


@change("slide_request.forgotten")
def slide_request_forgotten(stages):
    stages.requested()
    later = stages.now + stages.limits.request_for + DAY
    return lambda: stages.journey.slide_requests.forget(later)


@change("token.created")
def token_created(stages):
    department = stages.hospital.pathology
    return lambda: stages.journey.enrol.create_token(department.id, Role.ADMIN, "N. Ewcomer", stages.now)


@change("token.revoked")
def token_revoked(stages):
    return lambda: stages.journey.enrol.revoke_token(stages.hospital.admin.token_id, stages.now)


@change("token.created", "token.created_again")
def token_form_sent_again(stages):
    admin, form = stages.hospital.admin, str(uuid4())
    make = partial(stages.journey.staff_tokens.create, admin, admin.department_id, Role.DEPOSITOR, "Scanner")
    return lambda: [make(stages.now, form=form) for _ in "12"]


def member_draft(stages):
    return MemberDraft(stages.hospital.pathology.id, "N. New", "new@hospital.test", (Role.DEPOSITOR,))


@change("member.invited", "member.invited_again")
def member_form_sent_again(stages):
    draft, admin = member_draft(stages), stages.hospital.admin
    return lambda: [stages.journey.members.invite(admin, draft, stages.now) for _ in "12"]


@change("department.described")
def department_described(stages):
    admin = stages.hospital.admin
    return lambda: stages.journey.departments.describe(admin, admin.department_id, "Histology", "4711", stages.now)


@change("organization.renamed")
def organization_renamed(stages):
    return lambda: stages.journey.departments.rename_organization(stages.hospital.admin, "St. Agnes", stages.now)


@change("recipient.added")
def recipient_added(stages):
    return lambda: stages.recipient_added(name="Dr. S. Other")


@change("recipient.changed")
def recipient_changed(stages):
    draft = recipient_draft(name="Dr. T. Changed")
    return lambda: stages.journey.recipients.change(stages.coordinator, stages.recipient.id, draft, stages.now)


@change("packet.opened")
def packet_opened(stages):
    return lambda: stages.journey.deposit.open_packet(stages.coordinator, PacketDraft(a_case()), stages.now)


@change("packet.opened")
def successor_opened(stages):
    stage = stages.closed()
    return lambda: stages.journey.successors.open(stages.coordinator, stage.packet.id, SuccessorDraft(), stages.now)


@change("packet.not_included_said")
def packet_not_included_said(stages):
    stage = stages.opened()
    return lambda: stages.journey.describe.not_included(stages.coordinator, stage.packet.id, [], stages.now)


@change("file.planned")
def file_planned(stages):
    stage = stages.opened()
    return lambda: stages.planned(stage)


@change("file.replaced", "file.planned")
def file_planned_in_place_of_another(stages):
    stage = stages.opened()
    stages.planned(stage, "a.svs")
    draft = FileDraft("a.svs", 5)
    return lambda: stages.journey.receive.expect_content(stages.coordinator, stage.packet.id, draft, stages.now)


@change("file.restarted")
def file_restarted(stages):
    stage = stages.received({"a": b"bytes"})
    stages.store.contents.clear()
    stages.verify_all()
    return lambda: stages.put_part(stage.file, 1, b"bytes")


@change("file.refused")
def file_refused(stages):
    stage = stages.opened()
    draft = FileDraft("a.svs", 5, sha256=sha256_hex(b"other"))
    receive = stages.journey.receive
    plan = receive.expect_content(stages.coordinator, stage.packet.id, draft, stages.now)
    part = receive.expect_part(stages.coordinator, stage.packet.id, plan.file.id, 1)
    receive.take_part(part, blocks(b"bytes"), None)
    return lambda: receive._finish(plan, sha256_hex(b"bytes"), stages.now)


@change("file.completed")
def file_completed(stages):
    file = stages.planned(stages.opened(), size=5)
    stages.put_part(file, 1, b"bytes")
    return lambda: stages.complete(file, sha256_hex(b"bytes"))


@change("file.deleted")
def file_deleted(stages):
    stage = stages.received()
    return lambda: stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, stage.file.id, stages.now)


@change("packet.closed")
def packet_closed(stages):
    stage = stages.verified()
    return lambda: stages.closed(of=stage)


@change("packet.closing")
def packet_closing(stages):
    stage = stages.received()
    close = stages.journey.close
    return lambda: close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)


@change("packet.closed")
def packet_settled(stages):
    packet_closing(stages)()
    stages.verify_all()
    return lambda: stages.journey.close.settle(stages.now)


@change("packet.reopened")
def packet_reopened(stages):
    packet_closing(stages)()
    stages.store.contents.clear()
    stages.verify_all()
    return lambda: stages.journey.close.settle(stages.now)


def another_address(stages):
    """Asked for by the coordinator."""
    packet, draft = stages.opened().packet, ContactDraft(email="other@patient.test")
    stages.journey.contacts.change(stages.coordinator, packet.id, draft, stages.now)
    return packet


@change("contact.changed")
def contact_changed(stages):
    packet, draft = stages.opened().packet, ContactDraft(phone="+1 555 0199")
    return lambda: stages.journey.contacts.change(stages.coordinator, packet.id, draft, stages.now)


@change("contact.change_asked")
def contact_change_asked(stages):
    packet, draft = stages.opened().packet, ContactDraft(email="other@patient.test")
    return lambda: stages.journey.contacts.change(stages.coordinator, packet.id, draft, stages.now)


@change("contact.change_taken_back")
def contact_change_taken_back(stages):
    packet = another_address(stages)
    draft = ContactDraft(email=packet.case.patient.email)
    return lambda: stages.journey.contacts.change(stages.coordinator, packet.id, draft, stages.now)


@change("contact.change_confirmed")
def contact_change_confirmed(stages):
    packet, depositor = another_address(stages), stages.hospital.depositor
    return lambda: stages.journey.contacts.confirm(depositor, packet.id, "other@patient.test", stages.now)


@change("contact.refused")
def contact_refused(stages):
    packet = another_address(stages)
    return lambda: stages.journey.contacts.confirm(stages.coordinator, packet.id, "other@patient.test", stages.now)


@change("release.requested")
def release_requested(stages):
    stage = stages.closed()
    return lambda: stages.released(of=stage)


@change("release.resent")
def release_resent(stages):
    stage = stages.in_session()
    return lambda: stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)


@change("release.signed")
def release_signed(stages):
    stage = stages.in_session()
    return lambda: stages.signed(of=stage)


@change("release.sign_refused")
def release_sign_refused(stages):
    stage = stages.in_session()
    draft = SignatureDraft(stage.release.form.sha256, "Ada Example", Signer.PATIENT)
    return lambda: stages.journey.releases.sign(stages.coordinator, stage.release.id, draft, stages.now)


@change("release.withdrawn")
def release_withdrawn(stages):
    stage = stages.signed()
    return lambda: stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)


@change("release.attested")
def release_attested(stages):
    stage = stages.closed()
    stages.treatment_allowed()
    return lambda: stages.attested(of=stage)


@change("department.treatment_allowed")
def treatment_allowed(stages):
    return stages.treatment_allowed


@change("department.treatment_disallowed")
def treatment_disallowed(stages):
    stages.treatment_allowed()
    return lambda: stages.treatment_allowed(allowed=False)


@change("release.copy_made")
def copy_made(stages):
    stages.signed()
    return lambda: stages.journey.copies.make_missing(stages.now)


@change("release.paper_received")
def paper_received(stages):
    stage = stages.asked_on_paper()
    return lambda: stages.scanned(of=stage)


@change("release.paper_shown")
def paper_shown(stages):
    document = stages.journey.papers.look(stages.coordinator, stages.scanned().release.id)
    return lambda: stages.journey.papers.show(stages.coordinator, document, 0, 5, stages.now)


@change("release.paper_refused")
def paper_refused(stages):
    stage, draft = stages.scanned(), stages.paper_draft()
    return lambda: stages.journey.papers.confirm(stages.coordinator, stage.release.id, draft, stages.now)


@change("release.signed")
def paper_confirmed(stages):
    stage = stages.scanned()
    stages.second_coordinator  # noqa: B018 - enrolled before, not with the change
    return lambda: stages.confirmed(of=stage)


@change("patient.challenged")
def patient_challenged(stages):
    stage = stages.released()
    return lambda: stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)


def patient_answer(stages):
    stage = stages.released()
    challenge = stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)
    return PatientAnswer(stage.letter_secret, challenge.id, BIRTH_DATE, stages.code())


@change("patient.session_begun")
def patient_session_begun(stages):
    answer = patient_answer(stages)
    return lambda: stages.journey.patients.begin(answer, ORIGIN, stages.now)


@change("patient.refused")
def patient_refused(stages):
    answer = patient_answer(stages)
    wrong = replace(answer, code=wrong_code(answer.code))
    return lambda: stages.journey.patients.begin(wrong, ORIGIN, stages.now)


@change("patient.mail_chosen")
def patient_mail_chosen(stages):
    stage = stages.in_session()
    return lambda: stages.journey.patients.choose(stage.patient, stages.now, tells_of_fetching=True)


@change("session.left")
def session_left(stages):
    stage = stages.in_session()
    return lambda: Visits(stages.database).leave(stage.patient, stages.now)


@change("ticket.made")
def ticket_made(stages):
    stage = stages.redeemed()
    return lambda: stages.journey.tickets.make(stage.actor, None, stages.now)


@change("link.issued")
def link_issued(stages):
    stage = stages.signed()
    return lambda: stages.linked(of=stage)


@change("link.revoked")
def link_revoked(stages):
    stage = stages.linked()
    return lambda: stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)


@change("link.challenged")
def link_challenged(stages):
    stage = stages.linked()
    return lambda: stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)


@change("link.redeemed", "link.admitted")
def link_redeemed(stages):
    answer = stages.right_answer(stages.linked())
    return lambda: stages.journey.redeem.redeem(answer, ORIGIN, stages.now)


@change("link.admitted")
def link_admitted_again(stages):
    stage = stages.redeemed(replay="key")
    return lambda: stages.journey.redeem.redeem(stage.answer, ORIGIN, stages.now)


@change("link.refused")
def link_refused_for_a_wrong_answer(stages):
    answer = stages.right_answer(stages.linked())
    wrong = replace(answer, response=wrong_code(answer.response))
    return lambda: stages.journey.redeem.redeem(wrong, ORIGIN, stages.now)


@change("link.refused")
def link_refused_for_being_over(stages):
    stage = stages.redeemed()
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    return lambda: stages.journey.deliver.look(stage.actor, stage.file.id, stages.now)


@change("disclosure.started")
def disclosure_started(stages):
    stage = stages.redeemed()
    return lambda: stages.journey.deliver.begin(stage.actor, stage.file.id, 0, 1, stages.now)


@change("disclosure.completed")
def disclosure_completed(stages):
    return disclosure_completed_by(stages, stages.redeemed())


def disclosure_completed_by(stages, stage):
    deliver = stages.journey.deliver
    delivery = deliver.begin(stage.actor, stage.file.id, 0, stage.file.size_bytes, stages.now)
    return lambda: list(deliver.stream(delivery))


@change("disclosure.repeated")
def disclosure_repeated(stages):
    stage = stages.redeemed()
    stages.download(stage.actor, stage.file)
    return disclosure_completed_by(stages, stage)


@change("disclosure.broken_off")
def disclosure_broken_off(stages):
    stage = stages.released(of=stages.closed({"two parts": some_bytes(2 * PART_BYTES)}))
    stage = stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stage))))
    delivery = stages.journey.deliver.begin(stage.actor, stage.file.id, 0, stage.file.size_bytes, stages.now)
    stream = stages.journey.deliver.stream(delivery)
    next(stream)
    return stream.close


@change("opinion.begun")
def opinion_begun(stages):
    stage = stages.redeemed()
    return lambda: stages.journey.answers.begin(stage.actor, stages.now)


@change("packet.closed", "opinion.sent")
def opinion_sent(stages):
    stage = stages.redeemed()
    opinion = stages.drafted(stage).opinion
    return lambda: stages.journey.answers.send(stage.actor, opinion.id, REPLY, stages.now)


@change("opinion.shared")
def opinion_shared(stages):
    opinion = stages.answered(stages.redeemed()).opinion
    return lambda: stages.journey.opinions.share(stages.coordinator, opinion.id, stages.now)


@change("opinion.read")
def opinion_read(stages):
    sent = stages.answered(stages.redeemed())
    what, received = (sent.opinion.id, sent.files[0].id), stages.journey.opinions.received
    return lambda: received.begin(stages.coordinator, *what, 0, 1, stages.now)


@change("packet.retired")
def packet_retired(stages):
    stage = stages.linked()
    return lambda: stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)


@change("link.issued", "link.redeemed", "link.admitted")
def service_let_in(stages):
    stage, actor = stages.released_to_service(), stages.service_actor
    return lambda: stages.journey.services.redeem(actor, stage.release.id, None, stages.now)


@change("release.redeem_refused")
def service_refused(stages):
    stage, actor = stages.released_to_service(), stages.service_actor
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    return lambda: stages.journey.services.redeem(actor, stage.release.id, None, stages.now)


@change("release.acknowledged")
def release_acknowledged(stages):
    stage, actor = stages.fetched_by_service(), stages.service_actor
    return lambda: stages.journey.services.acknowledge(actor, stage.release.id, None, stages.now)


@change("mail.given_up")
def mail_given_up(stages):
    mail = a_mail(organization_id=stages.hospital.id, made_at=stages.now, due_at=stages.now)
    with stages.database.changing() as tx:
        tx.keep(mail)
    return lambda: stages.journey.notify._put_off(mail, stages.now + GIVE_UP_AFTER)


def approver(stages):
    return stages.staff(stages.hospital.pathology, Role.ADMIN, "A. Dministrator")


@change("template.approved")
def template_approved(stages):
    actor = approver(stages)
    return lambda: stages.journey.templates.approve(actor, Language.SPANISH, SPANISH.sha256, stages.now)


@change("template.approval_ended")
def template_approval_ended(stages):
    actor = approver(stages)
    stages.journey.templates.approve(actor, Language.SPANISH, SPANISH.sha256, stages.now)
    return lambda: stages.journey.templates.end_approval(actor, Language.SPANISH, stages.now)


@change("webhook.set")
def webhook_set(stages):
    actor = stages.service_actor
    return lambda: stages.journey.webhooks.set(actor, WebhookDraft("https://remote.test/hook"), stages.now)


@change("webhook.removed")
def webhook_removed(stages):
    stages.webhook_set()
    return lambda: stages.journey.webhooks.remove(stages.service_actor, stages.now)


@change("token.revoked", "webhook.disabled")
def token_revoked_that_set_a_webhook(stages):
    stages.webhook_set()
    return lambda: stages.journey.enrol.revoke_token(stages.service_actor.credential_id, stages.now)


@change("accounting.reported")
def accounting_reported(stages):
    officer = stages.hospital.privacy_officer
    return lambda: stages.journey.reports.for_officer(officer, ReportDraft(), stages.now)


@change("audit.exported")
def audit_exported(stages):
    officer = stages.hospital.privacy_officer
    return lambda: stages.journey.audit_log.export(officer, LogQuery(), LogFormat.CSV, stages.now)


@change("packet.destroyed")
def packet_destroyed(stages):
    stage = stages.closed()
    stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
    return lambda: stages.journey.retire.destroy(stages.now)


@change("packet.retired")
def packet_abandoned(stages):
    stages.opened()
    stages.clock.now += stages.limits.abandoned_after * 2
    return lambda: stages.journey.retire.abandon(stages.now)


def done(act):
    """Some changes are the record of a refusal."""
    with suppress(NotAllowed, LinkRevoked, ReleaseWithdrawn, DigestMismatch):
        act()


def state(stages):
    """Everything but the log, and the bookkeeping that comes before a change on purpose."""
    return stages.rows("audit_entries", "audit_heads", "leftovers")


def logged(stages):
    """How often each action is in any organization's log."""
    with stages.database.reading() as tx:
        return Counter(entry.action for each in tx.organizations() for entry in tx.audit_entries(each.id))


def test_every_action_that_the_use_cases_know_is_tried_here():
    """A new action is a literal in a use case; it belongs to a change above, or nobody tries it without its log."""
    literals = {
        node.value
        for room in (usecases, identity)
        for module in Path(room.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ACTION.fullmatch(node.value)
    }
    assert literals == {*VERIFICATIONS, *(action for actions in RECORDED.values() for action in actions)}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_has_its_entry(stages, name):
    act = CHANGES[name](stages)
    before, already = state(stages), logged(stages)
    done(act)
    assert state(stages) != before or name in NOTHING_ELSE
    assert logged(stages) - already == Counter(RECORDED[name])
    stages.journey.account.verify_audit()


@pytest.mark.parametrize("name", CHANGES)
def test_what_can_not_be_logged_is_not_done(stages, name):
    act = CHANGES[name](stages)
    before = stages.rows("leftovers")
    stages.kept.refuse("INSERT", "audit_entries")
    with pytest.raises(AssertionError):
        act()
    stages.kept.relent()
    assert stages.rows("leftovers") == before
    done(act)
    stages.journey.account.verify_audit()


@pytest.mark.parametrize("name", VERIFICATIONS)
def test_a_verification_that_can_not_be_logged_is_done_again(stages, name):
    stage = stages.received({"a": b"bytes"})
    if name == "file.rejected":
        stages.store.contents.clear()
    stages.kept.refuse("INSERT", "audit_entries")
    with pytest.raises(AssertionError):
        stages.verify_all()
    assert stages.file_now(stage.file).state.value == "verifying"
    stages.kept.relent()
    stages.clock.advance(stages.limits.lease_for)
    stages.verify_all()
    assert stages.actions()[-1] == name


def test_reading_leaves_no_entry(stages):
    stage, service = stages.redeemed(), stages.service_actor
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
    journey.services.released(service, stages.now, limit=5, cursor=None)
    journey.account.verify_audit()
    assert stages.rows() == before
