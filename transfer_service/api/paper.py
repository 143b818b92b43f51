"""Forms signed on paper: scanned by one member of staff, confirmed by another."""

from uuid import UUID

from flask import Response, request

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.schemas import paper as schemas
from transfer_service.api.schemas.releases import ReleaseSchema
from transfer_service.domain.document import SCAN_MEDIA_TYPES
from transfer_service.domain.release import Release
from transfer_service.edge.bodies import counted_body
from transfer_service.edge.calls import journey, now, service
from transfer_service.edge.file_answer import scan_of_form
from transfer_service.usecases.paper import PaperDraft

blueprint = ApiBlueprint("paper", "Forms signed on paper: scanned by one member of staff, confirmed by another.")

OVER = (errors.ReleaseWithdrawn, errors.ReleaseExpired, errors.PacketRetired)
_SCAN = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in SCAN_MEDIA_TYPES}


@blueprint.put(
    "/releases/<id:release_id>/paper",
    refuses=(errors.ScanRefused, errors.ReleaseNotRequested, *OVER, errors.Busy),
)
@blueprint.documents(requestBody={"required": True, "content": _SCAN})
@blueprint.shows(200, schemas.ScanSchema)
def put_paper(release_id: UUID) -> dict[str, object]:
    """Send the scan of the signed form: a PDF, PNG, JPEG or TIFF of at most 20 MiB, in one request.

    Another member of staff has to confirm it. Until then a further scan replaces this one.
    """
    papers = journey().papers
    with service().slots.upload():
        plan = papers.expect(caller(), release_id, request.mimetype, request.content_length or 0, now())
        body = counted_body(request, None, papers.documents.limits.scan_bytes)
        release, document = papers.take(plan, body)
    return {"release": release, "document": document}


@blueprint.get("/releases/<id:release_id>/paper", refuses=(errors.Busy,))
@blueprint.documents(responses={200: {"description": "The scan, as it was sent.", "content": _SCAN}})
def get_paper(release_id: UUID) -> Response:
    """Fetch the scan, to look at it. That it was shown is recorded. Its SHA-256 stands in Repr-Digest and the ETag."""
    return scan_of_form(caller(), release_id)


@blueprint.post(
    "/releases/<id:release_id>/paper/confirm",
    refuses=(errors.SecondPersonNeeded, errors.NothingToConfirm, errors.DocumentChanged, *OVER),
)
@blueprint.body(schemas.PaperDraftSchema)
@blueprint.shows(200, ReleaseSchema)
def confirm_paper(draft: PaperDraft, release_id: UUID) -> Release:
    """Confirm another's scan: what stands on it, and the digest of what you looked at. The release is signed then."""
    release = journey().papers.confirm(caller(), release_id, draft, now())
    journey().copies.try_making(release, now())
    return release
