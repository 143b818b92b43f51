"""What the holder of a link says, and is shown."""

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from transfer_service.api.schemas.cases import ReleasedCaseSchema
from transfer_service.api.schemas.files import ReleasedFileSchema
from transfer_service.api.schemas.packets import SignedManifestSchema
from transfer_service.api.schemas.releases import SecretSchema
from transfer_service.api.schemas.strict_texts import Secret
from transfer_service.api.schemas.strict_values import Id, Instant
from transfer_service.usecases.redeem import Answer


class AnswerSchema(SecretSchema):
    """Who they are, proved by a code or by a passcode: exactly one of them."""

    challenge_id = Id(required=True)
    code = Secret()
    passcode = Secret()

    @validates_schema
    def _exactly_one(self, data: dict[str, object], **_: object) -> None:
        if ("code" in data) == ("passcode" in data):
            raise ValidationError("Send either the code or the passcode.", "code")

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Answer:
        response = data.pop("code", None) or data.pop("passcode", None)
        return Answer(response=response, **data)  # type: ignore[arg-type]  # the schema has checked every member


class ChallengeSchema(Schema):
    """What to answer with."""

    challenge_id = Id()
    needs = fields.String(metadata={"enum": ["code", "passcode"]})
    expires_at = Instant()


class ReleasedPacketSchema(Schema):
    """The packet as its recipient sees it: the case's facts, who releases it, and why. Never a contact."""

    id = Id(attribute="packet.id")
    organization = fields.String(attribute="organization.name")
    department = fields.String(attribute="department.name")
    purpose = fields.String(attribute="release.purpose")
    case = fields.Nested(ReleasedCaseSchema, attribute="packet.case")


class TicketSchema(Schema):
    """An address for one download, and until when it must be used first."""

    url = fields.String(metadata={"format": "uri"})
    expires_at = Instant()


class RedeemedSchema(Schema):
    """What was released, and until when it can be fetched."""

    expires_at = Instant()
    packet = fields.Nested(ReleasedPacketSchema)
    files = fields.List(fields.Nested(ReleasedFileSchema))
    manifest = fields.Nested(SignedManifestSchema)


class AdmittedSchema(RedeemedSchema):
    """The same with the bearer token that opens it."""

    access_token = fields.String()
