"""marshmallow fields that take a JSON value of their own type only, where marshmallow's own convert."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields


class WholeNumber(fields.Integer):
    """An integer. Refuses ``true``, ``"1"`` and ``1.0``. For JSON bodies: query arguments are all text."""

    def _validated(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class TrueOrFalse(fields.Boolean):
    """``true`` or ``false``. Refuses 1, ``"yes"`` and the like."""

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: object) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return bool(super()._deserialize(value, attr, data, **kwargs))
