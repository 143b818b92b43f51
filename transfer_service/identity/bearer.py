"""Bearer tokens (RFC 6750): opaque, 256 bits, kept only as SHA-256, looked up on every request."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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
from transfer_service.errors import NotAuthenticated, NotFound, Unavailable
from transfer_service.ports import Database
from transfer_service.sealing.tokens import token_hash
from transfer_service.usecases.limits import Limits

#: A page asks many times a minute: use is written down once in so long.
WRITTEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Bearers:
    """Resolves tokens of staff, patients, recipients and review services.

    ``idle_for``: how long a member's session lives without a request.
    """

    database: Database
    idle_for: timedelta = Limits().staff_idle_for

    def actor(self, token: str, origin: Origin, now: datetime) -> Actor:
        """Whose token it is; NotAuthenticated for an unknown, expired or revoked one, and an idle session."""
        with self.database.reading() as tx:
            try:
                credential = tx.by_secret(Credential, token_hash(token))
            except NotFound:
                raise NotAuthenticated from None
        if not credential.is_live(now) or credential.is_idle(self.idle_for, now):
            raise NotAuthenticated
        if credential.used_at is not None and now - credential.used_at >= WRITTEN_EVERY:
            self._keep_alive(credential, now)
        return _actor(credential, origin)

    def _keep_alive(self, session: Credential, now: datetime) -> None:
        """Write down that it is in use; where that can't be, it ends a little earlier."""
        with suppress(NotFound, Unavailable), self.database.changing() as tx:
            known = tx.get(Credential, session.organization_id, session.id)
            tx.keep(replace(known, used_at=max(now, known.used_at or now)))


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
