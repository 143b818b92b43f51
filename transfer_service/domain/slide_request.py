"""SlideRequest: somebody asks a department for a patient's slides. Nothing in it is proved; staff decide what it is."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from transfer_service.domain.language import Language
from transfer_service.errors import SlideRequestDecided


class SlideRequestState(StrEnum):
    """Received; then one of the department's two answers, or taken back by the asker."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class AskerKind(StrEnum):
    """Who asks: the patient, or a physician of theirs."""

    PATIENT = "patient"
    PHYSICIAN = "physician"


class DeclineReason(StrEnum):
    """Why a department declines, in a word that says nothing of whom it knows."""

    UNCLEAR = "unclear"
    ELSEWHERE = "elsewhere"
    UNPROVED = "unproved"
    DUPLICATE = "duplicate"
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class Asker:
    """Who asks, as they say. ``practice`` is where a physician works."""

    kind: AskerKind
    name: str
    practice: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """Whom the slides are to go to, in the asker's words: nobody that the directory knows yet."""

    name: str
    organization: str
    email: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """All that the asker said. Never printed: it is PHI, and whether it is true nobody knows.

    ``email`` is where the asker is reached; it is the patient's own only where the patient asks.
    """

    asker: Asker
    patient_name: str
    birth_date: date
    email: str
    done: str
    recipient: Wanted
    record_number: str | None = None
    phone: str | None = None
    language: Language = Language.ENGLISH
    done_on: date | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True)
class SlideRequest:
    """One request, which a department has to answer.

    ``secret_hash`` is the SHA-256 of the secret in the asker's mail; ``acknowledged_at`` says when that mail was
    written, and is None where no more mail was written to that address. ``decline_note`` is a sentence for the asker.
    """

    id: UUID
    organization_id: UUID
    department_id: UUID
    state: SlideRequestState
    asked: Asked
    secret_hash: bytes = field(repr=False)
    received_at: datetime
    acknowledged_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    decline_reason: DeclineReason | None = None
    decline_note: str | None = field(default=None, repr=False)
    packet_id: UUID | None = None

    def accepted(self, packet_id: UUID, by: UUID, now: datetime) -> "SlideRequest":
        """Made into that packet; SlideRequestDecided."""
        return replace(self._decided(SlideRequestState.ACCEPTED, now), packet_id=packet_id, decided_by=by)

    def declined(self, reason: DeclineReason, note: str | None, by: UUID, now: datetime) -> "SlideRequest":
        """Answered with no; SlideRequestDecided."""
        declined = self._decided(SlideRequestState.DECLINED, now)
        return replace(declined, decline_reason=reason, decline_note=note, decided_by=by)

    def withdrawn(self, now: datetime) -> "SlideRequest":
        """Taken back by who asked; SlideRequestDecided."""
        return self._decided(SlideRequestState.WITHDRAWN, now)

    def check_undecided(self) -> None:
        """SlideRequestDecided once it was answered or taken back."""
        if self.state is not SlideRequestState.RECEIVED:
            raise SlideRequestDecided

    def _decided(self, state: SlideRequestState, now: datetime) -> "SlideRequest":
        self.check_undecided()
        return replace(self, state=state, decided_at=now)


def mailbox(address: str) -> str:
    """What most mail servers deliver together: case and ``+tag`` left out, for counting mails, never for sending."""
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
