"""Members: who may sign in at the pages, and in which roles. Invited by a link that opens once, for a week."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.member import INVITATION_FOR, Member, email_identity
from transfer_service.domain.people import (
    Actor,
    Credential,
    Department,
    Organization,
    Role,
    Staff,
    StaffActor,
)
from transfer_service.domain.policy import check_may_administer
from transfer_service.domain.texts import is_one_address
from transfer_service.errors import Invalid, NotFound, SecondPersonNeeded
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.tokens import mint_secret, token_hash
from transfer_service.sealing.totp import mint_totp_key
from transfer_service.usecases.names import named
from transfer_service.usecases.staff_tokens import SENT_AGAIN_FOR, revoke_token, staff_called, tokens_in_the_name_of


@dataclass(frozen=True, slots=True)
class MemberDraft:
    """Whom to invite, to which department, and as what."""

    department_id: UUID
    name: str
    email: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member with what is kept of them elsewhere."""

    member: Member
    staff: Staff
    department: Department
    organization: Organization


@dataclass(frozen=True)
class Members:
    """For admins, who act on their whole organization, and for operators. Nobody changes what they themselves may."""

    database: Database
    public_url: str

    def invite(self, actor: Actor, draft: MemberDraft, now: datetime) -> tuple[Member, str]:
        """A new member, and the address that lets them set a password: it comes once. NotAllowed, NotFound, Invalid.

        The same again within minutes, by a double click or a lost answer, is the same invitation under a fresh address.
        """
        check_may_administer(actor)
        email, roles = email_identity(draft.email), _roles(draft.roles)
        if not is_one_address(email):
            raise Invalid("That is not one e-mail address.")
        secret = mint_secret()
        with self.database.changing() as tx:
            department = tx.get(Department, actor.organization_id, draft.department_id)
            staff = staff_called(tx, department, named(draft.name), now)
            known = tx.find(Member, actor.organization_id, id=staff.id)
            if known and _is_sent_again(known[0], email, roles, now):
                member = _invited(known[0], secret, now)
                tx.save(_event("member.invited_again", actor, member, now), member)
                return member, self._address(secret)
            if known or _is_taken(tx, email):
                raise Invalid("Somebody signs in by that address or name already; invite them again from the list.")
            if isinstance(actor, StaffActor) and tokens_in_the_name_of(tx, staff, now):
                raise SecondPersonNeeded("A token acts under that name. Revoke it first: nobody else acts as a person.")
            member = Member(staff.id, actor.organization_id, email, roles, now, mint_totp_key())
            member = _invited(member, secret, now)
            tx.save(_event("member.invited", actor, member, now, roles=" ".join(roles)), staff, member)
        return member, self._address(secret)

    def invite_again(self, actor: Actor, member_id: UUID, now: datetime) -> tuple[Member, str]:
        """Password, authenticator and recovery codes count no more, sessions end, and a fresh address opens once.

        For whoever lost their authenticator, let an invitation lapse, or was disabled. NotAllowed, NotFound,
        SecondPersonNeeded.
        """
        secret = mint_secret()
        with self.database.changing() as tx:
            member = self._another(tx, actor, member_id)
            fresh = Member(
                member.id, member.organization_id, member.email, member.roles, member.created_at, mint_totp_key()
            )
            member = _invited(fresh, secret, now)
            ended = ended_sessions(tx, member, now)
            tx.save(_event("member.invited_again", actor, member, now), member, *ended)
        return member, self._address(secret)

    def give_roles(self, actor: Actor, member_id: UUID, roles: Sequence[Role], now: datetime) -> Member:
        """From now on they act in these; their sessions end, and tokens in their name that act in another role.

        NotAllowed, NotFound, Invalid, SecondPersonNeeded.
        """
        wanted = _roles(roles)
        with self.database.changing() as tx:
            member = self._another(tx, actor, member_id)
            if member.roles == wanted:
                return member
            member = replace(member, roles=wanted)
            event = _event("member.given_roles", actor, member, now, roles=" ".join(wanted))
            tx.save(event, member, *ended_sessions(tx, member, now))
            for token in tokens_in_the_name_of(tx, member, now):
                if token.role not in wanted:
                    revoke_token(tx, actor, token, now)
        return member

    def disable(self, actor: Actor, member_id: UUID, now: datetime) -> Member:
        """They can't sign in and are signed out; tokens in their name are revoked. Again changes nothing.

        NotAllowed, NotFound, SecondPersonNeeded.
        """
        with self.database.changing() as tx:
            member = self._another(tx, actor, member_id)
            if member.disabled_at is not None:
                return member
            member = replace(member, disabled_at=now, secret_hash=None, invited_until=None)
            tx.save(_event("member.disabled", actor, member, now), member, *ended_sessions(tx, member, now))
            for token in tokens_in_the_name_of(tx, member, now):
                revoke_token(tx, actor, token, now)
        return member

    def all(self, actor: Actor) -> list[MemberView]:
        """Everybody of the organization, oldest first. NotAllowed."""
        check_may_administer(actor)
        with self.database.reading() as tx:
            return [member_view(tx, member) for member in tx.find(Member, actor.organization_id)]

    def itself(self, actor: StaffActor) -> MemberView:
        """Who acts here; NotFound for the holder of a mere token."""
        with self.database.reading() as tx:
            return member_view(tx, tx.get(Member, actor.organization_id, actor.staff_id))

    def _another(self, tx: Transaction, actor: Actor, member_id: UUID) -> Member:
        check_may_administer(actor)
        if isinstance(actor, StaffActor) and actor.staff_id == member_id:
            raise SecondPersonNeeded("Nobody changes what they themselves may do; ask another admin.")
        return tx.get(Member, actor.organization_id, member_id)

    def _address(self, secret: str) -> str:
        return f"{self.public_url}/staff/enrol#{secret}"


def member_view(tx: Transaction, member: Member) -> MemberView:
    """The member, with name, department and organization."""
    staff = tx.get(Staff, member.organization_id, member.id)
    department = tx.get(Department, member.organization_id, staff.department_id)
    return MemberView(member, staff, department, tx.organization(member.organization_id))


def ended_sessions(tx: Transaction, member: Member, now: datetime) -> list[Credential]:
    """Their live sessions, ended; the tokens that bear their name are not sessions."""
    known = tx.find(Credential, member.organization_id, holder_id=member.id)
    return [replace(each, revoked_at=now) for each in known if each.is_session and each.is_live(now)]


def _invited(member: Member, secret: str, now: datetime) -> Member:
    return replace(member, secret_hash=token_hash(secret), invited_until=now + INVITATION_FOR)


def _roles(roles: Sequence[Role]) -> tuple[Role, ...]:
    """In the order of the list of roles, each once."""
    if not roles:
        raise Invalid("A member has one role at least.")
    return tuple(role for role in Role if role in roles)


def _is_sent_again(known: Member, email: str, roles: tuple[Role, ...], now: datetime) -> bool:
    is_fresh = known.is_invited(now) and known.password_hash is None and now - known.created_at < SENT_AGAIN_FOR
    return is_fresh and (known.email, known.roles) == (email, roles)


def _is_taken(tx: Transaction, email: str) -> bool:
    try:
        tx.by_email(email)
    except NotFound:
        return False
    return True


def _event(action: str, actor: Actor, member: Member, now: datetime, **facts: str) -> Event:
    return Event(action, actor, now, {"staff": member.id}, facts)
