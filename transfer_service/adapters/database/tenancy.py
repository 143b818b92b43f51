"""The guard: no statement touches a tenant's table without naming the tenant.

It stands on the engine, so that a query somebody writes later is held to it too. Where all tenants are meant, the
statement or connection says so and why, with the execution option ``cross_tenant="<reason>"``. What can't be
looked into (plain SQL text) needs the option always.

What it finds named it tells the dialect, which may hold the statement to that in ways of its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import ExecutionContext
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ColumnClause,
    ColumnElement,
    Grouping,
    TextClause,
)
from sqlalchemy.sql.expression import (
    Alias,
    ClauseElement,
    Delete,
    FromClause,
    Insert,
    Join,
    Select,
    TableClause,
    Update,
)
from sqlalchemy.sql.selectable import SelectBase

from transfer_service.adapters.database.tables import TENANT_TABLES

OPTION = "cross_tenant"
TENANT = "organization_id"

Values = Mapping[str, object]
#: The elements that ``_named`` has something to say of; most of a statement are others.
TELLING = (TextClause, ColumnClause, Select, Update, Delete, Insert)
#: Told, before a statement runs, which organization it names; None, that it says why it serves all.
Named = Callable[[Connection, UUID | None], None]


class TenantPredicateMissing(AssertionError):
    """A statement would have read or written every tenant's rows: a mistake in this program."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; name the organization, or say why not with the option {OPTION}.")


def guard(engine: Engine, named: Named) -> None:
    """Hold every statement of the engine to the rule."""

    def before_execute(
        connection: Connection,
        statement: Any,  # noqa: ANN401 - anything that can be executed
        multiparams: Sequence[Values],
        params: Values,
        options: Mapping[str, object],
    ) -> None:
        if isinstance(statement, ExecutableDDLElement):
            return
        if options.get(OPTION):
            named(connection, None)
            return
        organization_id = check(statement, [*multiparams, *([params] if params else [])])
        if organization_id is not None:
            named(connection, organization_id)

    event.listen(engine, "before_execute", before_execute)
    event.listen(engine, "before_cursor_execute", _before_cursor_execute)


def _before_cursor_execute(  # the listener's signature is SQLAlchemy's
    connection: Connection,
    cursor: object,  # noqa: ARG001 - as above
    statement: str,  # noqa: ARG001 - as above
    parameters: object,  # noqa: ARG001 - as above
    context: ExecutionContext | None,
    executemany: bool,  # noqa: ARG001, FBT001 - as above
) -> None:
    options = context.execution_options if context is not None else connection.get_execution_options()
    if (context is None or context.compiled is None) and not options.get(OPTION):
        raise TenantPredicateMissing("SQL text can't be looked into")


def check(statement: ClauseElement, rows: Sequence[Values] = ()) -> UUID | None:
    """The one organization to which each tenant table in each part of the statement is held; None where it has none.

    ``rows`` are the values that come beside the statement; those of an insert are looked for nowhere else.
    TenantPredicateMissing.
    """
    telling = (element for element in visitors.iterate(statement) if isinstance(element, TELLING))
    organizations = {one for element in telling for one in _named(element, rows)}
    if len(organizations) > 1:
        raise TenantPredicateMissing("two organizations are named at once")
    return next(iter(organizations), None)


def _named(element: object, rows: Sequence[Values]) -> Iterator[UUID]:
    match element:
        case TextClause():
            raise TenantPredicateMissing("SQL text can't be looked into")
        case ColumnClause() if element.is_literal and element.name != "*":
            raise TenantPredicateMissing("literal SQL can't be looked into")
        case Select():
            yield from _bound_to(_sources(element), element.whereclause, rows)
        case Update() | Delete():
            tables = [element.table, *_tables_named(element.whereclause)]
            yield from _bound_to(tables, element.whereclause, rows)
        case Insert():
            yield from _inserted_for(element, rows)


def _bound_to(
    sources: Iterable[FromClause], condition: ColumnElement[Any] | None, rows: Sequence[Values]
) -> Iterator[UUID]:
    bound = dict(_bound(condition))
    for table in _tenant_tables(sources):
        if table not in bound:
            raise TenantPredicateMissing(f"{getattr(table, 'name', 'a table')} is not held to one organization")
        yield from _values_of(bound[table], rows)


def _values_of(bind: BindParameter[Any], rows: Sequence[Values]) -> Iterator[UUID]:
    for row in rows or ({},):
        value = row.get(bind.key, bind.effective_value)
        yield from cast("list[UUID]", value if isinstance(value, list) else [value])


def _inserted_for(statement: Insert, rows: Sequence[Values]) -> Iterator[UUID]:
    if not isinstance(statement.table, TableClause) or statement.table.name not in TENANT_TABLES:
        return
    organizations = [row.get(TENANT) for row in rows]
    if not organizations or None in organizations:
        raise TenantPredicateMissing(f"rows of {statement.table.name} do not each stand beside the insert in full")
    yield from (one for one in organizations if isinstance(one, UUID))


def _sources(statement: Select[Any]) -> Iterator[FromClause]:
    """Whatever it selects from; get_final_froms would compile the whole statement to say so, as often as it runs."""
    return (child for child in statement.get_children() if isinstance(child, FromClause))


def _tenant_tables(sources: Iterable[FromClause]) -> Iterator[FromClause]:
    for source in sources:
        match source:
            case Join():
                yield from _tenant_tables((source.left, source.right))
            case TableClause() if source.name in TENANT_TABLES:
                yield source
            case Alias() if any(True for _ in _tenant_tables((source.element,))):
                yield source


def _tables_named(condition: ColumnElement[Any] | None) -> Iterator[FromClause]:
    """The tables of the condition's columns, those of inner selects left out: they are checked on their own."""
    pending: list[visitors.ExternallyTraversible] = [] if condition is None else [condition]
    while pending:
        element = pending.pop()
        if isinstance(element, ColumnClause) and element.table is not None:
            yield element.table
        if not isinstance(element, SelectBase):
            pending.extend(element.get_children())


def _bound(condition: object) -> Iterator[tuple[FromClause, BindParameter[Any]]]:
    """The tables that the condition, all of whose conjuncts hold, ties to given organizations, and which."""
    match condition:
        case Grouping():
            yield from _bound(condition.element)
        case BooleanClauseList() if condition.operator is operators.and_:
            for conjunct in condition.clauses:
                yield from _bound(conjunct)
        case BinaryExpression() if condition.operator in {operators.eq, operators.in_op}:
            yield from _tied(condition.left, condition.right)
            if condition.operator is operators.eq:
                yield from _tied(condition.right, condition.left)


def _tied(column: object, value: object) -> Iterator[tuple[FromClause, BindParameter[Any]]]:
    if isinstance(column, ColumnClause) and column.name == TENANT and isinstance(value, BindParameter):
        yield from () if column.table is None else ((column.table, value),)
