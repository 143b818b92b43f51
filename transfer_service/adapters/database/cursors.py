"""Cursors: where the next page of a list begins, as an opaque word.

A cursor holds the order's values of the last item shown (an instant, an id) and a check that it is ours and of this
list. It holds nothing that its reader has not just seen, and the tenant never comes from it. The check has no key,
so anyone can forge one: whatever is not to the letter what we would have written is refused.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column

from transfer_service.domain.moments import parsed, rfc3339
from transfer_service.errors import CursorInvalid

_CHECK_BYTES = 8
_MAX_CHARS = 512
_NUMBERS = range(2**63)  # what a column of numbers can hold


def encoded(name: str, values: Sequence[object]) -> str:
    """The cursor of the list ``name`` after the item with these values."""
    body = json.dumps([_text(value) for value in values], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_check(name, body) + body).decode().rstrip("=")


def decoded(name: str, cursor: str, columns: Sequence[Column[Any]]) -> list[object]:
    """The values again, of the columns' types. CursorInvalid."""
    try:
        values = _values(name, cursor, columns)
        if encoded(name, values) != cursor:
            raise CursorInvalid
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
        raise CursorInvalid from None
    return values


def _values(name: str, cursor: str, columns: Sequence[Column[Any]]) -> list[object]:
    if len(cursor) > _MAX_CHARS:
        raise CursorInvalid
    sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    body = sealed[_CHECK_BYTES:]
    if not hmac.compare_digest(sealed[:_CHECK_BYTES], _check(name, body)):
        raise CursorInvalid
    texts = json.loads(body)
    return [_value(text, column.type.python_type) for text, column in zip(texts, columns, strict=True)]


def _check(name: str, body: bytes) -> bytes:
    return hashlib.blake2b(name.encode() + b"\0" + body, digest_size=_CHECK_BYTES, person=b"transfer-cursor").digest()


def _text(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def _value(text: object, kind: type) -> object:
    if not isinstance(text, str):
        raise CursorInvalid
    if kind is datetime:
        return parsed(text)
    return UUID(text) if kind is UUID else _number(text)


def _number(text: str) -> int:
    number = int(text)
    if number not in _NUMBERS:
        raise CursorInvalid
    return number
