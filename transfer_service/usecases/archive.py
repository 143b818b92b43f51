"""Archive: everything that was released to a recipient as one ZIP, or a range of it.

The archive is laid out anew for each request, from what is pinned: nothing of it is kept, and no file is read for it.
The files in it leave as they do one by one (``deliver``): each is recorded and committed before its own first byte, in
the transaction that looks whether anything was ended, and counted however it ends. The bag's own texts, which say what
``GET /redeemed`` says, record nothing.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime

from transfer_service.domain.archive import Archive, archive_of
from transfer_service.domain.bag import Bag
from transfer_service.domain.packet import PacketFile
from transfer_service.domain.people import Actor
from transfer_service.domain.policy import check_is_recipient
from transfer_service.usecases.admit import Released
from transfer_service.usecases.deliver import Deliver
from transfer_service.usecases.disclosing import Delivery, Ground, recorded
from transfer_service.usecases.permission import Permission, check_permitted
from transfer_service.usecases.plaintext import READ_BYTES
from transfer_service.usecases.redeem import Redeem
from transfer_service.usecases.refusals import refusals_recorded


@dataclass(frozen=True)
class Archives:
    """What a redemption's token is for, all at once."""

    redeem: Redeem
    deliver: Deliver

    def look(self, actor: Actor, now: datetime) -> Archive:
        """The archive as it would be sent. Refusals as of ``Redeem.released``; records nothing else."""
        return archive_of(_bag_of(self.redeem.released(actor, now)))

    def check_live(self, actor: Actor, now: datetime) -> None:
        """All that a running download hangs on is live. Refusals as of ``look``."""
        check_permitted(self.deliver.database, check_is_recipient(actor), now)

    def stream(self, actor: Actor, archive: Archive, start: int, stop: int) -> Generator[bytes, None, None]:
        """The archive's bytes [start, stop). Raises what ended it in mid-stream, as ``Deliver.stream`` does."""
        recipient, deliver = check_is_recipient(actor), self.deliver
        permission = Permission(deliver.database, deliver.clock, recipient)
        ground = deliver.ground(recipient, deliver.clock())
        for source, first, last in archive.touched(start, stop):
            if isinstance(source, bytes):
                yield from _permitted(permission, source, first, last)
            else:
                yield from deliver.stream(self._recorded(permission, ground, source, first, last), permission)

    def _recorded(self, permission: Permission, ground: Ground, file: PacketFile, start: int, stop: int) -> Delivery:
        now = self.deliver.clock()
        with refusals_recorded(self.deliver.database, ground.actor, now), self.deliver.database.changing() as tx:
            permission.check_next(tx, now)
            return Delivery(ground, file, start, stop, recorded(tx, ground, file, now))


def _permitted(permission: Permission, text: bytes, first: int, last: int) -> Iterator[bytes]:
    for at in range(first, last, READ_BYTES):
        block = text[at : min(at + READ_BYTES, last)]
        permission.check(len(block))
        yield block


def _bag_of(released: Released) -> Bag:
    return Bag(
        packet=released.packet,
        organization=released.organization,
        department=released.department,
        signed_at=released.release.signed_at or released.release.requested_at,
        manifest=released.manifest,
        files=tuple(released.files),
        basis=released.release.basis,
    )
