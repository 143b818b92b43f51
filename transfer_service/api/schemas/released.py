"""What is released to a review service, and what it confirms."""

from marshmallow import Schema, fields, validate

from transfer_service.api.schemas.pages import ListSchema
from transfer_service.api.schemas.strict_values import Id, Instant, Size
from transfer_service.edge.strict_fields import WholeNumber

MOST_FILES = 10_000


class ReleasedSchema(Schema):
    """A release that names the service: how much, why, and until when."""

    id = Id(attribute="release.id")
    packet_id = Id(attribute="release.packet_id")
    purpose = fields.String(attribute="release.purpose")
    released_at = Instant(attribute="release.permitted_at")
    expires_at = Instant(attribute="release.expires_at")
    files = WholeNumber()
    bytes = Size()
    redemptions = WholeNumber()
    acknowledged_at = Instant(
        allow_none=True, metadata={"description": "When the service had confirmed the last of the files."}
    )


class ReleasedListSchema(ListSchema):
    """Releases, newest first."""

    items = fields.List(fields.Nested(ReleasedSchema))


class AcknowledgementSchema(Schema):
    """Which files were received; left out, all that were released."""

    received = fields.List(Id(), validate=validate.Length(min=1, max=MOST_FILES))


class ReceivedFileSchema(Schema):
    """One file, and when the service first confirmed it."""

    file_id = Id()
    confirmed_at = Instant()


class AcknowledgedSchema(Schema):
    """Everything that the service has confirmed of the release."""

    received = fields.List(fields.Nested(ReceivedFileSchema))
