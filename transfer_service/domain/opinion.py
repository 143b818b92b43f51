"""Opinion: what a recipient answers under a release. Its files are a packet of their own, the return packet."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from transfer_service.domain.packet import Case, Packet
from transfer_service.domain.people import Patient
from transfer_service.errors import Invalid, NotFound, OpinionEmpty, OpinionSent


class OpinionState(StrEnum):
    """A draft is its recipient's alone; what was sent never changes."""

    DRAFT = "draft"
    SENT = "sent"


class Conclusion(StrEnum):
    """How the opinion stands to the diagnosis that was reviewed."""

    CONCORDANT = "concordant"
    DISCORDANT = "discordant"
    NEEDS_MORE_MATERIAL = "needs_more_material"


class MaterialKind(StrEnum):
    """What can be missing."""

    STAIN = "stain"
    BLOCK = "block"
    MAMMOGRAM = "mammogram"
    SLIDE = "slide"
    REPORT = "report"
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class Missing:
    """Material that the recipient needs and does not have, in their own words."""

    kind: MaterialKind
    what: str


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """What is said beside the files. Never printed: it is all PHI, the conclusion too."""

    conclusion: Conclusion
    summary: str | None = None
    missing: tuple[Missing, ...] = ()

    def check_says_what_is_missing(self) -> None:
        """Invalid where more material is needed and none is named, or named and not needed."""
        needs = self.conclusion is Conclusion.NEEDS_MORE_MATERIAL
        if needs and not self.missing:
            raise Invalid("Say what is missing: an opinion that needs more material names it.")
        if self.missing and not needs:
            raise Invalid("Only an opinion that needs more material names what is missing.")


@dataclass(frozen=True, slots=True)
class Opinion:
    """One opinion on one packet, of one recipient in the version that the patient read.

    ``id`` is its return packet's too: they begin together, and neither is without the other. ``packet_id`` is the
    packet that was reviewed. A recipient may send several under one release: the newest counts, all stay.
    """

    id: UUID
    organization_id: UUID
    packet_id: UUID
    release_id: UUID
    recipient_id: UUID
    recipient_version: int
    state: OpinionState
    begun_at: datetime
    reply: Reply | None = None
    sent_at: datetime | None = None
    shared_at: datetime | None = None
    shared_by: UUID | None = None

    def check_draft(self) -> None:
        """OpinionSent."""
        if self.state is not OpinionState.DRAFT:
            raise OpinionSent

    def check_sent(self) -> None:
        """NotFound: a draft is there for nobody but its recipient."""
        if self.state is not OpinionState.SENT:
            raise NotFound

    def sent(self, reply: Reply, files: int, now: datetime) -> "Opinion":
        """The opinion with what was said, beside that many files. OpinionSent, OpinionEmpty, Invalid."""
        self.check_draft()
        reply.check_says_what_is_missing()
        if not (files or reply.summary or reply.missing):
            raise OpinionEmpty
        return replace(self, state=OpinionState.SENT, reply=reply, sent_at=now)


def numbers_of(packet: Packet) -> Case:
    """Of the reviewed case what says whose it is: its numbers, name and date of birth. No contacts, no findings."""
    case, patient = packet.case, packet.case.patient
    return Case(case.accession_number, Patient(patient.name, patient.birth_date, patient.record_number))
