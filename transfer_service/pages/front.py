"""The front door, and what stands at no address: pages for whoever came without the whole of it.

GET  /               the two ways in
GET  /r/  /l/        the same as without the slash
GET  /r/… /l/…       nothing is here, said as a page
"""

from contextlib import suppress

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.edge.calls import journey
from transfer_service.errors import NotFound, Unavailable
from transfer_service.pages.answers import page
from transfer_service.pages.protection import guarded

front = guarded(Blueprint("front_pages", __name__))


@front.get("/")
def door() -> Response:
    """Who are you?"""
    return page("start", takes_requests=_takes_requests())


def _takes_requests() -> bool:
    """Whether somebody may ask for slides here; the door opens without its database too."""
    with suppress(Unavailable):
        return bool(journey().asking.departments())
    return False


def catch_the_lost(blueprint: Blueprint) -> None:
    """Lead ``blueprint``'s address with a slash to its start, and answer what is below it and unknown with a page."""

    @blueprint.get("/")
    def with_a_slash(**_ids: object) -> AnyResponse:
        return redirect(request.path.rstrip("/"), 303)

    @blueprint.get("/<path:_nowhere>")
    def unknown(_nowhere: str, **_ids: object) -> Response:
        raise NotFound
