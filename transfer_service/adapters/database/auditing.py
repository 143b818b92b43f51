"""The audit log in its tables: the one place that appends to it."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, insert, select, update

from transfer_service.adapters.database.tables import audit_entries, audit_heads
from transfer_service.audit.chain import ChainBroken, appended
from transfer_service.audit.entry import GENESIS, Entry, Event, Head
from transfer_service.errors import NotFound

BATCH = 500


def begin_log(connection: Connection, organization_id: UUID) -> None:
    """The empty log of a new organization."""
    connection.execute(insert(audit_heads), {"organization_id": organization_id, "size": 0, "hash": GENESIS})


def head_of(connection: Connection, organization_id: UUID, *, lock: bool = False) -> Head:
    """Where the log ends; NotFound where there is no such organization."""
    statement = select(audit_heads).where(audit_heads.c.organization_id == organization_id)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        raise NotFound
    return Head(**row._asdict())


def append(connection: Connection, event: Event) -> Entry:
    """The event, as the next entry of its organization's log."""
    entry, head = appended(head_of(connection, event.organization_id, lock=True), event)
    connection.execute(insert(audit_entries), entry_row(entry))
    moved = update(audit_heads).where(audit_heads.c.organization_id == event.organization_id)
    connection.execute(moved.values(size=head.size, hash=head.hash))
    return entry


def entry_row(entry: Entry) -> dict[str, Any]:
    """An entry as a row; the packet it concerns stands in a column too, so that it can be asked for."""
    row = {name: getattr(entry, name) for name in Entry.__slots__}
    return row | {
        "subject": dict(entry.subject),
        "facts": dict(entry.facts),
        "packet": entry.subject.get("packet"),
    }


def entry_of(row: Mapping[str, Any]) -> Entry:
    """The entry again."""
    return Entry(**{name: value for name, value in row.items() if name != "packet"})


def entries_after(connection: Connection, organization_id: UUID, after: int) -> Iterator[Entry]:
    """The log from entry ``after`` + 1 on. ChainBroken where a row can't be read, or its packet column was changed."""
    while True:
        statement = (
            select(audit_entries)
            .where(audit_entries.c.organization_id == organization_id, audit_entries.c.seq > after)
            .order_by(audit_entries.c.seq)
            .limit(BATCH)
        )
        rows = _readable(connection, statement, organization_id)
        for row in rows:
            if row["packet"] != row["subject"].get("packet"):
                raise ChainBroken(str(organization_id), row["seq"], "its packet column was changed")
            yield entry_of(row)
        if len(rows) < BATCH:
            return
        after = rows[-1]["seq"]


def _readable(connection: Connection, statement: Select[Any], organization_id: UUID) -> list[dict[str, Any]]:
    try:
        return [row._asdict() for row in connection.execute(statement)]
    except (ValueError, TypeError):
        for seq in connection.execute(statement.with_only_columns(audit_entries.c.seq)).scalars():
            _check_readable(connection, organization_id, seq)
        raise


def _check_readable(connection: Connection, organization_id: UUID, seq: int) -> None:
    row = select(audit_entries).where(audit_entries.c.organization_id == organization_id, audit_entries.c.seq == seq)
    try:
        connection.execute(row).all()
    except (ValueError, TypeError):
        raise ChainBroken(str(organization_id), seq, "it can't be read") from None
