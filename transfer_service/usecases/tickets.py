"""Tickets: an address that a browser's download manager, curl, a viewer or an importer can take as it is.

A ticket is the recipient's session under another, shorter secret, for one file or the archive alone:

1. It is made in the session. It must be used within ``ticket_for``, and dies so long after it was last in use.
2. On each request it becomes the session's actor again, and all is asked that is asked of the session: whatever ends
   session, link, release or packet ends the ticket at once. Nothing has to find it for that.
3. A request is use until its last byte: while it streams, the ticket is kept alive.

One that is unknown, one that is over and one whose session is over are the same ``TicketOver``.
"""

from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from time import monotonic
from uuid import UUID, uuid4

from transfer_service.domain.people import Actor, Credential, Origin, RecipientActor, recipient_actor
from transfer_service.domain.policy import check_is_recipient
from transfer_service.domain.ticket import Ticket
from transfer_service.errors import NotFound, TicketOver, TooMany, Unavailable
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.tokens import mint_secret, token_hash
from transfer_service.usecases.admit import live_link
from transfer_service.usecases.issue import link_event
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.refusals import refusals_recorded

KEPT_ALIVE_EVERY_S = 60.0
#: A viewer asks many times a second: use is written down once in so long, and a ticket dies that much earlier.
WRITTEN_EVERY = timedelta(seconds=1)
#: Tickets of one session for one file (or the archive) at once.
MOST_ALIVE = 50


@dataclass(frozen=True)
class Tickets:
    """Made for recipients, and used by whoever holds one. ``clock`` is asked again while a download runs."""

    database: Database
    limits: Limits
    public_url: str
    clock: Callable[[], datetime]

    def make(self, actor: Actor, file_id: UUID | None, now: datetime) -> tuple[str, datetime]:
        """An address for that file, or for the archive; and until when it must be used first.

        NotAllowed, NotFound, NotAuthenticated, TooMany, and every way a link can be over.
        """
        recipient, secret = check_is_recipient(actor), mint_secret()
        with refusals_recorded(self.database, recipient, now), self.database.changing() as tx:
            link, release = live_link(tx, recipient, now)
            if file_id is not None and file_id not in release.grant_to(link.recipient_id).file_ids:
                raise NotFound
            session = tx.get(Credential, recipient.organization_id, recipient.session_id)
            self._make_room(tx, session, file_id, now)
            ticket = Ticket(uuid4(), link.organization_id, session.id, file_id, token_hash(secret), now)
            event = link_event("ticket.made", recipient, link, now, what=str(file_id or "archive"))
            tx.save(event, ticket)
        ends = (ticket.expires_at(self.limits.ticket_for), link.expires_at, release.expires_at)
        return f"{self.public_url}/t/{secret}", min(*ends, session.expires_at or link.expires_at)

    def _make_room(self, tx: Transaction, session: Credential, file_id: UUID | None, now: datetime) -> None:
        """Those that died go; TooMany where MOST_ALIVE are left: each is a row, and an entry in the audit log."""
        known = tx.find(Ticket, session.organization_id, session_id=session.id, file_id=file_id)
        over = [ticket for ticket in known if not ticket.is_live(self.limits.ticket_for, now)]
        if len(known) - len(over) >= MOST_ALIVE:
            ends = min(ticket.expires_at(self.limits.ticket_for) for ticket in known if ticket not in over)
            raise TooMany(retry_after_s=ceil((ends - now).total_seconds()))
        tx.drop(*over)

    def use(self, secret: str, origin: Origin, now: datetime) -> tuple[Ticket, RecipientActor]:
        """The ticket, in use from now on, and who its holder acts as. TicketOver."""
        with self.database.reading() as tx:
            try:
                ticket = tx.by_secret(Ticket, token_hash(secret))
                session = tx.get(Credential, ticket.organization_id, ticket.session_id)
            except NotFound:
                raise TicketOver from None
        if not ticket.is_live(self.limits.ticket_for, now) or not session.is_live(now):
            raise TicketOver
        self.keep_alive(ticket, now)
        return ticket, recipient_actor(session, origin)

    def kept_alive(self, ticket: Ticket, blocks: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
        """The blocks of a request, in use until the last of them."""
        kept_at = monotonic()
        with closing(blocks):
            try:
                for block in blocks:
                    if monotonic() - kept_at >= KEPT_ALIVE_EVERY_S:
                        self._keep_alive_if_possible(ticket)
                        kept_at = monotonic()
                    yield block
            finally:
                self._keep_alive_if_possible(ticket)

    def _keep_alive_if_possible(self, ticket: Ticket) -> None:
        """The download itself goes well; where its use can't be written down, the ticket dies a little earlier."""
        with suppress(Unavailable):
            self.keep_alive(ticket, self.clock())

    def keep_alive(self, ticket: Ticket, now: datetime) -> None:
        """Write down that it is in use, unless that was just done."""
        with suppress(NotFound):  # forgotten, with a session that was over for long
            with self.database.reading() as tx:
                used_at = tx.get(Ticket, ticket.organization_id, ticket.id).used_at
            if used_at is None or now - used_at >= WRITTEN_EVERY:
                with self.database.changing() as tx:
                    known = tx.get(Ticket, ticket.organization_id, ticket.id)
                    tx.keep(replace(known, used_at=max(now, known.used_at or now)))
