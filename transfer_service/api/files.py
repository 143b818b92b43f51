"""Files of a packet: planned, completed, deleted."""

from uuid import UUID

from flask import Response

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.pages_of_lists import sliced
from transfer_service.api.schemas import files as schemas
from transfer_service.api.schemas.pages import Page
from transfer_service.domain.packet import PacketFile, Part
from transfer_service.edge.calls import journey, now
from transfer_service.ports import Slice
from transfer_service.usecases.deposit import FileDraft

blueprint = ApiBlueprint("files", "The files of a packet. Each is read back from the store before it counts.")


@blueprint.post(
    "/packets/<id:packet_id>/files",
    refuses=(errors.PathTaken, errors.PacketNotOpen, errors.PathInvalid, errors.FileTooLarge),
)
@blueprint.body(schemas.FileDraftSchema)
@blueprint.shows(201, schemas.FileSchema)
def plan_file(draft: FileDraft, packet_id: UUID) -> PacketFile:
    """Plan a file, to be sent part by part."""
    return journey().deposit.add_file(caller(), packet_id, draft, now())


@blueprint.get("/packets/<id:packet_id>/files/<id:file_id>")
@blueprint.shows(200, schemas.FileSchema)
def show_file(packet_id: UUID, file_id: UUID) -> PacketFile:
    """Show one file: how far its verification is."""
    return journey().deposit.file(caller(), packet_id, file_id)


@blueprint.get("/packets/<id:packet_id>/files/<id:file_id>/parts", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(schemas.PartPageSchema)
@blueprint.shows(200, schemas.PartListSchema)
def list_parts(page: Page, packet_id: UUID, file_id: UUID) -> Slice[Part]:
    """List the parts that have arrived: what a resuming client asks first. All of them, unless a limit is given."""
    return sliced(journey().deposit.parts(caller(), packet_id, file_id), page)


@blueprint.post(
    "/packets/<id:packet_id>/files/<id:file_id>/complete",
    refuses=(errors.PartsMissing, errors.PacketNotOpen, errors.NotNow, errors.DigestMissing, errors.DigestMismatch),
)
@blueprint.body(schemas.CompletionSchema, required=False)
@blueprint.shows(202, schemas.FileSchema)
def complete_file(completion: dict[str, str], packet_id: UUID, file_id: UUID) -> PacketFile:
    """Say that every part was sent; the file is then read back and verified."""
    return journey().deposit.complete(caller(), packet_id, file_id, completion.get("sha256"), now())


@blueprint.delete("/packets/<id:packet_id>/files/<id:file_id>", refuses=(errors.PacketNotOpen,))
@blueprint.shows(204)
def delete_file(packet_id: UUID, file_id: UUID) -> Response:
    """Take a file out of an open packet."""
    journey().deposit.delete_file(caller(), packet_id, file_id, now())
    return Response(status=204)
