"""Disclosures as they are accounted for, and the audit log's entries."""

from dataclasses import dataclass
from uuid import UUID

from marshmallow import Schema, fields, post_load

from transfer_service.api.schemas.pages import ListSchema, Page, PageSchema
from transfer_service.api.schemas.strict_texts import Line
from transfer_service.api.schemas.strict_values import Id, Instant, Size
from transfer_service.domain.accounting import AccountQuery
from transfer_service.domain.packet import FileKind
from transfer_service.domain.release import Basis
from transfer_service.edge.strict_fields import TrueOrFalse, WholeNumber


class AccountQuerySchema(Schema):
    """Which disclosures: started in [since, until), and all else that is given."""

    recipient_id = Id()
    department_id = Id()
    record_number = Line(64)
    since = Instant()
    until = Instant()
    refused = TrueOrFalse()
    completed = TrueOrFalse()
    basis = fields.Enum(Basis, by_value=True)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> AccountQuery:
        return AccountQuery(**data)  # type: ignore[arg-type]  # the schema has checked every member


class ToWhomSchema(Schema):
    """The recipient, in the version that the patient read."""

    id = Id()
    name = fields.String()
    organization = fields.String()
    address = fields.String(attribute="email")


class WhatSchema(Schema):
    """The file that left."""

    file_id = Id(attribute="id")
    path = fields.String()
    kind = fields.Enum(FileKind, by_value=True)
    size = Size(attribute="size_bytes")
    sha256 = fields.String(allow_none=True)


class DisclosureSchema(Schema):
    """One disclosure (45 CFR 164.528(b)(2)), or one refusal."""

    id = Id(attribute="disclosure.id")
    packet = Id(attribute="disclosure.packet_id")
    release = Id(attribute="disclosure.release_id")
    link = Id(attribute="disclosure.link_id")
    date = Instant(attribute="disclosure.started_at")
    last_at = Instant(attribute="disclosure.last_at")
    recipient = fields.Nested(ToWhomSchema)
    what = fields.Nested(WhatSchema, allow_none=True, attribute="file")
    purpose = fields.String()
    bytes = Size(attribute="disclosure.bytes_sent")
    requests = WholeNumber(attribute="disclosure.requests")
    completed = fields.Function(lambda line: line.disclosure.completed_at is not None, metadata={"type": "boolean"})
    completed_at = Instant(allow_none=True, attribute="disclosure.completed_at")
    confirmed_receipt_at = Instant(
        allow_none=True,
        attribute="confirmed_at",
        metadata={"description": "When the recipient, a review service, said that it has the file."},
    )
    refused = fields.Function(lambda line: line.disclosure.refused_code is not None, metadata={"type": "boolean"})
    refused_code = fields.String(allow_none=True, attribute="disclosure.refused_code")
    accountable = TrueOrFalse(metadata={"description": "Whether 164.528(a)(1) asks for it."})
    exempt_under = fields.String(
        allow_none=True, metadata={"description": "The paragraph that exempts it from that duty."}
    )


class DisclosureListSchema(ListSchema):
    """Disclosures and refusals."""

    items = fields.List(fields.Nested(DisclosureSchema))


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit log: of one action, about one packet, or all."""

    page: Page
    action: str | None
    packet: UUID | None


class AuditQuerySchema(PageSchema):
    """The query of the audit log."""

    action = Line(100)
    packet = Id()

    def made(self, data: dict[str, object]) -> object:
        """The page, and what it is narrowed to."""
        action, packet = data.pop("action", None), data.pop("packet", None)
        return AuditPage(Page(**data), action, packet)  # type: ignore[arg-type]  # the schema has checked every member


class AuditActorSchema(Schema):
    """Who did it: a kind and an id, never a name."""

    kind = fields.String(attribute="actor_kind")
    id = fields.String(attribute="actor_id")


class EntrySchema(Schema):
    """One line of the log. ``hash`` covers every other field and, through them, all before it."""

    seq = WholeNumber()
    at = Instant()
    actor = fields.Function(lambda entry: AuditActorSchema().dump(entry), metadata={"type": "object"})
    action = fields.String()
    subject = fields.Dict()
    facts = fields.Dict()
    request_id = fields.String()
    address = fields.String()
    previous_hash = fields.Function(lambda entry: entry.previous_hash.hex(), metadata={"type": "string"})
    hash = fields.Function(lambda entry: entry.hash.hex(), metadata={"type": "string"})


class EntryListSchema(ListSchema):
    """The log, newest first."""

    items = fields.List(fields.Nested(EntrySchema))
