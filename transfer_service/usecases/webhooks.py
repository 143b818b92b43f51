"""Webhooks: what a review service does with its own: set it, look at it, take it away."""

from dataclasses import dataclass
from datetime import datetime

from transfer_service.audit.entry import Event
from transfer_service.domain.people import Actor, Recipient, ServiceActor
from transfer_service.domain.policy import check_is_service
from transfer_service.domain.webhook import FORMER_SECRET_FOR, NoticeKind, Webhook
from transfer_service.ports import Courier, Database, Transaction
from transfer_service.sealing.tokens import mint_webhook_secret


@dataclass(frozen=True, slots=True, repr=False)
class WebhookDraft:
    """Where, and what of; no kinds named means every kind."""

    url: str
    kinds: tuple[NoticeKind, ...] = tuple(NoticeKind)


@dataclass(frozen=True)
class Webhooks:
    """A service has one, or none."""

    database: Database
    courier: Courier

    def set(self, actor: Actor, draft: WebhookDraft, now: datetime) -> Webhook:
        """A new one, or a new address, with a new secret. A former secret signs too for a day. WebhookRefused."""
        service = check_is_service(actor)
        self.courier.check(draft.url)  # it may wait for a name to be found, so not inside the transaction
        with self.database.changing() as tx:
            tx.get(Recipient, service.organization_id, service.recipient_id)  # locked: two first ones make one
            former = _webhook(tx, service)
            webhook = Webhook(
                organization_id=service.organization_id,
                recipient_id=service.recipient_id,
                url=draft.url,
                kinds=tuple(kind for kind in NoticeKind if kind in draft.kinds),
                secret=mint_webhook_secret(),
                set_at=now,
                set_by=service.credential_id,
                former_secret=former.secret if former else None,
                former_until=now + FORMER_SECRET_FOR if former else None,
            )
            tx.save(_event("webhook.set", service, now), webhook)
        return webhook

    def shown(self, actor: Actor) -> Webhook:
        """NotFound where there is none."""
        service = check_is_service(actor)
        with self.database.reading() as tx:
            return tx.get(Webhook, service.organization_id, service.recipient_id)

    def remove(self, actor: Actor, now: datetime) -> None:
        """Nothing is brought there any more, not even what waits. NotFound where there is none."""
        service = check_is_service(actor)
        with self.database.changing() as tx:
            webhook = tx.get(Webhook, service.organization_id, service.recipient_id)
            tx.save(_event("webhook.removed", service, now))
            tx.drop(webhook)


def _webhook(tx: Transaction, service: ServiceActor) -> Webhook | None:
    return next(iter(tx.find(Webhook, service.organization_id, recipient_id=service.recipient_id)), None)


def _event(action: str, service: ServiceActor, now: datetime) -> Event:
    return Event(action, service, now, {"recipient": service.recipient_id})
