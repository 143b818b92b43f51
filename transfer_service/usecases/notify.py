"""Notify: mail that a change put in the outbox is carried away afterwards, tried again until it is.

A message is marked sent after it was handed over, so a crash between the two sends it again, under the same
Message-ID; it is never lost.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from transfer_service.domain.mail import Mail
from transfer_service.errors import Unavailable
from transfer_service.ports import Database, Post

AT_ONCE = 50
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class Notify:
    """The worker's."""

    database: Database
    post: Post

    def deliver(self, now: datetime) -> int:
        """Send what is due; how many went. What did not is due again later, each time after twice as long."""
        with self.database.reading() as tx:
            due = tx.mail_due(now, AT_ONCE)
        return sum(self._send(mail, now) for mail in due)

    def _send(self, mail: Mail, now: datetime) -> bool:
        try:
            self.post.send(mail)
        except Unavailable:
            self._keep(replace(mail, attempts=mail.attempts + 1, due_at=now + _wait(mail.attempts)))
            return False
        # The address and the secrets in it have no business here any more.
        self._keep(replace(mail, to=None, subject=None, body=None, sent_at=now, attempts=mail.attempts + 1))
        return True

    def _keep(self, mail: Mail) -> None:
        with self.database.changing() as tx:
            tx.keep(mail)


def _wait(attempts: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_WAIT)
