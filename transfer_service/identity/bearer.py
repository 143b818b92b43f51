"""Bearer tokens (RFC 6750): opaque, 256 bits, kept only as SHA-256, looked up on every request."""

from dataclasses import dataclass
from datetime import datetime

from transfer_service.domain.people import (
    Actor,
    Credential,
    CredentialKind,
    Origin,
    PatientActor,
    ServiceActor,
    StaffActor,
    recipient_actor,
)
from transfer_service.errors import NotAuthenticated, NotFound
from transfer_service.ports import Database
from transfer_service.sealing.tokens import token_hash


@dataclass(frozen=True)
class Bearers:
    """Resolves tokens of staff, patients, recipients and review services."""

    database: Database

    def actor(self, token: str, origin: Origin, now: datetime) -> Actor:
        """Whose token it is; NotAuthenticated for an unknown, expired or revoked one."""
        with self.database.reading() as tx:
            try:
                credential = tx.by_secret(Credential, token_hash(token))
            except NotFound:
                raise NotAuthenticated from None
        if not credential.is_live(now):
            raise NotAuthenticated
        return _actor(credential, origin)


def _actor(credential: Credential, origin: Origin) -> Actor:
    match credential.kind:
        case CredentialKind.PATIENT:
            return PatientActor(credential.organization_id, credential.subject_id, credential.id, origin)
        case CredentialKind.RECIPIENT:
            return recipient_actor(credential, origin)
        case CredentialKind.SERVICE if credential.recipient_id is not None:
            return ServiceActor(credential.organization_id, credential.recipient_id, credential.id, origin)
        case CredentialKind.STAFF if credential.role is not None:
            return StaffActor(
                organization_id=credential.organization_id,
                department_id=credential.subject_id,
                staff_id=credential.holder_id,
                token_id=credential.id,
                role=credential.role,
                origin=origin,
            )
        case _:
            raise NotAuthenticated
