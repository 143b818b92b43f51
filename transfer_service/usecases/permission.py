"""Permission: whether a running download may go on, asked again while it runs.

In full every second, and every few MiB wherever the audit log grew: nothing ends a session, link, release or packet
without an entry in the log, but the clock. What a fast client still gets is bounded by bytes, what a slow one by time.
"""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from transfer_service.domain.people import RecipientActor
from transfer_service.ports import Database
from transfer_service.usecases.redeem import live_link
from transfer_service.usecases.refusals import refusals_recorded

CHECK_EVERY_S = 1.0
CHECK_EVERY_BYTES = 8 * 1024 * 1024  # half a part: with what the kernel holds, less than one part


def check_permitted(database: Database, actor: RecipientActor, now: datetime) -> int:
    """All that the redemption hangs on is live, as of an audit log of the size returned; what refuses is recorded."""
    with refusals_recorded(database, actor, now), database.reading() as tx:
        live_link(tx, actor, now)
        return tx.audit_head(actor.organization_id).size


class Permission:
    """One running download's, from byte ``start`` on, which was asked for just before."""

    def __init__(self, database: Database, clock: Callable[[], datetime], actor: RecipientActor, start: int) -> None:
        self._database, self._clock, self._actor = database, clock, actor
        self._at, self._asked_at = start, monotonic()
        self._log_size = -1

    def check(self, sent: int) -> None:
        """Before the bytes from ``sent`` on leave. Raises what ended the permission, and records it."""
        if monotonic() - self._asked_at >= CHECK_EVERY_S:
            self._ask(sent)
        elif sent - self._at >= CHECK_EVERY_BYTES:
            if self._log_size_now() == self._log_size:
                self._at = sent
            else:
                self._ask(sent)

    def _ask(self, sent: int) -> None:
        self._log_size = check_permitted(self._database, self._actor, self._clock())
        self._at, self._asked_at = sent, monotonic()

    def _log_size_now(self) -> int:
        with self._database.reading() as tx:
            return tx.audit_head(self._actor.organization_id).size
