"""What staff ask of many packets: pages of what they wait for, and figures, from the index of ``waits`` alone."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    exists,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from transfer_service.adapters.database import cursors
from transfer_service.adapters.database.rows import case_of
from transfer_service.adapters.database.seals import folded
from transfer_service.adapters.database.tables import packets, slide_requests, waits
from transfer_service.adapters.database.tenancy import OPTION
from transfer_service.adapters.database.transaction import SqlTransaction
from transfer_service.domain.waiting import PENDING, Awaited, Wait
from transfer_service.ports import PacketLine, PacketsAsked, Slice, Waiting

_KEPT = waits.c
_SHOWN = (_KEPT.packet_id, _KEPT.state, _KEPT.created_at, _KEPT.awaited, _KEPT.since)
_NEWEST, _LONGEST = (_KEPT.created_at, _KEPT.packet_id), (_KEPT.since, _KEPT.packet_id)


class SqlOverview(SqlTransaction):
    """Implements ``ports.Overviews``."""

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
        name, order = ("longest", _LONGEST) if asked.longest_first else ("newest", _NEWEST)
        after = None if cursor is None else cursors.decoded(f"waits {name}", cursor, order)
        mine = and_(_of(organization_id, seen_by, now), *_in_state(asked))
        statement = _longest(mine, asked, after, limit + 1) if asked.longest_first else _newest(mine, asked, after)
        and_one_more = statement.limit(limit + 1)
        rows = self._connection.execute(and_one_more).all()
        more = None
        if len(rows) > limit:
            more = cursors.encoded(f"waits {name}", [getattr(rows[limit - 1], column.name) for column in order])
        return Slice(self._lines(organization_id, rows[:limit]), more)

    def packets_numbered(
        self, organization_id: UUID, seen_by: UUID, number: str, now: datetime, *, limit: int
    ) -> list[PacketLine]:
        """The newest of that record number or accession number: each asked of its own index, for they are few."""
        ids = set[UUID]()
        for name in ("record_number", "accession_number"):
            index = self._seals.index(organization_id, "packets", name, folded(number))
            its = (packets.c.organization_id == organization_id, packets.c[f"{name}_index"] == index)
            seen = exists().where(its[0], _of(organization_id, seen_by, now), _KEPT.packet_id == packets.c.id)
            newest = func.coalesce(packets.c.created_at, packets.c.created_at).desc()
            statement = select(packets.c.id).where(*its, seen).order_by(newest).limit(limit)
            ids |= {*self._connection.execute(statement).scalars()}
        mine = and_(_of(organization_id, seen_by, now), _KEPT.packet_id.in_(ids))
        few: Select[Any] = select(*_SHOWN).where(mine)  # sorted in SQL, it would read the whole list
        rows = sorted(self._connection.execute(few), key=lambda row: (row.created_at, row.packet_id), reverse=True)
        return self._lines(organization_id, rows[:limit])

    def waiting(self, organization_id: UUID, seen_by: UUID, now: datetime) -> dict[Awaited, Waiting]:
        """For each of what is PENDING, where there is any."""
        figures = (func.count().label("number"), func.min(_KEPT.since).label("oldest_at"))
        mine = and_(_of(organization_id, seen_by, now), _KEPT.awaited.in_(PENDING))
        statement = select(_KEPT.awaited, *figures).where(mine).group_by(_KEPT.awaited)
        return {row.awaited: Waiting(row.number, row.oldest_at) for row in self._connection.execute(statement)}

    def slide_requests_waiting(self, organization_id: UUID, department_id: UUID | None) -> Waiting:
        """Requests that nobody has answered; of one department or of all."""
        columns = slide_requests.c
        mine = [columns.organization_id == organization_id, columns.decided_at.is_(None)]
        if department_id is not None:
            mine.append(columns.department_id == department_id)
        row = self._connection.execute(select(func.count(), func.min(columns.received_at)).where(*mine)).one()
        return Waiting(*row)

    def packets_after(self, place: tuple[UUID, UUID] | None, limit: int) -> list[tuple[UUID, UUID]]:
        """The next packets of all organizations, in the order of their ids."""
        key = (packets.c.organization_id, packets.c.id)
        statement = select(*key).order_by(*key).limit(limit)
        if place is not None:
            literals = [literal(value, column.type) for value, column in zip(place, key, strict=True)]
            statement = statement.where(tuple_(*key) > tuple_(*literals))
        rows = self._connection.execute(statement, execution_options={OPTION: "the worker serves every organization"})
        return [(row.organization_id, row.id) for row in rows]

    def waits_not_as_kept(self, organization_id: UUID, packet_ids: Collection[UUID]) -> list[UUID]:
        """Those of these for which something else is kept than what would be made of them now."""
        return [*self.waits.not_as_kept(organization_id, packet_ids)]

    def keep_waits(self, organization_id: UUID, packet_ids: Collection[UUID]) -> None:
        """Make anew what is kept of these."""
        self._check_changes()
        self.waits.keep(organization_id, packet_ids)

    def _lines(self, organization_id: UUID, rows: Sequence[Any]) -> list[PacketLine]:
        """With their cases, which are opened."""
        columns = (packets.c.id, packets.c.organization_id, packets.c.department_id, packets.c.case)
        mine = (packets.c.organization_id == organization_id, packets.c.id.in_([row.packet_id for row in rows]))
        found = {row.id: row for row in self._connection.execute(select(*columns).where(*mine))} if rows else {}
        return [
            PacketLine(
                id=row.packet_id,
                department_id=found[row.packet_id].department_id,
                state=row.state,
                created_at=row.created_at,
                wait=Wait(row.awaited, row.since),
                case=case_of(found[row.packet_id]._asdict(), self._seals),
            )
            for row in rows
        ]


def _of(organization_id: UUID, seen_by: UUID, now: datetime) -> ColumnElement[bool]:
    """What that one lists, as it is at ``now``."""
    return and_(
        _KEPT.organization_id == organization_id, _KEPT.seen_by == seen_by, _KEPT.starts_at <= now, _KEPT.ends_at > now
    )


def _in_state(asked: PacketsAsked) -> Iterator[ColumnElement[bool]]:
    if asked.state is not None:
        yield _KEPT.state == asked.state


def _newest(mine: ColumnElement[bool], asked: PacketsAsked, after: list[object] | None) -> Select[Any]:
    statement = select(*_SHOWN).where(mine)
    if asked.awaited is not None:
        statement = statement.where(_KEPT.awaited == asked.awaited)
    if after is not None:
        statement = statement.where(tuple_(*_NEWEST) < _place(after, _NEWEST))
    return statement.order_by(*(column.desc() for column in _NEWEST))


def _longest(
    mine: ColumnElement[bool], asked: PacketsAsked, after: list[object] | None, limit: int
) -> CompoundSelect[Any]:
    """The longest waiting of each kind, in the order of the index, and of those the longest waiting."""
    later = tuple_(*_LONGEST) > _place(after, _LONGEST) if after is not None else literal(value=True)
    each = []
    for awaited in asked.awaited_any:
        first = select(*_SHOWN).where(mine, _KEPT.awaited == awaited, later).order_by(*_LONGEST).limit(limit)
        each.append(select(*first.subquery().c))
    together = union_all(*each)
    columns = together.selected_columns
    return together.order_by(columns.since, columns.packet_id)


def _place(values: list[object], columns: tuple[Column[Any], ...]) -> ColumnElement[Any]:
    return tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))
