"""Signing out, the same for patients and recipients."""

from contextlib import suppress

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.edge.calls import now, service
from transfer_service.errors import NotAuthenticated
from transfer_service.pages.answers import page, to
from transfer_service.pages.visit import Visit
from transfer_service.usecases.visits import Visits


def let_leave(blueprint: Blueprint, visit: Visit) -> None:
    """Give ``blueprint`` the way out of its audience's ``visit``."""

    @blueprint.post("/sign-out")
    def sign_out() -> AnyResponse:
        """End the session here and on the server."""
        with suppress(NotAuthenticated):  # it may have ended by itself
            Visits(service().database).leave(visit.actor(), now())
        visit.leave()
        return to("signed_out")

    @blueprint.get("/signed-out")
    def signed_out() -> Response:
        """Say so."""
        return page("signed_out", start=url_for(".start"))
