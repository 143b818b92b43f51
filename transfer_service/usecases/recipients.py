"""The directory of recipients that an organization's releases can name."""

from dataclasses import astuple, dataclass, replace
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.mail import OPTIONAL, MailKind
from transfer_service.domain.people import Accreditation, Actor, Recipient, RecipientKind, Staff, StaffActor
from transfer_service.domain.policy import check_may_keep_recipients, check_may_read_recipients
from transfer_service.ports import Database, Slice, Transaction
from transfer_service.usecases.once import id_of


@dataclass(frozen=True, slots=True)
class RecipientDraft:
    """A recipient as a coordinator describes them."""

    name: str
    email: str
    organization: str
    specialty: str
    kind: RecipientKind
    credentials: tuple[str, ...] = ()
    accreditations: tuple[Accreditation, ...] = ()
    language: str | None = None
    notify: tuple[MailKind, ...] = OPTIONAL


@dataclass(frozen=True)
class Recipients:
    """Coordinators keep the directory; privacy officers read it."""

    database: Database

    def add(self, actor: Actor, draft: RecipientDraft, now: datetime, *, form: str | None = None) -> Recipient:
        """A new recipient, version 1. The same said again on the same ``form`` is the same recipient."""
        staff = check_may_keep_recipients(actor)
        with self.database.changing() as tx:
            recipient_id = id_of(form, staff.organization_id, staff.staff_id, astuple(draft))
            for known in tx.find(Recipient, staff.organization_id, id=recipient_id):
                return known
            recipient = self._version(
                staff, recipient_id, 1, replace(draft, accreditations=_checked(tx, staff, draft)), now
            )
            tx.save(self._event("recipient.added", staff, recipient), recipient)
        return recipient

    def change(self, actor: Actor, recipient_id: UUID, draft: RecipientDraft, now: datetime) -> Recipient:
        """A new version; releases keep naming the version that the patient read. NotFound."""
        staff = check_may_keep_recipients(actor)
        with self.database.changing() as tx:
            former = tx.get(Recipient, staff.organization_id, recipient_id)
            checked = replace(draft, accreditations=_checked(tx, staff, draft, former.accreditations))
            changed = self._version(staff, recipient_id, former.version + 1, checked, now)
            if replace(changed, version=former.version, created_at=former.created_at) == former:
                return former
            tx.save(self._event("recipient.changed", staff, changed), changed)
        return changed

    def page(self, actor: Actor, limit: int, cursor: str | None) -> Slice[Recipient]:
        """The organization's recipients, newest first."""
        staff = check_may_read_recipients(actor)
        with self.database.reading() as tx:
            return tx.page(Recipient, staff.organization_id, limit=limit, cursor=cursor)

    def directory(self, actor: Actor) -> list[Recipient]:
        """All of them, by name."""
        staff = check_may_read_recipients(actor)
        with self.database.reading() as tx:
            found = tx.find(Recipient, staff.organization_id)
        return sorted(found, key=lambda each: (each.name.casefold(), each.organization.casefold(), each.id))

    def versions(self, actor: Actor, recipient_id: UUID) -> list[Recipient]:
        """One recipient as it stood in each version, newest first; NotFound."""
        staff = check_may_read_recipients(actor)
        with self.database.reading() as tx:
            newest = tx.get(Recipient, staff.organization_id, recipient_id)
            former = range(newest.version - 1, 0, -1)
            return [newest, *(tx.recipient_version(staff.organization_id, newest.id, each) for each in former)]

    def _version(
        self, staff: StaffActor, recipient_id: UUID, version: int, draft: RecipientDraft, now: datetime
    ) -> Recipient:
        return Recipient(
            id=recipient_id,
            organization_id=staff.organization_id,
            version=version,
            name=draft.name,
            email=draft.email,
            organization=draft.organization,
            specialty=draft.specialty,
            kind=draft.kind,
            credentials=draft.credentials,
            accreditations=draft.accreditations,
            created_at=now,
            language=draft.language,
            notify=draft.notify,
        )

    def _event(self, action: str, staff: StaffActor, recipient: Recipient) -> Event:
        facts = {"version": recipient.version}
        return Event(action, staff, recipient.created_at, {"recipient": recipient.id}, facts)


def _checked(
    tx: Transaction, staff: StaffActor, draft: RecipientDraft, known: tuple[Accreditation, ...] = ()
) -> tuple[Accreditation, ...]:
    """Each with whose word it is that it was looked up: whoever first said so, as long as nothing of it changes."""
    sayers = {replace(it, checked_by=None): it.checked_by for it in known}
    name = tx.get(Staff, staff.organization_id, staff.staff_id).name
    return tuple(
        replace(it, checked_by=(sayers.get(it) or name) if it.checked_on else None)
        for it in (replace(each, checked_by=None) for each in draft.accreditations)
    )
