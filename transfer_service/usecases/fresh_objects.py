"""Fresh objects: whatever goes to the store has a random key, written down as swept-unless-adopted before.

So a crash at any point leaves nothing for ever. Whoever adopts an object drops its Leftover in the same transaction.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from transfer_service.domain.packet import Leftover
from transfer_service.errors import ObjectExists
from transfer_service.ports import Database, ObjectStore
from transfer_service.usecases.limits import Limits


@dataclass(frozen=True)
class FreshObjects:
    """Where objects begin."""

    database: Database
    store: ObjectStore
    limits: Limits

    def put(self, sealed: memoryview, now: datetime) -> tuple[str, str]:
        """The bytes under a key of their own, and their ETag.

        Where an answer was lost, and the store's ETags don't tell whose the object there is, under another.
        """
        key = self.key(now)
        try:
            return key, self.store.put_once(key, sealed)
        except ObjectExists:
            key = self.key(now)
            return key, self.store.put_once(key, sealed)

    def key(self, now: datetime) -> str:
        """A random key, written down before the store hears of it."""
        key = secrets.token_hex(20)
        with self.database.changing() as tx:
            tx.keep(Leftover(key, sweep_after=now + self.limits.leftover_for))
        return key
