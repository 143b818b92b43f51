"""Opinions as the department receives them, and as the patient reads them once they are shared."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from transfer_service.domain.language import nearest
from transfer_service.domain.opinion import Opinion, OpinionState
from transfer_service.domain.packet import Case, Packet, PacketKind
from transfer_service.domain.people import Actor, PatientActor, Recipient, StaffActor
from transfer_service.domain.policy import (
    check_is_patient,
    check_may_read_opinions,
    check_may_receive_opinions,
    sees_departments,
)
from transfer_service.domain.release import Release
from transfer_service.errors import NotFound
from transfer_service.ports import Database, Slice, Transaction
from transfer_service.usecases.answer import OpinionView, opinion_event, view_of
from transfer_service.usecases.deliver import Deliver
from transfer_service.usecases.letters import about, opinion_letter
from transfer_service.usecases.opinion_files import OpinionFiles
from transfer_service.usecases.reach import owned_packet


@dataclass(frozen=True, slots=True, repr=False)
class OpinionLine:
    """One opinion in a department's list: of which case, and how many files came with it."""

    opinion: Opinion
    recipient: Recipient
    case: Case
    files: int


@dataclass(frozen=True)
class Opinions:
    """Coordinators receive and share, privacy officers look, patients read what was shared.

    ``received`` and ``shared`` are the files: the department's, and the patient's.
    """

    database: Database
    public_url: str
    received: OpinionFiles
    shared: OpinionFiles

    @classmethod
    def beside(cls, deliver: Deliver, public_url: str) -> "Opinions":
        """Joined to all that deliveries are joined to."""
        parts = (deliver.database, deliver.keyring, deliver.store, deliver.clock)
        received, shared = OpinionFiles(*parts, opinion_received), OpinionFiles(*parts, opinion_shared)
        return cls(deliver.database, public_url, received, shared)

    def of_packet(self, actor: Actor, packet_id: UUID) -> list[OpinionView]:
        """What was sent on a packet, by whomever; the newest, which counts, last."""
        staff = check_may_read_opinions(actor)
        with self.database.reading() as tx:
            packet = owned_packet(tx, staff, packet_id)
            sent = tx.find(Opinion, packet.organization_id, packet_id=packet.id, state=OpinionState.SENT)
            return _newest_last(tx, sent)

    def of_department(self, actor: Actor, *, limit: int, cursor: str | None) -> Slice[OpinionLine]:
        """What came back to the department, the last begun first. A page may be short, and have a next one."""
        staff = check_may_read_opinions(actor)
        department = sees_departments(staff)
        equals = {} if department is None else {"department_id": department}
        with self.database.reading() as tx:
            found = tx.page(
                Packet, staff.organization_id, limit=limit, cursor=cursor, of_kind=PacketKind.OPINION, **equals
            )
            return Slice(_lines(tx, staff.organization_id, found.items), found.next_cursor)

    def opinion(self, actor: Actor, opinion_id: UUID) -> OpinionView:
        """One that was sent; NotFound."""
        staff = check_may_read_opinions(actor)
        with self.database.reading() as tx:
            return view_of(tx, _sent(tx, staff, opinion_id))

    def answered_by(self, actor: Actor, opinion_id: UUID) -> list[Packet]:
        """The packets that bring what it asked for, oldest first; NotFound."""
        staff = check_may_read_opinions(actor)
        with self.database.reading() as tx:
            opinion = _sent(tx, staff, opinion_id)
            return tx.find(
                Packet, opinion.organization_id, predecessor_id=opinion.packet_id, answers_opinion_id=opinion.id
            )

    def share(self, actor: Actor, opinion_id: UUID, now: datetime) -> OpinionView:
        """Let the patient read it, and tell them by mail that there is something. Said once: it can't be taken back."""
        staff = check_may_receive_opinions(actor)
        with self.database.changing() as tx:
            opinion = _sent(tx, staff, opinion_id)
            if opinion.shared_at is not None:
                return view_of(tx, opinion)
            shared = replace(opinion, shared_at=now, shared_by=staff.staff_id)
            release = tx.get(Release, shared.organization_id, shared.release_id)
            packet = tx.get(Packet, shared.organization_id, shared.packet_id)
            who = about(tx, packet, release.email, nearest(packet.case.patient.language))
            mail = opinion_letter(who, f"{self.public_url}/r", now)
            tx.save(opinion_event("opinion.shared", staff, shared, now), shared, mail)
            return view_of(tx, shared)

    def of_patient(self, actor: Actor) -> list[OpinionView]:
        """What the department has shared on the packet whose release the patient holds, the newest last."""
        patient = check_is_patient(actor)
        with self.database.reading() as tx:
            release = tx.get(Release, patient.organization_id, patient.release_id)
            sent = tx.find(Opinion, release.organization_id, packet_id=release.packet_id, state=OpinionState.SENT)
            return _newest_last(tx, [opinion for opinion in sent if opinion.shared_at is not None])


def _lines(tx: Transaction, organization_id: UUID, returned: list[Packet]) -> list[OpinionLine]:
    opinions = tx.each(Opinion, organization_id, [packet.id for packet in returned])
    sent = [(packet, opinions[packet.id]) for packet in returned if opinions[packet.id].state is OpinionState.SENT]
    views = [(packet, view_of(tx, opinion)) for packet, opinion in sent]
    return [OpinionLine(view.opinion, view.recipient, packet.case, len(view.files)) for packet, view in views]


def opinion_received(tx: Transaction, actor: Actor, opinion_id: UUID) -> Opinion:
    """For who may have its bytes in the department: coordinators, and nobody else of the staff. NotFound."""
    return _sent(tx, check_may_receive_opinions(actor), opinion_id)


def opinion_shared(tx: Transaction, actor: Actor, opinion_id: UUID) -> Opinion:
    """For the patient whose packet was reviewed, once it is shared; NotFound before."""
    patient = check_is_patient(actor)
    opinion = tx.get(Opinion, patient.organization_id, opinion_id)
    if opinion.shared_at is None or opinion.packet_id != _packet_of(tx, patient):
        raise NotFound
    return opinion


def _packet_of(tx: Transaction, patient: PatientActor) -> UUID:
    return tx.get(Release, patient.organization_id, patient.release_id).packet_id


def _sent(tx: Transaction, staff: StaffActor, opinion_id: UUID) -> Opinion:
    opinion = tx.get(Opinion, staff.organization_id, opinion_id)
    owned_packet(tx, staff, opinion.packet_id)
    opinion.check_sent()
    return opinion


def _newest_last(tx: Transaction, sent: list[Opinion]) -> list[OpinionView]:
    in_order = sorted(sent, key=lambda opinion: opinion.sent_at or opinion.begun_at)
    return [view_of(tx, opinion) for opinion in in_order]
