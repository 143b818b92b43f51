"""Writing rows, new or changed; many new ones of a kind by one statement, for a turn is everybody's time."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from transfer_service.adapters.database import auditing
from transfer_service.adapters.database.mapping import Mapper, mapper_of
from transfer_service.adapters.database.seals import Seals
from transfer_service.adapters.database.tables import organizations
from transfer_service.adapters.database.tenancy import TENANT
from transfer_service.domain.people import Organization

MANY = 20
ASKED_AT_ONCE = 500


def write_all(connection: Connection, seals: Seals, things: Sequence[Any]) -> None:
    """Write the things, whatever their kinds."""
    for (kind, organization_id), group in groupby(things, key=lambda thing: (type(thing), organization_of(thing))):
        alike, mapper = [*group], mapper_of(kind)
        if organization_id is not None and len(alike) >= MANY and mapper.key == (TENANT, "id"):
            alike = _without_new(connection, seals, mapper, organization_id, alike)
        for thing in alike:
            _write(connection, seals, mapper, thing)


def organization_of(thing: Any) -> UUID | None:  # noqa: ANN401 - any of the kinds
    """Whose the thing is; None for what is nobody's (an object key, a kept answer)."""
    owner: UUID | None = thing.id if isinstance(thing, Organization) else getattr(thing, "organization_id", None)
    return owner


def is_row(mapper: Mapper[Any], thing: object) -> list[Any]:
    """The condition that finds the thing's row."""
    return [mapper.table.c[name] == getattr(thing, name) for name in mapper.key]


def _without_new(
    connection: Connection, seals: Seals, mapper: Mapper[Any], organization_id: UUID, things: list[Any]
) -> list[Any]:
    """Those that are there already; the others are written."""
    columns, known = mapper.table.c, set[UUID]()
    for start in range(0, len(things), ASKED_AT_ONCE):
        asked = [thing.id for thing in things[start : start + ASKED_AT_ONCE]]
        there = select(columns.id).where(columns.organization_id == organization_id, columns.id.in_(asked))
        known |= {*connection.execute(there).scalars()}
    new = [mapper.to_row(thing, seals) for thing in things if thing.id not in known]
    if new:
        connection.execute(insert(mapper.table), new)
    return [thing for thing in things if thing.id in known]


def _write(connection: Connection, seals: Seals, mapper: Mapper[Any], thing: Any) -> None:  # noqa: ANN401 - any kind that has a mapper
    if isinstance(thing, Organization) and not _knows(connection, thing.id):
        connection.execute(insert(mapper.table), mapper.to_row(thing, seals))
        auditing.begin_log(connection, thing.id)
        return
    row = mapper.to_row(thing, seals)
    changed = {name: value for name, value in row.items() if name not in mapper.key}
    if not mapper.versioned:
        statement = update(mapper.table).where(*is_row(mapper, thing)).values(changed)
        if connection.execute(statement).rowcount:
            return
    connection.execute(insert(mapper.table), row)


def _knows(connection: Connection, organization_id: UUID) -> bool:
    statement = select(organizations.c.id).where(organizations.c.id == organization_id)
    return connection.execute(statement).first() is not None
