"""Answer: a recipient inside a redemption puts an opinion together and sends it."""

from uuid import UUID

from flask import Response

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.content import OCTETS, content_taken, digest_parameter, part_taken
from transfer_service.api.pages_of_lists import sliced
from transfer_service.api.redeemed import OVER
from transfer_service.api.schemas import opinions as schemas
from transfer_service.api.schemas.files import (
    CompletionSchema,
    ContentQuerySchema,
    FileDraftSchema,
    FileSchema,
    PartListSchema,
    PartPageSchema,
)
from transfer_service.api.schemas.nothing import NothingSchema
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.domain.opinion import Reply
from transfer_service.domain.packet import FileKind, PacketFile, Part
from transfer_service.edge.calls import journey, now
from transfer_service.ports import Slice
from transfer_service.usecases.answer import OpinionView
from transfer_service.usecases.deposit import FileDraft

blueprint = ApiBlueprint("answer", "The opinion that a recipient sends back, in a packet sealed like every other.")

_SHUT = (*OVER, errors.OpinionSent, errors.PacketNotOpen)
_OPINION = "/redeemed/opinions/<id:opinion_id>"
_FILE = f"{_OPINION}/files/<id:file_id>"


@blueprint.post("/redeemed/opinions", refuses=OVER)
@blueprint.body(NothingSchema, required=False)
@blueprint.shows(201, schemas.OpinionSchema)
def begin_opinion(_nothing: object) -> OpinionView:
    """Begin an opinion, or go on with the one that is not sent yet: a recipient has one draft at a time."""
    return journey().answers.begin(caller(), now())


@blueprint.get("/redeemed/opinions", refuses=(*OVER, errors.CursorInvalid, errors.Invalid))
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.OpinionListSchema)
def list_own_opinions(page: Page) -> Slice[OpinionView]:
    """List what the recipient sent under this release, and the draft. The newest, which counts, comes last."""
    return sliced(journey().answers.own(caller(), now()), page)


@blueprint.get(_OPINION, refuses=OVER)
@blueprint.shows(200, schemas.OpinionSchema)
def show_own_opinion(opinion_id: UUID) -> OpinionView:
    """Show one of the recipient's own: how far the verification of its files is."""
    return journey().answers.one(caller(), opinion_id, now())


@blueprint.post(f"{_OPINION}/files", refuses=(*_SHUT, errors.PathTaken, errors.PathInvalid, errors.FileTooLarge))
@blueprint.body(FileDraftSchema)
@blueprint.shows(201, FileSchema)
def plan_opinion_file(draft: FileDraft, opinion_id: UUID) -> PacketFile:
    """Plan a file, to be sent part by part."""
    return journey().answers.deposit.add_file(caller(), opinion_id, draft, now())


@blueprint.delete(_FILE, refuses=_SHUT)
@blueprint.shows(204)
def delete_opinion_file(opinion_id: UUID, file_id: UUID) -> Response:
    """Take a file out of a draft."""
    journey().answers.deposit.delete_file(caller(), opinion_id, file_id, now())
    return Response(status=204)


@blueprint.get(f"{_FILE}/parts", refuses=(*OVER, errors.CursorInvalid, errors.Invalid))
@blueprint.query(PartPageSchema)
@blueprint.shows(200, PartListSchema)
def list_opinion_parts(page: Page, opinion_id: UUID, file_id: UUID) -> Slice[Part]:
    """List the parts that have arrived. All of them, unless a limit is given."""
    return sliced(journey().answers.deposit.parts(caller(), opinion_id, file_id), page)


@blueprint.put(
    f"{_FILE}/parts/<part_number:number>",
    refuses=(
        *_SHUT,
        errors.FileNotReceiving,
        errors.PartNumberWrong,
        errors.PartSizeWrong,
        errors.DigestMismatch,
        errors.Busy,
    ),
    parameters=[digest_parameter("Content-Digest")],
)
@blueprint.documents(**OCTETS)
@blueprint.shows(204)
def put_opinion_part(opinion_id: UUID, file_id: UUID, number: int) -> Response:
    """Send the plaintext of one part, in any order, again if need be."""
    return part_taken(journey().answers.receive, opinion_id, file_id, number)


@blueprint.post(
    f"{_FILE}/complete",
    refuses=(*_SHUT, errors.PartsMissing, errors.NotNow, errors.DigestMissing, errors.DigestMismatch),
)
@blueprint.body(CompletionSchema, required=False)
@blueprint.shows(202, FileSchema)
def complete_opinion_file(completion: dict[str, str], opinion_id: UUID, file_id: UUID) -> PacketFile:
    """Say that every part was sent; the file is then read back and verified."""
    return journey().answers.deposit.complete(caller(), opinion_id, file_id, completion.get("sha256"), now())


@blueprint.put(
    f"{_OPINION}/content/<file_path:path>",
    refuses=(*_SHUT, errors.PathTaken, errors.PathInvalid, errors.DigestMismatch, errors.Busy),
    parameters=[digest_parameter("Repr-Digest")],
)
@blueprint.documents(**OCTETS)
@blueprint.query(ContentQuerySchema)
@blueprint.shows(201, FileSchema)
def put_opinion_content(query: dict[str, FileKind], opinion_id: UUID, path: str) -> PacketFile:
    """Send a whole file in one streamed request (curl -T)."""
    return content_taken(journey().answers.receive, opinion_id, path, query["kind"])


@blueprint.post(f"{_OPINION}/send", refuses=(*_SHUT, errors.FilesUnverified, errors.OpinionEmpty, errors.Invalid))
@blueprint.body(schemas.ReplySchema)
@blueprint.shows(200, schemas.OpinionSchema)
def send_opinion(reply: Reply, opinion_id: UUID) -> OpinionView:
    """Send it, once every file is verified: what it says and holds is fixed from then on."""
    return journey().answers.send(caller(), opinion_id, reply, now())
