"""What only members of staff fill in: days, counts, several things at once."""

import re
import unicodedata
from datetime import UTC, date, datetime, time
from uuid import UUID

from flask import request

from transfer_service.domain.people import is_legible
from transfer_service.domain.texts import hides_nothing
from transfer_service.pages.fields import FormWrong, typed

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,6}", re.ASCII)
_LAST_MOMENT = time(23, 59, 59, tzinfo=UTC)


def typed_all(name: str) -> list[str]:
    """Every value of a field that can be ticked more than once, each of them once."""
    return list(dict.fromkeys(request.form.getlist(name)))


def typed_ids(name: str) -> list[UUID]:
    """Those that are ids; what is none was never on our page."""
    found = []
    for text in typed_all(name):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def typed_day(name: str, sentence: str) -> date:
    """A day as browsers send it: ``2026-05-12``."""
    if not _DAY.fullmatch(typed(name)):
        raise FormWrong({name: sentence})
    try:
        return date.fromisoformat(typed(name))
    except ValueError:
        raise FormWrong({name: sentence}) from None


def typed_end(name: str, now: datetime, latest: datetime, wrong: str, past: str, far: str) -> datetime:
    """The last moment (UTC) of a day to come, which is not after ``latest``."""
    end = datetime.combine(typed_day(name, wrong), _LAST_MOMENT)
    if end <= now:
        raise FormWrong({name: past})
    if end > latest:
        raise FormWrong({name: far})
    return end


def latest_day(latest: datetime) -> date:
    """The last day that ends before that moment."""
    day = latest.astimezone(UTC).date()
    return day if datetime.combine(day, _LAST_MOMENT) <= latest else date.fromordinal(day.toordinal() - 1)


def typed_count(name: str, most: int, sentence: str) -> int | None:
    """A number from 1 to ``most``; None for nothing."""
    text = typed(name)
    if not text:
        return None
    if not _COUNT.fullmatch(text) or not 1 <= int(text) <= most:
        raise FormWrong({name: sentence})
    return int(text)


def typed_one_line(name: str, longest: int, sentence: str, *, legible: bool = True) -> str:
    """One line as it was typed, of 1 to ``longest`` characters, none of them unseen."""
    text = unicodedata.normalize("NFC", typed(name))
    if not text or len(text) > longest or not hides_nothing(text) or (legible and not is_legible(text)):
        raise FormWrong({name: sentence})
    return text
