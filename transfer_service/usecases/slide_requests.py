"""A department's queue of requests for slides: read, declined, or made a packet; and forgotten when they are old."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.mail import Mail
from transfer_service.domain.packet import Case, NotIncluded, Packet, Specimen
from transfer_service.domain.people import Actor, Department, Patient, StaffActor, SystemActor
from transfer_service.domain.policy import (
    check_may_decide_slide_requests,
    check_may_read_slide_requests,
    check_serves,
    sees_departments,
)
from transfer_service.domain.slide_request import Asked, AskerKind, DeclineReason, SlideRequest
from transfer_service.errors import Invalid
from transfer_service.ports import Database, Slice, Transaction
from transfer_service.usecases.deposit import Deposit, PacketDraft
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.request_letters import answer_letter
from transfer_service.usecases.visits import Contact

AT_ONCE = 100


@dataclass(frozen=True, slots=True, repr=False)
class Acceptance:
    """What staff know of the case. Whatever they leave out is taken from what was asked.

    ``contact_confirmed``: they have made sure, otherwise than by the request, that its address is the patient's own.
    Without it the patient's contacts are those given here, or none: the letter that asks for a signature goes there.
    """

    accession_number: str
    record_number: str
    name: str | None = None
    birth_date: date | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    question: str | None = None
    diagnosis: str | None = None
    laterality: str | None = None
    specimens: tuple[Specimen, ...] = ()
    not_included: tuple[NotIncluded, ...] = ()
    contributing_department_ids: tuple[UUID, ...] = ()
    note: str | None = None
    contact_confirmed: bool = False


@dataclass(frozen=True)
class SlideRequests:
    """Depositors and coordinators answer what their department is asked; privacy officers read all."""

    database: Database
    deposit: Deposit
    limits: Limits

    def of_department(
        self, actor: Actor, *, limit: int, cursor: str | None = None, **equals: object
    ) -> Slice[SlideRequest]:
        """The department's requests, newest first. ``equals``: state."""
        staff = check_may_read_slide_requests(actor)
        department = sees_departments(staff)
        if department is not None:
            equals["department_id"] = department
        with self.database.reading() as tx:
            return tx.page(SlideRequest, staff.organization_id, limit=limit, cursor=cursor, **equals)

    def one(self, actor: Actor, request_id: UUID) -> SlideRequest:
        """One request; NotFound."""
        staff = check_may_read_slide_requests(actor)
        with self.database.reading() as tx:
            return _served(tx, staff, request_id)

    def decline(
        self, actor: Actor, request_id: UUID, reason: DeclineReason, note: str | None, now: datetime
    ) -> SlideRequest:
        """Answer with no; the asker reads the reason and the note. SlideRequestDecided."""
        staff = check_may_decide_slide_requests(actor)
        with self.database.changing() as tx:
            request = _served(tx, staff, request_id).declined(reason, note, staff.staff_id, now)
            event = _event("slide_request.declined", staff, request, now, reason=reason.value)
            tx.save(event, request, *_answer(tx, request, now))
        return request

    def accept(self, actor: Actor, request_id: UUID, given: Acceptance, now: datetime) -> Packet:
        """Open a packet for what was asked. SlideRequestDecided, Invalid."""
        staff = check_may_decide_slide_requests(actor)
        with self.database.changing() as tx:
            request = _served(tx, staff, request_id)
            request.check_undecided()
            draft = PacketDraft(
                _case(request.asked, given), given.contributing_department_ids, given.note or request.asked.done
            )
            packet = self.deposit.open_packet(staff, draft, now)
            request = request.accepted(packet.id, staff.staff_id, now)
            event = _event("slide_request.accepted", staff, request, now, contact_confirmed=given.contact_confirmed)
            tx.save(event, request, *_answer(tx, request, now))
        return packet

    def forget(self, now: datetime) -> int:
        """Remove requests that were answered, or came and never were, longer ago than they are kept; how many."""
        with self.database.reading() as tx:
            old = tx.slide_requests_past(now - self.limits.request_for, AT_ONCE)
        return sum(self._forget(request, now) for request in old)

    def _forget(self, found: SlideRequest, now: datetime) -> bool:
        """Unless it was answered, or forgotten, since it was found."""
        with self.database.changing() as tx:
            is_still = tx.find(SlideRequest, found.organization_id, id=found.id) == [found]
            if is_still:
                tx.save(_event("slide_request.forgotten", SystemActor(found.organization_id, "worker"), found, now))
                tx.drop(found)
        return is_still


def _served(tx: Transaction, staff: StaffActor, request_id: UUID) -> SlideRequest:
    request = tx.get(SlideRequest, staff.organization_id, request_id)
    check_serves(staff, request.department_id)
    return request


def _answer(tx: Transaction, request: SlideRequest, now: datetime) -> list[Mail]:
    """To whoever has the first mail, without which there is no page to look at."""
    if request.acknowledged_at is None:
        return []
    department = tx.get(Department, request.organization_id, request.department_id)
    return [answer_letter(request.asked, Contact(tx.organization(request.organization_id), department), now)]


def _case(asked: Asked, given: Acceptance) -> Case:
    return Case(
        accession_number=given.accession_number,
        patient=_patient(asked, given),
        question=given.question or asked.question,
        diagnosis=given.diagnosis,
        laterality=given.laterality,
        specimens=given.specimens,
        not_included=given.not_included,
    )


def _patient(asked: Asked, given: Acceptance) -> Patient:
    is_own = asked.asker.kind is AskerKind.PATIENT
    if given.contact_confirmed and not is_own:
        raise Invalid("A physician asked: the address in the request is not the patient's.")
    contact = asked if given.contact_confirmed else None
    return Patient(
        name=given.name or asked.patient_name,
        birth_date=given.birth_date or asked.birth_date,
        record_number=given.record_number,
        email=given.email or (contact.email if contact else None),
        phone=given.phone or (contact.phone if contact else None),
        language=given.language or (asked.language.value if is_own else None),
    )


def _event(action: str, by: Actor, request: SlideRequest, now: datetime, **facts: str | bool) -> Event:
    subject = {"slide_request": request.id} | ({"packet": request.packet_id} if request.packet_id else {})
    return Event(action, by, now, subject, facts)
