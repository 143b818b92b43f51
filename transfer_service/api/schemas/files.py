"""Files of a packet, and their parts."""

from marshmallow import Schema, fields, post_load, validate

from transfer_service.api.schemas.pages import Count, ListSchema, PageSchema
from transfer_service.api.schemas.strict_texts import MediaType, Sha256
from transfer_service.api.schemas.strict_values import Id, Instant, Size
from transfer_service.domain.packet import FileKind, FileState
from transfer_service.edge.strict_fields import WholeNumber
from transfer_service.sealing.layout import MAX_PARTS
from transfer_service.usecases.deposit import FileDraft

LONGEST_PATH = 4096  # longer than any path that is accepted: the rule itself is the domain's, and has its own code


class FileDraftSchema(Schema):
    """A file that is about to come."""

    path = fields.String(required=True, validate=validate.Length(max=LONGEST_PATH))
    size = Size(required=True, attribute="size_bytes")
    kind = fields.Enum(FileKind, by_value=True)
    sha256 = Sha256()
    media_type = MediaType()
    transport = fields.String(
        required=True,
        load_only=True,
        validate=validate.OneOf(["gateway"], error="Only gateway is offered: send the parts to this service."),
    )

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> FileDraft:
        del data["transport"]
        return FileDraft(**data)  # type: ignore[arg-type]  # the schema has checked every member


class CompletionSchema(Schema):
    """That every part was sent."""

    sha256 = Sha256()


class ContentQuerySchema(Schema):
    """What a whole file in one request is."""

    kind = fields.Enum(FileKind, by_value=True, load_default=None)


class FileSchema(Schema):
    """A file as its department sees it: nothing of where or how it is stored."""

    id = Id()
    path = fields.String()
    kind = fields.Enum(FileKind, by_value=True)
    media_type = fields.String(allow_none=True)
    size = Size(attribute="size_bytes")
    part_size = Size(attribute="part_bytes")
    part_count = WholeNumber()
    state = fields.Enum(FileState, by_value=True)
    sha256 = fields.Function(
        lambda file: file.sha256 or file.declared_sha256,
        metadata={"type": ["string", "null"], "description": "As read back once verified; as declared before."},
    )
    rejected_code = fields.String(allow_none=True)
    carried_from = Id(
        allow_none=True,
        metadata={"description": "The predecessor's file; while this one is receiving, its parts come from there."},
    )
    created_at = Instant()
    completed_at = Instant(allow_none=True)


class ReleasedFileSchema(Schema):
    """A file as a recipient sees it."""

    id = Id()
    path = fields.String()
    kind = fields.Enum(FileKind, by_value=True)
    media_type = fields.String(allow_none=True)
    size = Size(attribute="size_bytes")
    sha256 = fields.String()


class PartSchema(Schema):
    """One part that has arrived: its plaintext's size, and SHA-256 where it came with one."""

    number = WholeNumber()
    size = Size(attribute="size_bytes")
    sha256 = fields.String(
        allow_none=True,
        metadata={
            "description": "What a client that goes on compares its own part with; null without a Content-Digest."
        },
    )


class PartPageSchema(PageSchema):
    """The query of a list of parts: every one that a file can have, unless it says otherwise."""

    limit = Count(load_default=MAX_PARTS, validate=validate.Range(min=1, max=MAX_PARTS))


class PartListSchema(ListSchema):
    """The parts that have arrived, by number."""

    items = fields.List(fields.Nested(PartSchema))
