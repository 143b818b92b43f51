"""Received: how much of each file has left under a link so far, for whoever came by it and looks on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.people import Actor
from transfer_service.domain.policy import check_is_recipient
from transfer_service.ports import Database
from transfer_service.usecases.admit import live_link


@dataclass(frozen=True)
class Received:
    """What a recipient may ask again and again while downloads run."""

    database: Database

    def by_file(self, actor: Actor, now: datetime) -> dict[UUID, Disclosure]:
        """By file, the disclosure that has come furthest, by whatever opening of the link. Records nothing.

        What refuses a download refuses this too, and is not recorded as a disclosure refused: nothing was to leave.
        """
        recipient = check_is_recipient(actor)
        with self.database.reading() as tx:
            link, _ = live_link(tx, recipient, now)
            known = tx.find(Disclosure, link.organization_id, packet_id=link.packet_id, link_id=link.id)
        return _furthest(known)


def _furthest(disclosures: Iterable[Disclosure]) -> dict[UUID, Disclosure]:
    furthest: dict[UUID, Disclosure] = {}
    for each in disclosures:
        if each.file_id is not None and each.progress >= furthest.get(each.file_id, each).progress:
            furthest[each.file_id] = each
    return furthest
