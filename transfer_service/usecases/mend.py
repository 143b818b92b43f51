"""Mend: what is kept of what packets wait for is looked at again, and made anew where it is not as it should be.

Every change keeps it right (``Overviews.keep_waits``). What is found here was there before it was kept at all, or was
changed by a replica of an older version, or before a limit was set otherwise.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from transfer_service.ports import Database

AT_ONCE = 200
ROUND_EVERY = timedelta(hours=1)


@dataclass
class Mend:
    """The worker's: some packets at a time, all of them in a round, the first of which begins with the worker."""

    database: Database
    _place: tuple[UUID, UUID] | None = field(default=None, repr=False)
    _next_round_at: datetime | None = field(default=None, repr=False)

    def mend_some(self, now: datetime) -> bool:
        """Look at the next ones. False where the round is over, or the next has not begun."""
        if self._next_round_at is not None and now < self._next_round_at:
            return False
        with self.database.reading() as tx:
            found = tx.packets_after(self._place, AT_ONCE)
        for organization_id, some in groupby(found, key=lambda pair: pair[0]):
            self._mend(organization_id, [packet_id for _, packet_id in some])
        self._place = found[-1] if found else None
        self._next_round_at = None if found else now + ROUND_EVERY
        return bool(found)

    def _mend(self, organization_id: UUID, packet_ids: list[UUID]) -> None:
        """Nobody's turn is taken where all is well."""
        with self.database.reading() as tx:
            wrong = tx.waits_not_as_kept(organization_id, packet_ids)
        if wrong:
            with self.database.changing() as tx:
                tx.keep_waits(organization_id, wrong)
