"""Until when: as people say it, to RFC 3339 in UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta

from transfer_service.client.failures import UsageWrong

_AHEAD = re.compile(r"(\d{1,4})\s*(d|days?|h|hours?)")


def until(text: str, now: datetime) -> datetime:
    """``30d``, ``12h``, the end of a day such as ``2026-12-31``, or an instant with its zone. UsageWrong."""
    word = text.strip()
    ahead = _AHEAD.fullmatch(word.lower())
    if ahead:
        unit = "days" if ahead[2].startswith("d") else "hours"
        return now + timedelta(**{unit: int(ahead[1])})
    try:
        if len(word) == len("2026-12-31"):
            return datetime.combine(date.fromisoformat(word), time(23, 59, 59)).astimezone(UTC)
        found = datetime.fromisoformat(word)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except ValueError:
        pass
    raise UsageWrong(f"{text!r} is no time: say 30d, 12h, 2026-12-31 or 2026-12-31T17:00:00+01:00.")


def rfc3339(at: datetime) -> str:
    """The instant in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
