"""Audit entries: who did what to what, when, from where; and the bytes that are hashed.

Canonical bytes are RFC 8785 JSON, so that a Merkle tree (RFC 6962) can take the same bytes as its leaves.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import rfc8785

from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import Actor, PatientActor, RecipientActor, ServiceActor, StaffActor

DOMAIN = b"transfer-service/audit-entry/v1\x00"
GENESIS = b"\x00" * 32

Fact = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, before it has its place in the log.

    ``action`` is ``noun.past_tense`` (``packet.closed``), or ``noun.refused`` with the error's code as a fact.
    ``subject`` names the things concerned by id (``{"packet": …, "file": …}``).
    """

    action: str
    by: Actor
    at: datetime
    subject: Mapping[str, UUID]
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def organization_id(self) -> UUID:
        """Whose log this belongs to."""
        return self.by.organization_id


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an organization's log. ``hash`` covers every other field and, through them, all before it."""

    organization_id: UUID
    seq: int
    at: datetime
    actor_kind: str
    actor_id: str
    action: str
    subject: Mapping[str, str]
    facts: Mapping[str, Fact]
    request_id: str
    address: str
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where an organization's log ends: the number of entries, and the last one's hash."""

    organization_id: UUID
    size: int
    hash: bytes


def actor_words(actor: Actor) -> tuple[str, str]:
    """(kind, id) of an actor: ``("staff:coordinator", "<staff id>")``."""
    match actor:
        case StaffActor():
            return f"staff:{actor.role.value}", str(actor.staff_id)
        case PatientActor():
            return "patient", str(actor.session_id)
        case RecipientActor():
            return "recipient", str(actor.recipient_id)
        case ServiceActor():
            return "service", str(actor.recipient_id)
        case _:
            return "system", actor.name


def canonical_bytes(entry: Entry) -> bytes:
    """The bytes that the entry's hash covers: RFC 8785 JSON of every field but the hash itself."""
    return rfc8785.dumps(
        {
            "organization": str(entry.organization_id),
            "seq": entry.seq,
            "at": rfc3339(entry.at),
            "actor": {"kind": entry.actor_kind, "id": entry.actor_id},
            "action": entry.action,
            "subject": dict(entry.subject),
            "facts": dict(entry.facts),
            "request_id": entry.request_id,
            "address": entry.address,
            "previous_hash": entry.previous_hash.hex(),
        }
    )


def entry_hash(entry: Entry) -> bytes:
    """SHA-256 (32 bytes) over the domain separator and the canonical bytes."""
    return hashlib.sha256(DOMAIN + canonical_bytes(entry)).digest()
