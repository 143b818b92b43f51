"""Sealed documents of releases: each is one message, under a key of its own, in its own place alone."""

import struct
from uuid import UUID

from transfer_service.sealing.secret import SecretKey
from transfer_service.sealing.whole import MessageOpener, MessageSealer

_SIZE = struct.Struct(">Q")


def document_context(release_id: UUID, document_id: UUID, size_bytes: int) -> bytes:
    """What binds a document to its place (69 bytes)."""
    return b"transfer-service/document/v1\0" + release_id.bytes + document_id.bytes + _SIZE.pack(size_bytes)


class DocumentSealer(MessageSealer):
    """Seals one document into one buffer of exactly its sealed size."""

    def __init__(self, key: SecretKey, release_id: UUID, document_id: UUID, size_bytes: int) -> None:
        super().__init__(key, document_context(release_id, document_id, size_bytes), size_bytes)


class DocumentOpener(MessageOpener):
    """Opens one document from its first byte to its last, and gives out authenticated plaintext alone."""

    def __init__(self, key: SecretKey, release_id: UUID, document_id: UUID, size_bytes: int) -> None:
        super().__init__(key, document_context(release_id, document_id, size_bytes), size_bytes)
