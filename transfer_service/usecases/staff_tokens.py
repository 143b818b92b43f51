"""Bearer tokens of an organization: of programs that act as staff, and of review services.

An admin makes one for a program under a name of its own, never in the name of somebody who signs in: who reads the
audit log must be able to tell them apart (45 CFR 164.312(a)(2)(i)). Operators make them in any name.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.link import Redemption
from transfer_service.domain.member import Member
from transfer_service.domain.people import (
    Actor,
    Credential,
    CredentialKind,
    Department,
    Recipient,
    RecipientKind,
    Role,
    Staff,
    StaffActor,
)
from transfer_service.domain.policy import check_may_administer
from transfer_service.domain.webhook import Silence, Webhook
from transfer_service.errors import Invalid, NotFound, SecondPersonNeeded
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.tokens import mint_token, token_hash
from transfer_service.usecases.names import named
from transfer_service.usecases.notices import silence
from transfer_service.usecases.once import id_made_by

#: A form that is sent again within it, by a double click or a lost answer, gives the same token a fresh secret.
SENT_AGAIN_FOR = timedelta(minutes=10)
_TOKENS = frozenset({CredentialKind.STAFF, CredentialKind.SERVICE})


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token with whose it is: a name, and a department where it is one of staff's."""

    credential: Credential
    holder: str
    department: Department | None


@dataclass(frozen=True)
class StaffTokens:
    """For admins, of their own organization, and for operators."""

    database: Database

    def all(self, actor: Actor) -> list[TokenView]:
        """Those of staff and of review services, oldest first, revoked ones too; sessions are none. NotAllowed."""
        check_may_administer(actor)
        with self.database.reading() as tx:
            return [_view(tx, each) for each in tx.find(Credential, actor.organization_id) if _is_token(each)]

    def one(self, actor: Actor, token_id: UUID) -> TokenView:
        """NotAllowed, NotFound."""
        check_may_administer(actor)
        with self.database.reading() as tx:
            return _view(tx, _token(tx, actor, token_id))

    def services(self, actor: Actor) -> list[Recipient]:
        """The review services of the directory. NotAllowed."""
        check_may_administer(actor)
        with self.database.reading() as tx:
            known = tx.find(Recipient, actor.organization_id)
        return [each for each in known if each.kind is RecipientKind.SERVICE]

    def create(
        self, actor: Actor, department_id: UUID, role: Role, name: str, now: datetime, *, form: str | None = None
    ) -> tuple[Credential, str]:
        """A token for what is called so; it comes once. NotAllowed, NotFound, Invalid, SecondPersonNeeded."""
        check_may_administer(actor)
        with self.database.changing() as tx:
            department = tx.get(Department, actor.organization_id, department_id)
            staff = staff_called(tx, department, named(name), now)
            _check_no_person(tx, actor, staff)
            made = _credential(actor, CredentialKind.STAFF, department.id, staff.id, form, now)
            made = replace(made, role=role)
            subject = {"department": department.id, "staff": staff.id, "token": made.id}
            return _given_out(tx, Event("token.created", actor, now, subject), made, staff)

    def create_for_service(
        self, actor: Actor, recipient_id: UUID, now: datetime, *, form: str | None = None
    ) -> tuple[Credential, str]:
        """A token for that review service; it comes once. NotAllowed, NotFound; Invalid for a person."""
        check_may_administer(actor)
        with self.database.changing() as tx:
            recipient = tx.get(Recipient, actor.organization_id, recipient_id)
            if recipient.kind is not RecipientKind.SERVICE:
                raise Invalid("That recipient is a person, who is let in by a link. Only a service has a token.")
            made = _credential(actor, CredentialKind.SERVICE, recipient.id, recipient.id, form, now)
            made = replace(made, recipient_id=recipient.id)
            subject = {"recipient": recipient.id, "token": made.id}
            return _given_out(tx, Event("token.created", actor, now, subject), made)

    def revoke(self, actor: Actor, token_id: UUID, now: datetime) -> Credential:
        """From the next request on it is refused, with whatever it was let into and the webhook that it set.

        NotAllowed, NotFound, SecondPersonNeeded for the token that the caller holds. Again changes nothing.
        """
        check_may_administer(actor)
        with self.database.changing() as tx:
            credential = _token(tx, actor, token_id)
            if isinstance(actor, StaffActor) and actor.token_id == credential.id:
                raise SecondPersonNeeded("Nobody revokes the token that they are calling with.")
            return credential if credential.revoked_at is not None else revoke_token(tx, actor, credential, now)


def revoke_token(tx: Transaction, actor: Actor, credential: Credential, now: datetime) -> Credential:
    """It opens nothing any more, nor does whatever it was let into; the webhook that it set is silent."""
    revoked = replace(credential, revoked_at=now)
    event = Event("token.revoked", actor, now, {"token": credential.id})
    tx.save(event, revoked, *_sessions_let_in(tx, credential, now))
    for webhook in tx.find(Webhook, credential.organization_id, set_by=credential.id, disabled_at=None):
        silence(tx, webhook, Silence.TOKEN_REVOKED, event.by, now)
    return revoked


def tokens_in_the_name_of(tx: Transaction, staff: Staff | Member, now: datetime) -> list[Credential]:
    """Those that open something still; sessions are none."""
    held = tx.find(Credential, staff.organization_id, holder_id=staff.id)
    return [each for each in held if each.kind is CredentialKind.STAFF and not each.is_session and each.is_live(now)]


def staff_called(tx: Transaction, department: Department, name: str, now: datetime) -> Staff:
    """Whoever has that name in the department, or somebody new."""
    known = tx.find(Staff, department.organization_id, department_id=department.id, name=name)
    return known[0] if known else Staff(uuid4(), department.organization_id, department.id, name, now)


def _check_no_person(tx: Transaction, actor: Actor, staff: Staff) -> None:
    if isinstance(actor, StaffActor) and tx.find(Member, staff.organization_id, id=staff.id):
        raise SecondPersonNeeded("Somebody of that name signs in. A token is for a program, under a name of its own.")


def _credential(
    actor: Actor, kind: CredentialKind, subject_id: UUID, holder_id: UUID, form: str | None, now: datetime
) -> Credential:
    return Credential(
        id=id_made_by(actor, form),
        organization_id=actor.organization_id,
        kind=kind,
        secret_hash=b"",
        subject_id=subject_id,
        holder_id=holder_id,
        role=None,
        recipient_id=None,
        created_at=now,
        expires_at=None,
    )


def _given_out(tx: Transaction, event: Event, made: Credential, *with_it: Staff) -> tuple[Credential, str]:
    """Under a fresh secret. Invalid where the form was sent before, long ago or for another."""
    token = mint_token()
    for known in tx.find(Credential, made.organization_id, id=made.id):
        if not _is_sent_again(known, made):
            raise Invalid("This form was sent before.")
        again = replace(known, secret_hash=token_hash(token))
        tx.save(replace(event, action="token.created_again"), again)
        return again, token
    made = replace(made, secret_hash=token_hash(token))
    tx.save(event, *with_it, made)
    return made, token


def _is_sent_again(known: Credential, made: Credential) -> bool:
    about = {(each.kind, each.subject_id, each.holder_id, each.role) for each in (known, made)}
    return len(about) == 1 and known.revoked_at is None and made.created_at - known.created_at < SENT_AGAIN_FOR


def _is_token(credential: Credential) -> bool:
    return credential.kind in _TOKENS and not credential.is_session


def _token(tx: Transaction, actor: Actor, token_id: UUID) -> Credential:
    credential = tx.get(Credential, actor.organization_id, token_id)
    if not _is_token(credential):
        raise NotFound
    return credential


def _view(tx: Transaction, credential: Credential) -> TokenView:
    of = credential.organization_id
    if credential.kind is CredentialKind.SERVICE:
        return TokenView(credential, tx.get(Recipient, of, credential.subject_id).name, None)
    staff = tx.get(Staff, of, credential.holder_id)
    return TokenView(credential, staff.name, tx.get(Department, of, credential.subject_id))


def _sessions_let_in(tx: Transaction, credential: Credential, now: datetime) -> list[Credential]:
    """The live sessions that a service's token opened, ended."""
    return [
        replace(session, revoked_at=now)
        for redemption in tx.find(Redemption, credential.organization_id, challenge_id=credential.id)
        for session in tx.find(Credential, credential.organization_id, holder_id=redemption.id)
        if session.is_live(now)
    ]
