"""Tokens and departments of one's own organization: made by admins and operators, once a form, and for nobody else."""

from uuid import uuid4

import pytest

from tests.stages import ORIGIN, recipient_draft
from transfer_service.domain.language import Language
from transfer_service.domain.people import OPERATOR, RecipientKind, Role, SystemActor
from transfer_service.errors import Invalid, NotAllowed, NotAuthenticated, NotFound, SecondPersonNeeded
from transfer_service.usecases.members import MemberDraft
from transfer_service.usecases.staff_tokens import SENT_AGAIN_FOR


def test_nobody_but_admins_and_operators_makes_lists_or_ends_tokens_or_departments(stages):
    tokens, departments, shown = stages.journey.staff_tokens, stages.journey.departments, stages.journey.shown
    id_ = stages.hospital.pathology.id
    service = SystemActor(stages.hospital.id, "worker")
    before = stages.rows()
    for actor in (stages.hospital.depositor, stages.coordinator, stages.hospital.privacy_officer, service):
        for call in (
            lambda actor=actor: tokens.all(actor),
            lambda actor=actor: tokens.one(actor, uuid4()),
            lambda actor=actor: tokens.services(actor),
            lambda actor=actor: tokens.create(actor, id_, Role.ADMIN, "X", stages.now),
            lambda actor=actor: tokens.create_for_service(actor, uuid4(), stages.now),
            lambda actor=actor: tokens.revoke(actor, uuid4(), stages.now),
            lambda actor=actor: departments.organization(actor),
            lambda actor=actor: departments.all(actor),
            lambda actor=actor: departments.one(actor, id_),
            lambda actor=actor: departments.rename_organization(actor, "Mine", stages.now),
            lambda actor=actor: departments.create(actor, "Mine", "", stages.now),
            lambda actor=actor: departments.describe(actor, id_, "Mine", "", stages.now),
            lambda actor=actor: departments.take_requests(actor, id_, stages.now, taken=True),
            lambda actor=actor: departments.allow_treatment(actor, id_, stages.now, allowed=True),
            lambda actor=actor: shown.departments(actor),
            lambda actor=actor: shown.letter(actor, id_, Language.ENGLISH, stages.now),
        ):
            with pytest.raises(NotAllowed):
                call()
    assert stages.rows() == before


def test_an_admin_reaches_nothing_of_another_organization(stages):
    admin, other = stages.hospital.admin, stages.enrolled("Other")
    foreign = stages.journey.recipients.add(other.coordinator, recipient_draft(kind=RecipientKind.SERVICE), stages.now)
    tokens, departments = stages.journey.staff_tokens, stages.journey.departments
    before = stages.rows()
    for call in (
        lambda: tokens.create(admin, other.pathology.id, Role.ADMIN, "X", stages.now),
        lambda: tokens.create_for_service(admin, foreign.id, stages.now),
        lambda: tokens.revoke(admin, other.admin.token_id, stages.now),
        lambda: departments.describe(admin, other.pathology.id, "Mine", "", stages.now),
        lambda: stages.journey.shown.letter(admin, other.pathology.id, Language.ENGLISH, stages.now),
    ):
        with pytest.raises(NotFound):
            call()
    assert stages.rows() == before
    assert other.admin.token_id not in {view.credential.id for view in tokens.all(admin)}


def test_a_form_sent_again_much_later_or_after_its_token_was_revoked_makes_nothing(stages):
    admin, form = stages.hospital.admin, str(uuid4())
    make = stages.journey.staff_tokens.create
    made, word = make(admin, admin.department_id, Role.DEPOSITOR, "Scanner", stages.now, form=form)
    with pytest.raises(Invalid):
        make(admin, admin.department_id, Role.DEPOSITOR, "Scanner", stages.now + SENT_AGAIN_FOR, form=form)
    assert stages.bearers.actor(word, ORIGIN, stages.now)
    stages.journey.staff_tokens.revoke(admin, made.id, stages.now)
    with pytest.raises(Invalid):
        make(admin, admin.department_id, Role.DEPOSITOR, "Scanner", stages.now, form=form)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(word, ORIGIN, stages.now)


def test_the_same_number_of_a_form_in_another_session_is_another_token(stages):
    form, make = str(uuid4()), stages.journey.staff_tokens.create
    admins = stages.hospital.admin, stages.staff(stages.hospital.pathology, Role.ADMIN, "B. Dmin")
    made = {make(each, each.department_id, Role.DEPOSITOR, "Scanner", stages.now, form=form)[0].id for each in admins}
    assert len(made) == 2


def test_nobody_revokes_the_token_that_they_call_with(stages):
    admin = stages.hospital.admin
    with pytest.raises(SecondPersonNeeded):
        stages.journey.staff_tokens.revoke(admin, admin.token_id, stages.now)


def test_an_operator_needs_no_form_and_makes_one_every_time(stages):
    operator = SystemActor(stages.hospital.id, OPERATOR)
    make, id_ = stages.journey.staff_tokens.create, stages.hospital.pathology.id
    form = str(uuid4())
    made = {make(operator, id_, Role.DEPOSITOR, "Scanner", stages.now, form=form)[0].id for _ in "12"}
    assert len(made) == 2


def test_an_invitation_repeated_much_later_is_refused_as_taken(stages):
    draft = MemberDraft(stages.hospital.pathology.id, "N. New", "new@hospital.test", (Role.DEPOSITOR,))
    invite, admin = stages.journey.members.invite, stages.hospital.admin
    invite(admin, draft, stages.now)
    with pytest.raises(Invalid):
        invite(admin, draft, stages.now + SENT_AGAIN_FOR)
