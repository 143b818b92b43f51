"""Archive: everything that was released to a recipient as one ZIP, or a range of it.

The archive is laid out anew for each request, from what is pinned: nothing of it is kept, and no file is read for it.
The files in it leave as they do one by one (``deliver``): each is permitted, recorded and committed before its own
first byte, and counted however it ends. The bag's own texts, which say what ``GET /redeemed`` says, record nothing.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime

from transfer_service.domain.archive import Archive, archive_of
from transfer_service.domain.bag import Bag
from transfer_service.domain.people import Actor
from transfer_service.domain.policy import check_is_recipient
from transfer_service.usecases.deliver import READ_BYTES, Deliver
from transfer_service.usecases.permission import Permission, check_permitted
from transfer_service.usecases.redeem import Redeem, Released


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
        permission, sent = Permission(deliver.database, deliver.clock, recipient, start), start
        for source, first, last in archive.touched(start, stop):
            if isinstance(source, bytes):
                for block in _blocks(source, first, last):
                    permission.check(sent)
                    sent += len(block)
                    yield block
            else:
                yield from deliver.stream(deliver.begin(actor, source.id, first, last, deliver.clock()))
                sent += last - first


def _bag_of(released: Released) -> Bag:
    return Bag(
        packet=released.packet,
        organization=released.organization,
        department=released.department,
        signed_at=released.release.signed_at or released.release.requested_at,
        manifest=released.manifest,
        files=tuple(released.files),
    )


def _blocks(text: bytes, first: int, last: int) -> Iterator[bytes]:
    return (text[at : min(at + READ_BYTES, last)] for at in range(first, last, READ_BYTES))
