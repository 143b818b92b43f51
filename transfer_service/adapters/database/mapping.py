"""Which table each kind of domain object lives in, and how it is found, ordered and turned into a row and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, Table, Text, and_, or_, select

from transfer_service.adapters.database import rows, tables
from transfer_service.adapters.database.seals import Seals, folded
from transfer_service.domain.disclosure import Disclosure, Receipt
from transfer_service.domain.document import ReleaseDocument
from transfer_service.domain.form import TemplateApproval
from transfer_service.domain.link import Challenge, Link, Redemption
from transfer_service.domain.mail import KeptAnswer, Mail, Postmark
from transfer_service.domain.member import Member
from transfer_service.domain.opinion import Opinion
from transfer_service.domain.packet import AssemblyIntent, Leftover, Packet, PacketFile, PacketKind, PacketState, Part
from transfer_service.domain.paths import path_identity
from transfer_service.domain.people import Credential, Department, Organization, Recipient, Staff
from transfer_service.domain.release import Basis, Release, ReleaseState
from transfer_service.domain.slide_request import SlideRequest, mailbox
from transfer_service.domain.ticket import Ticket
from transfer_service.domain.webhook import Notice, NoticeKind, Webhook

K = TypeVar("K")


@dataclass(frozen=True)
class Mapper(Generic[K]):
    """One kind and its table.

    ``order`` are the columns that lists go by, oldest first. ``indexes`` say how a sealed value is normalized before
    its blind index is asked; ``conditions`` answer questions that are more than an equal column. A ``versioned`` kind
    only ever gets new rows.
    """

    kind: type[K]
    table: Table
    to_row: Callable[[K, Seals], dict[str, Any]]
    from_row: Callable[[rows.Row, Seals], K]
    order: tuple[str, ...]
    id_column: str = "id"
    indexes: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    conditions: Mapping[str, Callable[[Any], ColumnElement[bool]]] = field(default_factory=dict)
    sealed: frozenset[str] = frozenset()
    versioned: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns."""
        return tuple(column.name for column in self.table.primary_key.columns)

    @property
    def askable(self) -> frozenset[str]:
        """The fields that stand in a column as they are."""
        names = {one.name for one in fields(cast("Any", self.kind))}
        return frozenset(names & set(self.table.c.keys())) - self.sealed


def _plain(kind: type[K], table: Table, *order: str, id_column: str = "id") -> Mapper[K]:
    """A kind whose every field is a column of the same name."""

    def to_row(thing: K, seals: Seals) -> dict[str, Any]:  # noqa: ARG001 - one shape for all
        return rows.plain_row(thing)

    def from_row(row: rows.Row, seals: Seals) -> K:  # noqa: ARG001 - one shape for all
        return kind(**row)

    return Mapper(kind, table, to_row, from_row, order, id_column)


def _packet_seen_by(department_id: UUID) -> ColumnElement[bool]:
    """Its own department's, or one that it contributes to: the list of ids is JSON, and an id stands in it as text."""
    packets = tables.packets.c
    contributors = sqlalchemy.cast(packets.contributing_department_ids, Text)
    return or_(packets.department_id == department_id, contributors.contains(str(department_id), autoescape=True))


def _packet_is_of_kind(kind: PacketKind) -> ColumnElement[bool]:
    return tables.packets.c.kind == kind


def _release_names(recipient_id: UUID) -> ColumnElement[bool]:
    """The grants are JSON, and an id stands in them as text."""
    return sqlalchemy.cast(tables.releases.c.grants, Text).contains(str(recipient_id), autoescape=True)


def _release_is_live_at(now: datetime) -> ColumnElement[bool]:
    """Signed, or attested for treatment, and not over. What ``Release.check_live`` says of one, for a list."""
    releases = tables.releases.c
    attested = and_(releases.state == ReleaseState.ATTESTED, releases.basis == Basis.TREATMENT)
    return and_(or_(releases.state == ReleaseState.SIGNED, attested), releases.expires_at > now)


def _release_is_of_a_closed_packet_of(organization_id: UUID) -> ColumnElement[bool]:
    packets = tables.packets.c
    closed = select(packets.id).where(packets.organization_id == organization_id, packets.state == PacketState.CLOSED)
    return tables.releases.c.packet_id.in_(closed)


def _release_ends_by(until: datetime) -> ColumnElement[bool]:
    return tables.releases.c.expires_at <= until


def _release_has_no_notice_of_its_end(webhook: Webhook) -> ColumnElement[bool]:
    """None was made for that webhook's recipient."""
    notices = tables.notices.c
    told = select(notices.release_id).where(
        notices.organization_id == webhook.organization_id,
        notices.recipient_id == webhook.recipient_id,
        notices.kind == NoticeKind.EXPIRING,
    )
    return tables.releases.c.id.not_in(told)


def _received_since(since: datetime) -> ColumnElement[bool]:
    return tables.slide_requests.c.received_at > since


def _acknowledged_since(since: datetime) -> ColumnElement[bool]:
    return tables.slide_requests.c.acknowledged_at > since


_MAPPERS: tuple[Mapper[Any], ...] = (
    _plain(Organization, tables.organizations, "created_at", "id"),
    _plain(Department, tables.departments, "created_at", "id"),
    _plain(Staff, tables.staff, "created_at", "id"),
    Mapper(
        Member,
        tables.members,
        rows.member_row,
        rows.member_of,
        ("created_at", "id"),
        sealed=frozenset({"totp_key"}),
    ),
    _plain(Credential, tables.credentials, "created_at", "id"),
    _plain(Part, tables.parts, "number", "file_id", id_column="file_id"),
    _plain(AssemblyIntent, tables.assembly_intents, "made_at", "file_id", id_column="file_id"),
    _plain(Leftover, tables.leftovers, "sweep_after", "object_key", id_column="object_key"),
    _plain(Challenge, tables.challenges, "made_at", "id"),
    _plain(Redemption, tables.redemptions, "redeemed_at", "id"),
    _plain(Disclosure, tables.disclosures, "started_at", "id"),
    _plain(Ticket, tables.tickets, "made_at", "id"),
    _plain(Receipt, tables.receipts, "confirmed_at", "id"),
    _plain(TemplateApproval, tables.template_approvals, "approved_at", "id"),
    _plain(Notice, tables.notices, "made_at", "id"),
    _plain(KeptAnswer, tables.kept_answers, "expires_at", "key", id_column="key"),
    Mapper(Recipient, tables.recipients, rows.recipient_row, rows.recipient_of, ("created_at", "id"), versioned=True),
    Mapper(
        Packet,
        tables.packets,
        rows.packet_row,
        rows.packet_of,
        ("created_at", "id"),
        indexes={"record_number": folded, "accession_number": folded},
        conditions={"seen_by": _packet_seen_by, "of_kind": _packet_is_of_kind},
        sealed=frozenset({"case", "note", "case_salt", "manifest", "pending_contact"}),
    ),
    Mapper(
        PacketFile,
        tables.packet_files,
        rows.file_row,
        rows.file_of,
        ("created_at", "id"),
        indexes={"path": path_identity},
    ),
    Mapper(
        Release,
        tables.releases,
        rows.release_row,
        rows.release_of,
        ("requested_at", "id"),
        conditions={
            "naming": _release_names,
            "live_at": _release_is_live_at,
            "ending_by": _release_ends_by,
            "end_untold_to": _release_has_no_notice_of_its_end,
            "of_closed_packets_of": _release_is_of_a_closed_packet_of,
        },
        sealed=frozenset({"purpose", "form", "email", "phone", "signature", "attestation", "withdrawn_note"}),
    ),
    Mapper(
        ReleaseDocument,
        tables.release_documents,
        rows.document_row,
        rows.document_of,
        ("made_at", "id"),
        sealed=frozenset({"key"}),
    ),
    Mapper(
        Opinion, tables.opinions, rows.opinion_row, rows.opinion_of, ("begun_at", "id"), sealed=frozenset({"reply"})
    ),
    Mapper(Link, tables.links, rows.link_row, rows.link_of, ("issued_at", "id")),
    Mapper(
        Mail,
        tables.mail,
        rows.mail_row,
        rows.mail_of,
        ("made_at", "id"),
        sealed=frozenset({"to", "subject", "body", "language"}),
    ),
    Mapper(Postmark, tables.mail, lambda mark, _: rows.plain_row(mark), rows.postmark_of, ("made_at", "id")),
    Mapper(
        SlideRequest,
        tables.slide_requests,
        rows.slide_request_row,
        rows.slide_request_of,
        ("received_at", "id"),
        indexes={"mailbox": mailbox},
        conditions={"received_since": _received_since, "acknowledged_since": _acknowledged_since},
        sealed=frozenset({"asked", "decline_note"}),
    ),
    Mapper(
        Webhook,
        tables.webhooks,
        rows.webhook_row,
        rows.webhook_of,
        ("set_at", "recipient_id"),
        id_column="recipient_id",
        sealed=frozenset({"url", "secret", "former_secret"}),
    ),
)

_BY_KIND = {mapper.kind: mapper for mapper in _MAPPERS}


def mapper_of(kind: type[K]) -> Mapper[K]:
    """The kind's mapper. TypeError for what is not kept here."""
    if kind not in _BY_KIND:
        raise TypeError(f"a {kind.__name__} is not kept in the database")
    return cast("Mapper[K]", _BY_KIND[kind])
