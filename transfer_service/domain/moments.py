"""Instants as text: RFC 3339 in UTC, microseconds, always the same 27 characters; days as people write them."""

from datetime import UTC, date, datetime, timedelta

FURTHEST_AHEAD = timedelta(hours=14)  # where on Earth it may be tomorrow already


def rfc3339(moment: datetime) -> str:
    """``2026-05-12T09:30:00.000000Z``. The moment must know its zone."""
    if moment.tzinfo is None:
        raise ValueError("an instant without a zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parsed(text: str) -> datetime:
    """The instant that ``rfc3339`` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def written_day(day: date) -> str:
    """``May 2, 2026``, of a date or an instant: as the pages, the form and the letters all write it."""
    return f"{day:%B} {day.day}, {day:%Y}"


def has_come(day: date, now: datetime) -> bool:
    """Whether it is that day, or after it, somewhere on Earth."""
    return day <= (now + FURTHEST_AHEAD).date()
