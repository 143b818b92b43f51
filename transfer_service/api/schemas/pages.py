"""Lists: which page is asked for, and how it is shown."""

import re
from dataclasses import dataclass

from marshmallow import Schema, ValidationError, fields, post_load, validate

LARGEST_PAGE = 200
USUAL_PAGE = 50

_DIGITS = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Page:
    """How many items, after which cursor."""

    limit: int
    cursor: str | None = None


class Count(fields.Integer):
    """A query argument of plain ASCII digits: int() alone takes other scripts' digits, signs and underscores."""

    def _validated(self, value: object) -> int:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise ValidationError("Must be a whole number.")
        return int(value)


class PageSchema(Schema):
    """Every list's query."""

    limit = Count(load_default=USUAL_PAGE, validate=validate.Range(min=1, max=LARGEST_PAGE))
    cursor = fields.String(validate=validate.Length(min=1, max=512))

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> object:
        return self.made(data)

    def made(self, data: dict[str, object]) -> object:
        """What the view is given; lists with filters of their own add them here."""
        return Page(**data)  # type: ignore[arg-type]  # the schema has checked every member


class ListSchema(Schema):
    """The frame of every list; subclasses declare ``items``."""

    next_cursor = fields.String(
        allow_none=True, metadata={"description": "Send it as ?cursor= for the next page; null at the end."}
    )
