"""Sealed fields and blind indexes, under each organization's records key."""

import json
import unicodedata
from collections.abc import Callable
from uuid import UUID

from transfer_service.ports import Keyring
from transfer_service.sealing.keys import SecretKey, blind_index, derive_key, open_field, seal_field


def records_context(organization_id: UUID) -> dict[str, str]:
    """What an organization's records key is wrapped with."""
    return {"organization": str(organization_id), "purpose": "records"}


class Seals:
    """Seals and opens for one transaction. ``wrapped_key`` finds an organization's wrapped records key."""

    def __init__(self, keyring: Keyring, wrapped_key: Callable[[UUID], bytes]) -> None:
        self._keyring = keyring
        self._wrapped_key = wrapped_key
        self._keys: dict[UUID, SecretKey] = {}

    def _key(self, organization_id: UUID) -> SecretKey:
        if organization_id not in self._keys:
            wrapped = self._wrapped_key(organization_id)
            self._keys[organization_id] = self._keyring.unwrap(wrapped, records_context(organization_id))
        return self._keys[organization_id]

    def field(self, organization_id: UUID, table: str, column: str, row_id: UUID) -> "Field":
        """One column of one row."""
        return Field(self._key(organization_id), table, column, row_id)

    def index(self, organization_id: UUID, table: str, column: str, normalized: str) -> bytes:
        """The blind index (32 bytes) of a value, under a key of that column alone."""
        return blind_index(derive_key(self._key(organization_id), f"blind-index/{table}.{column}"), normalized)


class Field:
    """One column of one row, in which a value opens and nowhere else (SealBroken)."""

    def __init__(self, key: SecretKey, table: str, column: str, row_id: UUID) -> None:
        self._key = key
        self._place = (table, column, row_id)

    def seal_bytes(self, value: bytes) -> bytes:
        """The value, sealed."""
        return seal_field(self._key, *self._place, value)

    def open_bytes(self, sealed: bytes) -> bytes:
        """The value again. SealBroken."""
        return open_field(self._key, *self._place, sealed)

    def seal(self, document: object) -> bytes | None:
        """JSON (text, or a mapping), sealed; None stays None."""
        return None if document is None else self.seal_bytes(json.dumps(document).encode())

    def open(self, sealed: bytes | None) -> object:
        """The JSON value again; None stays None. SealBroken."""
        return None if sealed is None else json.loads(self.open_bytes(sealed))


def folded(number: str) -> str:
    """When two record or accession numbers count as one: spaces around them, case and Unicode's form don't matter."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", number).casefold()).strip()
