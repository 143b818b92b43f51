"""A review service's webhook: where it hears of its releases."""

from flask import Response

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.schemas import webhook as schemas
from transfer_service.domain.webhook import Webhook
from transfer_service.edge.calls import journey, now
from transfer_service.usecases.webhooks import WebhookDraft

blueprint = ApiBlueprint("webhook", "Where a review service hears of its releases, signed as Standard Webhooks has it.")


@blueprint.put("/webhook", refuses=(errors.WebhookRefused,))
@blueprint.body(schemas.WebhookDraftSchema)
@blueprint.shows(200, schemas.WebhookSecretSchema)
def set_webhook(draft: WebhookDraft) -> Webhook:
    """Set the webhook, or set it anew. The secret is shown this once; a former one signs too for 24 hours.

    It ends with the token that set it.
    """
    return journey().webhooks.set(caller(), draft, now())


@blueprint.get("/webhook", refuses=(errors.NotFound,))
@blueprint.shows(200, schemas.WebhookSchema)
def show_webhook() -> Webhook:
    """Show the webhook and how it fares, without its secret."""
    return journey().webhooks.shown(caller())


@blueprint.delete("/webhook", refuses=(errors.NotFound,))
@blueprint.shows(204)
def remove_webhook() -> Response:
    """Remove the webhook, and what waits to go there."""
    journey().webhooks.remove(caller(), now())
    return Response(status=204)
