"""Which disclosures an accounting asks for, as conditions on their rows."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, and_, select

from transfer_service.adapters.database.seals import Seals, folded
from transfer_service.adapters.database.tables import disclosures, packets, releases
from transfer_service.domain.accounting import AccountQuery

_ABOUT = disclosures.c
_PLAIN: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "recipient_id": lambda asked: _ABOUT.recipient_id == asked,
    "packet_id": lambda asked: _ABOUT.packet_id == asked,
    "since": lambda asked: _ABOUT.started_at >= asked,
    "until": lambda asked: _ABOUT.started_at < asked,
    "refused": lambda asked: _is_refused() if asked else _ABOUT.refused_code.is_(None),
    "completed": lambda asked: _is_set(_ABOUT.completed_at, asked),
}


def asked_for(statement: Select[Any], organization_id: UUID, query: AccountQuery, seals: Seals) -> Select[Any]:
    """Of an organization's disclosures, those that the query asks for."""
    for field in fields(query):
        asked = getattr(query, field.name)
        if asked is not None:
            statement = statement.where(_condition(field.name, asked, organization_id, seals))
    return statement


def _condition(name: str, asked: Any, organization_id: UUID, seals: Seals) -> ColumnElement[bool]:  # noqa: ANN401 - any field of the query
    if name in _PLAIN:
        return _PLAIN[name](asked)
    if name == "basis":
        return _in(_ABOUT.release_id, releases, organization_id, releases.c.basis == asked)
    if name == "record_number":
        asked = seals.index(organization_id, "packets", "record_number", folded(asked))
        return _in(_ABOUT.packet_id, packets, organization_id, packets.c.record_number_index == asked)
    return _in(_ABOUT.packet_id, packets, organization_id, packets.c.department_id == asked)


def _in(column: Column[Any], table: Any, organization_id: UUID, condition: ColumnElement[bool]) -> ColumnElement[bool]:  # noqa: ANN401 - a table with rows of tenants
    return column.in_(select(table.c.id).where(table.c.organization_id == organization_id, condition))


def _is_refused() -> ColumnElement[bool]:
    """What was refused never came whole: said too, for there is an index of what did not."""
    return and_(_ABOUT.refused_code.is_not(None), _ABOUT.completed_at.is_(None))


def _is_set(column: Column[Any], asked: bool) -> ColumnElement[bool]:  # noqa: FBT001 - the field's own value
    return column.is_not(None) if asked else column.is_(None)
