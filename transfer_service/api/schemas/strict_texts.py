"""Strings as the API takes them: bounded, of one kind, and read the same by whoever shows them later."""

import re

from marshmallow import ValidationError, fields, validate

from transfer_service.domain.people import is_legible
from transfer_service.domain.texts import LINE_BREAKS, LONGEST_ADDRESS, hides_nothing, is_one_address

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _readable(*, lines: bool) -> "_Readable":
    return _Readable(LINE_BREAKS if lines else frozenset())


class _Readable(validate.Validator):
    """Something to see, and nothing unseen."""

    def __init__(self, permitted: frozenset[str]) -> None:
        self._permitted = permitted

    def __call__(self, value: str) -> str:
        if not value.strip():
            raise ValidationError("Must not be blank; leave the field out instead.")
        if not hides_nothing(value, self._permitted):
            raise ValidationError("Must not contain control characters.")
        return value


class _Wholly(validate.Validator):
    """The whole of it matches."""

    def __init__(self, pattern: re.Pattern[str], error: str) -> None:
        self._pattern, self._error = pattern, error

    def __call__(self, value: str) -> str:
        if self._pattern.fullmatch(value) is None:
            raise ValidationError(self._error)
        return value


class Line(fields.String):
    """One line of text of 1 to ``longest`` characters, without control characters."""

    def __init__(self, longest: int, *, shortest: int = 1, required: bool = False) -> None:
        length = validate.Length(min=shortest, max=longest)
        super().__init__(required=required, validate=[length, _readable(lines=False)])


class Name(Line):
    """A line in which something can be read: a letter or a digit."""

    def __init__(self, longest: int, *, required: bool = False) -> None:
        super().__init__(longest, required=required)
        self.validators.append(_legible)


def _legible(value: str) -> str:
    if not is_legible(value):
        raise ValidationError("Must have a letter or a digit.")
    return value


class Passcode(Line):
    """A passcode, as it can be typed into one field of a page that passes over spaces around it."""

    def __init__(self, longest: int, *, shortest: int) -> None:
        super().__init__(longest, shortest=shortest)
        self.load_only = True
        self.validators.append(_stripped)


def _stripped(value: str) -> str:
    if value != value.strip():
        raise ValidationError("Must not begin or end with a space.")
    return value


class Lines(fields.String):
    """Text of 1 to ``longest`` characters, in as many lines as it needs."""

    def __init__(self, longest: int, *, required: bool = False) -> None:
        length = validate.Length(min=1, max=longest)
        super().__init__(required=required, validate=[length, _readable(lines=True)])


class Secret(fields.String):
    """A link's or letter's secret, a code or a passcode: any string; what it opens is the use case's business."""

    def __init__(self, longest: int = 200, *, required: bool = False) -> None:
        super().__init__(required=required, load_only=True, validate=validate.Length(min=1, max=longest))


class EmailAddress(fields.String):
    """Exactly one address (RFC 5321 Mailbox with a dot-atom), without a display name: mail goes to one recipient."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, validate=[validate.Length(max=LONGEST_ADDRESS), _one_address])


def _one_address(value: str) -> str:
    if not is_one_address(value):
        raise ValidationError("Must be exactly one e-mail address, without a name.")
    return value


class Sha256(fields.String):
    """A SHA-256 as 64 lower-case hexadecimal digits."""

    def __init__(self, *, required: bool = False) -> None:
        digits = _Wholly(_SHA256, "Must be 64 lower-case hexadecimal digits.")
        super().__init__(required=required, validate=digits, metadata={"pattern": "^[0-9a-f]{64}$"})


class MediaType(fields.String):
    """A media type without parameters (RFC 6838 section 4.2)."""

    def __init__(self) -> None:
        super().__init__(validate=_Wholly(_MEDIA_TYPE, "Must be a media type, such as image/tiff."))


class Language(fields.String):
    """A language tag (BCP 47)."""

    def __init__(self) -> None:
        super().__init__(validate=_Wholly(_LANGUAGE, "Must be a language tag, such as en."))


def is_media_type(value: str) -> bool:
    """Whether it is a media type without parameters."""
    return _MEDIA_TYPE.fullmatch(value) is not None
