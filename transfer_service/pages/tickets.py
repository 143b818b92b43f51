"""/t/{ticket}: one download for whoever holds its address: a download manager, curl, a viewer, an importer.

The ticket is all that is asked for: no cookie and no token is looked at. The answer says nothing of whose packet it is,
but for the bytes themselves.
"""

from dataclasses import replace

from flask import Blueprint, Response, request

from transfer_service.edge.calls import journey, use_ticket
from transfer_service.edge.file_answer import Blocks, archive_source, file_source, source_answer
from transfer_service.pages.error_pages import register_error_pages
from transfer_service.pages.language import speak

tickets = Blueprint("tickets", __name__)


@tickets.get("/t/<ticket>")
def download(ticket: str) -> Response:
    """The file's or the archive's bytes, or a range of them."""
    known, actor = use_ticket(ticket)
    what, source = archive_source(actor) if known.file_id is None else file_source(actor, known.file_id)

    def begin(start: int, stop: int) -> Blocks:
        return journey().tickets.kept_alive(known, source.begin(start, stop))

    return source_answer(what, replace(source, begin=begin))


def _is_a_browser() -> bool:
    """Whether pages are asked for: what takes anything (``*/*``) is a program, and has its problem as JSON."""
    return "text/html" in request.accept_mimetypes.values()


speak(tickets)
register_error_pages(tickets, only_where=_is_a_browser)
