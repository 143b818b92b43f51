"""Errors as pages for people: the status stays, the words are theirs, and the department is named where known."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, g, make_response, render_template
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]  # Flask-WTF ships no types
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.people import PatientActor, RecipientActor
from transfer_service.edge.calls import journey, now, origin, service
from transfer_service.edge.problems import Problem, answer_error, problem_of
from transfer_service.edge.request_log import note_code, request_id
from transfer_service.edge.response_headers import allow_own_assets
from transfer_service.errors import TransferError
from transfer_service.pages.explanations import explained
from transfer_service.usecases.visits import Contact, Visits

_log = logging.getLogger(__name__)


def register_error_pages(
    blueprint: Blueprint, only_where: Callable[[], bool] = lambda: True, *, start: str | None = None
) -> None:
    """Show every error of ``blueprint``'s routes as a page, or as problem+json where ``only_where`` says no."""

    begin = start or blueprint.url_prefix or "/"

    def show(error: Exception) -> AnyResponse:
        if not only_where():
            return answer_error(error)
        if isinstance(error, HTTPException) and (error.code or 500) < HTTPStatus.BAD_REQUEST:
            return error.get_response()
        problem = problem_of(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("A page failed unexpectedly.", exc_info=error)
        return _page(problem, "csrf" if isinstance(error, CSRFError) else problem.code, begin)

    blueprint.register_error_handler(HTTPException, show)
    blueprint.register_error_handler(Exception, show)


def remember_secret(secret: str) -> None:
    """The secret this request came with: should it fail, its department is named."""
    g.page_secret = secret


def remember_actor(actor: PatientActor | RecipientActor) -> None:
    """Who this request is from: should it fail, their department is named."""
    g.page_actor = actor


def _page(problem: Problem, code: str, start: str) -> Response:
    allow_own_assets()
    note_code(problem.code)
    words = explained(problem.status, code, to_staff="member" in g)
    contact = _contact(start) if words.call else None
    body = render_template(
        "pages/error.html",
        words=words,
        contact=contact,
        start=start,
        request_id=request_id(),
        problem=problem,
    )
    response = make_response(body, problem.status)
    response.headers.update(problem.headers)
    return response


def _contact(start: str) -> Contact | None:
    visits = Visits(service().database)
    try:
        if "page_actor" in g:
            return visits.contact_for(g.page_actor)
        if "page_secret" in g:
            if start == "/r":
                return journey().patients.contact(g.page_secret, origin(), now())
            return visits.contact_for_link(g.page_secret)
    except TransferError:
        return None
    return None
