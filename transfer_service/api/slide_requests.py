"""Requests for slides: made by anybody, followed by their askers, answered by the department."""

from uuid import UUID

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.schemas import slide_requests as schemas
from transfer_service.api.schemas.packets import PacketSchema
from transfer_service.api.schemas.releases import SecretSchema
from transfer_service.domain.slide_request import DeclineReason, SlideRequest
from transfer_service.edge.calls import journey, now, origin
from transfer_service.edge.idempotency import anyone
from transfer_service.ports import Slice
from transfer_service.usecases.ask import Standing
from transfer_service.usecases.deposit import PacketView
from transfer_service.usecases.slide_requests import Acceptance

blueprint = ApiBlueprint("slide_requests", "Somebody asks a department for slides; nothing is looked up for them.")


@blueprint.post("/slide-requests", public=True, keys_of=anyone, refuses=(errors.TooMany,))
@blueprint.body(schemas.SlideRequestDraftSchema)
@blueprint.shows(202, schemas.ReceivedSchema)
def ask_for_slides(draft: schemas.AskDraft) -> dict[str, bool]:
    """Ask a department for slides. The answer is the same for everybody; what comes of it goes by mail."""
    journey().asking.receive(draft.asked, draft.department_id, origin(), now())
    return {"received": True}


@blueprint.post("/slide-requests/status", public=True)
@blueprint.body(SecretSchema)
@blueprint.shows(200, schemas.StandingSchema)
def show_standing(body: dict[str, str]) -> Standing:
    """Show the asker how their request stands."""
    return journey().asking.status(body["secret"])


@blueprint.post("/slide-requests/withdraw", public=True, refuses=(errors.SlideRequestDecided,))
@blueprint.body(SecretSchema)
@blueprint.shows(200, schemas.StandingSchema)
def withdraw_slide_request(body: dict[str, str]) -> Standing:
    """Take a request back, which the department has not answered yet."""
    return journey().asking.withdraw(body["secret"], origin(), now())


@blueprint.get("/slide-requests", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(schemas.SlideRequestsQuerySchema)
@blueprint.shows(200, schemas.SlideRequestListSchema)
def list_slide_requests(query: schemas.SlideRequestsPage) -> Slice[SlideRequest]:
    """List the department's requests, newest first."""
    wanted = {} if query.state is None else {"state": query.state}
    page = query.page
    return journey().slide_requests.of_department(caller(), limit=page.limit, cursor=page.cursor, **wanted)


@blueprint.get("/slide-requests/<id:request_id>")
@blueprint.shows(200, schemas.SlideRequestSchema)
def show_slide_request(request_id: UUID) -> SlideRequest:
    """Show one request."""
    return journey().slide_requests.one(caller(), request_id)


@blueprint.post("/slide-requests/<id:request_id>/decline", refuses=(errors.SlideRequestDecided,))
@blueprint.body(schemas.DecliningSchema)
@blueprint.shows(200, schemas.SlideRequestSchema)
def decline_slide_request(answer: dict[str, object], request_id: UUID) -> SlideRequest:
    """Decline: the asker reads why."""
    reason, note = answer["reason"], answer.get("note")
    return journey().slide_requests.decline(caller(), request_id, DeclineReason(reason), note, now())  # type: ignore[arg-type]  # text, by the schema


@blueprint.post("/slide-requests/<id:request_id>/accept", refuses=(errors.SlideRequestDecided,))
@blueprint.body(schemas.AcceptanceSchema)
@blueprint.shows(201, PacketSchema)
def accept_slide_request(given: Acceptance, request_id: UUID) -> PacketView:
    """Accept: open a packet for what was asked."""
    return PacketView(journey().slide_requests.accept(caller(), request_id, given, now()), [])
