"""Keeping what packets wait for: made anew at the end of every transaction that changed something of theirs.

So the decision is the domain's alone, and a list of a hundred thousand packets is one look into an index. What an
older version of this program changed meanwhile, the worker finds and mends (``waits_not_as_kept``).
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from transfer_service.adapters.database.tables import waits
from transfer_service.adapters.database.wait_facts import Seen, facts_of
from transfer_service.domain.link import Link
from transfer_service.domain.opinion import Opinion
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.release import Release
from transfer_service.domain.waiting import phases

AT_ONCE = 500
_KEPT = [column for column in waits.c if column.name != "organization_id"]
Kept = set[tuple[Any, ...]]


class Touched:
    """Of which packets a transaction changed something that may decide what they wait for."""

    def __init__(self) -> None:
        self._packets: dict[UUID, set[UUID]] = {}

    def note(self, things: Iterable[object]) -> None:
        """Things that were written or dropped."""
        for thing in things:
            match thing:
                case Packet():
                    self._add(thing.organization_id, thing.id, thing.predecessor_id)
                case PacketFile() | Release() | Link() | Opinion():
                    self._add(thing.organization_id, thing.packet_id)

    def taken(self) -> Iterator[tuple[UUID, list[UUID]]]:
        """Each organization with its packets; none is left."""
        taken, self._packets = self._packets, {}
        yield from ((organization_id, [*packet_ids]) for organization_id, packet_ids in taken.items())

    def _add(self, organization_id: UUID, *packet_ids: UUID | None) -> None:
        self._packets.setdefault(organization_id, set()).update(id_ for id_ in packet_ids if id_ is not None)


class Waits:
    """What is kept, beside what would be made now. A link is locked after so many ``wrong_answers``."""

    def __init__(self, connection: Connection, wrong_answers: int) -> None:
        self._connection, self._wrong_answers = connection, wrong_answers

    def not_as_kept(self, organization_id: UUID, packet_ids: Collection[UUID]) -> dict[UUID, Kept]:
        """Of these, the packets for which something else is kept, with what should be."""
        made = facts_of(self._connection, organization_id, packet_ids, self._wrong_answers)
        kept = self._kept(organization_id, packet_ids)
        should_be = {packet_id: set(_rows(packet_id, seen)) for packet_id, seen in made.items()}
        return {packet_id: rows for packet_id, rows in should_be.items() if rows != kept.get(packet_id)}

    def keep(self, organization_id: UUID, packet_ids: Collection[UUID]) -> None:
        """Make it so."""
        ids = [*packet_ids]
        for start in range(0, len(ids), AT_ONCE):
            changed = self.not_as_kept(organization_id, ids[start : start + AT_ONCE])
            if changed:
                mine = (waits.c.organization_id == organization_id, waits.c.packet_id.in_(changed))
                self._connection.execute(delete(waits).where(*mine))
                rows = [_named(organization_id, row) for new in changed.values() for row in new]
                self._connection.execute(insert(waits), rows)

    def _kept(self, organization_id: UUID, packet_ids: Collection[UUID]) -> dict[UUID, Kept]:
        mine = (waits.c.organization_id == organization_id, waits.c.packet_id.in_(packet_ids))
        kept: dict[UUID, Kept] = {}
        for row in self._connection.execute(select(*_KEPT).where(*mine)):
            kept.setdefault(row.packet_id, set()).add(tuple(row))
        return kept


def _rows(packet_id: UUID, seen: Seen) -> Iterator[tuple[Any, ...]]:
    facts = seen.facts
    for phase in phases(facts):
        wait = (phase.wait.awaited, phase.wait.since, facts.state, facts.opened_at)
        yield from ((packet_id, seer, phase.starts_at, phase.ends_at, *wait) for seer in seen.seen_by)


def _named(organization_id: UUID, row: tuple[Any, ...]) -> dict[str, Any]:
    names = [column.name for column in _KEPT]
    return {"organization_id": organization_id, **dict(zip(names, row, strict=True))}
