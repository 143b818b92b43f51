"""Enrol: what operators set up: organizations, departments, staff and their tokens."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.link import Redemption
from transfer_service.domain.people import (
    Credential,
    CredentialKind,
    Department,
    Organization,
    Recipient,
    RecipientKind,
    Role,
    Staff,
    SystemActor,
)
from transfer_service.domain.webhook import Silence, Webhook
from transfer_service.errors import Invalid, NotFound
from transfer_service.ports import Database, Keyring, T, Work
from transfer_service.sealing.tokens import mint_token, token_hash
from transfer_service.usecases.notices import silence

MAX_NAME_CHARACTERS = 200
_ONE_LINE = f"A name has 1 to {MAX_NAME_CHARACTERS} printable characters, a contact at most so many, in one line."


def records_key_context(organization_id: UUID) -> dict[str, str]:
    """What an organization's records key is bound to."""
    return {"organization": str(organization_id), "purpose": "records"}


def named(name: str) -> str:
    """The name of an organization, a department or a member of staff as it is kept; Invalid."""
    clean = _line(name)
    if not clean:
        raise Invalid(_ONE_LINE)
    return clean


def _line(text: str) -> str:
    """It stands in subjects of mails: a line break in it is a mistake, or somebody's attempt at another header."""
    clean = " ".join(text.split())
    if len(text.splitlines()) > 1 or len(clean) > MAX_NAME_CHARACTERS or not clean.isprintable():
        raise Invalid(_ONE_LINE)
    if "=?" in clean:  # what begins as an encoded word (RFC 2047) can't stand in a header
        raise Invalid("A name or contact can't hold =? one behind the other.")
    return clean


@dataclass(frozen=True)
class Enrol:
    """Everything here is an operator's, at the command line."""

    database: Database
    keyring: Keyring

    def create_organization(self, name: str, now: datetime) -> Organization:
        """A new tenant, with a records key and an audit log of its own."""
        organization_id = uuid4()
        _, wrapped = self.keyring.generate(records_key_context(organization_id))
        organization = Organization(organization_id, named(name), now, wrapped)
        with self.database.changing() as tx:
            tx.save(self._event("organization.created", organization_id, now, {}), organization)
        return organization

    def create_department(self, organization_id: UUID, name: str, contact: str, now: datetime) -> Department:
        """A department of that organization; NotFound."""
        with self.database.changing() as tx:
            organization = self._organization(tx, organization_id)
            department = Department(uuid4(), organization.id, named(name), _line(contact), now)
            event = self._event("department.created", organization.id, now, {"department": department.id})
            tx.save(event, department)
        return department

    def department(self, department_id: UUID) -> Department:
        """One department, of whatever organization; NotFound."""
        with self.database.reading() as tx:
            return self._of_any(tx, Department, department_id, "department")

    def take_requests(self, department_id: UUID, now: datetime, *, taken: bool) -> Department:
        """Whether anybody may ask the department for slides on the public page. NotFound; again changes nothing."""
        with self.database.changing() as tx:
            department = self._of_any(tx, Department, department_id, "department")
            if department.takes_requests is taken:
                return department
            department = replace(department, takes_requests=taken)
            action = "department.requests_opened" if taken else "department.requests_closed"
            event = self._event(action, department.organization_id, now, {"department": department.id})
            tx.save(event, department)
        return department

    def allow_treatment(self, department_id: UUID, now: datetime, *, allowed: bool) -> Department:
        """Whether that department may release for treatment without the patient's authorization (45 CFR 164.506(c)).

        Releases that live already stay as they are. NotFound. Again changes nothing.
        """
        with self.database.changing() as tx:
            department = self._of_any(tx, Department, department_id, "department")
            if department.treatment_allowed is allowed:
                return department
            department = replace(department, treatment_allowed=allowed)
            action = "department.treatment_allowed" if allowed else "department.treatment_disallowed"
            event = self._event(action, department.organization_id, now, {"department": department.id})
            tx.save(event, department)
        return department

    def create_token(self, department_id: UUID, role: Role, staff_name: str, now: datetime) -> tuple[Credential, str]:
        """A token for that member of staff, who is enrolled where they are new; the token itself comes once."""
        token = mint_token()
        with self.database.changing() as tx:
            department = self._of_any(tx, Department, department_id, "department")
            staff = self._member(tx, department, named(staff_name), now)
            credential = Credential(
                id=uuid4(),
                organization_id=department.organization_id,
                kind=CredentialKind.STAFF,
                secret_hash=token_hash(token),
                subject_id=department.id,
                holder_id=staff.id,
                role=role,
                recipient_id=None,
                created_at=now,
                expires_at=None,
            )
            subject = {"department": department.id, "staff": staff.id, "token": credential.id}
            tx.save(self._event("token.created", department.organization_id, now, subject), staff, credential)
        return credential, token

    def create_service_token(self, recipient_id: UUID, now: datetime) -> tuple[Credential, str]:
        """A token for that review service; the token itself comes once. NotFound; Invalid for a person."""
        token = mint_token()
        with self.database.changing() as tx:
            recipient = self._of_any(tx, Recipient, recipient_id, "recipient")
            if recipient.kind is not RecipientKind.SERVICE:
                raise Invalid("That recipient is a person, who is let in by a link. Only a service has a token.")
            credential = Credential(
                id=uuid4(),
                organization_id=recipient.organization_id,
                kind=CredentialKind.SERVICE,
                secret_hash=token_hash(token),
                subject_id=recipient.id,
                holder_id=recipient.id,
                role=None,
                recipient_id=recipient.id,
                created_at=now,
                expires_at=None,
            )
            subject = {"recipient": recipient.id, "token": credential.id}
            tx.save(self._event("token.created", recipient.organization_id, now, subject), credential)
        return credential, token

    def tokens(self) -> list[Credential]:
        """Every token of staff and of review services, of every organization, revoked ones too."""
        with self.database.reading() as tx:
            return [
                credential
                for organization in tx.organizations()
                for credential in tx.find(Credential, organization.id)
                if credential.kind in {CredentialKind.STAFF, CredentialKind.SERVICE}
            ]

    def revoke_token(self, token_id: UUID, now: datetime) -> Credential:
        """From the next request on it is refused, with whatever it was let into and the webhook that it set; NotFound.

        Again changes nothing.
        """
        with self.database.changing() as tx:
            credential = self._of_any(tx, Credential, token_id, "token")
            if credential.revoked_at is not None:
                return credential
            credential = replace(credential, revoked_at=now)
            event = self._event("token.revoked", credential.organization_id, now, {"token": credential.id})
            tx.save(event, credential, *_sessions_let_in(tx, credential, now))
            for webhook in tx.find(Webhook, credential.organization_id, set_by=credential.id, disabled_at=None):
                silence(tx, webhook, Silence.TOKEN_REVOKED, event.by, now)
        return credential

    def _of_any(self, tx: Work, kind: type[T], id_: UUID, word: str) -> T:
        """An operator names things without their organization. NotFound, by that word."""
        for organization in tx.organizations():
            for found in tx.find(kind, organization.id, id=id_):
                return found
        raise NotFound(f"There is no {word} of that id.")

    def _organization(self, tx: Work, organization_id: UUID) -> Organization:
        try:
            return tx.organization(organization_id)
        except NotFound:
            raise NotFound("There is no organization of that id.") from None

    def _member(self, tx: Work, department: Department, name: str, now: datetime) -> Staff:
        for staff in tx.find(Staff, department.organization_id, department_id=department.id, name=name):
            return staff
        return Staff(uuid4(), department.organization_id, department.id, name, now)

    def _event(self, action: str, organization_id: UUID, now: datetime, subject: dict[str, UUID]) -> Event:
        return Event(action, SystemActor(organization_id, "operator"), now, subject)


def _sessions_let_in(tx: Work, credential: Credential, now: datetime) -> list[Credential]:
    """The live sessions that a service's token opened, ended."""
    return [
        replace(session, revoked_at=now)
        for redemption in tx.find(Redemption, credential.organization_id, challenge_id=credential.id)
        for session in tx.find(Credential, credential.organization_id, holder_id=redemption.id)
        if session.is_live(now)
    ]
