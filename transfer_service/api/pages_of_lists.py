"""Pages of a list that is at hand as a whole: what belongs to one packet is never many pages."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import TypeVar

from transfer_service.api.schemas.pages import Page
from transfer_service.errors import CursorInvalid
from transfer_service.ports import Slice

R = TypeVar("R")

_CURSOR = re.compile(rb"after:([0-9]{1,9})")


def sliced(items: Sequence[R], page: Page) -> Slice[R]:
    """The page of ``items``, whose order only grows at its end. CursorInvalid."""
    start = _start(page.cursor) if page.cursor is not None else 0
    stop = start + page.limit
    return Slice(list(items[start:stop]), _cursor(stop) if stop < len(items) else None)


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(b"after:%d" % start).decode().rstrip("=")


def _start(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise CursorInvalid from None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise CursorInvalid
    return int(found[1])
