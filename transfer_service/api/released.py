"""A review service, with its own token: what is released to it."""

from uuid import UUID

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, Repeats, caller
from transfer_service.api.redeemed import OVER, shown
from transfer_service.api.schemas import released as schemas
from transfer_service.api.schemas.nothing import NothingSchema
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.api.schemas.redeemed import AdmittedSchema
from transfer_service.edge.calls import journey, now
from transfer_service.edge.idempotency import idempotency_key
from transfer_service.edge.metrics import redemptions
from transfer_service.ports import Slice
from transfer_service.usecases.services import ReleasedTo

blueprint = ApiBlueprint("released", "What a review service does with its own token.")


@blueprint.get("/released", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.ReleasedListSchema)
def list_released(page: Page) -> Slice[ReleasedTo]:
    """List what is released to the service and can be redeemed now, newest first."""
    return journey().services.released(caller(), now(), limit=page.limit, cursor=page.cursor)


@blueprint.post(
    "/released/<id:release_id>/redeem",
    repeats=Repeats.KNOWN,
    refuses=(*OVER, errors.RecipientChanged, errors.ChallengeUsed, errors.Busy),
)
@blueprint.body(NothingSchema, required=False)
@blueprint.shows(200, AdmittedSchema)
def redeem_released(_nothing: object, release_id: UUID) -> dict[str, object]:
    """Redeem a release, once more counted. The service's token is the proof.

    Repeated with its Idempotency-Key within 10 minutes: a fresh token for the same redemption, uncounted.
    """
    redeemed = journey().services.redeem(caller(), release_id, idempotency_key(), now())
    redemptions.inc()
    return {"access_token": redeemed.token, **shown(redeemed.released)}


@blueprint.post("/released/<id:release_id>/acknowledge", refuses=(errors.FileUnknown, errors.NotFetched, errors.Busy))
@blueprint.body(schemas.AcknowledgementSchema, required=False)
@blueprint.shows(200, schemas.AcknowledgedSchema)
def acknowledge_released(body: dict[str, list[UUID]], release_id: UUID) -> dict[str, object]:
    """Confirm that files were received. Department and patient see it; said again, it changes nothing."""
    receipts = journey().services.acknowledge(caller(), release_id, body.get("received"), now())
    return {"received": receipts}
