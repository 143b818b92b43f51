"""Refusals on a known link: recorded as disclosures refused, so that patient and department see who tried.

Whoever holds the secret of a link that is over can be refused for ever. So that they can't fill the accounting and
the audit log, refusals of one kind beyond MOST_ROWS are counted on the last row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.link import Challenge, Link
from transfer_service.domain.people import Actor, RecipientActor
from transfer_service.domain.release import Release
from transfer_service.errors import NotFound, NotNow
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.issue import link_event

MOST_ROWS = 50


@contextmanager
def refusals_recorded(database: Database, actor: RecipientActor, now: datetime) -> Iterator[None]:
    """Whatever refuses a redeemed link inside is recorded, and raised on."""
    try:
        yield
    except (NotNow, NotFound) as refusal:
        with database.changing() as tx:
            record_refusal(tx, tx.get(Link, actor.organization_id, actor.link_id), actor, refusal.code, now)
        raise


def record_refusal(
    tx: Transaction, link: Link, actor: Actor, code: str, now: datetime, *changed: Link | Challenge
) -> None:
    """A row of its own for a refusal, its audit entry, and what it changed.

    Of those that changed nothing, the ones beyond MOST_ROWS of their kind add one to the ``requests`` of the last.
    """
    known = tx.find(Disclosure, link.organization_id, packet_id=link.packet_id, link_id=link.id, refused_code=code)
    if len(known) >= MOST_ROWS and not changed:
        last = known[-1]
        tx.keep(replace(last, requests=last.requests + 1, last_at=max(now, last.last_at)))
        return
    refused = _refused(tx, link, actor, code, now)
    tx.save(link_event("link.refused", actor, link, now, code=code), refused, *changed)


def _refused(tx: Transaction, link: Link, actor: Actor, code: str, now: datetime) -> Disclosure:
    release = tx.get(Release, link.organization_id, link.release_id)
    return Disclosure(
        id=uuid4(),
        organization_id=link.organization_id,
        packet_id=link.packet_id,
        release_id=link.release_id,
        link_id=link.id,
        recipient_id=link.recipient_id,
        recipient_version=release.grant_to(link.recipient_id).recipient_version,
        redemption_id=actor.redemption_id if isinstance(actor, RecipientActor) else None,
        file_id=None,
        started_at=now,
        last_at=now,
        requests=1,
        refused_code=code,
    )
