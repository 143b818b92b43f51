"""What stands in an address: ids, the numbers of parts, and the paths of files."""

import re
from uuid import UUID

from flask import request
from werkzeug.routing import BaseConverter

from transfer_service.api.schemas.strict_values import parsed_id
from transfer_service.errors import PathInvalid

NOBODY = UUID(int=0)
NO_PART = 0

_PART_NUMBER = re.compile(r"[1-9][0-9]{0,4}")


class IdConverter(BaseConverter):
    """An id. What is not one in its canonical form stands for an id that nothing has: it is unknown, not malformed."""

    def to_python(self, value: str) -> UUID:
        """The id."""
        return parsed_id(value) or NOBODY

    def to_url(self, value: UUID) -> str:
        """The id's canonical form."""
        return str(value)


class PartNumberConverter(BaseConverter):
    """A part's number. What is not one stands for a number that no file has."""

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value) if _PART_NUMBER.fullmatch(value) else NO_PART


class FilePathConverter(BaseConverter):
    """A file's path to the end of the address, whatever characters it has: the domain judges it."""

    regex = r"[\s\S]+"
    part_isolating = False


def check_path_is_utf8() -> None:
    """PathInvalid where the address's bytes are not UTF-8; Werkzeug has put replacement characters for them."""
    try:
        request.environ["PATH_INFO"].encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise PathInvalid from None


def id_schema(_converter: IdConverter) -> dict[str, str]:
    """How the OpenAPI document shows an id."""
    return {"type": "string", "format": "uuid"}


def part_number_schema(_converter: PartNumberConverter) -> dict[str, object]:
    """How the OpenAPI document shows a part's number."""
    return {"type": "integer", "minimum": 1, "maximum": 10_000}
