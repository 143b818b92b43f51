"""Release: the patient's signed authorization (45 CFR 164.508): what, to whom, why, until when."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from transfer_service.errors import (
    FormChanged,
    Invalid,
    NothingToConfirm,
    NotNow,
    RecipientNotNamed,
    ReleaseExpired,
    ReleaseLocked,
    ReleaseNotRequested,
    ReleaseNotSigned,
    ReleaseWithdrawn,
)

MOST_GRANTS = 50
MOST_FILES = 10_000
EXPIRED = "expired"


class ReleaseState(StrEnum):
    """Where a release is in its life. Expiry is a matter of the clock.

    Requested of the patient; signed on paper, which a second member of staff has yet to confirm; signed; attested by
    staff to be for treatment, which takes no signature; withdrawn.
    """

    REQUESTED = "requested"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    SIGNED = "signed"
    ATTESTED = "attested"
    WITHDRAWN = "withdrawn"


#: A patient whose paper form waits may still sign on the page: what staff bring never bars the patient's own hand.
RELEASE_TRANSITIONS: dict[ReleaseState, frozenset[ReleaseState]] = {
    ReleaseState.REQUESTED: frozenset(
        {ReleaseState.AWAITING_CONFIRMATION, ReleaseState.SIGNED, ReleaseState.WITHDRAWN}
    ),
    ReleaseState.AWAITING_CONFIRMATION: frozenset({ReleaseState.SIGNED, ReleaseState.WITHDRAWN}),
    ReleaseState.SIGNED: frozenset({ReleaseState.WITHDRAWN}),
    ReleaseState.ATTESTED: frozenset({ReleaseState.WITHDRAWN}),
    ReleaseState.WITHDRAWN: frozenset(),
}


class Basis(StrEnum):
    """Why the disclosure is permitted: the patient's authorization (164.508), or treatment (164.506(c))."""

    AUTHORIZATION = "authorization"
    TREATMENT = "treatment"


class Medium(StrEnum):
    """By what way the patient says something: on their page, on paper, by phone, in person."""

    PAGE = "page"
    PAPER = "paper"
    PHONE = "phone"
    IN_PERSON = "in_person"


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
    """Who signed, by what authority where it is not the patient, and the address that was proved.

    On paper no address is proved (``email`` is empty): ``signed_on`` is the day that stands on the form,
    ``document_sha256`` (hex) the scan's, and ``confirmed_by`` the second member of staff, who compared the two.
    """

    name: str
    signer: Signer
    authority: str | None
    email: str
    medium: Medium = Medium.PAGE
    signed_on: date | None = None
    confirmed_by: UUID | None = None
    document_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """One authorization for one closed packet. ``manifest_sha256`` (hex) binds the packet's content.

    ``email`` and ``phone`` are the patient's as they stood when the release was asked for, ``email`` empty where there
    was none. ``secret_hash`` is the SHA-256 of the secret in the patient's letter, ``typed_code_hash`` that of the code
    beside it, under a key; both None where no letter was sent. ``wrong_answers`` counts in the life of both.
    ``attestation`` is what staff declared where the basis is treatment. ``withdrawn_how`` says how the patient told of
    it, and ``withdrawn_note`` what staff noted. ``tells_of_fetching``: the patient
    wants an e-mail when a recipient has received files.
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
    secret_hash: bytes | None = field(repr=False)
    requested_at: datetime
    requested_by: UUID
    wrong_answers: int = 0
    signature: Signature | None = None
    signed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    typed_code_hash: bytes | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    attestation: str | None = field(default=None, repr=False)
    withdrawn_how: Medium | None = None
    withdrawn_note: str | None = field(default=None, repr=False)
    tells_of_fetching: bool = False

    @property
    def signing(self) -> Medium:
        """How the patient was asked, or told: by a letter to their page, or on paper."""
        return Medium.PAPER if self.secret_hash is None else Medium.PAGE

    @property
    def permitted_at(self) -> datetime | None:
        """Since when it let anything leave, whether or not it still does; None where it never did."""
        return self.requested_at if self.basis is Basis.TREATMENT else self.signed_at

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

    def moved(self, to: ReleaseState) -> "Release":
        """The release in its next state; NotNow where the table has no such way."""
        if to not in RELEASE_TRANSITIONS[self.state]:
            raise NotNow(f"A release that is {self.state} can't become {to}.")
        return replace(self, state=to)

    def check_live(self, now: datetime) -> None:
        """ReleaseWithdrawn, ReleaseNotSigned, ReleaseExpired: only a live release lets anything leave."""
        if self.state is ReleaseState.WITHDRAWN:
            raise ReleaseWithdrawn
        is_attested = self.state is ReleaseState.ATTESTED and self.basis is Basis.TREATMENT
        if self.state is not ReleaseState.SIGNED and not is_attested:
            raise ReleaseNotSigned
        if now >= self.expires_at:
            raise ReleaseExpired

    def check_unsigned(self, now: datetime) -> None:
        """Whether a signature may come, on page or paper. ReleaseWithdrawn, ReleaseNotRequested, ReleaseExpired."""
        if self.state is ReleaseState.WITHDRAWN:
            raise ReleaseWithdrawn
        if self.state not in {ReleaseState.REQUESTED, ReleaseState.AWAITING_CONFIRMATION}:
            raise ReleaseNotRequested
        if now >= self.expires_at:
            raise ReleaseExpired

    def check_may_be_signed(self, form_sha256: str, now: datetime) -> None:
        """Refusals of ``check_unsigned``, FormChanged."""
        self.check_unsigned(now)
        if form_sha256 != self.form.sha256:
            raise FormChanged

    def check_may_be_confirmed(self, now: datetime) -> None:
        """Whether a paper form waits. ReleaseWithdrawn, NothingToConfirm, ReleaseExpired."""
        if self.state not in {ReleaseState.AWAITING_CONFIRMATION, ReleaseState.WITHDRAWN}:
            raise NothingToConfirm
        self.check_unsigned(now)

    def check_unlocked(self, limit: int) -> None:
        """ReleaseLocked after ``limit`` wrong answers in the secret's life."""
        if self.wrong_answers >= limit:
            raise ReleaseLocked


def shown_state(release: Release, at: datetime) -> str:
    """The state as it is at that time: what was not withdrawn is expired once its time is over."""
    if release.state is not ReleaseState.WITHDRAWN and at >= release.expires_at:
        return EXPIRED
    return release.state.value


def check_signs_by_name(name: str, signer: Signer, authority: str | None) -> None:
    """A name; and by what authority, of whoever signs for the patient and of nobody else (164.508(c)(1)(vi)); Invalid.

    A patient with an authority is somebody else who chose wrongly: whose signature it is would stay in doubt.
    """
    if not name.strip():
        raise Invalid("A signature has a name.")
    if signer is Signer.REPRESENTATIVE and not (authority or "").strip():
        raise Invalid("A representative says by what authority they act for the patient.")
    if signer is Signer.PATIENT and authority is not None:
        raise Invalid("A patient signs for themselves; whoever signs by an authority is a representative.")
