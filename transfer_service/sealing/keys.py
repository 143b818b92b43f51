"""Keys below keys: derived, wrapped, and used for single database fields."""

import hmac
from collections.abc import Mapping
from uuid import UUID

import rfc8785

from transfer_service.errors import SealBroken
from transfer_service.sealing.messages import expand, open_message, seal_message
from transfer_service.sealing.secret import KEY_BYTES, SecretKey

__all__ = [
    "SecretKey",
    "blind_index",
    "derive_key",
    "file_key",
    "open_field",
    "seal_field",
    "unwrap_key",
    "wrap_key",
]


def file_key(packet_key: SecretKey, file_id: UUID) -> SecretKey:
    """The key of one file. Whoever has held it can open that file for ever."""
    return SecretKey(expand(packet_key, b"transfer-service/file-key/v1\0" + file_id.bytes, KEY_BYTES))


def derive_key(key: SecretKey, purpose: str) -> SecretKey:
    """A key for one ``purpose`` that tells nothing of its parent or its siblings."""
    return SecretKey(expand(key, b"transfer-service/derived-key/v1\0" + purpose.encode(), KEY_BYTES))


def wrap_key(wrapping: SecretKey, key: SecretKey, context: Mapping[str, str]) -> bytes:
    """``key`` sealed under ``wrapping`` (104 bytes); it unwraps with an equal ``context`` alone."""
    return seal_message(wrapping, _wrapping_context(context), key.reveal())


def unwrap_key(wrapping: SecretKey, wrapped: bytes, context: Mapping[str, str]) -> SecretKey:
    """The key that `wrap_key` sealed. Raises SealBroken."""
    octets = open_message(wrapping, _wrapping_context(context), wrapped)
    if len(octets) != KEY_BYTES:
        raise SealBroken
    return SecretKey(octets)


def _wrapping_context(context: Mapping[str, str]) -> bytes:
    return b"transfer-service/wrapped-key/v1\0" + rfc8785.dumps(dict(context))


def seal_field(key: SecretKey, table: str, column: str, row_id: UUID, plaintext: bytes) -> bytes:
    """One field of one row, sealed; 72 bytes longer up to 16 KiB. Raises ValueError for a name with a NUL."""
    return seal_message(key, _field_context(table, column, row_id), plaintext)


def open_field(key: SecretKey, table: str, column: str, row_id: UUID, sealed: bytes) -> bytes:
    """What `seal_field` sealed for exactly this table, column and row. Raises SealBroken."""
    return open_message(key, _field_context(table, column, row_id), sealed)


def _field_context(table: str, column: str, row_id: UUID) -> bytes:
    if "\0" in table + column:
        raise ValueError("a NUL in a name would let two fields share a context")
    return b"\0".join((table.encode(), column.encode(), row_id.bytes))


def blind_index(key: SecretKey, value: str) -> bytes:
    """HMAC-SHA-256 (32 bytes) over a normalized ``value``, to find equal values without opening any."""
    return hmac.digest(key.reveal(), value.encode(), "sha256")
