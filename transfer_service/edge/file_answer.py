"""The answer that carries a file's bytes, the same for the API, the pages and tickets.

Its head is settled before its first byte: the slot is held, the disclosure recorded, the first block opened.
What fails until then is an error answer of its own. What fails later ends the connection at once, without
what still waits in the kernel's send buffer, so that no client takes the beginning of a file for the whole.
"""

import base64
import logging
import socket
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from uuid import UUID

from flask import Request, Response, request

from transfer_service.domain.people import Actor
from transfer_service.edge.calls import journey, now, service
from transfer_service.edge.paced_socket import PacedSocket
from transfer_service.edge.ranges import content_disposition, requested_range
from transfer_service.edge.stalled_downloads import reset_on_close, watched
from transfer_service.edge.transfer_slots import TransferSlots
from transfer_service.errors import TransferError
from transfer_service.usecases.copies import PDF

_log = logging.getLogger(__name__)

Blocks = Generator[bytes, None, None]

_OCTETS = "application/octet-stream"
# What was deposited is never rendered here, whatever its name says.
_SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Download:
    """What is known of the bytes before they are sent: their number, their name, their SHA-256 in hex.

    ``sha256`` None: no Repr-Digest; then ``etag`` (without quotes) must say which version it is.
    """

    path: str
    size_bytes: int
    sha256: str | None
    etag: str | None = None
    media_type: str = _OCTETS

    @property
    def entity_tag(self) -> str:
        """A strong entity tag, with its quotes: the digest, so that equal bytes have equal tags."""
        return f'"{self.etag or self.sha256}"'


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes come from: ``begin(start, stop)`` gives them.

    ``still_permitted`` raises NotNow or NotAuthenticated once a running download must end; ``begin``'s own blocks
    see to that too, and this is asked from another thread while the client takes none.
    """

    begin: Callable[[int, int], Blocks]
    still_permitted: Callable[[], object]


def released_file(actor: Actor, file_id: UUID) -> Response:
    """Answer GET or HEAD for one file of the actor's redemption; every refusal of ``Deliver.look`` and ``begin``."""
    return source_answer(*file_source(actor, file_id))


def released_archive(actor: Actor) -> Response:
    """Answer GET or HEAD for all of the actor's redemption as one ZIP; Busy, every refusal of ``Archives.look``."""
    return source_answer(*archive_source(actor))


def file_source(actor: Actor, file_id: UUID) -> tuple[Download, Source]:
    """One file of the actor's redemption."""
    deliver, clock = journey().deliver, service().clock
    file = deliver.look(actor, file_id, now())

    def begin(start: int, stop: int) -> Blocks:
        return deliver.stream(deliver.begin(actor, file_id, start, stop, now()))

    def still_permitted() -> object:
        return deliver.look(actor, file_id, clock())

    return Download(file.path, file.size_bytes, file.sha256), Source(begin, still_permitted)


def archive_source(actor: Actor) -> tuple[Download, Source]:
    """All files of the actor's redemption, as one ZIP. Busy.

    It takes a place to lay out: ten thousand files take a second, and whoever finds no place must not cost that.
    """
    archives, clock = journey().archives, service().clock
    with service().slots.download():
        archive = archives.look(actor, now())

    def begin(start: int, stop: int) -> Blocks:
        return archives.stream(actor, archive, start, stop)

    def still_permitted() -> None:
        archives.check_live(actor, clock())

    download = Download(f"{archive.name}.zip", archive.size_bytes, None, archive.etag, "application/zip")
    return download, Source(begin, still_permitted)


def printed_form(actor: Actor, release_id: UUID) -> Response:
    """Answer GET or HEAD for a release's form as a PDF; Busy, every refusal of ``Copies.form``.

    It takes a place to make one, so that whoever asks for many leaves threads to everybody else.
    """
    copies = journey().copies
    with service().slots.download():
        form = copies.form(actor, release_id)

    def begin(start: int, stop: int) -> Blocks:
        return copies.read(form, start, stop)

    def still_permitted() -> object:
        return journey().releases.one(actor, release_id)

    return source_answer(
        Download(form.name, form.size_bytes, form.sha256, media_type=PDF), Source(begin, still_permitted)
    )


def scan_of_form(actor: Actor, release_id: UUID) -> Response:
    """Answer GET or HEAD for the scan of a form on paper, to look at it, which is recorded; NotFound, Busy."""
    papers = journey().papers
    document = papers.look(actor, release_id)

    def begin(start: int, stop: int) -> Blocks:
        return papers.show(actor, document, start, stop, now())

    def still_permitted() -> object:
        return papers.look(actor, release_id)

    download = Download(document.file_name, document.size_bytes, document.sha256, media_type=document.media_type)
    return source_answer(download, Source(begin, still_permitted))


def source_answer(download: Download, source: Source) -> Response:
    """``file_answer`` to this request, of this service."""
    return file_answer(request, download, source, service().slots)


def file_answer(request: Request, download: Download, source: Source, slots: TransferSlots) -> Response:
    """Answer GET with the bytes, or the range of them, that ``source`` gives; HEAD with the head alone.

    The source is begun once at most, after a slot is held. Raises Busy, Refusal 416, and what beginning raises.
    """
    wanted = requested_range(request, download.size_bytes, download.entity_tag)
    start, stop = (wanted.first, wanted.last + 1) if wanted else (0, download.size_bytes)
    response = Response(status=206 if wanted else 200, content_type=download.media_type)
    response.headers.update(_headers(download))
    if wanted:
        response.headers["Content-Range"] = wanted.content_range
    if request.method != "HEAD":
        _attach(response, source, (start, stop), slots)
    response.content_length = stop - start
    return response


def _headers(download: Download) -> dict[str, str]:
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": download.entity_tag,
        "Content-Disposition": content_disposition(download.path),
        "Content-Security-Policy": _SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    if download.sha256 is not None:
        digest = base64.b64encode(bytes.fromhex(download.sha256)).decode()
        headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return headers


def _attach(response: Response, source: Source, span: tuple[int, int], slots: TransferSlots) -> None:
    with ExitStack() as stack:
        place = stack.enter_context(ExitStack())
        place.enter_context(slots.download())
        blocks = stack.enter_context(closing(source.begin(*span)))
        first = next(blocks, b"")
        connection = request.environ.get("gunicorn.socket")
        if isinstance(connection, PacedSocket):
            connection.has_slot = True
        still_permitted = source.still_permitted if len(first) < span[1] - span[0] else None
        sent = _until_refused(first, blocks, connection, still_permitted)
        response.response = _freeing(place.close, sent, span[1] - span[0])
        response.call_on_close(stack.pop_all().close)


def _freeing(free: Callable[[], None], blocks: Blocks, size_bytes: int) -> Blocks:
    """The blocks; once the last byte is on its way the place is another's, before all is counted and committed."""
    left = size_bytes
    with closing(blocks):
        for block in blocks:
            yield block
            left -= len(block)
            if not left:
                free()


def _until_refused(
    first: bytes, blocks: Blocks, connection: socket.socket | None, still_permitted: Callable[[], object] | None
) -> Blocks:
    try:
        with watched(connection, still_permitted) as moved:
            yield first
            for block in blocks:
                moved()
                yield block
    except TransferError as refusal:
        _log.warning("A download was cut off: %s", refusal.code)
        if connection is not None:
            reset_on_close(connection)
            connection.close()
        raise ConnectionAbortedError from refusal
