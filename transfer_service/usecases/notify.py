"""Notify: mail that a change put in the outbox is carried away afterwards, tried again for some days until it is.

Before an attempt the mail is put off for longer than attempts take, so that of two workers one sends it. It is marked
sent after it was handed over, so a crash between the two sends it again, under the same Message-ID; it is never lost
without an entry in the log. What is refused for good is tried for an hour all the same: some servers say so of what
they only want to see again (greylisting), and a letter is worth more than their time.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from transfer_service.audit.entry import Event
from transfer_service.domain.mail import Mail, Way
from transfer_service.domain.people import SystemActor
from transfer_service.errors import MailRefused, MailRefusedForGood, NotFound
from transfer_service.logs import on_behalf_of
from transfer_service.ports import Database, Post

_log = logging.getLogger(__name__)

AT_ONCE = 50
ATTEMPT_FOR = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)
GIVE_UP_REFUSED_AFTER = timedelta(hours=1)


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
                if self._claimed(mail, now):
                    self._send(mail, now)
        return len(due)

    def _claimed(self, found: Mail, now: datetime) -> bool:
        """Whether it is still as it was found; then no other worker tries it meanwhile."""
        with suppress(NotFound), self.database.changing() as tx:
            if tx.get(Mail, found.organization_id, found.id) == found:
                tx.keep(replace(found, due_at=now + ATTEMPT_FOR))
                return True
        return False

    def _send(self, mail: Mail, now: datetime) -> None:
        try:
            self._carrier(mail).send(mail)
        except MailRefusedForGood:
            self._put_off(replace(mail, refused_at=mail.refused_at or now), now)
        except MailRefused:
            self._put_off(mail, now)
        except Exception:
            self._put_off(mail, now)
            raise
        else:
            self._keep(replace(mail.wiped(), sent_at=now, attempts=mail.attempts + 1, refused_at=None))
            _log.info("A mail went out.", extra={"mail_id": mail.id})

    def _carrier(self, mail: Mail) -> Post:
        """Whoever carries it; MailRefused where nobody does any more who did when it was made."""
        if mail.way is Way.EMAIL:
            return self.post
        if self.sms is None:
            raise MailRefused
        return self.sms

    def _put_off(self, mail: Mail, now: datetime) -> None:
        if _is_over(mail, now):
            self._give_up(mail, now)
        else:
            self._keep(replace(mail, attempts=mail.attempts + 1, due_at=now + _wait(mail.attempts)))

    def _give_up(self, mail: Mail, now: datetime) -> None:
        """What stands in it goes; that it never went out stays, and the log says so by its id."""
        worker = SystemActor(mail.organization_id, "worker")
        event = Event("mail.given_up", worker, now, {"mail": mail.id}, {"attempts": mail.attempts + 1})
        with self.database.changing() as tx:
            tx.save(event, replace(mail.wiped(), attempts=mail.attempts + 1, refused_at=mail.refused_at or now))

    def _keep(self, mail: Mail) -> None:
        with self.database.changing() as tx:
            tx.keep(mail)


def _is_over(mail: Mail, now: datetime) -> bool:
    refused_for = timedelta(0) if mail.refused_at is None else now - mail.refused_at
    return now - mail.made_at >= GIVE_UP_AFTER or refused_for >= GIVE_UP_REFUSED_AFTER


def _wait(attempts: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_WAIT)
