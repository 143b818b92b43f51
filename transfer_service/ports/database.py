"""What the use cases need of a database: atomic units of reading and changing, in the domain's words."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar
from uuid import UUID

from transfer_service.audit.entry import Entry, Event, Head
from transfer_service.domain.accounting import AccountQuery
from transfer_service.domain.disclosure import Disclosure, Receipt
from transfer_service.domain.document import ReleaseDocument
from transfer_service.domain.form import TemplateApproval
from transfer_service.domain.link import Challenge, Link, Redemption
from transfer_service.domain.mail import KeptAnswer, Mail, Postmark
from transfer_service.domain.member import Member
from transfer_service.domain.opinion import Opinion
from transfer_service.domain.packet import AssemblyIntent, Leftover, Packet, PacketFile, Part
from transfer_service.domain.people import Credential, Department, Organization, Recipient, Staff
from transfer_service.domain.release import Release
from transfer_service.domain.slide_request import SlideRequest
from transfer_service.domain.ticket import Ticket
from transfer_service.domain.webhook import Notice, Webhook
from transfer_service.ports.chores import Chores
from transfer_service.ports.overview import Overviews
from transfer_service.ports.slices import Slice

Tenanted = (
    Department
    | Staff
    | Member
    | Credential
    | Recipient
    | Packet
    | PacketFile
    | Release
    | ReleaseDocument
    | Link
    | Redemption
    | Disclosure
    | Ticket
    | Receipt
    | TemplateApproval
    | Webhook
    | SlideRequest
    | Opinion
)
Bookkeeping = (
    Credential
    | Part
    | AssemblyIntent
    | Leftover
    | Challenge
    | Disclosure
    | Mail
    | KeptAnswer
    | Packet
    | PacketFile
    | ReleaseDocument
    | Ticket
    | Webhook
    | Notice
    | SlideRequest
)
T = TypeVar(
    "T",
    Department,
    Staff,
    Member,
    Credential,
    Recipient,
    Packet,
    PacketFile,
    Part,
    AssemblyIntent,
    Release,
    ReleaseDocument,
    Link,
    Challenge,
    Redemption,
    Disclosure,
    Mail,
    Postmark,
    Ticket,
    Receipt,
    TemplateApproval,
    Webhook,
    Notice,
    SlideRequest,
    Opinion,
)
S = TypeVar("S", Member, Credential, Link, Release, Ticket, SlideRequest)


class Transaction(Protocol):
    """One atomic unit of reading and changing. Everything in it is committed together, or nothing is.

    The tenant is named in every call that reads or writes a tenant's rows.
    """

    def save(self, event: Event, *things: Organization | Tenanted | Bookkeeping) -> None:
        """Write things, new or changed, together with the audit entry of what happened to them."""
        ...

    def keep(self, *things: Bookkeeping) -> None:
        """Write what is no change of state: arrivals, counters, leases, mail, kept answers."""
        ...

    def drop(self, *things: Bookkeeping) -> None:
        """Remove rows; the caller saves the event that says why."""
        ...

    def get(self, kind: type[T], organization_id: UUID, id: UUID) -> T:  # noqa: A002 - the field's own name
        """The one of that id in that organization, locked where the transaction changes; NotFound.

        A Recipient is its newest version; an AssemblyIntent goes by its file's id, a Webhook by its recipient's.
        """
        ...

    def each(self, kind: type[T], organization_id: UUID, ids: Collection[UUID]) -> dict[UUID, T]:
        """Those of these ids that are in that organization, by id; some thousands at most."""
        ...

    def find(self, kind: type[T], organization_id: UUID, **equals: object) -> list[T]:
        """All whose fields equal what is given, oldest first (a Part by number)."""
        ...

    def page(
        self, kind: type[T], organization_id: UUID, *, limit: int, cursor: str | None, **equals: object
    ) -> Slice[T]:
        """The same, newest first, in pages. CursorInvalid."""
        ...

    def recipient_version(self, organization_id: UUID, recipient_id: UUID, version: int) -> Recipient:
        """The recipient as the patient read it; NotFound."""
        ...

    def by_secret(self, kind: type[S], secret_hash: bytes) -> S:
        """The one whose secret's SHA-256 it is, in whatever organization; NotFound."""
        ...

    def by_typed_code(self, typed_code_hash: bytes) -> Release:
        """The one whose letter's code has that keyed hash, in whatever organization; NotFound."""
        ...

    def by_email(self, email: str) -> Member:
        """The one who signs in by that address, as ``email_identity`` has it, in whatever organization; NotFound."""
        ...

    def organization(self, id: UUID) -> Organization:  # noqa: A002 - the field's own name
        """NotFound."""
        ...

    def organizations(self) -> list[Organization]:
        """All of them: for operators and the worker."""
        ...

    def open_departments(self, department_id: UUID | None = None) -> list[Department]:
        """Those of whatever organization that take requests from anybody, by name; or the one of that id."""
        ...

    def disclosures(
        self, organization_id: UUID, query: AccountQuery, *, limit: int, cursor: str | None
    ) -> Slice[Disclosure]:
        """The organization's disclosures that are asked for, newest first. CursorInvalid."""
        ...

    def audit_head(self, organization_id: UUID) -> Head:
        """Where the organization's log ends."""
        ...

    def audit_entries(self, organization_id: UUID, after: int = 0) -> Iterator[Entry]:
        """The log from entry ``after`` + 1 on, in order."""
        ...

    def audit_page(
        self,
        organization_id: UUID,
        *,
        limit: int,
        cursor: str | None,
        action: str | None = None,
        packet: UUID | None = None,
    ) -> Slice[Entry]:
        """The log, newest first, in pages. CursorInvalid."""
        ...

    def packet_log(
        self,
        organization_id: UUID,
        packet_id: UUID,
        *,
        limit: int,
        cursor: str | None,
        nouns: Collection[str] | None = None,
        oldest_first: bool = False,
    ) -> Slice[Entry]:
        """What the log has of one packet, in pages; of ``nouns`` alone, where they are given. CursorInvalid."""
        ...

    def kept_answer(self, key: bytes) -> KeptAnswer | None:
        """The answer kept for that caller and key."""
        ...

    def service_key(self, purpose: str) -> bytes | None:
        """A wrapped key of the installation."""
        ...

    def add_service_key(self, purpose: str, wrapped: bytes) -> None:
        """Keep a new wrapped key of the installation."""
        ...


class Work(Transaction, Chores, Overviews, Protocol):
    """A transaction, with what the worker asks of it, and what staff ask of many packets."""


class Database(Protocol):
    """Where everything but the bytes is kept. Raises ``Unavailable`` where it does not answer in time."""

    def reading(self) -> AbstractContextManager[Work]:
        """A transaction that only reads."""
        ...

    def changing(self) -> AbstractContextManager[Work]:
        """A transaction that changes, alone in its turn; committed at the end of ``with``, undone by an exception.

        Inside another ``changing`` of the same thread it is a part of that one (a savepoint), and is committed
        with it.
        """
        ...

    def check(self) -> None:
        """Return where the database answers, can be written, and its schema is ours; else ``Unavailable``."""
        ...
