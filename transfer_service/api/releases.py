"""Releases: asked for, signed, withdrawn."""

from functools import wraps
from typing import Any
from uuid import UUID

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, View, caller
from transfer_service.api.pages_of_lists import sliced
from transfer_service.api.schemas import releases as schemas
from transfer_service.api.schemas.nothing import NothingSchema
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.domain.release import Release
from transfer_service.edge.calls import journey, now
from transfer_service.ports import Slice
from transfer_service.usecases.posted import ListedRelease
from transfer_service.usecases.release import ReleaseDraft, SignatureDraft

blueprint = ApiBlueprint("releases", "The patient's authorization: which files, to whom, why, until when.")


def _before_the_body(sign: View) -> View:
    """Staff who try to sign are refused, and recorded, even where what they sent could not be read."""

    @wraps(sign)
    def checked(*args: Any, release_id: UUID, **kwargs: Any) -> Any:  # noqa: ANN401 - a view's own
        journey().releases.check_signs(caller(), release_id, now())
        return sign(*args, release_id=release_id, **kwargs)

    return checked


@blueprint.post(
    "/packets/<id:packet_id>/releases",
    refuses=(
        errors.PacketNotClosed,
        errors.PacketRetired,
        errors.PatientUnreachable,
        errors.ExpiryInPast,
        errors.ExpiryTooFar,
        errors.FileUnknown,
        errors.TemplateNotApproved,
    ),
)
@blueprint.body(schemas.ReleaseDraftSchema)
@blueprint.shows(201, schemas.ReleaseSchema)
def ask_for_release(draft: ReleaseDraft, packet_id: UUID) -> Release:
    """Ask the patient for a release; the letter goes to the patient's own address."""
    return journey().releases.ask(caller(), packet_id, draft, now())


@blueprint.get("/packets/<id:packet_id>/releases", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.ReleaseListSchema)
def list_releases(page: Page, packet_id: UUID) -> Slice[ListedRelease]:
    """List a packet's releases, oldest first, with what became of the patient's letters."""
    return sliced(journey().releases.of_packet(caller(), packet_id), page)


@blueprint.get("/releases/<id:release_id>")
@blueprint.shows(200, schemas.ReleaseSchema)
def show_release(release_id: UUID) -> Release:
    """Show one release with its form: to its department, to privacy officers, and to its patient."""
    return journey().releases.one(caller(), release_id)


@blueprint.post("/releases/<id:release_id>/resend", refuses=(errors.ReleaseExpired,))
@blueprint.body(NothingSchema, required=False)
@blueprint.shows(200, schemas.ReleaseSchema)
def resend_release(_nothing: object, release_id: UUID) -> Release:
    """Send the patient a fresh letter; the lost or locked one opens nothing any more."""
    return journey().releases.resend(caller(), release_id, now())


@blueprint.post(
    "/releases/<id:release_id>/sign",
    refuses=(
        errors.FormChanged,
        errors.ReleaseNotRequested,
        errors.ReleaseWithdrawn,
        errors.ReleaseExpired,
        errors.PacketRetired,
    ),
)
@_before_the_body
@blueprint.body(schemas.SignatureDraftSchema)
@blueprint.shows(200, schemas.ReleaseSchema)
def sign_release(draft: SignatureDraft, release_id: UUID) -> Release:
    """Sign, with the patient's token. Staff can't; that they tried is recorded."""
    return journey().releases.sign(caller(), release_id, draft, now())


@blueprint.post("/releases/<id:release_id>/withdraw")
@blueprint.body(NothingSchema, required=False)
@blueprint.shows(200, schemas.ReleaseSchema)
def withdraw_release(_nothing: object, release_id: UUID) -> Release:
    """Withdraw: every link under the release is dead before the answer."""
    return journey().releases.withdraw(caller(), release_id, now())
