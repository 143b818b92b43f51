"""The overview: what waits on whom, and for how long.

GET  /staff   figures, each the way to its list; the packets that wait longest
"""

from dataclasses import dataclass

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.people import Role
from transfer_service.domain.policy import DEPOSITORS
from transfer_service.domain.waiting import PENDING, Awaited, Party
from transfer_service.edge.calls import journey, now
from transfer_service.errors import NotFound
from transfer_service.pages.answers import page
from transfer_service.pages.staff.desk import START, staff_actor, staff_pages
from transfer_service.pages.staff.packets import address
from transfer_service.pages.staff.waits import say_waits
from transfer_service.ports import PacketsAsked, Waiting

home = staff_pages("home")
say_waits(home)


@dataclass(frozen=True, slots=True)
class Tiles:
    """What waits on one party, what waits longest first to be done first."""

    party: Party
    waiting: list[tuple[Awaited, Waiting]]


@home.get("")
def overview() -> Response:
    """At a glance; who administers, and has no packets, is shown the settings."""
    actor = staff_actor()
    if actor.role is Role.ADMIN:
        return page("staff/overview_admin")
    board = journey().overview.board(actor, now())
    return page(
        "staff/overview",
        board=board,
        groups=_groups(board.waiting),
        address=lambda awaited: address(PacketsAsked(awaited=awaited, longest_first=True)),
        may_open=actor.role in DEPOSITORS,
        oversees=actor.role is Role.PRIVACY_OFFICER,
    )


@home.get("/<path:nowhere>")
def unknown(nowhere: str) -> AnyResponse:
    """Nothing is there; with a slash too many, what is there without it."""
    if nowhere.endswith("/") and nowhere.isprintable():  # no header can lead to what is not
        return redirect(f"{START}/{nowhere.rstrip('/')}", 303)
    raise NotFound


def _groups(waiting: dict[Awaited, Waiting]) -> list[Tiles]:
    """By party, in the order of what can be done about it; none for those on whom nothing waits."""
    groups = [
        Tiles(party, [(each, waiting[each]) for each in PENDING if each.party is party and each in waiting])
        for party in Party
    ]
    return [group for group in groups if group.waiting]
