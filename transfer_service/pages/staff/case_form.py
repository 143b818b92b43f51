"""The case of a packet as staff type it, in the bounds that the API has too; specimens and what is missing in rows.

A form has as many rows as its hidden field says. Another one is asked for by a button that sends the form as it stands.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, TypeVar

from transfer_service.domain.language import Language
from transfer_service.domain.packet import Case, NotIncluded, Specimen
from transfer_service.domain.people import Patient
from transfer_service.edge.calls import now
from transfer_service.pages.fields import (
    FormWrong,
    each_of,
    optional,
    past_date,
    typed,
    typed_address,
    typed_line,
    typed_lines,
)
from transfer_service.wording import N_

MOST_ROWS = 200
FIRST_ROWS = 2
MORE_ROWS = 3
LONGEST_TEXT = 4000
ROWS = ("specimens", "not_included")

_ACCESSION = N_("Type the accession number, at most 64 characters.")
_RECORD = N_("Type the patient's record number, at most 64 characters.")
_NAME = N_("Type the patient's full name, at most 200 characters.")
_EMAIL = N_("Type one e-mail address, for example name@example.org, or leave it empty.")
_PHONE = N_("A phone number has at most 40 characters.")
_LANGUAGE = N_("Choose one of the languages.")
_TEXT = N_("At most 4,000 characters, and nothing that can't be seen.")
_SIDE = N_("At most 40 characters.")
_LABEL = N_("Type the label of the specimen, at most 100 characters.")
_PROCEDURE = N_("A procedure has at most 200 characters.")
_WHAT = N_("Say what is not included, in at most 500 characters.")
_WHY = N_("Say why it is not included, in at most 1,000 characters.")

R = TypeVar("R")


def typed_case() -> Case:
    """FormWrong, with all that is wrong."""
    readers: dict[str, Any] = {
        "accession_number": lambda: typed_line("accession_number", 64, _ACCESSION),
        "patient": _patient,
        "question": lambda: _lines_or_none("question"),
        "diagnosis": lambda: _lines_or_none("diagnosis"),
        "laterality": lambda: _line_or_none("laterality", 40, _SIDE),
        "specimens": lambda: _each_row("specimens", ("label", "procedure", "month", "day", "year"), _specimen),
        "not_included": lambda: _each_row("not_included", ("what", "why"), _not_included),
    }
    return Case(**each_of(readers))


def note() -> str | None:
    """What the department notes for itself; FormWrong."""
    return _lines_or_none("note")


def row_counts() -> dict[str, int]:
    """How many rows of each kind the form has, and is to have where another was asked for."""
    more = typed("more")
    return {name: min(_rows(name) + (MORE_ROWS if more == name else 0), MOST_ROWS) for name in ROWS}


def wants_more_rows() -> bool:
    """Whether the form was sent for that alone."""
    return typed("more") in ROWS


def _patient() -> Patient:
    readers: dict[str, Any] = {
        "name": lambda: typed_line("name", 200, _NAME),
        "birth_date": lambda: past_date("birth_day", "birth_month", "birth_year", now()),
        "record_number": lambda: typed_line("record_number", 64, _RECORD),
        "email": lambda: optional(lambda: typed_address("email", _EMAIL), "email"),
        "phone": lambda: _line_or_none("phone", 40, _PHONE),
        "language": _language,
    }
    return Patient(**each_of(readers))


def _language() -> str | None:
    chosen = typed("language")
    if chosen and chosen not in {*Language}:
        raise FormWrong({"language": _LANGUAGE})
    return chosen or None


def _specimen(row: str) -> Specimen:
    readers: dict[str, Any] = {
        "label": lambda: typed_line(f"{row}_label", 100, _LABEL),
        "procedure": lambda: _line_or_none(f"{row}_procedure", 200, _PROCEDURE),
        "collected_on": lambda: _day_or_none(row),
    }
    return Specimen(**each_of(readers))


def _not_included(row: str) -> NotIncluded:
    readers: dict[str, Callable[[], str]] = {
        "what": lambda: typed_line(f"{row}_what", 500, _WHAT),
        "why": lambda: typed_line(f"{row}_why", 1000, _WHY),
    }
    return NotIncluded(**each_of(readers))


def _each_row(name: str, fields: tuple[str, ...], read: Callable[[str], R]) -> tuple[R, ...]:
    """What the rows hold in which something was typed; all that is wrong in any of them."""
    used = [row for row in _names(name) if any(typed(f"{row}_{field}") for field in fields)]
    return tuple(each_of({row: lambda row=row: read(row) for row in used}).values())  # type: ignore[misc]  # bound now


def _names(name: str) -> Iterator[str]:
    return (f"{name}_{number}" for number in range(1, _rows(name) + 1))


def _rows(name: str) -> int:
    """As its hidden field says; FIRST_ROWS where it says nothing of sense."""
    said = typed(f"{name}_rows")
    number = int(said) if said.isascii() and said.isdigit() and len(said) <= len(str(MOST_ROWS)) else FIRST_ROWS
    return min(max(number, FIRST_ROWS), MOST_ROWS)


def _day_or_none(row: str) -> date | None:
    fields = (f"{row}_day", f"{row}_month", f"{row}_year")
    return optional(lambda: past_date(*fields, now()), *fields)


def _line_or_none(name: str, longest: int, sentence: str) -> str | None:
    return optional(lambda: typed_line(name, longest, sentence), name)


def _lines_or_none(name: str) -> str | None:
    return optional(lambda: typed_lines(name, LONGEST_TEXT, _TEXT), name)
