"""What staff ask of many packets at once: what each waits for, in lists and in figures."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from transfer_service.domain.packet import Case, PacketState
from transfer_service.domain.waiting import PENDING, Awaited, Wait
from transfer_service.ports.slices import Slice


@dataclass(frozen=True, slots=True)
class PacketsAsked:
    """Which packets a list is of: in one ``state`` or any, waiting for one of these or, where None, for whatever.

    ``longest_first``: the longest waiting first (of those that wait for somebody, unless ``awaited`` says otherwise),
    else the newest.
    """

    state: PacketState | None = None
    awaited: Awaited | None = None
    longest_first: bool = False

    @property
    def awaited_any(self) -> tuple[Awaited, ...]:
        """What the list is of, where it goes by how long they wait."""
        return PENDING if self.awaited is None else (self.awaited,)


@dataclass(frozen=True, slots=True)
class PacketLine:
    """A packet in a list. ``department_id`` is its own department, whoever contributes."""

    id: UUID
    department_id: UUID
    state: PacketState
    created_at: datetime
    wait: Wait
    case: Case = field(repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait for the same, and since when the oldest of them does."""

    number: int
    oldest_at: datetime | None


class Overviews(Protocol):
    """What is asked of many packets. ``seen_by`` is a department, or the organization for who oversees all of it."""

    def packet_lines(
        self,
        organization_id: UUID,
        seen_by: UUID,
        asked: PacketsAsked,
        now: datetime,
        *,
        limit: int,
        cursor: str | None,
    ) -> Slice[PacketLine]:
        """A page of them. CursorInvalid."""
        ...

    def packets_numbered(
        self, organization_id: UUID, seen_by: UUID, number: str, now: datetime, *, limit: int
    ) -> list[PacketLine]:
        """The newest that are seen of that record number or accession number, newest first."""
        ...

    def waiting(self, organization_id: UUID, seen_by: UUID, now: datetime) -> dict[Awaited, Waiting]:
        """For each of what is PENDING, where there is any."""
        ...

    def slide_requests_waiting(self, organization_id: UUID, department_id: UUID | None) -> Waiting:
        """Requests that nobody has answered; of one department or of all."""
        ...

    def packets_after(self, place: tuple[UUID, UUID] | None, limit: int) -> list[tuple[UUID, UUID]]:
        """The next packets of all organizations, as (organization, packet), in an order that stays."""
        ...

    def waits_not_as_kept(self, organization_id: UUID, packet_ids: Collection[UUID]) -> list[UUID]:
        """Those of these for which something else is kept than what would be made of them now."""
        ...

    def keep_waits(self, organization_id: UUID, packet_ids: Collection[UUID]) -> None:
        """Make anew what is kept of these. Every transaction does so at its end for the packets that it changed."""
        ...
