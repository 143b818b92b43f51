"""The patient's contact: changed by one member of staff, and where it is the address, confirmed by another."""

from uuid import UUID

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.schemas import contacts as schemas
from transfer_service.domain.packet import Packet
from transfer_service.edge.calls import journey, now
from transfer_service.usecases.contact import ContactDraft

blueprint = ApiBlueprint("contacts", "Where the patient's letters go; an address changes by two members of staff.")


@blueprint.put("/packets/<id:packet_id>/patient-contact", refuses=(errors.Invalid, errors.PacketRetired))
@blueprint.body(schemas.ContactDraftSchema)
@blueprint.shows(202, schemas.ContactSchema, description="An address waits until another member of staff confirms it.")
@blueprint.shows(200, schemas.ContactSchema, description="What was sent counts.")
def change_contact(draft: ContactDraft, packet_id: UUID) -> tuple[Packet, int]:
    """Change what is named, and leave the rest as it is.

    A packet's first address counts at once, another one when a second member of staff confirms it; phone and language
    at once. A newer address replaces one that waits; sending the one that counts takes back one that waits.
    """
    packet = journey().contacts.change(caller(), packet_id, draft, now())
    waits = packet.pending_contact is not None and packet.pending_contact.email == draft.email
    return packet, 202 if waits else 200


@blueprint.post(
    "/packets/<id:packet_id>/patient-contact/confirm",
    refuses=(errors.SecondPersonNeeded, errors.NothingToConfirm, errors.ContactChanged, errors.PacketRetired),
)
@blueprint.body(schemas.ContactSeenSchema)
@blueprint.shows(200, schemas.ContactSchema)
def confirm_contact(seen: dict[str, str], packet_id: UUID) -> Packet:
    """Confirm the address that another member of staff asked for; send it, so that none can be slipped in between.

    The former address is told, and the patient's sessions end. A release that was asked for keeps the address that it
    was asked with: withdraw it and ask again.
    """
    return journey().contacts.confirm(caller(), packet_id, seen["email"], now())
