"""A report as CSV (RFC 4180): UTF-8 with a byte order mark, without which Excel takes it for Windows-1252.

Names, purposes and paths were typed by strangers: a cell that a spreadsheet would take for a formula is made a text by
an apostrophe in front, as OWASP's page on CSV injection says.
"""

import csv
from collections.abc import Iterable
from io import StringIO

from transfer_service.domain.accounting import ReportLine
from transfer_service.domain.moments import rfc3339
from transfer_service.usecases.report_words import authority, what
from transfer_service.wording import Words

_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_FORMULAS = frozenset(
    "=+-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)
_CONTROLS = frozenset("\t\r\n")


def as_csv(lines: Iterable[ReportLine], words: Words) -> bytes:
    """One row a line under a row of names; days and sizes as a program reads them."""
    sink = StringIO(newline="")
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_names(words))
    writer.writerows([harmless(cell) for cell in _cells(line, words)] for line in lines)
    return (_BYTE_ORDER_MARK + sink.getvalue()).encode()


def harmless(cell: str) -> str:
    """The cell, such that no spreadsheet calculates it."""
    starts = {*cell[:1]} & _CONTROLS or {*cell.lstrip()[:1]} & _FORMULAS
    return f"'{cell}" if starts else cell


def _names(words: Words) -> list[str]:
    return [
        words.text("Date of the first disclosure"),
        words.text("Recipient"),
        words.text("Organization of the recipient"),
        words.text("Address of the recipient"),
        words.text("What was disclosed"),
        words.text("Purpose"),
        words.text("Under which permission"),
        words.text("Number of disclosures"),
        words.text("Date of the last disclosure"),
        words.text("Bytes sent"),
        words.text("Every file complete"),
        words.text("Accounting owed (164.528(a)(1))"),
        words.text("Exempt under"),
        words.text("Packet"),
        words.text("Release"),
    ]


def _cells(line: ReportLine, words: Words) -> list[str]:
    first, recipient = line.first.disclosure, line.first.recipient
    return [
        rfc3339(first.started_at),
        recipient.name,
        recipient.organization,
        recipient.email,
        what(line, words),
        line.first.purpose,
        authority(line.first, words),
        str(line.count),
        rfc3339(line.last_at),
        str(line.bytes_sent),
        _yes_or_no(words, is_so=line.completed),
        _yes_or_no(words, is_so=line.first.accountable),
        line.first.exempt_under or "",
        str(first.packet_id),
        str(first.release_id),
    ]


def _yes_or_no(words: Words, *, is_so: bool) -> str:
    return words.text("yes") if is_so else words.text("no")
