"""Account: who got what, when, under which release (45 CFR 164.528(b)(2)); and the audit log's pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from transfer_service.audit.chain import ChainBroken, verify
from transfer_service.audit.entry import Entry, Head
from transfer_service.domain.disclosure import Disclosure, Receipt
from transfer_service.domain.packet import PacketFile
from transfer_service.domain.people import Actor, Recipient
from transfer_service.domain.policy import (
    check_is_patient,
    check_may_account,
    check_may_account_for_all,
    check_may_read_audit,
)
from transfer_service.domain.release import Basis, Release
from transfer_service.errors import NotFound
from transfer_service.ports import Database, Slice, Transaction
from transfer_service.usecases.reach import owned_packet


@dataclass(frozen=True, slots=True, repr=False)
class AccountLine:
    """One disclosure as it is accounted for: the recipient as the patient read them, the file, and the purpose.

    ``confirmed_at``: when the recipient, a service, said that it has the file. ``accountable``: whether
    164.528(a)(1) asks for it; disclosures for treatment and under an authorization are exempt, and listed.
    """

    disclosure: Disclosure
    recipient: Recipient
    file: PacketFile | None
    purpose: str
    confirmed_at: datetime | None = None
    accountable: bool = False
    basis: Basis = Basis.AUTHORIZATION


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """Which disclosures a privacy officer asks for: to whom, and started in [since, until)."""

    recipient_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Account:
    """Coordinators account for their packets, privacy officers for all, patients see their own."""

    database: Database

    def of_packet(self, actor: Actor, packet_id: UUID) -> list[AccountLine]:
        """The packet's disclosures, oldest first, refusals too."""
        staff = check_may_account(actor)
        with self.database.reading() as tx:
            packet = owned_packet(tx, staff, packet_id)
            return _lines(tx, tx.find(Disclosure, packet.organization_id, packet_id=packet.id))

    def of_patient(self, actor: Actor) -> list[AccountLine]:
        """Everything disclosed or refused of the packet whose release the patient holds."""
        patient = check_is_patient(actor)
        with self.database.reading() as tx:
            release = tx.get(Release, patient.organization_id, patient.release_id)
            return _lines(tx, tx.find(Disclosure, release.organization_id, packet_id=release.packet_id))

    def search(self, actor: Actor, query: AccountQuery, *, limit: int, cursor: str | None) -> Slice[AccountLine]:
        """The organization's disclosures, newest first, in pages."""
        staff = check_may_account_for_all(actor)
        with self.database.reading() as tx:
            found = tx.disclosures(
                staff.organization_id,
                limit=limit,
                cursor=cursor,
                recipient_id=query.recipient_id,
                since=query.since,
                until=query.until,
            )
            return Slice(_lines(tx, found.items), found.next_cursor)

    def audit(
        self, actor: Actor, *, limit: int, cursor: str | None, action: str | None, packet: UUID | None
    ) -> Slice[Entry]:
        """The organization's audit log, newest first, in pages."""
        staff = check_may_read_audit(actor)
        with self.database.reading() as tx:
            return tx.audit_page(staff.organization_id, limit=limit, cursor=cursor, action=action, packet=packet)

    def verify_audit(self) -> int:
        """Check every organization's log from its first entry to its head; how many entries. ChainBroken."""
        entries = 0
        with self.database.reading() as tx:
            for organization in tx.organizations():
                head = _head(tx, organization.id)
                verify(head, tx.audit_entries(organization.id))
                entries += head.size
        return entries


def _head(tx: Transaction, organization_id: UUID) -> Head:
    try:
        return tx.audit_head(organization_id)
    except NotFound:
        raise ChainBroken(str(organization_id), 1, "its head is gone") from None


def _lines(tx: Transaction, disclosures: Iterable[Disclosure]) -> list[AccountLine]:
    return [_line(tx, disclosure) for disclosure in disclosures]


def _line(tx: Transaction, disclosure: Disclosure) -> AccountLine:
    organization_id, file_id = disclosure.organization_id, disclosure.file_id
    release = tx.get(Release, organization_id, disclosure.release_id)
    return AccountLine(
        disclosure=disclosure,
        recipient=tx.recipient_version(organization_id, disclosure.recipient_id, disclosure.recipient_version),
        file=tx.get(PacketFile, organization_id, file_id) if file_id else None,
        purpose=release.purpose,
        confirmed_at=_confirmed_at(tx, disclosure),
        basis=release.basis,
    )


def _confirmed_at(tx: Transaction, disclosure: Disclosure) -> datetime | None:
    about = {name: getattr(disclosure, name) for name in ("release_id", "recipient_id", "file_id")}
    receipts = tx.find(Receipt, disclosure.organization_id, **about) if disclosure.file_id else []
    return next((receipt.confirmed_at for receipt in receipts), None)
