"""The patient's contact. The first address counts at once; another one when a second member of staff confirms it.

Whose mailbox the letter goes to decides who can sign, so no one member of staff moves it alone. A phone number and a
language need no second: no letter goes there, and a code opens nothing without the letter.

A release keeps the address that it was asked with, and so do its letters and codes: whoever reads the former mailbox
can still open them. That ends with the release: withdraw it and ask again. What a new address does end is sessions
that were begun from the former one, so that nobody signs or withdraws from a page that lies open.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.contact import PendingContact
from transfer_service.domain.language import nearest
from transfer_service.domain.packet import Packet, PacketState
from transfer_service.domain.people import Actor, Patient, Staff, StaffActor
from transfer_service.domain.policy import check_may_keep_contacts
from transfer_service.domain.release import Release
from transfer_service.errors import ContactChanged, Invalid, NothingToConfirm, PacketRetired, SecondPersonNeeded
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.letters import about, address_changed_letter
from transfer_service.usecases.reach import owned_packet
from transfer_service.usecases.release import end_sessions


@dataclass(frozen=True, slots=True, repr=False)
class ContactDraft:
    """What is to change; what is None stays as it is."""

    email: str | None = None
    phone: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Contacts:
    """Depositors and coordinators of the packet's own department, in every state but retired."""

    database: Database

    def change(self, actor: Actor, packet_id: UUID, draft: ContactDraft, now: datetime) -> Packet:
        """The packet with what counts at once, and the address that waits; in the place of one that waited before.

        The address that counts already takes back one that waits. Invalid, PacketRetired.
        """
        staff = check_may_keep_contacts(actor)
        if draft == ContactDraft():
            raise Invalid("Say what is to change: email, phone or language.")
        with self.database.changing() as tx:
            former = _reached(tx, staff, packet_id)
            packet = _with_email(tx, _with_the_rest(former, draft), draft.email, staff, now)
            if packet != former:
                tx.save(_changed(former, packet, staff, now), packet)
        return packet

    def confirm(self, actor: Actor, packet_id: UUID, email: str, now: datetime) -> Packet:
        """The address that was asked for counts, if it is the ``email`` that the confirming person saw.

        The former one is told, for a patient who did not move; the sessions of the packet's releases end.
        SecondPersonNeeded, which is recorded; NothingToConfirm, ContactChanged, PacketRetired.
        """
        staff = check_may_keep_contacts(actor)
        with self.database.changing() as tx:
            packet = _reached(tx, staff, packet_id)
            if packet.pending_contact is None:
                raise NothingToConfirm
            if packet.pending_contact.asked_by != staff.staff_id:
                return _confirmed(tx, packet, packet.pending_contact, email, staff, now)
            tx.save(_event("contact.refused", packet, staff, now, code=SecondPersonNeeded.code))
        raise SecondPersonNeeded


def _reached(tx: Transaction, staff: StaffActor, packet_id: UUID) -> Packet:
    packet = owned_packet(tx, staff, packet_id)
    if packet.state is PacketState.RETIRED:
        raise PacketRetired
    return packet


def _with_the_rest(packet: Packet, draft: ContactDraft) -> Packet:
    patient = packet.case.patient
    patient = replace(patient, phone=draft.phone or patient.phone, language=draft.language or patient.language)
    return _of_patient(packet, patient)


def _with_email(tx: Transaction, packet: Packet, email: str | None, staff: StaffActor, now: datetime) -> Packet:
    patient, waiting = packet.case.patient, packet.pending_contact
    if email is None or (waiting is not None and waiting.email == email):
        return packet
    if not patient.email:
        return _of_patient(packet, replace(patient, email=email))
    if email == patient.email:
        return replace(packet, pending_contact=None)
    name = tx.get(Staff, staff.organization_id, staff.staff_id).name
    return replace(packet, pending_contact=PendingContact(email, now, staff.staff_id, name))


def _confirmed(
    tx: Transaction, packet: Packet, pending: PendingContact, email: str, staff: StaffActor, now: datetime
) -> Packet:
    if email != pending.email:
        raise ContactChanged
    former = packet.case.patient
    packet = replace(_of_patient(packet, replace(former, email=email)), pending_contact=None)
    for release in tx.find(Release, packet.organization_id, packet_id=packet.id):
        end_sessions(tx, release, now)
    letter = address_changed_letter(about(tx, packet, former.email or "", nearest(former.language)), now)
    tx.save(_event("contact.change_confirmed", packet, staff, now, asked_by=str(pending.asked_by)), packet, letter)
    return packet


def _of_patient(packet: Packet, patient: Patient) -> Packet:
    return replace(packet, case=replace(packet.case, patient=patient))


def _changed(former: Packet, packet: Packet, staff: StaffActor, now: datetime) -> Event:
    """What counts from now on, by the names of the fields: the log holds no address."""
    before, after = former.case.patient, packet.case.patient
    changed = [each.name for each in fields(after) if getattr(after, each.name) != getattr(before, each.name)]
    action = "contact.changed"
    if packet.pending_contact != former.pending_contact:
        action = "contact.change_asked" if packet.pending_contact else "contact.change_taken_back"
    return _event(action, packet, staff, now, changed=" ".join(changed))


def _event(action: str, packet: Packet, staff: StaffActor, now: datetime, **facts: str) -> Event:
    return Event(action, staff, now, {"packet": packet.id}, facts)
