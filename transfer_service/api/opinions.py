"""Opinions as the department receives and shares them, and as the patient reads them."""

from uuid import UUID

from flask import Response

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.pages_of_lists import sliced
from transfer_service.api.redeemed import RANGES, RANGES_SHOWN
from transfer_service.api.schemas import opinions as schemas
from transfer_service.api.schemas.nothing import NothingSchema
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.edge.calls import journey, now
from transfer_service.edge.opinion_answer import opinion_file
from transfer_service.ports import Slice
from transfer_service.usecases.answer import OpinionView

blueprint = ApiBlueprint("opinions", "Second opinions, as they come back.")

_REFUSES = (errors.PacketRetired, errors.Busy)


@blueprint.get("/packets/<id:packet_id>/opinions", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.OpinionListSchema)
def list_opinions(page: Page, packet_id: UUID) -> Slice[OpinionView]:
    """List the opinions that were sent on a packet. The newest, which counts, comes last."""
    return sliced(journey().opinions.of_packet(caller(), packet_id), page)


@blueprint.get("/opinions/<id:opinion_id>")
@blueprint.shows(200, schemas.OpinionSchema)
def show_opinion(opinion_id: UUID) -> OpinionView:
    """Show one opinion: what it says, and what it needs."""
    return journey().opinions.opinion(caller(), opinion_id)


@blueprint.get("/opinions/<id:opinion_id>/files/<id:file_id>", refuses=_REFUSES, parameters=RANGES)
@blueprint.documents(responses=RANGES_SHOWN)
def fetch_opinion_file(opinion_id: UUID, file_id: UUID) -> Response:
    """Fetch a file of an opinion, or a range of it: for the coordinators of the department that it came back to."""
    return opinion_file(journey().opinions.received, caller(), opinion_id, file_id)


@blueprint.post("/opinions/<id:opinion_id>/share")
@blueprint.body(NothingSchema, required=False)
@blueprint.shows(200, schemas.OpinionSchema)
def share_opinion(_nothing: object, opinion_id: UUID) -> OpinionView:
    """Share an opinion with the patient, who is told by mail that there is something to read. It can't be undone."""
    return journey().opinions.share(caller(), opinion_id, now())


@blueprint.get("/patient/opinions", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.SharedOpinionListSchema)
def list_shared_opinions(page: Page) -> Slice[OpinionView]:
    """List the opinions that the department has shared with the patient, the newest last."""
    return sliced(journey().opinions.of_patient(caller()), page)


@blueprint.get("/patient/opinions/<id:opinion_id>/files/<id:file_id>", refuses=_REFUSES, parameters=RANGES)
@blueprint.documents(responses=RANGES_SHOWN)
def fetch_shared_file(opinion_id: UUID, file_id: UUID) -> Response:
    """Fetch a file of a shared opinion, or a range of it."""
    return opinion_file(journey().opinions.shared, caller(), opinion_id, file_id)
