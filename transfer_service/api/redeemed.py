"""The recipient: from a link's secret to the files."""

from dataclasses import replace
from uuid import UUID

from flask import Response

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, Repeats, caller
from transfer_service.api.schemas import redeemed as schemas
from transfer_service.api.schemas.nothing import NothingSchema
from transfer_service.api.schemas.releases import SecretSchema
from transfer_service.domain.link import Verification
from transfer_service.edge.calls import journey, now, origin
from transfer_service.edge.file_answer import released_archive, released_file
from transfer_service.edge.idempotency import idempotency_key
from transfer_service.edge.metrics import redemptions
from transfer_service.usecases.admit import Released
from transfer_service.usecases.redeem import Answer

blueprint = ApiBlueprint("redeemed", "What the holder of a link may do.")

_NEEDS = {Verification.EMAIL_CODE: "code", Verification.PASSCODE: "passcode"}
OVER = (
    errors.LinkExpired,
    errors.LinkRevoked,
    errors.ReleaseWithdrawn,
    errors.ReleaseExpired,
    errors.PacketRetired,
)
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_RANGE = {
    "in": "header",
    "name": "Range",
    "schema": {"type": "string"},
    "description": "One range of bytes (RFC 9110 section 14).",
}
_IF_RANGE = {
    "in": "header",
    "name": "If-Range",
    "schema": {"type": "string"},
    "description": "The ETag of what is there already: another file is sent whole (RFC 9110 section 13.1.5).",
}

RANGES = [_RANGE, _IF_RANGE]
RANGES_SHOWN = {
    200: {"description": "The whole file.", "content": {"application/octet-stream": _BYTES}},
    206: {"description": "The range.", "content": {"application/octet-stream": _BYTES}},
    416: {"description": "`range_not_satisfiable`"},
}


@blueprint.post(
    "/redeem/challenge",
    public=True,
    refuses=(*OVER, errors.RecipientChanged, errors.LinkUsedUp, errors.LinkLocked, errors.TooMany),
)
@blueprint.body(SecretSchema)
@blueprint.shows(200, schemas.ChallengeSchema)
def challenge_recipient(body: dict[str, str]) -> dict[str, object]:
    """Ask the holder to prove who they are; sends the code where the link says so. Counts nothing."""
    challenge, verification = journey().redeem.challenge(body["secret"], origin(), now())
    return {"challenge_id": challenge.id, "needs": _NEEDS[verification], "expires_at": challenge.expires_at}


@blueprint.post(
    "/redeem",
    public=True,
    repeats=Repeats.KNOWN,
    refuses=(
        errors.AnswerWrong,
        *OVER,
        errors.RecipientChanged,
        errors.LinkUsedUp,
        errors.LinkLocked,
        errors.ChallengeUsed,
        errors.ChallengeOver,
        errors.Busy,
    ),
)
@blueprint.body(schemas.AnswerSchema)
@blueprint.shows(200, schemas.AdmittedSchema)
def redeem(answer: Answer) -> dict[str, object]:
    """Redeem a link, once more counted.

    Repeated with its Idempotency-Key within 10 minutes: a fresh token for the same redemption, uncounted.
    """
    redeemed = journey().redeem.redeem(replace(answer, replay=idempotency_key()), origin(), now())
    redemptions.inc()
    return {"access_token": redeemed.token, **shown(redeemed.released)}


@blueprint.get("/redeemed", refuses=OVER)
@blueprint.shows(200, schemas.RedeemedSchema)
def show_redeemed() -> dict[str, object]:
    """Show the same again, without the token."""
    return shown(journey().redeem.released(caller(), now()))


@blueprint.get("/redeemed/files/<id:file_id>", refuses=(*OVER, errors.Busy), parameters=RANGES)
@blueprint.documents(responses=RANGES_SHOWN)
def fetch_file(file_id: UUID) -> Response:
    """Fetch a file, or a range of it. The disclosure is recorded before the first byte leaves; HEAD records none."""
    return released_file(caller(), file_id)


@blueprint.get("/redeemed/archive.zip", refuses=(*OVER, errors.Busy), parameters=RANGES)
@blueprint.documents(
    responses={
        200: {"description": "The whole archive.", "content": {"application/zip": _BYTES}},
        206: {"description": "The range.", "content": {"application/zip": _BYTES}},
        416: {"description": "`range_not_satisfiable`"},
    }
)
def fetch_archive() -> Response:
    """Fetch all files as one ZIP, or a range of it: a BagIt bag (RFC 8493) with the signed release manifest.

    The same bytes whenever it is asked for. Each file's disclosure is recorded before its own first byte leaves.
    """
    return released_archive(caller())


@blueprint.post("/redeemed/files/<id:file_id>/ticket", refuses=(*OVER, errors.TooMany))
@blueprint.body(NothingSchema, required=False)
@blueprint.shows(200, schemas.TicketSchema)
def make_file_ticket(_nothing: dict[str, object], file_id: UUID) -> dict[str, object]:
    """Make an address for one file, for what takes an address and nothing else: a viewer, an importer.

    To be used first within 5 minutes, dead 5 minutes after its last request, and with the session or the link at once.
    """
    return _ticket(file_id)


@blueprint.post("/redeemed/archive/ticket", refuses=(*OVER, errors.TooMany))
@blueprint.body(NothingSchema, required=False)
@blueprint.shows(200, schemas.TicketSchema)
def make_archive_ticket(_nothing: dict[str, object]) -> dict[str, object]:
    """Make an address for the archive, of the same kind."""
    return _ticket(None)


def _ticket(file_id: UUID | None) -> dict[str, object]:
    url, expires_at = journey().tickets.make(caller(), file_id, now())
    return {"url": url, "expires_at": expires_at}


def shown(released: Released) -> dict[str, object]:
    """What was released, as RedeemedSchema shows it."""
    return {
        "expires_at": released.expires_at,
        "packet": released,
        "files": released.files,
        "manifest": released.manifest,
    }
