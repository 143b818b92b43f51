"""/staff/packets: the list, by state and by what is waited for, and the search by a number.

GET   /staff/packets          a page of the list; ?state= ?waits_for= ?order=longest ?cursor=
POST  /staff/packets/search   the packets of a record or accession number, which no address shows
"""

from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.packet import PacketState
from transfer_service.domain.people import Role
from transfer_service.domain.policy import DEPOSITORS
from transfer_service.domain.waiting import Awaited
from transfer_service.edge.calls import journey, now
from transfer_service.errors import CursorInvalid
from transfer_service.pages.answers import page, to
from transfer_service.pages.fields import FormWrong, typed_line
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.pages.staff.opening import let_open
from transfer_service.ports import PacketsAsked
from transfer_service.usecases.overview import FOUND_AT_MOST, Listed
from transfer_service.wording import N_

packets = staff_pages("packets", "/packets")
let_open(packets)
W = TypeVar("W", bound=StrEnum)

PAGE = 50
LONGEST_NUMBER = 64
LONGEST_FIRST = "longest"
_NUMBER = N_("Type a whole record number or accession number, at most 64 characters.")


class UnknownFilter(ValueError):
    """A query asks for what there is not."""


@packets.get("")
def start() -> AnyResponse:
    """A page of it. What can't be asked, an old cursor or an unknown word, leads to its beginning."""
    actor = staff_actor()
    try:
        asked = _asked()
        listed = journey().overview.packets(actor, asked, now(), limit=PAGE, cursor=request.args.get("cursor"))
    except (UnknownFilter, CursorInvalid):
        return to("start")
    return _page(listed, asked)


@packets.get("/search")
def start_search() -> AnyResponse:
    """Somebody came back to the address of what they found."""
    return to("start")


@packets.post("/search")
def search() -> Response:
    """What has exactly that number; case and spaces around it don't matter."""
    actor = staff_actor()
    try:
        number = typed_line("number", LONGEST_NUMBER, _NUMBER)
    except FormWrong as wrong:
        listed = journey().overview.packets(actor, PacketsAsked(), now(), limit=PAGE)
        return _page(listed, PacketsAsked(), 422, errors=wrong.sentences)
    return _page(journey().overview.numbered(actor, number, now()), PacketsAsked(), searched=number)


def _page(
    listed: Listed,
    asked: PacketsAsked,
    status: int = 200,
    *,
    errors: dict[str, str] | None = None,
    searched: str | None = None,
) -> Response:
    return page(
        "staff/packets",
        status,
        errors=errors,
        listed=listed,
        asked=asked,
        searched=searched,
        found_at_most=FOUND_AT_MOST,
        states=PacketState,
        every_awaited=Awaited,
        cursor=request.args.get("cursor"),
        address=address,
        may_open=staff_actor().role in DEPOSITORS,
        oversees=staff_actor().role is Role.PRIVACY_OFFICER,
    )


def _asked() -> PacketsAsked:
    order = request.args.get("order")
    if order not in {None, LONGEST_FIRST}:
        raise UnknownFilter
    return PacketsAsked(_word(PacketState, "state"), _word(Awaited, "waits_for"), order == LONGEST_FIRST)


def _word(kind: type[W], name: str) -> W | None:
    word = request.args.get(name)
    if word is None:
        return None
    try:
        return kind(word)
    except ValueError:
        raise UnknownFilter from None


def address(asked: PacketsAsked, **changed: str | None) -> str:
    """Of the list as it is asked, with something about it changed; nothing else of the query stays."""
    query: dict[str, str | None] = {
        "state": asked.state,
        "waits_for": asked.awaited,
        "order": LONGEST_FIRST if asked.longest_first else None,
        **changed,
    }
    said = urlencode({name: value for name, value in query.items() if value})
    return url_for("staff_packets.start") + (f"?{said}" if said else "")
