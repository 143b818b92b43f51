"""Successors: a packet that starts from a closed one, what differs, and what a packet does not hold."""

from uuid import UUID

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.schemas import successors as schemas
from transfer_service.api.schemas.packets import PacketSchema
from transfer_service.domain.packet import NotIncluded
from transfer_service.edge.calls import journey, now
from transfer_service.usecases.deposit import PacketView
from transfer_service.usecases.successor import ChangesView, SuccessorDraft

blueprint = ApiBlueprint("successors", "A closed packet never changes: what is new goes into one that starts from it.")


@blueprint.post(
    "/packets/<id:packet_id>/successor", refuses=(errors.PacketNotClosed, errors.PacketRetired, errors.FileUnknown)
)
@blueprint.body(schemas.SuccessorDraftSchema, required=False)
@blueprint.shows(201, PacketSchema)
def open_successor(draft: SuccessorDraft, packet_id: UUID) -> PacketView:
    """Open a packet that starts from a closed one; its files are carried over by the service, and read back.

    No release of the closed packet applies to it.
    """
    return journey().successors.open(caller(), packet_id, draft, now())


@blueprint.get("/packets/<id:packet_id>/changes")
@blueprint.shows(200, schemas.ChangesSchema)
def show_changes(packet_id: UUID) -> ChangesView:
    """Show what differs from the packet that this one starts from."""
    return journey().successors.changes(caller(), packet_id)


@blueprint.put("/packets/<id:packet_id>/not-included", refuses=(errors.PacketNotOpen,))
@blueprint.body(schemas.NotIncludedListSchema)
@blueprint.shows(200, PacketSchema)
def say_not_included(items: tuple[NotIncluded, ...], packet_id: UUID) -> PacketView:
    """Say what exists and is not in the packet: the patient reads it on the form. While the packet is open."""
    return journey().describe.not_included(caller(), packet_id, items, now())
