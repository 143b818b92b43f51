"""Deliver: a released file, or a range of it, opened while it streams to the recipient.

1. Everything the redemption hangs on is live, and the grant names the file.
2. The disclosure is recorded and committed. If it can't be, nothing leaves.
3. Part by part: read from the store, open, hand on (``plaintext``).
4. Every second and every 8 MiB the first step is asked again (``permission``); once it fails, the stream breaks off.
5. What left is added to the disclosure: at most every ten seconds, and at the end, however it ends. That the file
   is whole, was sent once more, or broke off is audited.

Memory: a few chunks a running download. Plaintext never touches a disk.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID

from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import Actor, RecipientActor
from transfer_service.domain.policy import check_is_recipient
from transfer_service.errors import NotFound
from transfer_service.ports import Database, Keyring, ObjectStore, Transaction
from transfer_service.usecases.admit import live_link
from transfer_service.usecases.disclosing import Counter, Delivery, Ground, recorded
from transfer_service.usecases.permission import Permission
from transfer_service.usecases.plaintext import Plaintext
from transfer_service.usecases.reach import packet_key
from transfer_service.usecases.refusals import refusals_recorded

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
        plaintext = Plaintext(self.database, self.store, delivery.ground.packet_key, delivery.file)
        permission = permission or Permission(self.database, self.clock, delivery.ground.actor)
        try:
            for block in plaintext.read(delivery.start, delivery.stop):
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
