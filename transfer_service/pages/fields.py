"""What people type and paste, read strictly: nothing here raises for any input but ``FormWrong``."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeVar, cast
from urllib.parse import unquote
from uuid import UUID, uuid4

from flask import request

from transfer_service.domain.moments import has_come
from transfer_service.domain.people import is_legible
from transfer_service.domain.texts import LINE_BREAKS, hides_nothing, is_one_address
from transfer_service.errors import NotFound
from transfer_service.sealing.typed_codes import read_typed_code
from transfer_service.wording import N_

# A secret stands alone or after the # of its address; what a mail gateway put behind it is passed over.
_SECRET = re.compile(r"(?:^|#)[<\"'(\[]*([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")
_LONGEST_PASSCODE = 256
_MOST_DECODINGS = 3
_LONGEST_PASTE = 8192
A = TypeVar("A")
B = TypeVar("B")
_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


_WHOLE = N_("That is not the whole code. Copy the whole address from your letter or link once more, and paste it here.")

_WHOLE_OF_LETTER = N_(
    "That is not the whole code. Type all twelve characters of the code in your letter, or paste the whole address "
    "that is in it."
)


class FormWrong(Exception):
    """Something in the form can't be right: a sentence for each field concerned."""

    def __init__(self, sentences: dict[str, str]) -> None:
        super().__init__("A form was not filled in rightly.")
        self.sentences = sentences


def both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Read two things; where either is wrong, say all that is wrong at once."""
    sentences: dict[str, str] = {}
    results: list[A | B] = []
    for read in (first, second):
        try:
            results.append(read())
        except FormWrong as wrong:
            sentences |= wrong.sentences
    if sentences:
        raise FormWrong(sentences)
    return cast(tuple[A, B], tuple(results))


def each_of(readers: Mapping[str, Callable[[], A]]) -> dict[str, A]:
    """Read everything; where some of it is wrong, say all that is wrong at once, in the form's order."""
    sentences: dict[str, str] = {}
    results: dict[str, A] = {}
    for name, read in readers.items():
        try:
            results[name] = read()
        except FormWrong as wrong:
            sentences |= wrong.sentences
    if sentences:
        raise FormWrong(sentences)
    return results


def optional(read: Callable[[], A], *names: str) -> A | None:
    """What ``read`` makes of the fields of those names; None where all of them are empty."""
    return read() if any(typed(name) for name in names) else None


def ticked(name: str, sentence: str) -> None:
    """A box that must be ticked."""
    if typed(name) != "yes":
        raise FormWrong({name: sentence})


def typed(name: str) -> str:
    """What was typed into a field, without space around it; empty where it is missing or was sent twice."""
    values = request.form.getlist(name)
    return values[0].strip() if len(values) == 1 else ""


def form_id() -> str:
    """This form's own, from the first time that it is shown: sent twice, it is done once."""
    kept = typed("form_id")
    return kept if len(kept) == len(str(uuid4())) else str(uuid4())


def typed_as_it_is(name: str) -> str:
    """What was typed, with the space around it: a password is what it is. Empty where missing or sent twice."""
    values = request.form.getlist(name)
    return values[0] if len(values) == 1 else ""


def pasted_secret(name: str, sentence: str = _WHOLE) -> str:
    """The secret: pasted alone, or in its whole address, wrapped, rewritten or percent-encoded on its way."""
    values = request.form.getlist(name)
    text = values[0][:_LONGEST_PASTE] if len(values) == 1 else ""
    for _ in range(_MOST_DECODINGS):
        text = unquote(_without_space(text))
    found = _SECRET.search(_without_space(text))
    if found is None:
        raise FormWrong({name: sentence})
    return found[1]


def letter_secret(name: str) -> str:
    """What opens a patient's letter: its code as it was typed, or its secret as ``pasted_secret`` reads it."""
    return read_typed_code(typed(name)) or pasted_secret(name, _WHOLE_OF_LETTER)


def typed_code(name: str, sentence: str) -> str:
    """A code of digits; spaces and dashes between them are nothing."""
    code = re.sub(r"[\s-]", "", typed(name))
    if not re.fullmatch(r"[0-9]{4,12}", code, re.ASCII):
        raise FormWrong({name: sentence})
    return code


def typed_passcode(name: str, sentence: str) -> str:
    """A passcode as it was told: anything but nothing, of a length that a passcode can have."""
    passcode = typed(name)
    if not 1 <= len(passcode) <= _LONGEST_PASSCODE:
        raise FormWrong({name: sentence})
    return passcode


def typed_id(name: str) -> UUID | None:
    """The id that a form of ours put there; None for nothing. NotFound for what is none."""
    try:
        return UUID(typed(name)) if typed(name) else None
    except ValueError:
        raise NotFound from None


def asked_page() -> int:
    """Which page of a list the address asks for; the first for whatever is no number."""
    found = _number(request.args.get("page", ""))
    return max(found or 1, 1)


def typed_line(name: str, longest: int, sentence: str) -> str:
    """One line of 1 to ``longest`` printable characters."""
    text = " ".join(typed(name).split())
    if not text or len(text) > longest or not text.isprintable() or not is_legible(text):
        raise FormWrong({name: sentence})
    return unicodedata.normalize("NFC", text)


def typed_lines(name: str, longest: int, sentence: str) -> str:
    """A text of 1 to ``longest`` characters in as many lines as it needs; an end of line is a line feed."""
    text = unicodedata.normalize("NFC", typed(name).replace("\r\n", "\n"))
    if not is_legible(text) or len(text) > longest or not hides_nothing(text, LINE_BREAKS):
        raise FormWrong({name: sentence})
    return text


def typed_address(name: str, sentence: str) -> str:
    """One mail address."""
    address = typed(name)
    if not is_one_address(address):
        raise FormWrong({name: sentence})
    return address


def past_date(day: str, month: str, year: str, now: datetime) -> date:
    """A date that has come."""
    found = typed_date(day, month, year)
    if not has_come(found, now):
        raise FormWrong({month: N_("That date lies in the future.")})
    return found


def typed_text(name: str, longest: int, sentence: str) -> str | None:
    """Up to ``longest`` characters in as many lines as they need; None for nothing. What can't be seen is left out."""
    lines = (" ".join("".join(filter(_is_seen, line)).split()) for line in typed(name).splitlines())
    text = unicodedata.normalize("NFC", "\n".join(lines)).strip()
    if len(text) > longest:
        raise FormWrong({name: sentence})
    return text or None


def typed_date(day: str, month: str, year: str) -> date:
    """A date of three fields of numbers."""
    numbers = [_number(typed(name)) for name in (year, month, day)]
    if any(number is None for number in numbers):
        raise FormWrong({month: N_("Enter the date as three numbers: month, day and year.")})
    try:
        return date(*(number or 0 for number in numbers))
    except ValueError:
        raise FormWrong({month: N_("There is no such date. Check the month, the day and the year.")}) from None


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs"} or character == "\t"


def _without_space(text: str) -> str:
    hidden = ("Cc", "Cf", "Zs", "Zl", "Zp")
    return "".join(each for each in text if unicodedata.category(each) not in hidden)
