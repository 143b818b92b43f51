"""Loading what an actor may reach: a foreign thing and an unknown one are the same NotFound."""

from uuid import UUID

from transfer_service.domain.link import Link, Verification
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import Actor, PatientActor, Recipient, StaffActor
from transfer_service.domain.policy import (
    check_is_patient_of,
    check_is_still,
    check_keeps,
    check_may_oversee_releases,
    check_owns,
    check_sees,
)
from transfer_service.domain.release import Release
from transfer_service.errors import NotFound, PacketRetired
from transfer_service.ports import Keyring, Transaction
from transfer_service.sealing.keys import SecretKey


def seen_packet(tx: Transaction, actor: StaffActor, packet_id: UUID) -> Packet:
    """A case of the actor's department, or one that it contributes to."""
    packet = tx.get(Packet, actor.organization_id, packet_id)
    check_sees(actor, packet)
    return packet


def owned_packet(tx: Transaction, actor: StaffActor, packet_id: UUID) -> Packet:
    """A case of the actor's own department."""
    packet = tx.get(Packet, actor.organization_id, packet_id)
    check_owns(actor, packet)
    return packet


def kept_packet(tx: Transaction, actor: StaffActor, packet_id: UUID) -> Packet:
    """A packet of the actor's own department, a return packet too."""
    packet = tx.get(Packet, actor.organization_id, packet_id)
    check_keeps(actor, packet)
    return packet


def release_and_packet(tx: Transaction, actor: Actor, release_id: UUID) -> tuple[Release, Packet]:
    """A release, for its patient and for staff who oversee its packet's releases; NotAllowed, NotFound."""
    if isinstance(actor, PatientActor):
        release = tx.get(Release, actor.organization_id, check_is_patient_of(actor, release_id).release_id)
        return release, tx.get(Packet, release.organization_id, release.packet_id)
    staff = check_may_oversee_releases(actor)  # before the look-up, which would tell other roles what exists
    release = tx.get(Release, staff.organization_id, release_id)
    return release, owned_packet(tx, staff, release.packet_id)


def file_of(tx: Transaction, packet: Packet, file_id: UUID) -> PacketFile:
    """A file of that very packet."""
    file = tx.get(PacketFile, packet.organization_id, file_id)
    if file.packet_id != packet.id:
        raise NotFound
    return file


def check_recipient(tx: Transaction, release: Release, recipient_id: UUID) -> None:
    """Whether they are still who the patient read of. RecipientNotNamed, RecipientChanged."""
    version = release.grant_to(recipient_id).recipient_version
    read = tx.recipient_version(release.organization_id, recipient_id, version)
    check_is_still(tx.get(Recipient, release.organization_id, recipient_id), read)


def service_link(tx: Transaction, release: Release, recipient_id: UUID) -> Link | None:
    """The link that a review service redeems the release by; None before it first does."""
    about = {"release_id": release.id, "recipient_id": recipient_id}
    links = tx.find(Link, release.organization_id, verification=Verification.SERVICE_TOKEN, **about)
    return next(iter(links), None)


def packet_key(keyring: Keyring, packet: Packet) -> SecretKey:
    """The key that opens every file of the packet; PacketRetired once it is destroyed."""
    if packet.wrapped_key is None:
        raise PacketRetired
    return keyring.unwrap(packet.wrapped_key, packet_key_context(packet.organization_id, packet.id))


def packet_key_context(organization_id: UUID, packet_id: UUID) -> dict[str, str]:
    """What a packet key's wrapping is bound to: opaque ids only, for KMS shows them in the clear."""
    return {"organization": str(organization_id), "packet": str(packet_id)}
