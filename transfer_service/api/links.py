"""Links: issued under a live release, listed, revoked."""

from uuid import UUID

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.pages_of_lists import sliced
from transfer_service.api.schemas import links as schemas
from transfer_service.api.schemas.nothing import NothingSchema
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.domain.link import LinkState
from transfer_service.edge.calls import journey, now
from transfer_service.ports import Slice
from transfer_service.usecases.issue import LinkDraft, LinkView

blueprint = ApiBlueprint("links", "Expiring, revocable grants under one release to one recipient.")


@blueprint.post(
    "/packets/<id:packet_id>/links",
    refuses=(
        errors.ReleaseNotSigned,
        errors.ReleaseExpired,
        errors.ReleaseWithdrawn,
        errors.RecipientNotNamed,
        errors.RecipientChanged,
        errors.PacketNotClosed,
        errors.PacketRetired,
        errors.ExpiryInPast,
        errors.ExpiryTooFar,
        errors.Busy,
    ),
)
@blueprint.body(schemas.LinkDraftSchema)
@blueprint.shows(201, schemas.IssuedLinkSchema)
def issue_link(draft: LinkDraft, packet_id: UUID) -> dict[str, object]:
    """Issue a link. Its URL is shown this once, and mailed to nobody."""
    link, url = journey().issue.issue(caller(), packet_id, draft, now())
    return {"link": link, "state": LinkState.LIVE, "url": url}


@blueprint.get("/packets/<id:packet_id>/links", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.LinkListSchema)
def list_links(page: Page, packet_id: UUID) -> Slice[LinkView]:
    """List every link of a packet, ended ones too: what is listed as live works, and nothing else does."""
    return sliced(journey().issue.of_packet(caller(), packet_id, now()), page)


@blueprint.post("/links/<id:link_id>/revoke")
@blueprint.body(NothingSchema, required=False)
@blueprint.shows(200, schemas.LinkSchema)
def revoke_link(_nothing: object, link_id: UUID) -> LinkView:
    """Revoke a link: it is dead before the answer."""
    return LinkView(journey().issue.revoke(caller(), link_id, now()), LinkState.REVOKED)
