"""Ticket: a bearer address for one download, for what takes an address and nothing else. It ends soon by itself."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Ticket:
    """One address. ``session_id`` is the recipient's credential that it hangs on; ``file_id`` None: the archive.

    ``used_at`` is when it was last in use, which a request is until its last byte left.
    """

    id: UUID
    organization_id: UUID
    session_id: UUID
    file_id: UUID | None
    secret_hash: bytes = field(repr=False)
    made_at: datetime
    used_at: datetime | None = None

    def expires_at(self, lives_for: timedelta) -> datetime:
        """When it is over unless it is used before."""
        return (self.used_at or self.made_at) + lives_for

    def is_live(self, lives_for: timedelta, now: datetime) -> bool:
        """An expiry equal to now is over."""
        return now < self.expires_at(lives_for)
