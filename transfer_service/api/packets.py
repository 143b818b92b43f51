"""Packets: opened, looked up, closed, retired."""

from uuid import UUID

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.schemas import packets as schemas
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.domain.packet import Packet, PacketState, SignedManifest
from transfer_service.edge.calls import journey, now
from transfer_service.ports import Slice
from transfer_service.usecases.deposit import PacketDraft, PacketView

blueprint = ApiBlueprint("packets", "All files of one case, sent together; fixed once closed.")


@blueprint.post("/packets")
@blueprint.body(schemas.PacketDraftSchema)
@blueprint.shows(201, schemas.PacketSchema)
def open_packet(draft: PacketDraft) -> PacketView:
    """Open a packet for one case."""
    return PacketView(journey().deposit.open_packet(caller(), draft, now()), [])


@blueprint.get("/packets", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(schemas.PacketsQuerySchema)
@blueprint.shows(200, schemas.PacketListSchema)
def list_packets(query: schemas.PacketsPage) -> Slice[PacketView]:
    """List the department's packets, newest first."""
    return _found(query.page, {} if query.state is None else {"state": query.state})


@blueprint.post("/packets/search", refuses=(errors.CursorInvalid,))
@blueprint.body(schemas.PacketSearchSchema, required=False)
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.PacketListSchema)
def search_packets(wanted: dict[str, object], page: Page) -> Slice[PacketView]:
    """Search by record or accession number.

    A POST, so that neither number stands in an address.
    """
    return _found(page, wanted)


@blueprint.get("/packets/<id:packet_id>")
@blueprint.shows(200, schemas.PacketSchema)
def show_packet(packet_id: UUID) -> PacketView:
    """Show one packet with its files."""
    return journey().deposit.packet(caller(), packet_id)


@blueprint.post(
    "/packets/<id:packet_id>/close", refuses=(errors.FilesUnverified, errors.PacketEmpty, errors.PacketRetired)
)
@blueprint.body(schemas.ClosingSchema, required=False)
@blueprint.shows(202, schemas.ReceiptSchema, description="Closing: it closes itself once all files are verified.")
@blueprint.shows(200, schemas.ReceiptSchema, description="Closed: the signed manifest is the receipt.")
def close_packet(closing: dict[str, bool], packet_id: UUID) -> tuple[Packet, int]:
    """Close a packet: its content is fixed, and its manifest signed."""
    packet = journey().close.close(caller(), packet_id, now(), when_verified=closing["when_verified"])
    return packet, 202 if packet.state is PacketState.CLOSING else 200


@blueprint.get("/packets/<id:packet_id>/manifest", refuses=(errors.PacketNotClosed,))
@blueprint.shows(200, schemas.SignedManifestSchema)
def show_manifest(packet_id: UUID) -> SignedManifest:
    """Show the signed packet manifest."""
    return journey().close.manifest(caller(), packet_id)


@blueprint.post("/packets/<id:packet_id>/retire")
@blueprint.body(schemas.RetiringSchema, required=False)
@blueprint.shows(200, schemas.RetiredSchema)
def retire_packet(retiring: dict[str, bool], packet_id: UUID) -> Packet:
    """Retire a packet: its links die at once, its key and objects after a grace period."""
    return journey().retire.retire(caller(), packet_id, now(), at_once=retiring["now"])


def _found(page: Page, wanted: dict[str, object]) -> Slice[PacketView]:
    found = journey().deposit.packets(caller(), limit=page.limit, cursor=page.cursor, **wanted)
    return Slice([PacketView(packet, []) for packet in found.items], found.next_cursor)
