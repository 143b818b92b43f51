"""Packet: all files of one case, sent together. PacketFile: one file in it. States, and what moves them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from transfer_service.domain.contact import PendingContact
from transfer_service.domain.people import Patient
from transfer_service.errors import (
    FileNotReceiving,
    FilesUnverified,
    NotNow,
    PacketEmpty,
    PacketNotClosed,
    PacketNotOpen,
    PacketRetired,
)


@dataclass(frozen=True, slots=True, repr=False)
class Specimen:
    """One specimen of the case, as its label names it."""

    label: str
    procedure: str | None = None
    collected_on: date | None = None


@dataclass(frozen=True, slots=True, repr=False)
class NotIncluded:
    """Material that exists and is not in this packet, and why: said on the patient's form."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """What the packet is about. Never printed: it is all PHI."""

    accession_number: str
    patient: Patient
    question: str | None = None
    diagnosis: str | None = None
    laterality: str | None = None
    specimens: tuple[Specimen, ...] = ()
    not_included: tuple[NotIncluded, ...] = ()


class PacketKind(StrEnum):
    """What a packet is for: a case that is to be reviewed, or the files of an opinion on one (a return packet)."""

    CASE = "case"
    OPINION = "opinion"


class PacketState(StrEnum):
    """Where a packet is in its life."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    RETIRED = "retired"


PACKET_TRANSITIONS: dict[PacketState, frozenset[PacketState]] = {
    PacketState.OPEN: frozenset({PacketState.CLOSING, PacketState.CLOSED, PacketState.RETIRED}),
    PacketState.CLOSING: frozenset({PacketState.OPEN, PacketState.CLOSED, PacketState.RETIRED}),
    PacketState.CLOSED: frozenset({PacketState.RETIRED}),
    PacketState.RETIRED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A manifest with its Ed25519 signature (base64url) and the id of the key that made it."""

    document: dict[str, object] = field(repr=False)  # paths
    signature: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Packet:
    """All files of one case. ``wrapped_key`` is None once the packet is shredded.

    What is about the patient, and what keys open, is not printed.
    """

    id: UUID
    organization_id: UUID
    department_id: UUID
    contributing_department_ids: tuple[UUID, ...]
    state: PacketState
    case: Case
    note: str | None = field(repr=False)
    created_at: datetime
    created_by: UUID
    written_at: datetime
    wrapped_key: bytes | None = field(repr=False)
    case_salt: bytes = field(default=b"", repr=False)
    manifest: SignedManifest | None = None
    closed_at: datetime | None = None
    retired_at: datetime | None = None
    destroy_at: datetime | None = None
    destroyed_at: datetime | None = None
    pending_contact: PendingContact | None = None
    predecessor_id: UUID | None = None
    answers_opinion_id: UUID | None = None
    kind: PacketKind = PacketKind.CASE

    def moved(self, to: PacketState) -> "Packet":
        """The packet in its next state; NotNow where the table has no such way."""
        if to not in PACKET_TRANSITIONS[self.state]:
            raise NotNow(f"A packet that is {self.state} can't become {to}.")
        return replace(self, state=to)

    def check_open(self) -> None:
        """PacketNotOpen where its content is fixed, or about to be."""
        if self.state is not PacketState.OPEN:
            raise PacketNotOpen

    def check_closed(self) -> None:
        """PacketNotClosed, PacketRetired: releases and links are for closed packets only."""
        if self.state is PacketState.RETIRED:
            raise PacketRetired
        if self.state is not PacketState.CLOSED:
            raise PacketNotClosed

    def signed_manifest(self) -> SignedManifest:
        """The receipt; PacketNotClosed before there is one."""
        if self.manifest is None:
            raise PacketNotClosed
        return self.manifest


class FileKind(StrEnum):
    """What a file is to the people who handle it; a word on forms, never a way to parse it."""

    SLIDE = "slide"
    RADIOLOGY = "radiology"
    REPORT = "report"
    OTHER = "other"


#: What a file is taken for where its depositor does not say, by its ending.
KIND_BY_ENDING = {
    FileKind.SLIDE: {"svs", "ndpi", "tif", "tiff", "mrxs", "scn", "bif", "vms", "svslide", "isyntax"},
    FileKind.RADIOLOGY: {"dcm", "dicom"},
    FileKind.REPORT: {"pdf"},
}


def kind_by_name(path: str) -> FileKind:
    """What to call a file on the patient's form, by the ending of its path alone."""
    ending = path.rpartition(".")[2].lower()
    return next((kind for kind, endings in KIND_BY_ENDING.items() if ending in endings), FileKind.OTHER)


class FileState(StrEnum):
    """Receiving parts; being read back; read back and equal; read back and refused."""

    RECEIVING = "receiving"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class PacketFile:
    """One file of a packet. ``path`` is sealed at rest; the S3 key is random and says nothing.

    ``declared_sha256`` is what the depositor said (hex), ``sha256`` and ``crc32`` what was read back.
    ``etag`` pins the object once it is assembled. ``lease_until`` and ``fence`` say who may assemble and verify.
    ``streamed``: it comes in one request, and is sent anew as a whole where that broke off.
    ``carried_from``: the predecessor's file that the worker seals it from.
    """

    id: UUID
    organization_id: UUID
    packet_id: UUID
    path: str = field(repr=False)
    kind: FileKind
    media_type: str | None
    size_bytes: int
    part_bytes: int
    part_count: int
    state: FileState
    created_at: datetime
    declared_sha256: str | None = None
    object_key: str | None = None
    upload_id: str | None = None
    etag: str | None = None
    sha256: str | None = None
    crc32: int | None = None
    rejected_code: str | None = None
    completed_at: datetime | None = None
    lease_until: datetime | None = None
    fence: int = 0
    streamed: bool = False
    carried_from: UUID | None = None

    @property
    def is_being_carried(self) -> bool:
        """Whether its parts come from the worker, and from nobody else."""
        return self.state is FileState.RECEIVING and self.carried_from is not None

    def check_receiving(self) -> None:
        """FileNotReceiving once complete was asked for, or while it is carried; a rejected file may be sent again."""
        if self.is_being_carried or self.state not in {FileState.RECEIVING, FileState.REJECTED}:
            raise FileNotReceiving

    def received_anew(self) -> "PacketFile":
        """The file with nothing received yet, for a fresh start after a rejection."""
        return replace(
            self,
            state=FileState.RECEIVING,
            object_key=None,
            upload_id=None,
            etag=None,
            rejected_code=None,
            completed_at=None,
            carried_from=None,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a file as it arrived: the store's ETag, and the plaintext's SHA-256 (hex) where one came.

    ``header`` (56 bytes: salt and commitment) is pinned by verification.
    """

    organization_id: UUID
    file_id: UUID
    number: int
    size_bytes: int
    etag: str
    sha256: str | None
    header: bytes | None = None


@dataclass(frozen=True, slots=True)
class AssemblyIntent:
    """The exact list of (part number, ETag) that completing this upload sends, and every repeat sends again."""

    organization_id: UUID
    file_id: UUID
    parts: tuple[tuple[int, str], ...]
    attempt: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Leftover:
    """An object key that nothing refers to (any more, or yet): swept after ``sweep_after`` unless adopted."""

    object_key: str
    sweep_after: datetime


def check_may_close(files: Iterable[PacketFile]) -> None:
    """PacketEmpty, FilesUnverified."""
    states = {file.state for file in files}
    if not states:
        raise PacketEmpty
    if states != {FileState.VERIFIED}:
        raise FilesUnverified
