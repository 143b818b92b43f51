"""Answer: the recipient's opinion comes back, in a return packet that is sealed like every other.

1. Begin: a draft, and with it the return packet, of the reviewed packet's department, with a key of its own.
2. Files are put in by the code that takes a department's (``deposit``, ``receive``), behind a door of its own.
3. Send: once every file is verified the return packet is closed, and what was said is kept, in one transaction.

All of it inside a redemption, while link, release and reviewed packet live. What was sent stays, whatever ends then.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event, Fact
from transfer_service.domain.link import Link
from transfer_service.domain.opinion import Opinion, OpinionState, Reply, numbers_of
from transfer_service.domain.packet import Packet, PacketFile, PacketKind, PacketState, check_may_close
from transfer_service.domain.people import Actor, Recipient, RecipientActor
from transfer_service.domain.policy import check_is_recipient
from transfer_service.errors import OpinionSent
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.admit import live_link
from transfer_service.usecases.close import Close
from transfer_service.usecases.deposit import Deposit
from transfer_service.usecases.doors import OpinionDoor, own_opinion
from transfer_service.usecases.reach import packet_key_context
from transfer_service.usecases.receive import Receive


@dataclass(frozen=True, slots=True, repr=False)
class OpinionView:
    """An opinion, the recipient as the patient read them, and the files of its return packet, oldest first."""

    opinion: Opinion
    recipient: Recipient
    files: list[PacketFile]


@dataclass(frozen=True)
class Answers:
    """What a recipient does inside a redemption. ``deposit`` and ``receive`` stand behind an OpinionDoor."""

    deposit: Deposit
    receive: Receive
    close: Close

    @classmethod
    def beside(cls, deposit: Deposit, receive: Receive, close: Close) -> "Answers":
        """Joined to all that a department's deposits are joined to."""
        door = OpinionDoor(receive.clock)
        return cls(replace(deposit, door=door), replace(receive, door=door), close)

    @property
    def database(self) -> Database:
        """Where opinions are kept."""
        return self.deposit.database

    def begin(self, actor: Actor, now: datetime) -> OpinionView:
        """A new draft, or the one that is open: a recipient has one at a time. Every way a link can be over."""
        recipient = check_is_recipient(actor)
        new = self._new_key(recipient)
        with self.database.changing() as tx:
            return view_of(tx, self._begun(tx, recipient, new, now))

    def say(self, actor: Actor, reply: Reply, sent_before: int, now: datetime) -> OpinionView:
        """Begin and send at once, with the files that the draft holds. Refusals as of both, and then nothing is begun.

        OpinionSent where not ``sent_before`` were sent so far: a form that comes twice is one opinion.
        """
        recipient = check_is_recipient(actor)
        new = self._new_key(recipient)
        with self.database.changing() as tx:
            link, _ = live_link(tx, recipient, now)
            if sum(opinion.state is OpinionState.SENT for opinion in _shown(tx, link)) != sent_before:
                raise OpinionSent
            return self.send(actor, self._begun(tx, recipient, new, now).id, reply, now)

    def own(self, actor: Actor, now: datetime) -> list[OpinionView]:
        """What the recipient sent under this release, by whatever link, and the draft; the newest last."""
        recipient = check_is_recipient(actor)
        with self.database.reading() as tx:
            link, _ = live_link(tx, recipient, now)
            return [view_of(tx, opinion) for opinion in _shown(tx, link)]

    def one(self, actor: Actor, opinion_id: UUID, now: datetime) -> OpinionView:
        """One of them: how far its files are. NotFound."""
        recipient = check_is_recipient(actor)
        with self.database.reading() as tx:
            return view_of(tx, own_opinion(tx, recipient, opinion_id, now))

    def send(self, actor: Actor, opinion_id: UUID, reply: Reply, now: datetime) -> OpinionView:
        """Fix what it says and what it holds. FilesUnverified, OpinionEmpty, OpinionSent, PacketNotOpen, Invalid."""
        recipient = check_is_recipient(actor)
        with self.database.changing() as tx:
            opinion = own_opinion(tx, recipient, opinion_id, now)
            opinion.check_draft()
            packet = tx.get(Packet, opinion.organization_id, opinion.id)
            packet.check_open()
            files = tx.find(PacketFile, packet.organization_id, packet_id=packet.id)
            if files:
                check_may_close(files)
            opinion = opinion.sent(reply, len(files), now)
            self.close.fix(tx, recipient, packet, files, now)
            tx.save(opinion_event("opinion.sent", recipient, opinion, now, files=len(files)), opinion)
            return view_of(tx, opinion)

    def _new_key(self, recipient: RecipientActor) -> tuple[UUID, bytes]:
        """The id of an opinion to be, and the wrapped key of its packet: a keyring may take its time."""
        opinion_id = uuid4()
        _, wrapped = self.deposit.keyring.generate(packet_key_context(recipient.organization_id, opinion_id))
        return opinion_id, wrapped

    def _begun(self, tx: Transaction, recipient: RecipientActor, new: tuple[UUID, bytes], now: datetime) -> Opinion:
        link, release = live_link(tx, recipient, now)
        for known in _shown(tx, link):
            if known.state is OpinionState.DRAFT:
                return known
        opinion_id, wrapped = new
        opinion = _draft(opinion_id, link, release.grant_to(link.recipient_id).recipient_version, now)
        packet = _return_packet(opinion, tx.get(Packet, link.organization_id, link.packet_id), wrapped)
        tx.save(opinion_event("opinion.begun", recipient, opinion, now), opinion, packet)
        return opinion


def view_of(tx: Transaction, opinion: Opinion) -> OpinionView:
    """The opinion with who gave it and what is in it."""
    of = opinion.organization_id
    recipient = tx.recipient_version(of, opinion.recipient_id, opinion.recipient_version)
    return OpinionView(opinion, recipient, tx.find(PacketFile, of, packet_id=opinion.id))


def opinion_event(action: str, actor: Actor, opinion: Opinion, now: datetime, **facts: Fact) -> Event:
    """What happened to an opinion, as the audit log has it: what it says is not said."""
    subject = {
        "packet": opinion.packet_id,
        "release": opinion.release_id,
        "recipient": opinion.recipient_id,
        "opinion": opinion.id,
    }
    return Event(action, actor, now, subject, facts)


def _shown(tx: Transaction, link: Link) -> list[Opinion]:
    """All under the link's release but drafts that were abandoned, and swept."""
    about = {"release_id": link.release_id, "recipient_id": link.recipient_id}
    opinions = tx.find(Opinion, link.organization_id, **about)
    return [opinion for opinion in opinions if _counts(tx, opinion)]


def _counts(tx: Transaction, opinion: Opinion) -> bool:
    if opinion.state is OpinionState.SENT:
        return True
    return tx.get(Packet, opinion.organization_id, opinion.id).state is PacketState.OPEN


def _draft(opinion_id: UUID, link: Link, recipient_version: int, now: datetime) -> Opinion:
    return Opinion(
        id=opinion_id,
        organization_id=link.organization_id,
        packet_id=link.packet_id,
        release_id=link.release_id,
        recipient_id=link.recipient_id,
        recipient_version=recipient_version,
        state=OpinionState.DRAFT,
        begun_at=now,
    )


def _return_packet(opinion: Opinion, reviewed: Packet, wrapped_key: bytes) -> Packet:
    return Packet(
        id=opinion.id,
        organization_id=reviewed.organization_id,
        department_id=reviewed.department_id,
        contributing_department_ids=(),
        state=PacketState.OPEN,
        case=numbers_of(reviewed),
        note=None,
        created_at=opinion.begun_at,
        created_by=opinion.recipient_id,
        written_at=opinion.begun_at,
        wrapped_key=wrapped_key,
        kind=PacketKind.OPINION,
    )
