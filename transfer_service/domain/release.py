"""Release: the patient's signed authorization (45 CFR 164.508): what, to whom, why, until when."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from transfer_service.errors import (
    FormChanged,
    RecipientNotNamed,
    ReleaseExpired,
    ReleaseLocked,
    ReleaseNotRequested,
    ReleaseNotSigned,
    ReleaseWithdrawn,
)


class ReleaseState(StrEnum):
    """Requested of the patient; signed; withdrawn. Expiry is a matter of the clock."""

    REQUESTED = "requested"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"


class Basis(StrEnum):
    """Why the disclosure is permitted: the patient's authorization."""

    AUTHORIZATION = "authorization"


class Signer(StrEnum):
    """Who signed: the patient, or a personal representative (164.508(c)(1)(vi))."""

    PATIENT = "patient"
    REPRESENTATIVE = "representative"


@dataclass(frozen=True, slots=True)
class Grant:
    """Exactly these files, to exactly this version of this recipient."""

    recipient_id: UUID
    recipient_version: int
    file_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Form:
    """The authorization's text as the patient reads it, and the SHA-256 (hex) of its UTF-8 bytes."""

    template: str
    language: str
    text: str
    sha256: str


@dataclass(frozen=True, slots=True, repr=False)
class Signature:
    """Who signed, by what authority where it is not the patient, and the address that was proved."""

    name: str
    signer: Signer
    authority: str | None
    email: str


@dataclass(frozen=True, slots=True)
class Release:
    """One authorization for one closed packet. ``manifest_sha256`` (hex) binds the packet's content.

    ``email`` is the patient's address as it stood when the release was asked for. ``secret_hash`` is the SHA-256
    of the secret in the patient's letter; ``wrong_answers`` counts in the life of that secret. ``tells_of_fetching``:
    the patient wants an e-mail when a recipient has received files.
    """

    id: UUID
    organization_id: UUID
    packet_id: UUID
    state: ReleaseState
    basis: Basis
    grants: tuple[Grant, ...]
    purpose: str = field(repr=False)
    expires_at: datetime
    manifest_sha256: str
    form: Form
    email: str = field(repr=False)
    secret_hash: bytes = field(repr=False)
    requested_at: datetime
    requested_by: UUID
    wrong_answers: int = 0
    signature: Signature | None = None
    signed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    tells_of_fetching: bool = False

    @property
    def ends_at(self) -> datetime:
        """When it was withdrawn, or else expires."""
        return min(self.withdrawn_at or self.expires_at, self.expires_at)

    def grant_to(self, recipient_id: UUID) -> Grant:
        """The recipient's grant; RecipientNotNamed."""
        for grant in self.grants:
            if grant.recipient_id == recipient_id:
                return grant
        raise RecipientNotNamed

    def check_live(self, now: datetime) -> None:
        """ReleaseWithdrawn, ReleaseNotSigned, ReleaseExpired: only a live release lets anything leave."""
        if self.state is ReleaseState.WITHDRAWN:
            raise ReleaseWithdrawn
        if self.state is not ReleaseState.SIGNED:
            raise ReleaseNotSigned
        if now >= self.expires_at:
            raise ReleaseExpired

    def check_may_be_signed(self, form_sha256: str, now: datetime) -> None:
        """ReleaseWithdrawn, ReleaseNotRequested, ReleaseExpired, FormChanged."""
        if self.state is ReleaseState.WITHDRAWN:
            raise ReleaseWithdrawn
        if self.state is not ReleaseState.REQUESTED:
            raise ReleaseNotRequested
        if now >= self.expires_at:
            raise ReleaseExpired
        if form_sha256 != self.form.sha256:
            raise FormChanged

    def check_unlocked(self, limit: int) -> None:
        """ReleaseLocked after ``limit`` wrong answers in the secret's life."""
        if self.wrong_answers >= limit:
            raise ReleaseLocked
