"""What is recorded of a delivery: a row before its first byte, what left, and how it ended (164.528(b)(2))."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.link import Link
from transfer_service.domain.packet import PacketFile
from transfer_service.domain.people import RecipientActor
from transfer_service.errors import Unavailable
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.keys import SecretKey
from transfer_service.usecases.telling import of_fetching

LAST_TRIES = 3
#: Whoever asks more often than that for one file can't fill the audit log with how each request ended.
ENDS_AUDITED = 50
COMPLETED = "disclosure.completed"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Ground:
    """What every file of one request goes by: whose it is, under which link, and the packet's key."""

    actor: RecipientActor
    link: Link
    recipient_version: int
    packet_key: SecretKey


@dataclass(frozen=True, slots=True, repr=False)
class Delivery:
    """A range of a file on its way: plaintext [start, stop), and the disclosure as it was recorded before."""

    ground: Ground
    file: PacketFile
    start: int
    stop: int
    disclosure: Disclosure


def recorded(tx: Transaction, ground: Ground, file: PacketFile, now: datetime) -> Disclosure:
    """One row a redemption and file: the first request makes it, later ones add to it."""
    actor, link = ground.actor, ground.link
    for known in tx.find(Disclosure, actor.organization_id, redemption_id=actor.redemption_id, file_id=file.id):
        again = replace(known, requests=known.requests + 1, last_at=max(now, known.last_at))
        tx.keep(again)
        return again
    made = Disclosure(
        id=uuid4(),
        organization_id=link.organization_id,
        packet_id=link.packet_id,
        release_id=link.release_id,
        link_id=link.id,
        recipient_id=link.recipient_id,
        recipient_version=ground.recipient_version,
        redemption_id=actor.redemption_id,
        file_id=file.id,
        started_at=now,
        last_at=now,
        requests=1,
    )
    tx.save(_event("disclosure.started", actor, file, made, now), made)
    return made


class Counter:
    """Adds what leaves in one delivery to its disclosure, each byte once."""

    def __init__(self, database: Database, clock: Callable[[], datetime], delivery: Delivery) -> None:
        self._database, self._clock, self._delivery = database, clock, delivery
        self._counted = delivery.start

    def count(self, sent: int, *, ended: bool = False) -> None:
        """All up to plaintext byte ``sent``, in one transaction with the audit entry, where there is one to write."""
        with self._database.changing() as tx:
            former = tx.get(Disclosure, self._delivery.disclosure.organization_id, self._delivery.disclosure.id)
            now = self._now_or(former.last_at)
            counted = former.with_sent((self._counted, sent), self._delivery.file.size_bytes, now)
            action = self._action(former, counted, sent, ended=ended)
            if action is None:
                tx.keep(counted)
            else:
                told = of_fetching(tx, counted, now) if action == COMPLETED else ()
                event = _event(action, self._delivery.ground.actor, self._delivery.file, counted, now)
                tx.save(event, counted, *told)
        self._counted = sent

    def end(self, sent: int) -> None:
        """Count the end, whatever ended it; a database that is busy is tried again."""
        for _ in range(LAST_TRIES):
            with suppress(Unavailable):
                self.count(sent, ended=True)
                return
        span = (self._counted, sent, self._delivery.disclosure.id)
        _log.error("Bytes %d to %d were not counted on disclosure %s.", *span)

    def _action(self, former: Disclosure, counted: Disclosure, sent: int, *, ended: bool) -> str | None:
        """What the audit log says of a request that has come to plaintext byte ``sent``.

        Nothing of a range that was read to its end, of which a viewer of slides asks thousands: it is a counter.
        """
        if counted.completed_at is not None and former.completed_at is None:
            return COMPLETED
        if not ended or counted.requests > ENDS_AUDITED:
            return None
        if sent < self._delivery.stop:
            return "disclosure.broken_off"
        at_one_go = (self._delivery.start, sent) == (0, self._delivery.file.size_bytes)
        return "disclosure.repeated" if at_one_go and self._delivery.disclosure.completed_at else None

    def _now_or(self, otherwise: datetime) -> datetime:
        """Now; a clock that is not to be trusted grants nothing more, but what left is counted."""
        try:
            return self._clock()
        except Unavailable:
            return otherwise


def _event(action: str, actor: RecipientActor, file: PacketFile, disclosure: Disclosure, now: datetime) -> Event:
    subject = {
        "packet": disclosure.packet_id,
        "release": disclosure.release_id,
        "link": disclosure.link_id,
        "recipient": disclosure.recipient_id,
        "disclosure": disclosure.id,
        "file": file.id,
    }
    return Event(action, actor, now, subject, {"bytes": disclosure.bytes_sent})
