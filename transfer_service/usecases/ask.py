"""Ask: a patient or physician asks a department for slides, sees how their request stands, or takes it back.

Anybody may ask, and nothing that is said is looked up: every answer is the same, whoever the patient is. What the asker
is told later they reach by a secret that goes by mail alone.
"""

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.packet import Packet, PacketState
from transfer_service.domain.people import Department, Origin, SystemActor
from transfer_service.domain.slide_request import Asked, DeclineReason, SlideRequest, SlideRequestState
from transfer_service.errors import NotFound, TooMany
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.tokens import mint_secret, token_hash
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.once import id_of
from transfer_service.usecases.request_letters import acknowledgement
from transfer_service.usecases.visits import Contact

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Progress(StrEnum):
    """How a request stands, as its asker is told: nothing of the packet but that it is being made, or was made."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """What the asker sees."""

    contact: Contact
    progress: Progress
    received_at: datetime
    decided_at: datetime | None
    decline_reason: DeclineReason | None
    decline_note: str | None


@dataclass(frozen=True)
class Asking:
    """What anybody may do, and what the holder of a request's secret may."""

    database: Database
    limits: Limits
    public_url: str

    def departments(self) -> list[Contact]:
        """Every department that takes requests, by organization and name."""
        with self.database.reading() as tx:
            found = [Contact(tx.organization(it.organization_id), it) for it in tx.open_departments()]
        return sorted(found, key=lambda it: (it.organization.name, it.department.name))

    def department(self, department_id: UUID) -> Contact:
        """One that takes requests; NotFound for an unknown one and for one that takes none."""
        with self.database.reading() as tx:
            for department in tx.open_departments(department_id):
                return Contact(tx.organization(department.organization_id), department)
        raise NotFound

    def receive(
        self, asked: Asked, department_id: UUID, origin: Origin, now: datetime, *, form: str | None = None
    ) -> None:
        """Take a request, with its acknowledgement in the outbox, in one transaction. NotFound, TooMany.

        The same said again on the same ``form`` is the same request. To an address that had its share of mails today
        nothing more is written, and the answer is no other.
        """
        found = self.department(department_id).department
        request_id = id_of(form, astuple(asked))
        with self.database.changing() as tx:
            department = tx.get(Department, found.organization_id, found.id)
            if not tx.find(SlideRequest, department.organization_id, id=request_id):
                self._check_seldom(tx, department, now)
                self._take(tx, department, request_id, asked, origin, now)

    def status(self, secret: str) -> Standing:
        """How the request stands; NotFound for a secret that nobody was sent, or whose request is forgotten."""
        with self.database.reading() as tx:
            return _standing(tx, tx.by_secret(SlideRequest, token_hash(secret)))

    def withdraw(self, secret: str, origin: Origin, now: datetime) -> Standing:
        """Take the request back; again changes nothing. SlideRequestDecided once the department has answered."""
        with self.database.changing() as tx:
            request = tx.by_secret(SlideRequest, token_hash(secret))
            if request.state is not SlideRequestState.WITHDRAWN:
                request = request.withdrawn(now)
                tx.save(_event("slide_request.withdrawn", request, origin, now), request)
            return _standing(tx, request)

    def _take(
        self, tx: Transaction, department: Department, request_id: UUID, asked: Asked, origin: Origin, now: datetime
    ) -> None:
        secret, may_write = mint_secret(), self._may_write_to(tx, department, asked.email, now)
        request = SlideRequest(
            id=request_id,
            organization_id=department.organization_id,
            department_id=department.id,
            state=SlideRequestState.RECEIVED,
            asked=asked,
            secret_hash=token_hash(secret),
            received_at=now,
            acknowledged_at=now if may_write else None,
        )
        contact = Contact(tx.organization(department.organization_id), department)
        letters = [acknowledgement(asked, contact, f"{self.public_url}/q#{secret}", now)] if may_write else []
        event = _event("slide_request.received", request, origin, now, asker=asked.asker.kind.value)
        tx.save(event, request, *letters)

    def _check_seldom(self, tx: Transaction, department: Department, now: datetime) -> None:
        most, about = self.limits.requests_an_hour, {"department_id": department.id, "received_since": now - HOUR}
        recent = tx.page(SlideRequest, department.organization_id, limit=most, cursor=None, **about).items
        if len(recent) == most:
            wait = recent[-1].received_at + HOUR - now
            raise TooMany(
                "The department was asked for a great deal within the last hour.",
                retry_after_s=int(wait.total_seconds()) + 1,
            )

    def _may_write_to(self, tx: Transaction, department: Department, email: str, now: datetime) -> bool:
        most, about = self.limits.acknowledgements_a_day, {"mailbox": email, "acknowledged_since": now - DAY}
        return len(tx.page(SlideRequest, department.organization_id, limit=most, cursor=None, **about).items) < most


def _standing(tx: Transaction, request: SlideRequest) -> Standing:
    department = tx.get(Department, request.organization_id, request.department_id)
    return Standing(
        contact=Contact(tx.organization(request.organization_id), department),
        progress=_progress(tx, request),
        received_at=request.received_at,
        decided_at=request.decided_at,
        decline_reason=request.decline_reason,
        decline_note=request.decline_note,
    )


def _progress(tx: Transaction, request: SlideRequest) -> Progress:
    if request.packet_id is None:
        return Progress(request.state.value)
    packet = tx.get(Packet, request.organization_id, request.packet_id)
    return Progress.DONE if packet.state in {PacketState.CLOSED, PacketState.RETIRED} else Progress.IN_PROGRESS


def _event(action: str, request: SlideRequest, origin: Origin, now: datetime, **facts: str) -> Event:
    visitor = SystemActor(request.organization_id, "visitor", origin)
    return Event(action, visitor, now, {"slide_request": request.id}, facts)
