"""The audit log as the privacy officer reads it: in pages, verified, and exported. What it holds never changes."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import StringIO
from uuid import UUID

from transfer_service.audit.chain import verify
from transfer_service.audit.entry import Entry, Event, Fact
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import Actor, Recipient, Staff
from transfer_service.domain.policy import check_may_read_audit
from transfer_service.ports import Database, Slice, Transaction
from transfer_service.usecases.report_csv import harmless

#: How many are read at once where all are wanted.
AT_ONCE = 500
_COLUMNS = ("seq", "at", "actor_kind", "actor_id", "action", "subject", "facts", "request_id", "address", "hash")


class LogFormat(StrEnum):
    """In what form the log is handed out: for spreadsheets, or one JSON object a line."""

    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Of one action, about one packet, or all."""

    action: str | None = None
    packet: UUID | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """An entry, and what whoever did it is called today, where they have a name."""

    entry: Entry
    who: str | None


@dataclass(frozen=True)
class AuditLog:
    """For privacy officers, of their own organization."""

    database: Database

    def page(self, actor: Actor, query: LogQuery, *, limit: int, cursor: str | None) -> Slice[LogLine]:
        """Newest first. NotAllowed, CursorInvalid."""
        staff = check_may_read_audit(actor)
        with self.database.reading() as tx:
            found = _page(tx, staff.organization_id, query, limit, cursor)
            names = _names(tx, staff.organization_id, found.items)
            return Slice([LogLine(each, names.get(each.actor_id)) for each in found.items], found.next_cursor)

    def verify(self, actor: Actor) -> int:
        """Check the log from its first entry to its head; how many entries hold. NotAllowed, ChainBroken."""
        staff = check_may_read_audit(actor)
        with self.database.reading() as tx:
            head = tx.audit_head(staff.organization_id)
            verify(head, tx.audit_entries(staff.organization_id))
        return head.size

    def export(self, actor: Actor, query: LogQuery, form: LogFormat, now: datetime) -> Iterator[bytes]:
        """The log as a file, newest first, read in pages as it leaves. Recorded before its first byte. NotAllowed."""
        staff = check_may_read_audit(actor)
        facts: dict[str, Fact] = {"format": form.value}
        if query.action:
            facts["action"] = query.action
        subject = {"packet": query.packet} if query.packet else {}
        with self.database.changing() as tx:
            tx.save(Event("audit.exported", actor, now, subject, facts))
        return self._lines(staff.organization_id, query, form)

    def _lines(self, organization_id: UUID, query: LogQuery, form: LogFormat) -> Iterator[bytes]:
        if form is LogFormat.CSV:
            yield "\N{ZERO WIDTH NO-BREAK SPACE}".encode() + _row(_COLUMNS)
        line = _csv_line if form is LogFormat.CSV else _json_line
        cursor = None
        while True:
            with self.database.reading() as tx:
                found = _page(tx, organization_id, query, AT_ONCE, cursor)
            yield b"".join(line(entry) for entry in found.items)
            cursor = found.next_cursor
            if cursor is None:
                return


def _page(tx: Transaction, organization_id: UUID, query: LogQuery, limit: int, cursor: str | None) -> Slice[Entry]:
    return tx.audit_page(organization_id, limit=limit, cursor=cursor, action=query.action, packet=query.packet)


def _names(tx: Transaction, organization_id: UUID, entries: list[Entry]) -> dict[str, str]:
    """What staff and recipients among the actors are called, by the id that the log has of them."""
    staff = tx.each(Staff, organization_id, _ids(entries, "staff"))
    recipients = tx.each(Recipient, organization_id, _ids(entries, "recipient") | _ids(entries, "service"))
    names = {id_: found.name for id_, found in staff.items()} | {id_: found.name for id_, found in recipients.items()}
    return {str(id_): name for id_, name in names.items()}


def _ids(entries: list[Entry], kind: str) -> set[UUID]:
    return {UUID(entry.actor_id) for entry in entries if entry.actor_kind.partition(":")[0] == kind}


def _facts(entry: Entry) -> dict[str, object]:
    return {
        "seq": entry.seq,
        "at": rfc3339(entry.at),
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "action": entry.action,
        "subject": dict(entry.subject),
        "facts": dict(entry.facts),
        "request_id": entry.request_id,
        "address": entry.address,
        "hash": entry.hash.hex(),
    }


def _json_line(entry: Entry) -> bytes:
    return json.dumps({**_facts(entry), "previous_hash": entry.previous_hash.hex()}, sort_keys=True).encode() + b"\n"


def _csv_line(entry: Entry) -> bytes:
    facts = _facts(entry)
    return _row([_cell(facts[name]) for name in _COLUMNS])


def _cell(value: object) -> str:
    return harmless(json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value))


def _row(cells: tuple[str, ...] | list[str]) -> bytes:
    sink = StringIO(newline="")
    csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return sink.getvalue().encode()
