"""Until when and how long: as people say it."""

import re
from datetime import UTC, date, datetime, time, timedelta

from transfer_service.client.failures import UsageWrong

_AHEAD = re.compile(r"(\d{1,4})\s*(d|days?|h|hours?)")
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([smhd]?)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


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


def duration_s(text: str) -> float:
    """Seconds: ``90``, ``90s``, ``15m``, ``2h``, ``1d``. UsageWrong."""
    found = _DURATION.fullmatch(text.strip().lower())
    if not found:
        raise UsageWrong(f"{text!r} is no duration: say 90s, 15m, 2h or 1d.")
    return float(found[1]) * _UNITS[found[2] or "s"]


def rfc3339(at: datetime) -> str:
    """The instant in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
