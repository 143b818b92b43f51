"""Enrol: what operators set up: organizations, departments, and tokens. They name things without their organization."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.people import (
    OPERATOR,
    Credential,
    CredentialKind,
    Department,
    Organization,
    Recipient,
    Role,
    SystemActor,
)
from transfer_service.errors import NotFound
from transfer_service.ports import Database, Keyring, T
from transfer_service.usecases.departments import Departments
from transfer_service.usecases.names import named
from transfer_service.usecases.staff_tokens import StaffTokens


def records_key_context(organization_id: UUID) -> dict[str, str]:
    """What an organization's records key is bound to."""
    return {"organization": str(organization_id), "purpose": "records"}


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
            tx.save(Event("organization.created", _operator(organization_id), now, {}), organization)
        return organization

    def create_department(self, organization_id: UUID, name: str, contact: str, now: datetime) -> Department:
        """A department of that organization; NotFound."""
        try:
            return self._departments.create(_operator(organization_id), name, contact, now)
        except NotFound:
            raise NotFound("There is no organization of that id.") from None

    def department(self, department_id: UUID) -> Department:
        """One department, of whatever organization; NotFound."""
        return self._of_any(Department, department_id, "department")

    def take_requests(self, department_id: UUID, now: datetime, *, taken: bool) -> Department:
        """Whether anybody may ask the department for slides on the public page. NotFound; again changes nothing."""
        operator = self._operator_of(Department, department_id, "department")
        return self._departments.take_requests(operator, department_id, now, taken=taken)

    def allow_treatment(self, department_id: UUID, now: datetime, *, allowed: bool) -> Department:
        """Whether that department may release for treatment without the patient's authorization. NotFound."""
        operator = self._operator_of(Department, department_id, "department")
        return self._departments.allow_treatment(operator, department_id, now, allowed=allowed)

    def create_token(self, department_id: UUID, role: Role, staff_name: str, now: datetime) -> tuple[Credential, str]:
        """A token for that member of staff, who is enrolled where they are new; the token itself comes once."""
        operator = self._operator_of(Department, department_id, "department")
        return self._tokens.create(operator, department_id, role, staff_name, now)

    def create_service_token(self, recipient_id: UUID, now: datetime) -> tuple[Credential, str]:
        """A token for that review service; the token itself comes once. NotFound; Invalid for a person."""
        operator = self._operator_of(Recipient, recipient_id, "recipient")
        return self._tokens.create_for_service(operator, recipient_id, now)

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
        return self._tokens.revoke(self._operator_of(Credential, token_id, "token"), token_id, now)

    @property
    def _departments(self) -> Departments:
        return Departments(self.database)

    @property
    def _tokens(self) -> StaffTokens:
        return StaffTokens(self.database)

    def _operator_of(self, kind: type[T], id_: UUID, word: str) -> SystemActor:
        return _operator(self._of_any(kind, id_, word).organization_id)

    def _of_any(self, kind: type[T], id_: UUID, word: str) -> T:
        """An operator names things without their organization. NotFound, by that word."""
        with self.database.reading() as tx:
            for organization in tx.organizations():
                for found in tx.find(kind, organization.id, id=id_):
                    return found
        raise NotFound(f"There is no {word} of that id.")


def _operator(organization_id: UUID) -> SystemActor:
    return SystemActor(organization_id, OPERATOR)
