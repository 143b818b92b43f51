"""Members of staff at the door: invited, enrolled with an authenticator of another maker (pyotp), and signed in."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pyotp

from tests.pages.visitor import Visitor
from tests.stages import ORIGIN, Stages
from transfer_service.domain.people import OPERATOR, Department, Role, StaffActor, SystemActor
from transfer_service.identity.account import Accounts
from transfer_service.identity.sign_in import Proof
from transfer_service.usecases.members import MemberDraft

PASSWORD = "correct horse battery staple"


@dataclass
class Colleague:
    """Somebody with an account, and the phone with their authenticator."""

    id: UUID
    email: str
    password: str
    authenticator: pyotp.TOTP
    recovery_codes: tuple[str, ...]
    stages: Stages

    def code(self) -> str:
        """The next one: each counts once, so that the clock goes on by a step."""
        return self.authenticator.at(self.stages.clock.advance(timedelta(seconds=30)))


def authenticator_of(totp_text: str) -> pyotp.TOTP:
    return pyotp.TOTP(totp_text.replace(" ", ""))


def invited(stages: Stages, *roles: Role, name: str = "M. Weaver", email: str = "weaver@hospital.test",
            department: Department | None = None) -> tuple[UUID, str]:  # fmt: skip
    """The member's id, and the secret of the address that they are given."""
    where = department or stages.hospital.pathology
    draft = MemberDraft(where.id, name, email, roles or (Role.COORDINATOR,))
    operator = SystemActor(where.organization_id, OPERATOR)
    member, url = stages.journey.members.invite(operator, draft, stages.now)
    return member.id, url.partition("#")[2]


def enrolled(stages: Stages, *roles: Role, **who: object) -> Colleague:
    """Somebody who has accepted their invitation."""
    id_, secret = invited(stages, *roles, **who)
    accounts = Accounts(stages.database, stages.sign_in)
    invitation = accounts.invitation(secret, stages.now)
    authenticator = authenticator_of(invitation.totp_text)
    accepted = accounts.accept(secret, PASSWORD, authenticator.at(stages.now), ORIGIN, stages.now)
    email = invitation.view.member.email
    return Colleague(id_, email, PASSWORD, authenticator, accepted.recovery_codes, stages)


def acting(stages: Stages, colleague: Colleague) -> StaffActor:
    """What a session that they begin makes of them."""
    token = stages.sign_in.enter(Proof(colleague.email, PASSWORD, colleague.code()), ORIGIN, stages.now)
    actor = stages.bearers.actor(token, ORIGIN, stages.now)
    assert isinstance(actor, StaffActor)
    return actor


def signed_in(visitor: Visitor, stages: Stages, *roles: Role, **who: object) -> Colleague:
    """Enrol somebody with these roles, and let the visitor sign in as them."""
    colleague = enrolled(stages, *roles, **who)
    visitor.get("/staff/sign-in")
    answer = visitor.post("/staff/sign-in", proof(colleague))
    assert answer.status_code == 303, answer.text
    return colleague


def proof(colleague: Colleague, **changes: str) -> dict[str, str]:
    """The form to sign in, filled in."""
    return {"email": colleague.email, "password": colleague.password, "code": colleague.code(), **changes}


def shown_codes(text: str) -> list[str]:
    """The recovery codes on a page."""
    return re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", text)
