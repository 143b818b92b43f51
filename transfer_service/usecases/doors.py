"""Doors: which packet an actor may put files in. Staff fill their department's, a recipient that of their draft."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from transfer_service.domain.opinion import Opinion
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Actor, RecipientActor
from transfer_service.domain.policy import (
    check_answers,
    check_is_recipient,
    check_may_open_packets,
    check_may_read_packets,
)
from transfer_service.ports import Transaction
from transfer_service.usecases.admit import live_link
from transfer_service.usecases.reach import seen_packet


class Door(Protocol):
    """Asked when something is about to come, and again when it has come: that may be hours later.

    Both raise NotAllowed for roles that never may, and NotFound for what is somebody else's.
    """

    def filled(self, tx: Transaction, actor: Actor, packet_id: UUID) -> Packet:
        """The packet, for an actor who may put files in it while it is open."""
        ...

    def looked_into(self, tx: Transaction, actor: Actor, packet_id: UUID) -> Packet:
        """The packet, for an actor who may see what has arrived in it."""
        ...


@dataclass(frozen=True)
class DepartmentDoor:
    """Depositors and coordinators put things in; privacy officers may look."""

    def filled(self, tx: Transaction, actor: Actor, packet_id: UUID) -> Packet:
        """A case of their department, or one that it contributes to."""
        return seen_packet(tx, check_may_open_packets(actor), packet_id)

    def looked_into(self, tx: Transaction, actor: Actor, packet_id: UUID) -> Packet:
        """The same."""
        return seen_packet(tx, check_may_read_packets(actor), packet_id)


DEPARTMENT = DepartmentDoor()


@dataclass(frozen=True)
class OpinionDoor:
    """A recipient inside a redemption, while link, release and the reviewed packet live: what refuses a download
    refuses this too.
    """

    clock: Callable[[], datetime]

    def filled(self, tx: Transaction, actor: Actor, packet_id: UUID) -> Packet:
        """The return packet of their draft. OpinionSent, and every way a link can be over."""
        recipient = check_is_recipient(actor)
        own_opinion(tx, recipient, packet_id, self.clock()).check_draft()
        return tx.get(Packet, recipient.organization_id, packet_id)

    def looked_into(self, tx: Transaction, actor: Actor, packet_id: UUID) -> Packet:
        """The return packet of any opinion of theirs."""
        recipient = check_is_recipient(actor)
        own_opinion(tx, recipient, packet_id, self.clock())
        return tx.get(Packet, recipient.organization_id, packet_id)


def own_opinion(tx: Transaction, actor: RecipientActor, opinion_id: UUID, now: datetime) -> Opinion:
    """The recipient's own, under the live release that they were let in by. NotFound, and every way to be over."""
    link, _ = live_link(tx, actor, now)
    opinion = tx.get(Opinion, actor.organization_id, opinion_id)
    check_answers(actor, opinion, link)
    return opinion
