"""Permission: whether a running download may go on, asked again while it runs.

In full every second, and every few MiB wherever the audit log grew: nothing ends a session, link, release or packet
without an entry in the log, but the clock. What a fast client still gets is bounded by bytes, what a slow one by time.
"""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from transfer_service.domain.people import RecipientActor
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.admit import live_link
from transfer_service.usecases.refusals import refusals_recorded

CHECK_EVERY_S = 1.0
CHECK_EVERY_BYTES = 8 * 1024 * 1024  # half a part: with what the kernel holds, less than one part
#: Of so many entries in the log it is read what they are.
MOST_READ = 50
NEVER_SEEN = -1


def check_permitted(database: Database, actor: RecipientActor, now: datetime) -> int:
    """All that the redemption hangs on is live, as of an audit log of the size returned; what refuses is recorded."""
    with refusals_recorded(database, actor, now), database.reading() as tx:
        live_link(tx, actor, now)
        return tx.audit_head(actor.organization_id).size


class Permission:
    """That of one running download, which was asked for just before."""

    def __init__(self, database: Database, clock: Callable[[], datetime], actor: RecipientActor) -> None:
        self._database, self._clock, self._actor = database, clock, actor
        self._passed_bytes, self._asked_at = 0, monotonic()
        self._log_size = NEVER_SEEN

    def check(self, size_bytes: int) -> None:
        """Before so many bytes more leave. Raises what ended the permission, and records it."""
        if monotonic() - self._asked_at >= CHECK_EVERY_S:
            self._ask()
        elif self._passed_bytes >= CHECK_EVERY_BYTES:
            if self._log_size_now() != self._log_size:
                self._ask()
            self._passed_bytes = 0
        self._passed_bytes += size_bytes

    def check_next(self, tx: Transaction, now: datetime) -> None:
        """Before another file is recorded in ``tx``: in full, unless nothing but disclosures was logged meanwhile.

        Raises what ended the permission; the caller has it recorded.
        """
        size = tx.audit_head(self._actor.organization_id).size
        if not self._nothing_but_disclosures(tx, size):
            live_link(tx, self._actor, now)
        self._log_size = size

    def _nothing_but_disclosures(self, tx: Transaction, size: int) -> bool:
        if self._log_size == NEVER_SEEN or size - self._log_size > MOST_READ:
            return False
        news = tx.audit_entries(self._actor.organization_id, self._log_size)
        return all(entry.action.startswith("disclosure.") for entry in news)

    def _ask(self) -> None:
        self._log_size = check_permitted(self._database, self._actor, self._clock())
        self._passed_bytes, self._asked_at = 0, monotonic()

    def _log_size_now(self) -> int:
        with self._database.reading() as tx:
            return tx.audit_head(self._actor.organization_id).size
