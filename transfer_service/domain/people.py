"""Who takes part: organizations, departments, staff, patients, recipients, and the actors they become."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from transfer_service.domain.mail import OPTIONAL, MailKind
from transfer_service.errors import NotAuthenticated


@dataclass(frozen=True, slots=True)
class Organization:
    """A hospital: the tenant. Nothing crosses organizations but a link.

    ``wrapped_records_key`` is the key that seals this organization's records, wrapped by the keyring.
    """

    id: UUID
    name: str
    created_at: datetime
    wrapped_records_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Department:
    """Pathology or radiology of one organization. ``contact`` tells patients and recipients who to call.

    ``takes_requests``: whether anybody may ask it for slides on the public page.
    ``treatment_allowed``: whether it may release for treatment without the patient's authorization (164.506(c)).
    """

    id: UUID
    organization_id: UUID
    name: str
    contact: str
    created_at: datetime
    takes_requests: bool = False
    treatment_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff, unique by name in their department (45 CFR 164.312(a)(2)(i), unique user)."""

    id: UUID
    organization_id: UUID
    department_id: UUID
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Patient:
    """The person whose slides these are, as the department knows them. Never printed: it is all PHI."""

    name: str
    birth_date: date
    record_number: str
    email: str | None = None
    phone: str | None = None
    language: str | None = None


class RecipientKind(StrEnum):
    """A named person, or a remote-review service."""

    PERSON = "person"
    SERVICE = "service"


#: Of credentials, and of accreditations, that one recipient holds.
MOST_CREDENTIALS = 20


@dataclass(frozen=True, slots=True)
class Accreditation:
    """Something the recipient says they hold; and who of the staff looked it up, when and where, where somebody did."""

    name: str
    source: str | None = None
    checked_on: date | None = None
    checked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """The pathologist, clinician or review service that a release can name.

    Versioned: a change makes a new version, and a release binds the one that the patient read: whom, and which address.
    In which ``language`` (a tag, BCP 47) they are written to, and of which of the OPTIONAL mails, the newest one says.
    """

    id: UUID
    organization_id: UUID
    version: int
    name: str
    email: str
    organization: str
    specialty: str
    kind: RecipientKind
    credentials: tuple[str, ...]
    accreditations: tuple[Accreditation, ...]
    created_at: datetime
    language: str | None = None
    notify: tuple[MailKind, ...] = OPTIONAL

    @property
    def is_breast_pathologist(self) -> bool:
        """Whether their specialty, as staff wrote it, is breast pathology; the form says so where it is not."""
        return {"breast", "pathology"} <= set(self.specialty.casefold().replace(",", " ").split())

    def is_still(self, read: "Recipient") -> bool:
        """Whether it is who the patient read of, at the same address. What they hold and practise may change."""
        return (self.name, self.organization, self.email) == (read.name, read.organization, read.email)


class Role(StrEnum):
    """What a member of staff's token permits."""

    DEPOSITOR = "depositor"
    COORDINATOR = "coordinator"
    PRIVACY_OFFICER = "privacy_officer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call came from: our request id, and the address of the peer that sent it."""

    request_id: str
    address: str


NOWHERE = Origin(request_id="-", address="-")


@dataclass(frozen=True, slots=True)
class StaffActor:
    """A member of staff, acting in the role of the token they came with."""

    organization_id: UUID
    department_id: UUID
    staff_id: UUID
    token_id: UUID
    role: Role
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class PatientActor:
    """A patient (or their representative) who proved themselves for one release."""

    organization_id: UUID
    release_id: UUID
    session_id: UUID
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class RecipientActor:
    """A recipient inside one redemption of one link."""

    organization_id: UUID
    link_id: UUID
    redemption_id: UUID
    recipient_id: UUID
    session_id: UUID
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class ServiceActor:
    """A review service, with its own token: not yet inside any redemption."""

    organization_id: UUID
    recipient_id: UUID
    credential_id: UUID
    origin: Origin = NOWHERE


OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class SystemActor:
    """The service itself: ``worker``, or ``operator`` for somebody at its command line, or ``visitor``
    for somebody who holds a secret and has not proved who they are."""

    organization_id: UUID
    name: str
    origin: Origin = NOWHERE


Actor = StaffActor | PatientActor | RecipientActor | ServiceActor | SystemActor


class CredentialKind(StrEnum):
    """Whose bearer token it is."""

    STAFF = "staff"
    PATIENT = "patient"
    RECIPIENT = "recipient"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Credential:
    """A bearer token as we keep it: its SHA-256, and whom it makes of the caller.

    ``subject_id`` is the department (staff), the release (patient), the link (recipient) or the recipient itself
    (service); ``holder_id`` the member of staff, the session, the redemption or again the recipient.
    ``recipient_id`` is set for recipients and services, ``role`` for staff, ``used_at`` for staff at the pages.
    """

    id: UUID
    organization_id: UUID
    kind: CredentialKind
    secret_hash: bytes = field(repr=False)
    subject_id: UUID
    holder_id: UUID
    role: Role | None
    recipient_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    @property
    def is_session(self) -> bool:
        """Whether it is a member's session at the pages rather than a token of staff: it has been in use since."""
        return self.kind is CredentialKind.STAFF and self.used_at is not None

    def is_idle(self, idle_for: timedelta, now: datetime) -> bool:
        """Whether it ended because nobody used it (45 CFR 164.312(a)(2)(iii), automatic logoff)."""
        return self.used_at is not None and now - self.used_at >= idle_for

    def is_live(self, now: datetime) -> bool:
        """Neither revoked nor expired; an expiry equal to now is over."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def recipient_actor(session: Credential, origin: Origin) -> RecipientActor:
    """Whom a recipient's token makes of its holder; NotAuthenticated where it is somebody else's."""
    if session.kind is not CredentialKind.RECIPIENT or session.recipient_id is None:
        raise NotAuthenticated
    return RecipientActor(
        organization_id=session.organization_id,
        link_id=session.subject_id,
        redemption_id=session.holder_id,
        recipient_id=session.recipient_id,
        session_id=session.id,
        origin=origin,
    )


def is_legible(name: str) -> bool:
    """Whether a name has something to read: a letter or a digit of any script."""
    return any(character.isalnum() for character in name)
