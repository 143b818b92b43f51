"""Links, as departments issue and list them."""

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from transfer_service.api.schemas.pages import ListSchema
from transfer_service.api.schemas.strict_texts import Passcode
from transfer_service.api.schemas.strict_values import Id, Instant
from transfer_service.domain.link import (
    LONGEST_PASSCODE,
    MOST_REDEMPTIONS,
    SHORTEST_PASSCODE,
    LinkState,
    Verification,
)
from transfer_service.edge.strict_fields import WholeNumber
from transfer_service.usecases.issue import LinkDraft


class LinkDraftSchema(Schema):
    """A link as the department wants it; ``passcode`` goes with the verification by passcode alone."""

    release_id = Id(required=True)
    recipient_id = Id(required=True)
    expires_at = Instant(required=True)
    max_redemptions = WholeNumber(validate=validate.Range(min=1, max=MOST_REDEMPTIONS))
    verification = fields.Enum(
        Verification,
        by_value=True,
        required=True,
        validate=validate.NoneOf([Verification.SERVICE_TOKEN], error="A service's link comes of itself."),
    )
    passcode = Passcode(LONGEST_PASSCODE, shortest=SHORTEST_PASSCODE)

    @validates_schema
    def _passcode_goes_with_its_verification(self, data: dict[str, object], **_: object) -> None:
        if ("passcode" in data) != (data.get("verification") is Verification.PASSCODE):
            raise ValidationError("Goes with the verification by passcode, and with no other.", "passcode")

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> LinkDraft:
        return LinkDraft(**data)  # type: ignore[arg-type]  # the schema has checked every member


class LinkSchema(Schema):
    """A link; never its secret."""

    id = Id(attribute="link.id")
    release_id = Id(attribute="link.release_id")
    recipient_id = Id(attribute="link.recipient_id")
    state = fields.Enum(LinkState, by_value=True)
    verification = fields.Enum(Verification, by_value=True, attribute="link.verification")
    issued_at = Instant(attribute="link.issued_at")
    expires_at = Instant(attribute="link.expires_at")
    max_redemptions = WholeNumber(allow_none=True, attribute="link.max_redemptions")
    redemptions = WholeNumber(attribute="link.redemptions")
    revoked_at = Instant(allow_none=True, attribute="link.revoked_at")


class IssuedLinkSchema(LinkSchema):
    """A new link with its URL, which is shown this once."""

    url = fields.String()


class LinkListSchema(ListSchema):
    """Every link of a packet, ended ones too, oldest first."""

    items = fields.List(fields.Nested(LinkSchema))
