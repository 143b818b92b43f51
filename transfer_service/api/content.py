"""The bytes of a deposit: a part, or a whole file in one request. Nothing is read before it is known to fit."""

from uuid import UUID

from flask import Response, request

from transfer_service import errors
from transfer_service.api.addresses import check_path_is_utf8
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.schemas.files import ContentQuerySchema, FileSchema
from transfer_service.api.schemas.strict_texts import is_media_type
from transfer_service.domain.packet import FileKind, PacketFile
from transfer_service.edge.bodies import counted_body, sha256_declared
from transfer_service.edge.calls import journey, now, service
from transfer_service.usecases.deposit import FileDraft
from transfer_service.usecases.receive import Receive

blueprint = ApiBlueprint("content", "The bytes, sealed on their way to the store.")

OCTETS = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {}}}}}
# What curl says of any bytes, unless it is told better.
_SAYS_NOTHING = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})


def digest_parameter(name: str) -> dict[str, object]:
    """How the OpenAPI document shows a digest's header."""
    return {
        "in": "header",
        "name": name,
        "schema": {"type": "string"},
        "description": "sha-256=:BASE64: (RFC 9530).",
    }


@blueprint.put(
    "/packets/<id:packet_id>/files/<id:file_id>/parts/<part_number:number>",
    refuses=(
        errors.PacketNotOpen,
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
def put_part(packet_id: UUID, file_id: UUID, number: int) -> Response:
    """Send the plaintext of one part, in any order, again if need be."""
    return part_taken(journey().receive, packet_id, file_id, number)


def part_taken(receive: Receive, packet_id: UUID, file_id: UUID, number: int) -> Response:
    """The request's body as one part, by whichever door."""
    digest = sha256_declared(request.headers.get("Content-Digest"))
    with service().slots.upload():
        plan = receive.expect_part(caller(), packet_id, file_id, number)
        body = counted_body(request, plan.size_bytes, plan.size_bytes)
        receive.take_part(plan, body, digest)
    return Response(status=204)


@blueprint.put(
    "/packets/<id:packet_id>/content/<file_path:path>",
    refuses=(
        errors.PathTaken,
        errors.PacketNotOpen,
        errors.PathInvalid,
        errors.DigestMismatch,
        errors.Busy,
    ),
    parameters=[digest_parameter("Repr-Digest")],
)
@blueprint.documents(**OCTETS)
@blueprint.query(ContentQuerySchema)
@blueprint.shows(201, FileSchema)
def put_content(query: dict[str, FileKind], packet_id: UUID, path: str) -> PacketFile:
    """Send a whole file in one streamed request (curl -T)."""
    return content_taken(journey().receive, packet_id, path, query["kind"])


def content_taken(receive: Receive, packet_id: UUID, path: str, kind: FileKind | None) -> PacketFile:
    """The request's body as a whole file, by whichever door."""
    check_path_is_utf8()
    body = counted_body(request, None, receive.limits.file_bytes)
    digest = sha256_declared(request.headers.get("Repr-Digest"))
    draft = FileDraft(
        path=path,
        size_bytes=request.content_length or 0,
        kind=kind,
        sha256=digest.hex() if digest else None,
        media_type=_media_type(),
    )
    with service().slots.upload():
        plan = receive.expect_content(caller(), packet_id, draft, now())
        return receive.take_content(plan, body)


def _media_type() -> str | None:
    media_type = request.mimetype
    if media_type in _SAYS_NOTHING:
        return None
    if not is_media_type(media_type):
        raise errors.Invalid("The Content-Type is not a media type.")
    return media_type
