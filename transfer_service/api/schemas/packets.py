"""Packets, their receipts, and what may be asked of them."""

from dataclasses import dataclass

from marshmallow import Schema, fields, post_load, validate

from transfer_service.api.schemas.cases import CaseSchema
from transfer_service.api.schemas.contacts import PendingContactSchema
from transfer_service.api.schemas.files import FileSchema
from transfer_service.api.schemas.pages import ListSchema, Page, PageSchema
from transfer_service.api.schemas.strict_texts import Line, Lines
from transfer_service.api.schemas.strict_values import Id, Instant
from transfer_service.domain.packet import PacketState
from transfer_service.edge.strict_fields import TrueOrFalse
from transfer_service.usecases.deposit import PacketDraft

MOST_CONTRIBUTORS = 20


class PacketDraftSchema(Schema):
    """A packet as the department describes it."""

    case = fields.Nested(CaseSchema, required=True)
    contributing_department_ids = fields.List(Id(), validate=validate.Length(max=MOST_CONTRIBUTORS))
    note = Lines(4000)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> PacketDraft:
        contributors = tuple(data.pop("contributing_department_ids", ()))  # type: ignore[arg-type, var-annotated]  # a list, by the schema
        return PacketDraft(**data, contributing_department_ids=contributors)  # type: ignore[arg-type]  # the schema has checked every member


class _FactsSchema(Schema):
    id = Id(attribute="packet.id")
    department_id = Id(attribute="packet.department_id")
    contributing_department_ids = fields.List(Id(), attribute="packet.contributing_department_ids")
    state = fields.Enum(PacketState, by_value=True, attribute="packet.state")
    case = fields.Nested(CaseSchema, attribute="packet.case")
    note = fields.String(allow_none=True, attribute="packet.note")
    pending_contact = fields.Nested(PendingContactSchema, allow_none=True, attribute="packet.pending_contact")
    created_at = Instant(attribute="packet.created_at")
    closed_at = Instant(allow_none=True, attribute="packet.closed_at")
    retired_at = Instant(allow_none=True, attribute="packet.retired_at")
    destroy_at = Instant(allow_none=True, attribute="packet.destroy_at")
    predecessor_id = Id(allow_none=True, attribute="packet.predecessor_id")
    answers_opinion_id = Id(allow_none=True, attribute="packet.answers_opinion_id")


class PacketSchema(_FactsSchema):
    """A packet with its files, oldest first."""

    files = fields.List(fields.Nested(FileSchema))


class PacketInListSchema(_FactsSchema):
    """A packet in a list: without its files."""


class PacketListSchema(ListSchema):
    """Packets, newest first."""

    items = fields.List(fields.Nested(PacketInListSchema))


@dataclass(frozen=True, slots=True)
class PacketsPage:
    """A page of packets in one state, or in any."""

    page: Page
    state: PacketState | None


class PacketsQuerySchema(PageSchema):
    """The query of the list of packets."""

    state = fields.Enum(PacketState, by_value=True)

    def made(self, data: dict[str, object]) -> object:
        """The page, and the state that is asked for."""
        state = data.pop("state", None)
        return PacketsPage(Page(**data), state)  # type: ignore[arg-type]  # the schema has checked every member


class PacketSearchSchema(Schema):
    """What a packet is searched by; numbers match whole, in any case of letters."""

    record_number = Line(64)
    accession_number = Line(64)
    state = fields.Enum(PacketState, by_value=True)


class ClosingSchema(Schema):
    """How to close."""

    when_verified = TrueOrFalse(load_default=False)


class RetiringSchema(Schema):
    """How to retire; ``now`` is a privacy officer's."""

    now = TrueOrFalse(load_default=False)


class SignedManifestSchema(Schema):
    """A manifest, its Ed25519 signature (base64url) over its canonical form (RFC 8785), and the key's id."""

    manifest = fields.Dict(attribute="document")
    signature = fields.String()
    key_id = fields.String()


class ReceiptSchema(Schema):
    """What a depositor keeps. While the packet is closing, the manifest is not there yet."""

    id = Id()
    state = fields.Enum(PacketState, by_value=True)
    closed_at = Instant(allow_none=True)
    manifest = fields.Dict(attribute="manifest.document")
    signature = fields.String(attribute="manifest.signature")
    key_id = fields.String(attribute="manifest.key_id")


class RetiredSchema(Schema):
    """A packet that is over."""

    id = Id()
    state = fields.Enum(PacketState, by_value=True)
    retired_at = Instant()
    destroy_at = Instant()
