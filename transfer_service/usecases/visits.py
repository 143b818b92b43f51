"""Visits to the web pages: who to call when a page can't help, and signing out."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.link import Link
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import (
    Actor,
    Credential,
    Department,
    Organization,
    PatientActor,
    RecipientActor,
)
from transfer_service.domain.release import Release
from transfer_service.errors import NotAllowed
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.tokens import token_hash


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom a patient or recipient can call. It says nothing of the packet."""

    organization: Organization
    department: Department


@dataclass(frozen=True)
class Visits:
    """What a person at a page may ask beside the journey itself."""

    database: Database

    def contact_for_link(self, secret: str) -> Contact:
        """The department that issued a link; NotFound for a secret that nobody was given."""
        with self.database.reading() as tx:
            return contact_of(tx, tx.by_secret(Link, token_hash(secret)))

    def contact_for(self, actor: Actor) -> Contact:
        """The department behind a patient's or a recipient's session; NotAllowed for staff."""
        organization_id, session_id = _session(actor)
        with self.database.reading() as tx:
            subject_id = tx.get(Credential, organization_id, session_id).subject_id
            if isinstance(actor, PatientActor):
                return contact_of(tx, tx.get(Release, organization_id, subject_id))
            return contact_of(tx, tx.get(Link, organization_id, subject_id))

    def leave(self, actor: Actor, now: datetime) -> None:
        """End the session: its token opens nothing any more. NotAllowed for staff."""
        organization_id, session_id = _session(actor)
        with self.database.changing() as tx:
            session = tx.get(Credential, organization_id, session_id)
            if session.revoked_at is None:
                event = Event("session.left", actor, now, {"session": session_id})
                tx.save(event, replace(session, revoked_at=now))


def _session(actor: Actor) -> tuple[UUID, UUID]:
    if not isinstance(actor, PatientActor | RecipientActor):
        raise NotAllowed
    return actor.organization_id, actor.session_id


def contact_of(tx: Transaction, found: Release | Link) -> Contact:
    """The department whose packet it is of."""
    packet = tx.get(Packet, found.organization_id, found.packet_id)
    department = tx.get(Department, found.organization_id, packet.department_id)
    return Contact(tx.organization(found.organization_id), department)
