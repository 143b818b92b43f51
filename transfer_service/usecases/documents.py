"""Documents: what is kept of a release outside its packet, sealed, and read back before it counts.

Each has a random key of its own, which is a sealed field of its row: so a document outlives its packet's key, and goes
with its row, whatever the store still holds. Objects are swept unless adopted, as everything in the store is.
"""

import hashlib
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.document import DocumentKind, ReleaseDocument
from transfer_service.domain.packet import Leftover
from transfer_service.domain.release import Release
from transfer_service.errors import NotFound
from transfer_service.ports import Database, ObjectStore, Tenanted, Transaction
from transfer_service.sealing.document import DocumentOpener, DocumentSealer
from transfer_service.sealing.keys import SecretKey
from transfer_service.sealing.layout import sealed_bytes
from transfer_service.usecases.fresh_objects import FreshObjects
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.sealed_range import SealedRange

READ_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A document that is to be kept. ``made_by`` is the member of staff who brings it; None: the service made it."""

    release: Release
    kind: DocumentKind
    media_type: str
    size_bytes: int
    made_by: UUID | None = None


@dataclass(frozen=True)
class Documents:
    """Kept in two steps, for the store takes its time: ``stored``, then ``keep`` in the transaction of its cause.

    Memory: one sealed document a call.
    """

    database: Database
    store: ObjectStore
    limits: Limits

    def stored(self, draft: DocumentDraft, body: Iterable[memoryview], now: datetime) -> ReleaseDocument:
        """Sealed, put into the store, and read back. It is swept unless it is kept. PartSizeWrong, Unavailable."""
        document_id, key = uuid4(), SecretKey.generate()
        sealer = DocumentSealer(key, draft.release.id, document_id, draft.size_bytes)
        digest = hashlib.sha256()
        for block in body:
            sealer.update(block)
            digest.update(block)
        object_key, etag = FreshObjects(self.database, self.store, self.limits).put(sealer.finish(), now)
        document = ReleaseDocument(
            id=document_id,
            organization_id=draft.release.organization_id,
            release_id=draft.release.id,
            kind=draft.kind,
            media_type=draft.media_type,
            size_bytes=draft.size_bytes,
            sha256=digest.hexdigest(),
            key=key.reveal(),
            object_key=object_key,
            etag=etag,
            made_at=now,
            made_by=draft.made_by,
        )
        for _ in self.read(document, 0, document.size_bytes):
            pass  # what opens to its end, under a key that is used once, is what was sealed
        return document

    def keep(self, tx: Transaction, event: Event, document: ReleaseDocument, *things: Tenanted) -> None:
        """Adopt it, in the place of the release's former one of its kind, and save whatever changes with it."""
        for former in _of(tx, document.organization_id, document.release_id, document.kind):
            tx.drop(former)
            tx.keep(Leftover(former.object_key, sweep_after=event.at))
        tx.drop(Leftover(document.object_key, sweep_after=event.at))
        tx.save(event, document, *things)

    def of(self, tx: Transaction, release: Release, kind: DocumentKind) -> ReleaseDocument:
        """The release's document of that kind; NotFound."""
        for document in _of(tx, release.organization_id, release.id, kind):
            return document
        raise NotFound

    def read(self, document: ReleaseDocument, start: int, stop: int) -> Generator[bytes, None, None]:
        """Plaintext [start, stop), opened from the beginning on: documents are small. SealBroken, Unavailable."""
        with closing(self._opened(document)) as blocks:
            at = 0
            for block in blocks:
                wanted = block[max(start - at, 0) : max(stop - at, 0)]
                at += len(block)
                if wanted:
                    yield wanted

    def _opened(self, document: ReleaseDocument) -> Generator[bytes, None, None]:
        opener = DocumentOpener(SecretKey(document.key), document.release_id, document.id, document.size_bytes)
        read = partial(self.store.read, document.object_key, document.etag)
        with SealedRange(read, 0, sealed_bytes(document.size_bytes)) as body:
            while sealed := body.read(READ_BYTES):
                yield opener.update(sealed)
        yield opener.finish()


def _of(tx: Transaction, organization_id: UUID, release_id: UUID, kind: DocumentKind) -> list[ReleaseDocument]:
    """None, or one: the table keeps to that."""
    return [each for each in tx.find(ReleaseDocument, organization_id, release_id=release_id) if each.kind is kind]
