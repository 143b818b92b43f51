"""The front door, and what stands at no address: pages for whoever came without the whole of it.

GET  /               the two ways in
GET  /r/  /l/        the same as without the slash
GET  /r/… /l/…       nothing is here, said as a page
"""

from flask import Blueprint, Response
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.errors import NotFound
from transfer_service.pages.answers import page, to
from transfer_service.pages.protection import guarded

front = guarded(Blueprint("front_pages", __name__))


@front.get("/")
def door() -> Response:
    """Who are you?"""
    return page("start")


def catch_the_lost(blueprint: Blueprint) -> None:
    """Lead ``blueprint``'s address with a slash to its start, and answer what is below it and unknown with a page."""

    @blueprint.get("/")
    def with_a_slash() -> AnyResponse:
        return to("start")

    @blueprint.get("/<path:_nowhere>")
    def unknown(_nowhere: str) -> Response:
        raise NotFound
