"""Successors of closed packets, and what differs from the packet that one starts from."""

from marshmallow import Schema, fields, post_load, validate

from transfer_service.api.schemas.cases import MOST_SPECIMENS, NotIncludedSchema, SpecimenSchema
from transfer_service.api.schemas.strict_texts import Line, Lines
from transfer_service.api.schemas.strict_values import Id, Instant, Size
from transfer_service.domain.packet import FileKind, NotIncluded
from transfer_service.domain.successor import CaseChanges
from transfer_service.edge.strict_fields import WholeNumber
from transfer_service.usecases.successor import SuccessorDraft

MOST_FILES = 10_000
_MOST = validate.Length(max=MOST_SPECIMENS)


class CaseChangesSchema(Schema):
    """What of the case is otherwise; the patient is always the same."""

    accession_number = Line(64)
    question = Lines(4000)
    diagnosis = Lines(4000)
    laterality = Line(40)
    specimens = fields.List(fields.Nested(SpecimenSchema), validate=_MOST)


class SuccessorDraftSchema(Schema):
    """What is otherwise than in the predecessor; without ``file_ids`` every file is carried over."""

    case = fields.Nested(CaseChangesSchema)
    not_included = fields.List(fields.Nested(NotIncludedSchema), validate=_MOST)
    note = Lines(4000)
    answers_opinion_id = Id()
    file_ids = fields.List(Id(), validate=validate.Length(max=MOST_FILES))

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> SuccessorDraft:
        changes: dict[str, object] = {**data.pop("case", {})}  # type: ignore[dict-item]  # a mapping, by the schema
        if "not_included" in data:
            changes["not_included"] = data.pop("not_included")
        changes = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
        if "file_ids" in data:
            data["file_ids"] = tuple(data["file_ids"])  # type: ignore[arg-type]  # a list, by the schema
        return SuccessorDraft(CaseChanges(**changes), **data)  # type: ignore[arg-type]  # the schema has checked every member


class NotIncludedListSchema(Schema):
    """All the material that exists and is not in the packet."""

    items = fields.List(fields.Nested(NotIncludedSchema), required=True, validate=_MOST)

    @post_load
    def _made(self, data: dict[str, list[NotIncluded]], **_: object) -> tuple[NotIncluded, ...]:
        return tuple(data["items"])


class ComparedFileSchema(Schema):
    """A file as it is compared; its digest is the declared one until it is verified."""

    id = Id()
    path = fields.String()
    kind = fields.Enum(FileKind, by_value=True)
    size = Size(attribute="size_bytes")
    sha256 = fields.Function(lambda file: file.sha256 or file.declared_sha256, metadata={"type": ["string", "null"]})


class ChangedFileSchema(Schema):
    """Another content at the same path."""

    before = fields.Nested(ComparedFileSchema)
    after = fields.Nested(ComparedFileSchema)


class _DifferencesSchema(Schema):
    added = fields.List(fields.Nested(ComparedFileSchema), attribute="changes.added")
    removed = fields.List(fields.Nested(ComparedFileSchema), attribute="changes.removed")
    changed = fields.List(fields.Nested(ChangedFileSchema), attribute="changes.changed")
    unchanged = WholeNumber(attribute="changes.unchanged")


class ChangesSchema(_DifferencesSchema):
    """What differs from the predecessor, by path; ``unchanged`` counts the files that are in both."""

    predecessor_id = Id()


class NewsSchema(_DifferencesSchema):
    """What differs from the form that was signed, at ``signed_at``, for the packet that this one starts from."""

    signed_at = Instant()
