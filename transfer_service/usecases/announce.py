"""Announce: notices are brought to the receivers of webhooks, tried again for some days until they are taken.

Before an attempt its outcome is written down as failed: the notice is due again later, and the receiver rests. So two
workers never call one receiver at once, one that hangs costs the others little, and a crash in between tries again,
under the same id. A receiver that did not take a notice in some three days, or says that it is gone, is called no more.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from transfer_service.domain.people import SystemActor
from transfer_service.domain.release import Release
from transfer_service.domain.webhook import Notice, NoticeKind, Silence, Webhook
from transfer_service.errors import NotFound, NoticeNotTaken, SealBroken
from transfer_service.logs import on_behalf_of
from transfer_service.ports import Courier, Database, Work
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.notices import names_service, notice, silence
from transfer_service.usecases.reach import service_link

_log = logging.getLogger(__name__)

AT_ONCE = 100
ATTEMPT_FOR = timedelta(seconds=60)  # longer than any attempt takes


@dataclass(frozen=True)
class Announce:
    """The worker's, which asks for one notice at a time."""

    database: Database
    courier: Courier
    limits: Limits

    def next_notice(self, now: datetime) -> bool:
        """Bring one of those that are due; whether there was one."""
        with self.database.reading() as tx:
            due = tx.notices_due(now, AT_ONCE)
        for each in due:
            attempt = self._claimed(each, now)
            if attempt is not None:
                self._bring(attempt, now)
                return True
        return False

    def warn_of_ends(self, now: datetime) -> int:
        """Make a notice of each release that will end soon, once for each service; how many."""
        with self.database.reading() as tx:
            found = [each for each in tx.webhooks_that_want(NoticeKind.EXPIRING) if self._ending(tx, each, now)]
        return sum(self._warn(webhook, now) for webhook in found)

    def _warn(self, found: Webhook, now: datetime) -> int:
        with self.database.changing() as tx:
            webhook = _now(tx, found)  # locked: two workers don't warn of the same
            releases = self._ending(tx, webhook, now) if webhook and webhook.is_enabled else []
            tx.keep(*(notice(release, found, NoticeKind.EXPIRING, now) for release in releases))
            return len(releases)

    def _ending(self, tx: Work, webhook: Webhook, now: datetime) -> list[Release]:
        named = tx.find(
            Release,
            webhook.organization_id,
            naming=webhook.recipient_id,
            live_at=now,
            ending_by=now + self.limits.notice_for,
            of_closed_packets_of=webhook.organization_id,
            end_untold_to=webhook,
        )
        return [release for release in named if _may_redeem(tx, release, webhook)]

    def _bring(self, attempt: "_Attempt", now: datetime) -> None:
        with on_behalf_of(attempt.request_id):
            try:
                self.courier.bring(attempt.notice, attempt.webhook, now)
            except NoticeNotTaken as refusal:
                _log.warning("A notice was not taken: %s.", refusal.why, extra={"notice_id": attempt.notice.id})
                self._not_taken(attempt, refusal, now)
            else:
                _log.info("A notice was taken.", extra={"notice_id": attempt.notice.id})
                self._taken(attempt, now)

    def _claimed(self, found: Notice, now: datetime) -> "_Attempt | None":
        with self.database.changing() as tx:
            try:
                webhook = tx.get(Webhook, found.organization_id, found.recipient_id)
                waiting = tx.get(Notice, found.organization_id, found.id)
            except NotFound:
                return None
            except SealBroken:
                _log.exception("A webhook does not open; the worker passes over what waits for it.")
                return None
            if not (webhook.may_be_called(now) and waiting.is_due(now)):
                return None
            attempts = waiting.attempts + 1
            claimed = replace(waiting, attempts=attempts, due_at=now + waiting.wait_after(attempts))
            webhook = replace(webhook, resting_until=now + ATTEMPT_FOR)
            tx.keep(claimed, webhook)
            return _Attempt(claimed, webhook, tx.request_behind(claimed.organization_id, claimed.made_at))

    def _taken(self, attempt: "_Attempt", now: datetime) -> None:
        with self.database.changing() as tx:
            webhook = _now(tx, attempt.webhook)
            if webhook is not None:
                well = replace(webhook, last_delivered_at=now, failures=0, resting_until=None)
                tx.keep(replace(attempt.notice, delivered_at=now), well)

    def _not_taken(self, attempt: "_Attempt", refusal: NoticeNotTaken, now: datetime) -> None:
        with self.database.changing() as tx:
            webhook = _now(tx, attempt.webhook)
            if webhook is None:
                return
            failures = webhook.failures + 1
            rest = now + webhook.rest_after(failures)
            failed = replace(
                webhook, last_failed_at=now, last_failure=refusal.why, failures=failures, resting_until=rest
            )
            if refusal.is_gone or attempt.notice.is_last_attempt:
                why = Silence.GONE if refusal.is_gone else Silence.GIVEN_UP
                silence(tx, failed, why, SystemActor(failed.organization_id, "worker"), now)
            else:
                tx.keep(failed)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One notice on its way, and the request that it was made by."""

    notice: Notice
    webhook: Webhook
    request_id: str | None


def _may_redeem(tx: Work, release: Release, webhook: Webhook) -> bool:
    """Whether the recipient was read as a service, and staff have not shut it out."""
    link = service_link(tx, release, webhook.recipient_id)
    is_shut_out = link is not None and link.revoked_at is not None
    return names_service(tx, release, webhook.recipient_id) and not is_shut_out


def _now(tx: Work, found: Webhook) -> Webhook | None:
    """The webhook as it is now, locked; None where it was removed, or set anew, since it was found."""
    with suppress(NotFound):
        webhook = tx.get(Webhook, found.organization_id, found.recipient_id)
        return webhook if webhook.set_at == found.set_at else None
    return None
