"""Opinions: what a recipient says, and how the department and the patient are shown it."""

from marshmallow import Schema, fields, post_load, validate

from transfer_service.api.schemas.files import FileSchema, ReleasedFileSchema
from transfer_service.api.schemas.pages import ListSchema
from transfer_service.api.schemas.strict_texts import Line, Lines
from transfer_service.api.schemas.strict_values import Id, Instant
from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, OpinionState, Reply
from transfer_service.edge.strict_fields import WholeNumber

MOST_MISSING = 50
LONGEST_MISSING = 500
LONGEST_SUMMARY = 20_000


class MissingSchema(Schema):
    """Material that is needed and not there."""

    kind = fields.Enum(MaterialKind, by_value=True, required=True)
    what = Line(LONGEST_MISSING, required=True)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Missing:
        return Missing(**data)  # type: ignore[arg-type]  # the schema has checked every member


class ReplySchema(Schema):
    """What the opinion says. ``missing`` goes with ``needs_more_material``, and with nothing else."""

    conclusion = fields.Enum(Conclusion, by_value=True, required=True)
    summary = Lines(LONGEST_SUMMARY)
    missing = fields.List(fields.Nested(MissingSchema), validate=validate.Length(max=MOST_MISSING))

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Reply:
        missing = tuple(data.pop("missing", ()))  # type: ignore[arg-type, var-annotated]  # a list, by the schema
        return Reply(**data, missing=missing)  # type: ignore[arg-type]  # the schema has checked every member


class OpinionRecipientSchema(Schema):
    """Who gave the opinion, as the patient read them."""

    id = Id()
    version = WholeNumber()
    name = fields.String()
    organization = fields.String()
    specialty = fields.String()
    credentials = fields.List(fields.String())


class _SaidSchema(Schema):
    id = Id(attribute="opinion.id")
    recipient = fields.Nested(OpinionRecipientSchema)
    conclusion = fields.Enum(Conclusion, by_value=True, allow_none=True, attribute="opinion.reply.conclusion")
    summary = fields.String(allow_none=True, attribute="opinion.reply.summary")
    missing = fields.List(fields.Nested(MissingSchema), attribute="opinion.reply.missing")
    sent_at = Instant(allow_none=True, attribute="opinion.sent_at")


class OpinionSchema(_SaidSchema):
    """An opinion with the files of its return packet, oldest first. What a draft will say is not there yet."""

    return_packet_id = Id(
        attribute="opinion.id", dump_only=True, metadata={"description": "The packet that its files are in."}
    )
    packet_id = Id(attribute="opinion.packet_id")
    release_id = Id(attribute="opinion.release_id")
    state = fields.Enum(OpinionState, by_value=True, attribute="opinion.state")
    begun_at = Instant(attribute="opinion.begun_at")
    shared_at = Instant(allow_none=True, attribute="opinion.shared_at")
    files = fields.List(fields.Nested(FileSchema))


class OpinionListSchema(ListSchema):
    """Opinions, the newest last."""

    items = fields.List(fields.Nested(OpinionSchema))


class SharedOpinionSchema(_SaidSchema):
    """An opinion as the patient reads it."""

    shared_at = Instant(attribute="opinion.shared_at")
    files = fields.List(fields.Nested(ReleasedFileSchema))


class SharedOpinionListSchema(ListSchema):
    """Opinions that were shared, the newest last."""

    items = fields.List(fields.Nested(SharedOpinionSchema))
