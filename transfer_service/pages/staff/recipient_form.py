"""The form of a recipient: as it is filled in, and read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import request

from transfer_service.domain.language import Language
from transfer_service.domain.mail import OPTIONAL, MailKind
from transfer_service.domain.moments import has_come
from transfer_service.domain.people import MOST_CREDENTIALS, Accreditation, Recipient, RecipientKind
from transfer_service.pages.fields import FormWrong, each_of, optional, typed, typed_address
from transfer_service.pages.staff.filled_in import typed_day, typed_one_line
from transfer_service.usecases.recipients import RecipientDraft
from transfer_service.wording import N_

#: Empty rows for accreditations, after those that are filled in.
MORE_ROWS = 2
_LONGEST_NAME = 200
_LONGEST_CREDENTIAL = 50
_LONGEST_SOURCE = 500
_ROW = re.compile(r"accreditation_([0-9]{1,2})")

_NAME = N_("Type the name, in at most 200 characters.")
_ORGANIZATION = N_("Type the organization, in at most 200 characters.")
_SPECIALTY = N_("Type the specialty, in at most 200 characters, for example: breast pathology.")
_EMAIL = N_("Type one e-mail address, for example name@example.org.")
_KIND = N_("Choose whether it is a person or a review service.")
_CREDENTIALS = N_("At most 20 credentials of at most 50 characters, with commas between them.")
_ACCREDITATION = N_("Name the accreditation, in at most 200 characters.")
_SOURCE = N_("Say in at most 500 characters where it can be looked up, or leave this empty.")
_CHECKED_ON = N_("Enter the day when it was looked up as year, month and day. It can't lie in the future.")
_LANGUAGE = N_("Choose one of the languages.")


@dataclass(frozen=True, slots=True)
class Row:
    """One accreditation, as it stands in the form."""

    name: str = ""
    source: str = ""
    checked_on: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the fields. ``notify``: whether they hear that a link will soon end."""

    name: str = ""
    email: str = ""
    organization: str = ""
    specialty: str = ""
    kind: str = RecipientKind.PERSON
    credentials: str = ""
    language: str = ""
    notify: bool = False
    rows: tuple[Row, ...] = (Row(), Row())


def filled_from(recipient: Recipient) -> Filled:
    """The fields of a recipient who is known."""
    rows = [
        Row(each.name, each.source or "", each.checked_on.isoformat() if each.checked_on else "")
        for each in recipient.accreditations
    ]
    return Filled(
        name=recipient.name,
        email=recipient.email,
        organization=recipient.organization,
        specialty=recipient.specialty,
        kind=recipient.kind,
        credentials=", ".join(recipient.credentials),
        language=recipient.language or "",
        notify=MailKind.EXPIRING in recipient.notify,
        rows=tuple(rows + [Row()] * MORE_ROWS)[:MOST_CREDENTIALS],
    )


def filled_in() -> Filled:
    """The fields as they were sent."""
    names = ("name", "email", "organization", "specialty", "kind", "credentials", "language")
    rows = tuple(_row(number) for number in _numbers())
    return Filled(**{name: typed(name) for name in names}, notify=typed("notify") == "yes", rows=rows or (Row(),))


def read_recipient(former: Recipient | None, now: datetime) -> RecipientDraft:
    """All of it, with everything that is wrong said at once."""
    readers: dict[str, Any] = {
        "name": _line("name", _NAME),
        "email": lambda: typed_address("email", _EMAIL),
        "organization": _line("organization", _ORGANIZATION),
        "specialty": _line("specialty", _SPECIALTY),
        "kind": _kind,
        "credentials": _credentials,
        "language": lambda: _language(former),
    }
    rows: dict[str, Any] = {
        f"row-{number}": lambda number=number: _accreditation(number, now)
        for number in _numbers()
        if _row(number) != Row()
    }
    read = each_of(readers | rows)
    accreditations = tuple(read.pop(name) for name in rows)
    others = tuple(kind for kind in OPTIONAL if kind is not MailKind.EXPIRING)
    notify = (MailKind.EXPIRING, *others) if typed("notify") == "yes" else others
    return RecipientDraft(**read, accreditations=accreditations, notify=notify)


def _numbers() -> list[int]:
    """The rows that were sent, in their order."""
    found = {int(match[1]) for name in request.form if (match := _ROW.fullmatch(name))}
    return sorted(found)[:MOST_CREDENTIALS]


def _row(number: int) -> Row:
    return Row(typed(f"accreditation_{number}"), typed(f"source_{number}"), typed(f"checked_on_{number}"))


def _line(name: str, sentence: str) -> Callable[[], str]:
    return lambda: typed_one_line(name, _LONGEST_NAME, sentence)


def _kind() -> RecipientKind:
    if typed("kind") not in {*RecipientKind}:
        raise FormWrong({"kind": _KIND})
    return RecipientKind(typed("kind"))


def _credentials() -> tuple[str, ...]:
    found = tuple(filter(None, (each.strip() for each in typed("credentials").split(","))))
    if not found:
        return ()
    typed_one_line("credentials", (_LONGEST_CREDENTIAL + 2) * MOST_CREDENTIALS, _CREDENTIALS, legible=False)
    if len(found) > MOST_CREDENTIALS or any(len(each) > _LONGEST_CREDENTIAL for each in found):
        raise FormWrong({"credentials": _CREDENTIALS})
    return found


def _language(former: Recipient | None) -> str | None:
    """One that the service speaks, or the one that they had."""
    language = typed("language")
    if language and language not in {*Language, former.language if former else None}:
        raise FormWrong({"language": _LANGUAGE})
    return language or None


def _accreditation(number: int, now: datetime) -> Accreditation:
    names = (f"accreditation_{number}", f"source_{number}", f"checked_on_{number}")
    read: dict[str, Any] = each_of({
        "name": lambda: typed_one_line(names[0], _LONGEST_NAME, _ACCREDITATION),
        "source": lambda: optional(lambda: typed_one_line(names[1], _LONGEST_SOURCE, _SOURCE, legible=False), names[1]),
        "checked_on": lambda: optional(lambda: _past_day(names[2], now), names[2]),
    })  # fmt: skip
    return Accreditation(**read)


def _past_day(name: str, now: datetime) -> date:
    day = typed_day(name, _CHECKED_ON)
    if not has_come(day, now):
        raise FormWrong({name: _CHECKED_ON})
    return day
