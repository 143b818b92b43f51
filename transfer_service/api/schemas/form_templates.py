"""Templates of the patient's form."""

from marshmallow import Schema, fields

from transfer_service.api.schemas.strict_texts import Sha256
from transfer_service.api.schemas.strict_values import Instant
from transfer_service.domain.language import Language


class ApprovalDraftSchema(Schema):
    """Which text is approved."""

    template_sha256 = Sha256(required=True)


class TemplateSchema(Schema):
    """A template, and its approval for the caller's department."""

    name = fields.String(attribute="template.name")
    language = fields.Enum(Language, by_value=True, attribute="template.language")
    text = fields.String(
        attribute="template.text",
        metadata={"description": "With its citations of 45 CFR 164.508 (§), and {places} for a release's own facts."},
    )
    sha256 = fields.String(attribute="template.sha256")
    is_on = fields.Boolean(metadata={"description": "Whether patients are asked in it. English always is."})
    approved_by = fields.String(attribute="approval.approver", allow_none=True)
    approved_at = Instant(attribute="approval.approved_at", allow_none=True)


class TemplateListSchema(Schema):
    """The template of each language."""

    items = fields.List(fields.Nested(TemplateSchema))
