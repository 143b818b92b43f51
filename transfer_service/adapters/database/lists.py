"""The selects under get, find and page: for any kind, always of one organization."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, func, literal, select, tuple_

from transfer_service.adapters.database import cursors
from transfer_service.adapters.database.mapping import Mapper
from transfer_service.adapters.database.seals import Seals


def selected(mapper: Mapper[Any], organization_id: UUID) -> Select[Any]:
    """All of one organization; of a versioned kind, the newest versions."""
    table = mapper.table
    statement = select(table).where(table.c.organization_id == organization_id)
    return statement.where(_is_newest(mapper, organization_id)) if mapper.versioned else statement


def _is_newest(mapper: Mapper[Any], organization_id: UUID) -> ColumnElement[bool]:
    other = mapper.table.alias("versions")
    newest = (
        select(other.c.id, func.max(other.c.version))
        .where(other.c.organization_id == organization_id)
        .group_by(other.c.id)
    )
    return tuple_(mapper.table.c.id, mapper.table.c.version).in_(newest)


def narrowed(
    statement: Select[Any], mapper: Mapper[Any], organization_id: UUID, equals: Mapping[str, object], seals: Seals
) -> Select[Any]:
    """Of these, the ones whose fields equal what is given; a sealed field is asked through its blind index.

    ValueError for a field that can't be asked.
    """
    for name, value in equals.items():
        if name in mapper.indexes:
            normalized = mapper.indexes[name](str(value))
            index = seals.index(organization_id, mapper.table.name, name, normalized)
            statement = statement.where(mapper.table.c[f"{name}_index"] == index)
        elif name in mapper.conditions:
            statement = statement.where(mapper.conditions[name](value))
        elif name not in mapper.askable:
            raise ValueError(f"a {mapper.kind.__name__} can't be found by {name}")
        else:
            statement = statement.where(mapper.table.c[name] == value)
    return statement


def oldest_first(statement: Select[Any], mapper: Mapper[Any]) -> Select[Any]:
    """In the kind's own order."""
    return statement.order_by(*(mapper.table.c[name] for name in mapper.order))


def newest_first(
    statement: Select[Any],
    name: str,
    columns: list[Column[Any]],
    limit: int,
    cursor: str | None,
    *,
    of_few: bool = False,
) -> Select[Any]:
    """One page and one row more, which tells whether there is another page. CursorInvalid, ValueError.

    ``of_few``: the statement is known to find few rows by an index of its own. They are sorted then: SQLite would
    rather read everybody's in the order of another index until it has met enough of them.
    """
    if limit < 1:
        raise ValueError("a page has at least one item")
    if cursor is not None:
        after = cursors.decoded(name, cursor, columns)
        place = [literal(value, column.type) for value, column in zip(after, columns, strict=True)]
        statement = statement.where(tuple_(*columns) < tuple_(*place))
    order = [func.coalesce(column, column) for column in columns] if of_few else columns
    return statement.order_by(*(column.desc() for column in order)).limit(limit + 1)
