"""Deliver: a released file, or a range of it, opened while it streams to the recipient.

1. Everything the redemption hangs on is live, and the grant names the file.
2. The disclosure is recorded and committed. If it can't be, nothing leaves.
3. Part by part: read from the store, open, hand on. A part opens only with the header that verification pinned.
   Where the store breaks off, the rest is asked for again.
4. Every second and every 8 MiB the first step is asked again (``permission``); once it fails, the stream breaks off.
5. What left is added to the disclosure: at most every ten seconds, and at the end, however it ends. That the file
   is whole, was sent once more, or broke off is audited.

Memory: a few chunks a running download. Plaintext never touches a disk.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from uuid import UUID

from transfer_service.domain.link import Link
from transfer_service.domain.packet import Packet, PacketFile, Part
from transfer_service.domain.people import Actor, RecipientActor
from transfer_service.domain.policy import check_is_recipient
from transfer_service.errors import NotFound, SealBroken
from transfer_service.ports import Database, Keyring, ObjectStore, Transaction
from transfer_service.sealing.keys import SecretKey, file_key
from transfer_service.sealing.layout import Layout, Piece
from transfer_service.sealing.part import ChunkReader, PieceOpener
from transfer_service.usecases.disclosing import Counter, Delivery, recorded
from transfer_service.usecases.permission import Permission
from transfer_service.usecases.reach import packet_key
from transfer_service.usecases.redeem import live_link
from transfer_service.usecases.refusals import refusals_recorded
from transfer_service.usecases.sealed_range import SealedRange

READ_BYTES = 256 * 1024
COUNT_EVERY_S = 10.0


@dataclass(frozen=True)
class Deliver:
    """What a redemption's token is for. ``clock`` is asked again while a download runs."""

    database: Database
    keyring: Keyring
    store: ObjectStore
    clock: Callable[[], datetime]

    def look(self, actor: Actor, file_id: UUID, now: datetime) -> PacketFile:
        """The file's facts, for HEAD and for working out a range; records a refusal, and nothing else.

        NotAllowed, NotFound, NotAuthenticated, and every way a link can be over.
        """
        recipient = check_is_recipient(actor)
        with refusals_recorded(self.database, recipient, now), self.database.reading() as tx:
            return self._granted(tx, recipient, file_id, now)[0]

    def begin(self, actor: Actor, file_id: UUID, start: int, stop: int, now: datetime) -> Delivery:
        """Record the disclosure of plaintext [start, stop), before its first byte leaves. Refusals as of ``look``."""
        recipient = check_is_recipient(actor)
        with refusals_recorded(self.database, recipient, now):
            key = self._key(recipient, file_id, now)
            with self.database.changing() as tx:
                file, link = self._granted(tx, recipient, file_id, now)
                disclosure = recorded(tx, recipient, link, file, now)
        return Delivery(recipient, file, key, start, stop, disclosure)

    def stream(self, delivery: Delivery) -> Generator[bytes, None, None]:
        """The plaintext. Raises what ended it in mid-stream; ``SealBroken`` before any byte that is not ours."""
        sent, counted_at = delivery.start, monotonic()
        counter = Counter(self.database, self.clock, delivery)
        permission = Permission(self.database, self.clock, delivery.actor, delivery.start)
        try:
            for block in self._opened(delivery):
                if monotonic() - counted_at >= COUNT_EVERY_S:
                    counter.count(sent)
                    counted_at = monotonic()
                permission.check(sent)
                sent += len(block)  # before it goes: a connection that breaks within it may have carried it all
                yield block
        finally:
            counter.end(sent)

    def _granted(self, tx: Transaction, actor: RecipientActor, file_id: UUID, now: datetime) -> tuple[PacketFile, Link]:
        link, release = live_link(tx, actor, now)
        if file_id not in release.grant_to(link.recipient_id).file_ids:
            raise NotFound
        return tx.get(PacketFile, link.organization_id, file_id), link

    def _key(self, actor: RecipientActor, file_id: UUID, now: datetime) -> SecretKey:
        """The file's key, unwrapped outside of the transaction that records: a keyring may take its time."""
        with self.database.reading() as tx:
            file, _ = self._granted(tx, actor, file_id, now)
            packet = tx.get(Packet, file.organization_id, file.packet_id)
        return file_key(packet_key(self.keyring, packet), file.id)

    def _opened(self, delivery: Delivery) -> Iterator[bytes]:
        """Part by part; the next one is asked of the store before this one is opened, so that neither waits."""
        layout = Layout(delivery.file.size_bytes, delivery.file.part_bytes)
        pieces = layout.pieces(delivery.start, delivery.stop)
        with ExitStack() as coming:
            ahead = self._asked(coming, delivery, layout, next(pieces, None))
            while ahead is not None:
                body, opener = ahead
                with coming.pop_all():
                    ahead = self._asked(coming, delivery, layout, next(pieces, None))
                    while sealed := body.read(READ_BYTES):
                        if plaintext := opener.update(sealed):
                            yield plaintext
                opener.finish()

    def _asked(
        self, coming: ExitStack, delivery: Delivery, layout: Layout, piece: Piece | None
    ) -> tuple[SealedRange, PieceOpener] | None:
        """The piece as the store begins to send it, to be closed with ``coming``, and what opens it."""
        if piece is None:
            return None
        file = delivery.file
        header = self._header(file, piece.number)
        reader = ChunkReader(delivery.key, file.packet_id, file.id, layout, piece.number, header)
        read = partial(self.store.read, file.object_key or "", file.etag or "")
        body = coming.enter_context(SealedRange(read, piece.sealed_start, piece.sealed_length))
        return body, PieceOpener(reader, piece)

    def _header(self, file: PacketFile, number: int) -> bytes:
        with self.database.reading() as tx:
            parts = tx.find(Part, file.organization_id, file_id=file.id, number=number)
        if not parts or parts[0].header is None:
            raise SealBroken
        return parts[0].header
