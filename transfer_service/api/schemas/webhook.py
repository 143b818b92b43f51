"""A review service's webhook."""

from marshmallow import Schema, fields, post_load, validate

from transfer_service.api.schemas.strict_texts import Line
from transfer_service.api.schemas.strict_values import Instant
from transfer_service.domain.webhook import NoticeKind, Silence
from transfer_service.usecases.webhooks import WebhookDraft

LONGEST_URL = 2048


class WebhookDraftSchema(Schema):
    """Where to, and which events; left out, all of them."""

    url = Line(LONGEST_URL, required=True)
    events = fields.List(fields.Enum(NoticeKind, by_value=True), validate=validate.Length(min=1, max=len(NoticeKind)))

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> WebhookDraft:
        events = data.get("events", NoticeKind)
        return WebhookDraft(str(data["url"]), tuple(events))  # type: ignore[arg-type]  # a list, by the schema


class WebhookSecretSchema(Schema):
    """The webhook as it was set, and its secret."""

    url = fields.String()
    events = fields.List(fields.Enum(NoticeKind, by_value=True), attribute="kinds")
    secret = fields.String(metadata={"description": "Verifies the signatures (Standard Webhooks). Shown this once."})


class WebhookSchema(Schema):
    """The webhook, and how it fares."""

    url = fields.String()
    events = fields.List(fields.Enum(NoticeKind, by_value=True), attribute="kinds")
    state = fields.Function(
        lambda webhook: "enabled" if webhook.is_enabled else "disabled",
        metadata={"type": "string", "enum": ["enabled", "disabled"]},
    )
    set_at = Instant()
    last_delivered_at = Instant(allow_none=True)
    last_failed_at = Instant(allow_none=True)
    last_failure = fields.String(
        allow_none=True, metadata={"description": "A word, such as timed_out, redirected, answered_500."}
    )
    disabled_at = Instant(allow_none=True)
    disabled_because = fields.Enum(Silence, by_value=True, allow_none=True)
