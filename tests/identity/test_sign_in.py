"""Members prove themselves, and nobody else does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.members import PASSWORD, acting, authenticator_of, enrolled, invited
from tests.stages import ORIGIN
from transfer_service.domain.member import INVITATION_FOR, LOCKED_FOR, WRONG_ANSWERS, Member
from transfer_service.domain.people import OPERATOR, Credential, Role, SystemActor
from transfer_service.errors import (
    AnswerWrong,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    SecondPersonNeeded,
    TooMany,
)
from transfer_service.identity.account import Accounts
from transfer_service.identity.sign_in import MOST_OF_A_PEER, Proof
from transfer_service.usecases.guesses import Guesses
from transfer_service.usecases.members import MemberDraft


@pytest.fixture
def accounts(stages):
    return Accounts(stages.database, stages.sign_in)


def enter(stages, colleague, **changes):
    given = {"email": colleague.email, "password": PASSWORD, "code": colleague.code(), **changes}
    return stages.sign_in.enter(Proof(**given), ORIGIN, stages.now)


def member(stages, colleague):
    with stages.database.reading() as tx:
        return tx.get(Member, stages.hospital.organization.id, colleague.id)


def operator(stages):
    return SystemActor(stages.hospital.organization.id, OPERATOR)


def test_password_and_code_of_any_authenticator_let_in_as_the_first_role(stages):
    colleague = enrolled(stages, Role.PRIVACY_OFFICER, Role.COORDINATOR)
    actor = acting(stages, colleague)
    assert (actor.staff_id, actor.role) == (colleague.id, Role.COORDINATOR)
    assert "session.begun" in stages.actions()


@pytest.mark.parametrize("wrong", [
    {"email": "nobody@hospital.test"}, {"password": PASSWORD + " "}, {"code": "000000"}, {"code": "AAAA-AAAA-AAAA"},
    {"code": ""}, {"password": ""},
])  # fmt: skip
def test_whatever_is_wrong_is_refused_in_the_same_words(stages, wrong):
    with pytest.raises(AnswerWrong, match="The e-mail address, the password or the code is not right") as refused:
        enter(stages, enrolled(stages), **wrong)
    assert refused.value.facts == {}


@pytest.mark.parametrize("address", ["a\0b@hospital.test", "\ud800@hospital.test", "", "x" * 9000])
def test_what_is_no_address_is_refused_as_an_unknown_one_is(stages, address):
    with pytest.raises(AnswerWrong):
        stages.sign_in.enter(Proof(address, PASSWORD, "000000"), ORIGIN, stages.now)


def test_the_address_may_be_typed_in_any_case(stages):
    assert enter(stages, enrolled(stages), email=" WEAVER@Hospital.test")


def test_a_code_lets_in_once(stages):
    colleague = enrolled(stages)
    code = colleague.code()
    assert enter(stages, colleague, code=code)
    with pytest.raises(AnswerWrong):
        stages.sign_in.enter(Proof(colleague.email, PASSWORD, code), ORIGIN, stages.now)


def test_a_code_of_a_minute_ago_does_not_let_in(stages):
    colleague = enrolled(stages)
    code = colleague.code()
    stages.clock.advance(timedelta(seconds=61))
    with pytest.raises(AnswerWrong):
        stages.sign_in.enter(Proof(colleague.email, PASSWORD, code), ORIGIN, stages.now)


def test_a_recovery_code_lets_in_once_however_it_is_typed(stages):
    colleague = enrolled(stages)
    code = colleague.recovery_codes[3]
    assert enter(stages, colleague, code=code.lower().replace("-", " "))
    assert len(member(stages, colleague).recovery_hashes) == 9
    with pytest.raises(AnswerWrong):
        enter(stages, colleague, code=code)


def test_ten_wrong_answers_lock_for_fifteen_minutes_and_are_recorded(stages):
    colleague = enrolled(stages)
    for _ in range(WRONG_ANSWERS):
        with pytest.raises(AnswerWrong):
            enter(stages, colleague, password="wrong")
    with pytest.raises(AnswerWrong):
        enter(stages, colleague)
    refusals = [entry for entry in stages.audit() if entry.action == "session.refused"]
    assert [entry.facts["locked"] for entry in refusals] == [False] * 9 + [True, False]
    stages.clock.advance(LOCKED_FOR)
    assert enter(stages, colleague)


def test_a_right_answer_makes_the_wrong_ones_before_it_forgotten(stages):
    colleague = enrolled(stages)
    for _ in range(WRONG_ANSWERS - 1):
        with pytest.raises(AnswerWrong):
            enter(stages, colleague, code="000000")
    assert enter(stages, colleague)
    assert member(stages, colleague).wrong_answers == 0


def test_a_guesser_has_to_wait_whoever_they_guess_at(stages):
    colleague = enrolled(stages)
    assert MOST_OF_A_PEER == 100
    stages.sign_in = replace(stages.sign_in, guesses=Guesses(3))
    for number in range(3):
        with pytest.raises(AnswerWrong):
            stages.sign_in.enter(Proof(f"{number}@hospital.test", "x", "000000"), ORIGIN, stages.now)
    with pytest.raises(TooMany):
        enter(stages, colleague)
    assert stages.sign_in.enter(
        Proof(colleague.email, PASSWORD, colleague.code()), replace(ORIGIN, address="192.0.2.8"), stages.now
    )


def test_a_session_ends_after_half_an_hour_without_a_request_and_goes_on_with_them(stages):
    token = enter(stages, enrolled(stages))
    for _ in range(5):
        stages.clock.advance(timedelta(minutes=29))
        assert stages.bearers.actor(token, ORIGIN, stages.now)
    stages.clock.advance(timedelta(minutes=30))
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(token, ORIGIN, stages.now)


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(stages):
    token = enter(stages, enrolled(stages))
    for _ in range(12 * 3 - 1):
        stages.clock.advance(timedelta(minutes=20))
        assert stages.bearers.actor(token, ORIGIN, stages.now)
    stages.clock.advance(timedelta(minutes=20))
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(token, ORIGIN, stages.now)


def test_a_token_of_staff_is_no_session_and_never_idle(stages):
    coordinator = stages.coordinator
    with stages.database.reading() as tx:
        credential = tx.get(Credential, coordinator.organization_id, coordinator.token_id)
    assert not credential.is_session
    assert not credential.is_idle(timedelta(0), stages.now + timedelta(days=1000))
    with pytest.raises(NotAuthenticated):
        stages.sign_in.leave(coordinator, stages.now)


def test_who_leaves_is_out_here_and_who_leaves_everywhere_is_out_everywhere(stages):
    colleague = enrolled(stages)
    first, second, third = (enter(stages, colleague) for _ in range(3))
    stages.sign_in.leave(stages.bearers.actor(first, ORIGIN, stages.now), stages.now)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(first, ORIGIN, stages.now)
    stages.sign_in.leave_everywhere(stages.bearers.actor(second, ORIGIN, stages.now), stages.now)
    for token in (second, third):
        with pytest.raises(NotAuthenticated):
            stages.bearers.actor(token, ORIGIN, stages.now)


def test_a_member_acts_in_another_of_their_roles_and_in_no_other(stages):
    colleague = enrolled(stages, Role.COORDINATOR, Role.ADMIN)
    token = enter(stages, colleague)
    actor = stages.bearers.actor(token, ORIGIN, stages.now)
    stages.sign_in.act_as(actor, Role.ADMIN, stages.now)
    assert stages.bearers.actor(token, ORIGIN, stages.now).role is Role.ADMIN
    stages.sign_in.act_as(actor, Role.ADMIN, stages.now)
    assert stages.actions().count("session.role_chosen") == 1
    with pytest.raises(NotAllowed):
        stages.sign_in.act_as(actor, Role.PRIVACY_OFFICER, stages.now)


# Invitations


def test_an_invitation_opens_once(stages, accounts):
    _, secret = invited(stages)
    invitation = accounts.invitation(secret, stages.now)
    from_text = enrolled(stages, email="other@hospital.test", name="O. Ther")
    assert from_text.recovery_codes
    with pytest.raises(AnswerWrong):
        accounts.accept(secret, PASSWORD, "000000", ORIGIN, stages.now)
    code = from_text.authenticator.__class__(invitation.totp_text.replace(" ", "")).at(stages.now)
    assert accounts.accept(secret, PASSWORD, code, ORIGIN, stages.now).token
    for again in (lambda: accounts.invitation(secret, stages.now),
                  lambda: accounts.accept(secret, PASSWORD, code, ORIGIN, stages.now)):  # fmt: skip
        with pytest.raises(NotFound):
            again()


def test_who_looked_at_an_invitation_before_has_no_copy_of_the_key_that_counts(stages, accounts):
    _, secret = invited(stages)
    accounts.open_invitation(secret, ORIGIN, stages.now)
    copied = authenticator_of(accounts.invitation(secret, stages.now).totp_text)
    accounts.open_invitation(secret, ORIGIN, stages.now)
    shown = authenticator_of(accounts.invitation(secret, stages.now).totp_text)
    with pytest.raises(AnswerWrong):
        accounts.accept(secret, PASSWORD, copied.at(stages.now), ORIGIN, stages.now)
    assert accounts.accept(secret, PASSWORD, shown.at(stages.now), ORIGIN, stages.now)
    assert stages.actions().count("member.invitation_opened") == 2
    with pytest.raises(NotFound):
        accounts.open_invitation(secret, ORIGIN, stages.now)


def test_an_invitation_lapses_after_a_week(stages, accounts):
    _, secret = invited(stages)
    stages.clock.advance(INVITATION_FOR)
    with pytest.raises(NotFound):
        accounts.invitation(secret, stages.now)


@pytest.mark.parametrize("password", ["short", "weaver@hospital.test", "M. Weaver 2026"])
def test_a_password_that_anybody_would_try_is_refused(stages, accounts, password):
    _, secret = invited(stages)
    code = enrolled(stages, email="o@hospital.test", name="O").authenticator.now()
    with pytest.raises(Invalid):
        accounts.accept(secret, password, code, ORIGIN, stages.now)
    assert accounts.invitation(secret, stages.now)


def test_nobody_who_has_not_accepted_gets_in(stages):
    invited(stages)
    with pytest.raises(AnswerWrong):
        stages.sign_in.enter(Proof("weaver@hospital.test", "", "000000"), ORIGIN, stages.now)


def test_who_is_invited_again_is_out_and_their_old_password_opens_nothing(stages, accounts):
    colleague = enrolled(stages)
    token = enter(stages, colleague)
    _, url = stages.journey.members.invite_again(operator(stages), colleague.id, stages.now)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(token, ORIGIN, stages.now)
    with pytest.raises(AnswerWrong):
        enter(stages, colleague)
    assert accounts.invitation(url.partition("#")[2], stages.now).view.member.id == colleague.id


def test_who_is_disabled_is_out_at_once_and_stays_out(stages):
    colleague = enrolled(stages)
    token = enter(stages, colleague)
    stages.journey.members.disable(operator(stages), colleague.id, stages.now)
    stages.journey.members.disable(operator(stages), colleague.id, stages.now)
    assert stages.actions().count("member.disabled") == 1
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(token, ORIGIN, stages.now)
    with pytest.raises(AnswerWrong):
        enter(stages, colleague)


def is_live(stages, actor):
    with stages.database.reading() as tx:
        return tx.get(Credential, actor.organization_id, actor.token_id).is_live(stages.now)


def test_a_token_in_the_name_of_who_is_disabled_opens_nothing_any_more(stages):
    colleague = enrolled(stages)
    theirs = stages.staff(stages.hospital.pathology, Role.COORDINATOR, "M. Weaver")
    another_s = stages.staff(stages.hospital.pathology, Role.COORDINATOR, "A. Nother")
    stages.journey.members.disable(operator(stages), colleague.id, stages.now)
    assert (is_live(stages, theirs), is_live(stages, another_s)) == (False, True)
    assert stages.actions().count("token.revoked") == 1


def test_a_token_in_a_role_that_was_taken_away_opens_nothing_any_more(stages):
    colleague = enrolled(stages, Role.COORDINATOR, Role.DEPOSITOR)
    taken, kept = (
        stages.staff(stages.hospital.pathology, role, "M. Weaver") for role in (Role.COORDINATOR, Role.DEPOSITOR)
    )
    stages.journey.members.give_roles(operator(stages), colleague.id, [Role.DEPOSITOR], stages.now)
    assert (is_live(stages, taken), is_live(stages, kept)) == (False, True)


def test_an_admin_invites_nobody_in_whose_name_a_token_acts(stages):
    admin = acting(stages, enrolled(stages, Role.ADMIN))
    draft = MemberDraft(stages.hospital.pathology.id, "N. New", "new@hospital.test", (Role.DEPOSITOR,))
    token = stages.staff(stages.hospital.pathology, Role.COORDINATOR, "N. New")
    with pytest.raises(SecondPersonNeeded):
        stages.journey.members.invite(admin, draft, stages.now)
    stages.journey.staff_tokens.revoke(admin, token.token_id, stages.now)
    assert stages.journey.members.invite(admin, draft, stages.now)


def test_who_gets_other_roles_signs_in_anew(stages):
    colleague = enrolled(stages, Role.ADMIN)
    token = enter(stages, colleague)
    stages.journey.members.give_roles(operator(stages), colleague.id, [Role.DEPOSITOR], stages.now)
    stages.journey.members.give_roles(operator(stages), colleague.id, [Role.DEPOSITOR], stages.now)
    assert stages.actions().count("member.given_roles") == 1
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(token, ORIGIN, stages.now)
    assert acting(stages, colleague).role is Role.DEPOSITOR


def test_admins_keep_the_members_of_their_organization_and_nobody_else_does(stages):
    admin = acting(stages, enrolled(stages, Role.ADMIN))
    draft = MemberDraft(stages.hospital.pathology.id, "N. New", "new@hospital.test", (Role.DEPOSITOR,))
    made, _ = stages.journey.members.invite(admin, draft, stages.now)
    assert [view.staff.name for view in stages.journey.members.all(admin)] == ["M. Weaver", "N. New"]
    for role in (Role.DEPOSITOR, Role.COORDINATOR, Role.PRIVACY_OFFICER):
        actor = stages.staff(stages.hospital.pathology, role)
        for refused in (
            lambda actor=actor: stages.journey.members.invite(actor, draft, stages.now),
            lambda actor=actor: stages.journey.members.all(actor),
            lambda actor=actor: stages.journey.members.disable(actor, made.id, stages.now),
            lambda actor=actor: stages.journey.members.give_roles(actor, made.id, [Role.ADMIN], stages.now),
            lambda actor=actor: stages.journey.members.invite_again(actor, made.id, stages.now),
        ):
            with pytest.raises(NotAllowed):
                refused()
    elsewhere = stages.staff(stages.enrolled("Elsewhere").pathology, Role.ADMIN)
    with pytest.raises(NotFound):
        stages.journey.members.disable(elsewhere, made.id, stages.now)
    with pytest.raises(NotFound):
        stages.journey.members.invite(elsewhere, replace(draft, email="n2@hospital.test"), stages.now)


def test_nobody_changes_what_they_may_themselves(stages):
    admin = acting(stages, enrolled(stages, Role.ADMIN))
    for refused in (
        lambda: stages.journey.members.disable(admin, admin.staff_id, stages.now),
        lambda: stages.journey.members.give_roles(admin, admin.staff_id, list(Role), stages.now),
        lambda: stages.journey.members.invite_again(admin, admin.staff_id, stages.now),
    ):
        with pytest.raises(SecondPersonNeeded):
            refused()


@pytest.mark.parametrize("changes", [
    {"email": "no address"}, {"email": "weaver@hospital.test"}, {"name": " "}, {"roles": ()}, {"name": "M. Weaver"},
])  # fmt: skip
def test_who_can_not_be_invited_is_not(stages, changes):
    enrolled(stages)
    draft = MemberDraft(stages.hospital.pathology.id, "N. New", "new@hospital.test", (Role.DEPOSITOR,))
    with pytest.raises(Invalid):
        stages.journey.members.invite(operator(stages), replace(draft, **changes), stages.now)


# One's own account


def test_a_changed_password_signs_out_everywhere_and_is_the_one_that_counts(stages, accounts):
    colleague = enrolled(stages)
    actor, other = acting(stages, colleague), enter(stages, colleague)
    accounts.change_password(actor, PASSWORD, "another long password", colleague.code(), stages.now)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(other, ORIGIN, stages.now)
    with pytest.raises(AnswerWrong):
        enter(stages, colleague)
    assert enter(stages, colleague, password="another long password")


def test_renewed_codes_replace_those_that_were_left(stages, accounts):
    colleague = enrolled(stages)
    codes = accounts.renew_codes(acting(stages, colleague), PASSWORD, colleague.code(), stages.now)
    assert len(set(codes)) == 10
    with pytest.raises(AnswerWrong):
        enter(stages, colleague, code=colleague.recovery_codes[0])
    assert enter(stages, colleague, code=codes[0])


@pytest.mark.parametrize("wrong", ["password", "code"])
def test_an_open_session_alone_changes_no_account(stages, accounts, wrong):
    colleague = enrolled(stages)
    actor = acting(stages, colleague)
    password, code = ("wrong", colleague.code()) if wrong == "password" else (PASSWORD, "000000")
    with pytest.raises(AnswerWrong):
        accounts.change_password(actor, password, "another long password", code, stages.now)
    with pytest.raises(AnswerWrong):
        accounts.renew_codes(actor, password, code, stages.now)
    assert enter(stages, colleague)


def test_guessing_at_an_open_session_locks_the_account_and_is_recorded(stages, accounts):
    colleague = enrolled(stages)
    actor = acting(stages, colleague)
    for _ in range(WRONG_ANSWERS - 1):
        with pytest.raises(AnswerWrong):
            accounts.renew_codes(actor, PASSWORD, "000000", stages.now)
    with pytest.raises(AnswerWrong):
        accounts.change_password(actor, "wrong", "another long password", colleague.code(), stages.now)
    assert stages.actions().count("session.refused") == WRONG_ANSWERS
    with pytest.raises(AnswerWrong):
        accounts.renew_codes(actor, PASSWORD, colleague.code(), stages.now)
    stages.clock.advance(LOCKED_FOR)
    assert accounts.renew_codes(acting(stages, colleague), PASSWORD, colleague.code(), stages.now)
