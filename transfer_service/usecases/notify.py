"""Notify: mail that a change put in the outbox is carried away afterwards, tried again for some days until it is.

A message is marked sent after it was handed over, so a crash between the two sends it again, under the same
Message-ID; it is never lost without an entry in the log.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from transfer_service.audit.entry import Event
from transfer_service.domain.mail import Mail, Way
from transfer_service.domain.people import SystemActor
from transfer_service.errors import MailRefused
from transfer_service.logs import on_behalf_of
from transfer_service.ports import Database, Post

_log = logging.getLogger(__name__)

AT_ONCE = 50
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)


@dataclass(frozen=True)
class Notify:
    """The worker's, which asks for one mail at a time: so ``now`` is fresh, and it can stop between two."""

    database: Database
    post: Post
    sms: Post | None = None

    def deliver(self, now: datetime, at_most: int = AT_ONCE) -> int:
        """Send what is due; how many were tried. What was refused is due again later, each time after twice as long.

        Where the post itself does not answer, its error is raised and the rest is not tried: each would wait as long.
        """
        with self.database.reading() as tx:
            due = [(mail, tx.request_behind(mail.organization_id, mail.made_at)) for mail in tx.mail_due(now, at_most)]
        for mail, request_id in due:
            with on_behalf_of(request_id):
                self._send(mail, now)
        return len(due)

    def _send(self, mail: Mail, now: datetime) -> None:
        try:
            self._carrier(mail).send(mail)
        except MailRefused:
            self._put_off(mail, now)
        except Exception:
            self._put_off(mail, now)
            raise
        else:
            # The address and the secrets in it have no business here any more.
            self._keep(replace(mail, to=None, subject=None, body=None, sent_at=now, attempts=mail.attempts + 1))
            _log.info("A mail went out.", extra={"mail_id": mail.id})

    def _carrier(self, mail: Mail) -> Post:
        """Whoever carries it; MailRefused where nobody does any more who did when it was made."""
        if mail.way is Way.EMAIL:
            return self.post
        if self.sms is None:
            raise MailRefused
        return self.sms

    def _put_off(self, mail: Mail, now: datetime) -> None:
        if now - mail.made_at >= GIVE_UP_AFTER:
            self._give_up(mail, now)
        else:
            self._keep(replace(mail, attempts=mail.attempts + 1, due_at=now + _wait(mail.attempts)))

    def _give_up(self, mail: Mail, now: datetime) -> None:
        """The message goes, with the address and the secrets in it; the log says by its id that it never went out."""
        worker = SystemActor(mail.organization_id, "worker")
        event = Event("mail.given_up", worker, now, {"mail": mail.id}, {"attempts": mail.attempts + 1})
        with self.database.changing() as tx:
            tx.save(event)
            tx.drop(mail)

    def _keep(self, mail: Mail) -> None:
        with self.database.changing() as tx:
            tx.keep(mail)


def _wait(attempts: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_WAIT)
