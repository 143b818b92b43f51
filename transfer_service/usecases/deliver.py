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

from transfer_service.domain.packet import Packet, PacketFile, Part
from transfer_service.domain.people import Actor, RecipientActor
from transfer_service.domain.policy import check_is_recipient
from transfer_service.errors import NotFound, SealBroken
from transfer_service.ports import Database, Keyring, ObjectStore, Transaction
from transfer_service.sealing.keys import file_key
from transfer_service.sealing.layout import Layout, Piece
from transfer_service.sealing.part import ChunkReader, PieceOpener
from transfer_service.usecases.admit import live_link
from transfer_service.usecases.disclosing import Counter, Delivery, Ground, recorded
from transfer_service.usecases.permission import Permission
from transfer_service.usecases.reach import packet_key
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
            return self._granted(tx, recipient, file_id, now)

    def begin(self, actor: Actor, file_id: UUID, start: int, stop: int, now: datetime) -> Delivery:
        """Record the disclosure of plaintext [start, stop), before its first byte leaves. Refusals as of ``look``."""
        recipient = check_is_recipient(actor)
        ground = self.ground(recipient, now)
        with refusals_recorded(self.database, recipient, now), self.database.changing() as tx:
            file = self._granted(tx, recipient, file_id, now)
            return Delivery(ground, file, start, stop, recorded(tx, ground, file, now))

    def ground(self, actor: RecipientActor, now: datetime) -> Ground:
        """What every file goes by. Refusals as of ``look``.

        The key is unwrapped outside of the transaction that records: a keyring may take its time.
        """
        with refusals_recorded(self.database, actor, now), self.database.reading() as tx:
            link, release = live_link(tx, actor, now)
            packet = tx.get(Packet, link.organization_id, link.packet_id)
        version = release.grant_to(link.recipient_id).recipient_version
        return Ground(actor, link, version, packet_key(self.keyring, packet))

    def stream(self, delivery: Delivery, permission: Permission | None = None) -> Generator[bytes, None, None]:
        """The plaintext. Raises what ended it in mid-stream; ``SealBroken`` before any byte that is not ours.

        ``permission`` where the delivery is a part of something that goes on longer.
        """
        sent, counted_at = delivery.start, monotonic()
        counter = Counter(self.database, self.clock, delivery)
        permission = permission or Permission(self.database, self.clock, delivery.ground.actor)
        try:
            for block in self._opened(delivery):
                if monotonic() - counted_at >= COUNT_EVERY_S:
                    counter.count(sent)
                    counted_at = monotonic()
                permission.check(len(block))
                sent += len(block)  # before it goes: a connection that breaks within it may have carried it all
                yield block
        finally:
            counter.end(sent)

    def _granted(self, tx: Transaction, actor: RecipientActor, file_id: UUID, now: datetime) -> PacketFile:
        link, release = live_link(tx, actor, now)
        if file_id not in release.grant_to(link.recipient_id).file_ids:
            raise NotFound
        return tx.get(PacketFile, link.organization_id, file_id)

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
        key = file_key(delivery.ground.packet_key, file.id)
        reader = ChunkReader(key, file.packet_id, file.id, layout, piece.number, header)
        read = partial(self.store.read, file.object_key or "", file.etag or "")
        body = coming.enter_context(SealedRange(read, piece.sealed_start, piece.sealed_length))
        return body, PieceOpener(reader, piece)

    def _header(self, file: PacketFile, number: int) -> bytes:
        with self.database.reading() as tx:
            parts = tx.find(Part, file.organization_id, file_id=file.id, number=number)
        if not parts or parts[0].header is None:
            raise SealBroken
        return parts[0].header
