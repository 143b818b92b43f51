"""Account: who got what, when, under which release (45 CFR 164.528(b)(2)); and the audit log's pages."""

from dataclasses import dataclass, replace
from uuid import UUID

from transfer_service.audit.chain import ChainBroken, verify
from transfer_service.audit.entry import Entry, Head
from transfer_service.domain.accounting import AccountLine, AccountQuery
from transfer_service.domain.people import Actor
from transfer_service.domain.policy import (
    check_is_patient,
    check_may_account,
    check_may_account_for_all,
    check_may_read_audit,
    sees_departments,
)
from transfer_service.domain.release import Release
from transfer_service.errors import NotFound
from transfer_service.ports import Database, Slice, Transaction
from transfer_service.usecases.account_lines import account_lines, all_account_lines
from transfer_service.usecases.reach import owned_packet


@dataclass(frozen=True)
class Account:
    """Coordinators account for their packets, privacy officers for all, patients see their own."""

    database: Database

    def of_packet(self, actor: Actor, packet_id: UUID) -> list[AccountLine]:
        """The packet's disclosures, oldest first, refusals too."""
        staff = check_may_account(actor)
        with self.database.reading() as tx:
            packet = owned_packet(tx, staff, packet_id)
            return _of_packet(tx, packet.organization_id, packet.id)

    def of_patient(self, actor: Actor) -> list[AccountLine]:
        """Everything disclosed or refused of the packet whose release the patient holds."""
        patient = check_is_patient(actor)
        with self.database.reading() as tx:
            release = tx.get(Release, patient.organization_id, patient.release_id)
            return _of_packet(tx, release.organization_id, release.packet_id)

    def search(self, actor: Actor, query: AccountQuery, *, limit: int, cursor: str | None) -> Slice[AccountLine]:
        """The organization's disclosures, newest first, in pages."""
        staff = check_may_account_for_all(actor)
        with self.database.reading() as tx:
            found = tx.disclosures(staff.organization_id, query, limit=limit, cursor=cursor)
            return Slice(account_lines(tx, staff.organization_id, found.items), found.next_cursor)

    def seen(self, actor: Actor, query: AccountQuery, *, limit: int, cursor: str | None) -> Slice[AccountLine]:
        """The same for the pages: privacy officers see the organization's, coordinators their own department's."""
        staff = check_may_account(actor)
        department = sees_departments(staff)
        narrowed = query if department is None else replace(query, department_id=department)
        with self.database.reading() as tx:
            found = tx.disclosures(staff.organization_id, narrowed, limit=limit, cursor=cursor)
            return Slice(account_lines(tx, staff.organization_id, found.items), found.next_cursor)

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


def _of_packet(tx: Transaction, organization_id: UUID, packet_id: UUID) -> list[AccountLine]:
    return list(all_account_lines(tx, organization_id, AccountQuery(packet_id=packet_id)))[::-1]
