"""The organization's audit log: in plain words, verified, and exported.

GET  /staff/audit           the log, newest first, of one action, about one packet, or all
POST /staff/audit/verify    whether every entry holds         POST /staff/audit/export    the same as a file
"""

from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.audit.chain import ChainBroken
from transfer_service.edge.calls import journey, now
from transfer_service.pages.answers import page
from transfer_service.pages.fields import typed
from transfer_service.pages.staff.audit_words import ACTIONS, ACTORS, action, actor_kind
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.usecases.audit_log import LogFormat, LogQuery
from transfer_service.wording import N_

audit = staff_pages("audit", "/audit")

PAGE = 50
_PACKET = N_("A packet's number is its whole number, as its page and the audit log have it.")
_ACTION = N_("Choose one of the actions.")
_FORMAT = N_("Choose in what form you want the log.")
_MEDIA_TYPES = {LogFormat.CSV: "text/csv; charset=utf-8; header=present", LogFormat.JSON_LINES: "application/jsonl"}


@audit.get("")
def start() -> Response:
    """What is asked for stands in the address: an action and a packet's id, nobody's name."""
    query, errors = _query(request.args.get("action", "").strip(), request.args.get("packet", "").strip())
    return _page(query, 422 if errors else 200, errors, cursor=request.args.get("cursor"))


@audit.post("/verify")
def verify() -> Response:
    """From the first entry to the last: all of them hold, or which is the first that does not."""
    try:
        return _page(LogQuery(), 200, {}, holds=journey().audit_log.verify(staff_actor()))
    except ChainBroken as broken:
        return _page(LogQuery(), 200, {}, breaks_at=broken.seq)


@audit.post("/export")
def export() -> AnyResponse:
    """The file, which leaves page by page. That it was made is in the log before its first byte."""
    query, errors = _query(typed("action"), typed("packet"))
    chosen = typed("format")
    if chosen not in {*LogFormat}:
        errors = errors | {"format": _FORMAT}
    if errors:
        return _page(query, 422, errors)
    form = LogFormat(chosen)
    response = Response(journey().audit_log.export(staff_actor(), query, form, now()), content_type=_MEDIA_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="audit-log.{form}"'
    return response


def _page(
    query: LogQuery,
    status: int,
    errors: dict[str, str],
    *,
    cursor: str | None = None,
    holds: int | None = None,
    breaks_at: int | None = None,
) -> Response:
    return page(
        "staff/audit",
        status,
        errors=errors,
        found=journey().audit_log.page(staff_actor(), query, limit=PAGE, cursor=cursor),
        query=query,
        cursor=cursor,
        holds=holds,
        breaks_at=breaks_at,
        actions=ACTIONS,
        actors=ACTORS,
        say_action=action,
        say_actor=actor_kind,
    )


def _query(chosen: str, packet: str) -> tuple[LogQuery, dict[str, str]]:
    errors: dict[str, str] = {}
    if chosen and chosen not in ACTIONS:
        errors["action"] = _ACTION
    packet_id = None
    try:
        packet_id = UUID(packet) if packet else None
    except ValueError:
        errors["packet"] = _PACKET
    return LogQuery(chosen if chosen in ACTIONS else None, packet_id), errors
