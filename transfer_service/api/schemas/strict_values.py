"""Ids, instants, days and sizes as the API takes and shows them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from transfer_service.domain.moments import has_come, rfc3339
from transfer_service.edge.calls import now
from transfer_service.edge.strict_fields import WholeNumber

LARGEST_SIZE = 2**53  # what every JSON reader holds exactly

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parsed_id(text: str) -> UUID | None:
    """The id in its one canonical form (RFC 9562 section 4, lower case); None for any other text."""
    return UUID(text) if _UUID.fullmatch(text) else None


class Id(fields.UUID):
    """An id in its canonical form and in no other."""

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: object) -> UUID:  # noqa: ARG002 - marshmallow's signature
        found = parsed_id(value) if isinstance(value, str) else None
        if found is None:
            raise self.make_error("invalid_uuid")
        return found


class Instant(fields.DateTime):
    """An instant with its zone (RFC 3339); shown in UTC. There are no leap seconds."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: object, **kwargs: object) -> str | None:  # noqa: ARG002 - marshmallow's signature
        return None if value is None else rfc3339(value)

    def _deserialize(
        self,
        value: object,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature
        data: Mapping[str, Any] | None,  # noqa: ARG002 - marshmallow's signature
        **kwargs: object,  # noqa: ARG002 - marshmallow's signature
    ) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise ValidationError("Must be an instant with its zone, such as 2026-05-12T09:30:00Z.")
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError("There is no such instant.") from None


class Day(fields.Date):
    """A day as YYYY-MM-DD."""

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: object) -> date:  # noqa: ARG002 - marshmallow's signature
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValidationError("Must be a day, such as 1961-02-03.")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError("There is no such day.") from None


class PastDay(Day):
    """A day that has come, somewhere on Earth."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, validate=_has_come)


def _has_come(day: date) -> date:
    if not has_come(day, now()):
        raise ValidationError("Must not lie in the future.")
    return day


class Size(WholeNumber):
    """A number of bytes."""

    def __init__(self, *, required: bool = False, attribute: str | None = None) -> None:
        super().__init__(
            required=required,
            attribute=attribute,
            validate=validate.Range(min=0, max=LARGEST_SIZE),
            metadata={"format": "int64"},
        )
