"""Remind: recipients whose link was not used are told before it ends, once a link."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from transfer_service.domain.link import Link
from transfer_service.ports import Database
from transfer_service.usecases.one_by_one import OneByOne
from transfer_service.usecases.telling import of_end

AT_ONCE = 50
#: So long before its end, and not before it is so old: a link for two days is not reminded of.
BEFORE_END = timedelta(days=3)
OLD = timedelta(days=2)


@dataclass(frozen=True)
class Remind:
    """The worker's."""

    database: Database
    _one_by_one: OneByOne = field(default_factory=OneByOne, repr=False)

    def remind(self, now: datetime) -> int:
        """Put a mail for each such link in the outbox; how many."""
        return self._one_by_one.do(self._due(now), lambda link: self._tell(link, now))

    def _due(self, now: datetime) -> list[Link]:
        with self.database.reading() as tx:
            return tx.links_to_remind_of(now, now + BEFORE_END, now - OLD, AT_ONCE)

    def _tell(self, found: Link, now: datetime) -> bool:
        """Unless it was used, revoked or told of meanwhile."""
        with self.database.changing() as tx:
            link = tx.get(Link, found.organization_id, found.id)
            mails = list(of_end(tx, link, now)) if link == found else []
            tx.keep(*mails)
        return bool(mails)
