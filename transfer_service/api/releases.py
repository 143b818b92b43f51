"""Releases: asked for, signed, withdrawn."""

from functools import wraps
from typing import Any
from uuid import UUID

from flask import Response

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, View, caller
from transfer_service.api.pages_of_lists import sliced
from transfer_service.api.schemas import releases as schemas
from transfer_service.api.schemas.nothing import NothingSchema
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.domain.release import Release
from transfer_service.edge.calls import journey, now
from transfer_service.edge.file_answer import printed_form
from transfer_service.ports import Slice
from transfer_service.usecases.copies import PDF
from transfer_service.usecases.posted import ListedRelease
from transfer_service.usecases.release import ReleaseDraft, SignatureDraft
from transfer_service.usecases.withdrawal import WithdrawalDraft

blueprint = ApiBlueprint("releases", "The patient's authorization: which files, to whom, why, until when.")


_PDF = {PDF: {"schema": {"type": "string", "format": "binary"}}}


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
        errors.TreatmentNotAllowed,
        errors.ExpiryInPast,
        errors.ExpiryTooFar,
        errors.FileUnknown,
        errors.TemplateNotApproved,
    ),
)
@blueprint.body(schemas.ReleaseDraftSchema)
@blueprint.shows(201, schemas.ReleaseSchema)
def ask_for_release(draft: ReleaseDraft, packet_id: UUID) -> Release:
    """Ask the patient for a release; the letter goes to the patient's own address.

    With `"signing": "paper"` no letter goes out: print the form, have it signed, and send its scan. With
    `"basis": "treatment"` and an `attestation`, where the department may, it is live at once, and the patient is told.
    """
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


@blueprint.get(
    "/releases/<id:release_id>/form.pdf",
    refuses=(errors.CopyNotReady, errors.DocumentTooLong, errors.NotTypeset, errors.Busy),
)
@blueprint.documents(responses={200: {"description": "The form as a tagged PDF (PDF/UA-1).", "content": _PDF}})
def print_form(release_id: UUID) -> Response:
    """Fetch the form as a PDF: signed, the copy that is kept of it; not signed, with lines to sign it by hand.

    The copy's SHA-256 stands in Repr-Digest, and as `pdf_sha256` in the audit log (`release.copy_made`).
    """
    return printed_form(caller(), release_id)


@blueprint.post("/releases/<id:release_id>/resend", refuses=(errors.ReleaseExpired, errors.PatientUnreachable))
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
    release = journey().releases.sign(caller(), release_id, draft, now())
    journey().copies.try_making(release, now())
    return release


@blueprint.post("/releases/<id:release_id>/withdraw")
@blueprint.body(schemas.WithdrawalSchema, required=False)
@blueprint.shows(200, schemas.ReleaseSchema)
def withdraw_release(draft: WithdrawalDraft, release_id: UUID) -> Release:
    """Withdraw: every link under the release is dead before the answer. Staff say how the patient told them."""
    return journey().releases.withdraw(caller(), release_id, now(), draft)
