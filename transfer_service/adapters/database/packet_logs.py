"""What the audit log has of one packet, in pages that begin at either end."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, or_, select

from transfer_service.adapters.database import auditing, cursors
from transfer_service.adapters.database.tables import audit_entries
from transfer_service.audit.entry import Entry
from transfer_service.ports import Slice


@dataclass(frozen=True, slots=True)
class Look:
    """Of which packet, at which actions by their noun (None: at all), and from which end."""

    organization_id: UUID
    packet_id: UUID
    nouns: Collection[str] | None
    oldest_first: bool

    @property
    def name(self) -> str:
        """Of the list, for its cursors: one of the other end is none of these."""
        return "packet_log_oldest_first" if self.oldest_first else "packet_log"


def page(connection: Connection, look: Look, limit: int, cursor: str | None) -> Slice[Entry]:
    """One page of it. CursorInvalid."""
    columns = audit_entries.c
    statement = select(audit_entries).where(
        columns.organization_id == look.organization_id, columns.packet == str(look.packet_id)
    )
    if look.nouns is not None:
        statement = statement.where(
            or_(*(columns.action.startswith(f"{noun}.", autoescape=True) for noun in look.nouns))
        )
    if cursor is not None:
        (after,) = cursors.decoded(look.name, cursor, [columns.seq])
        statement = statement.where(columns.seq > after if look.oldest_first else columns.seq < after)
    order = columns.seq.asc() if look.oldest_first else columns.seq.desc()
    and_one_more = statement.order_by(order).limit(limit + 1)
    found = connection.execute(and_one_more)
    entries = [auditing.entry_of(row._asdict()) for row in found]
    more = cursors.encoded(look.name, [entries[limit - 1].seq]) if len(entries) > limit else None
    return Slice(entries[:limit], more)
