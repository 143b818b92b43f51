"""Notices: made in the transaction of what they tell of; what waits is dropped where nobody may hear it any more."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.people import Actor, RecipientKind
from transfer_service.domain.release import Release
from transfer_service.domain.webhook import Notice, NoticeKind, Silence, Webhook
from transfer_service.errors import RecipientNotNamed
from transfer_service.ports import Transaction


def notices_of(tx: Transaction, release: Release, kind: NoticeKind, now: datetime) -> Iterator[Notice]:
    """One for each service that the release names and that wants to hear of this."""
    for grant in release.grants:
        about = {"recipient_id": grant.recipient_id}
        for webhook in tx.find(Webhook, release.organization_id, **about):
            if webhook.wants(kind) and names_service(tx, release, grant.recipient_id):
                yield notice(release, webhook, kind, now)


def notice(release: Release, webhook: Webhook, kind: NoticeKind, now: datetime) -> Notice:
    """Due at once, and remembered for as long as it might be made again."""
    return Notice(
        id=uuid4(),
        organization_id=release.organization_id,
        recipient_id=webhook.recipient_id,
        release_id=release.id,
        packet_id=release.packet_id,
        kind=kind,
        expires_at=release.expires_at,
        made_at=now,
        due_at=now,
        forget_at=release.expires_at,
    )


def names_service(tx: Transaction, release: Release, recipient_id: UUID) -> bool:
    """In a version that the patient read as a service: who was named as a person proves to be that person."""
    with suppress(RecipientNotNamed):
        version = release.grant_to(recipient_id).recipient_version
        recipient = tx.recipient_version(release.organization_id, recipient_id, version)
        return recipient.kind is RecipientKind.SERVICE
    return False


def silence(tx: Transaction, webhook: Webhook, why: Silence, by: Actor, now: datetime) -> None:
    """Call it no more, until it is set again; and drop what waits, for which it would be too late then."""
    disabled = replace(webhook, disabled_at=now, disabled_because=why)
    event = Event("webhook.disabled", by, now, {"recipient": webhook.recipient_id}, {"because": why.value})
    tx.save(event, disabled)
    tx.drop(*tx.find(Notice, webhook.organization_id, recipient_id=webhook.recipient_id, delivered_at=None))
