"""Errors as ``application/problem+json`` (RFC 9457): one mapping from the error tree to HTTP.

``problem_of`` says what an error is to the outside; ``answer_error`` renders it. The pages may render the
same ``Problem`` as HTML. An answer never holds what was sent, a stack, a path of this machine, or PHI.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from flask import Flask, Response, current_app
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from transfer_service import errors
from transfer_service.edge.paced_socket import BodyTooSlow
from transfer_service.edge.refusal import Refusal
from transfer_service.edge.request_log import note_code, request_id
from transfer_service.logs import within_bounds

_log = logging.getLogger(__name__)

TYPE_PREFIX = "/api/v1/docs#"
_MOST_FIELD_ERRORS = 50

# The first class that an error is an instance of decides.
_STATUS: tuple[tuple[type[errors.TransferError], int], ...] = (
    (errors.NotFound, 404),
    (errors.NotAuthenticated, 401),
    (errors.NotAllowed, 403),
    (errors.CursorInvalid, 400),
    (errors.Invalid, 422),
    (errors.NotNow, 409),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
    (errors.NotTypeset, 503),
    (errors.SealBroken, 500),
)

_WORDS: dict[int, tuple[str, str]] = {
    400: ("bad_request", "The request can't be understood."),
    401: (errors.NotAuthenticated.code, errors.NotAuthenticated.message),
    403: (errors.NotAllowed.code, errors.NotAllowed.message),
    404: (errors.NotFound.code, errors.NotFound.message),
    405: ("method_not_allowed", "This address does not take that method."),
    408: ("body_too_slow", "The request's body came too slowly."),
    411: ("length_required", "Send a Content-Length; chunked bodies are not accepted."),
    413: ("body_too_large", "The request's body is larger than is accepted here."),
    415: ("unsupported_media_type", "This type of body is not accepted here."),
    422: (errors.Invalid.code, errors.Invalid.message),
}
_INTERNAL = ("internal", "Something went wrong here. The request id finds it in the service's log.")
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate", "Content-Range")


@dataclass(frozen=True)
class Problem:
    """One error as the outside may see it. ``facts`` are further members of the problem object."""

    status: int
    code: str
    detail: str
    facts: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The code as words; the same at each occurrence (RFC 9457 section 3.1.3)."""
        return self.code.replace("_", " ").capitalize()

    def members(self) -> dict[str, object]:
        """The members of the problem object, facts first so that none of them can take a standard name."""
        return {
            **self.facts,
            "type": TYPE_PREFIX + self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id(),
        }

    def answer(self) -> Response:
        """The problem as a Flask response."""
        note_code(self.code)
        response = Response(
            json.dumps(self.members(), sort_keys=True, default=str) + "\n",
            self.status,
            content_type="application/problem+json",
        )
        response.headers.update(self.headers)
        return response


def problem_of(error: Exception) -> Problem:
    """Return what the outside learns of ``error``; anything unforeseen is 500 ``internal``."""
    match error:
        case errors.TransferError():
            return _of_transfer_error(error)
        case Refusal():
            return Problem(error.code or 400, error.word, error.detail, headers=error.extra_headers)
        case ValidationError():
            return _of_schema_failure(error.messages, 422)
        case BodyTooSlow():
            return Problem(408, *_WORDS[408])
        case HTTPException():
            return _of_http_exception(error)
    return Problem(500, *_INTERNAL)


def answer_error(error: Exception) -> AnyResponse:
    """Render any error; redirects pass as they are, and what is our own fault is logged."""
    if isinstance(error, HTTPException) and (error.code is None or error.code < HTTPStatus.BAD_REQUEST):
        return error.get_response()
    problem = problem_of(error)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("A request failed unexpectedly.", exc_info=error, extra={"request_id": request_id()})
    return problem.answer()


def register_problems(app: Flask) -> None:
    """Answer every error of ``app`` as a problem. flask-smorest's Api must be registered before this."""
    app.register_error_handler(HTTPException, answer_error)
    app.register_error_handler(Exception, answer_error)
    app.logger.addFilter(_without_request_line)
    app.config["PROPAGATE_EXCEPTIONS"] = False


def _without_request_line(record: logging.LogRecord) -> bool:
    # Flask's own message for an exception outside a view is "Exception on PATH": paths may hold secrets.
    record.msg, record.args = "A request of %s failed outside its view.", (current_app.name,)
    return True


def _of_transfer_error(error: errors.TransferError) -> Problem:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    if status is None:
        return Problem(500, *_INTERNAL)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(500, error.code, error.message)
    return Problem(status, error.code, str(error), error.facts, _headers_of(error))


def _headers_of(error: errors.TransferError) -> dict[str, str]:
    match error:
        case errors.NotAuthenticated():
            return {"WWW-Authenticate": "Bearer"}
        case errors.TooMany() | errors.Unavailable() | errors.NotTypeset() | errors.CopyNotReady():
            return {"Retry-After": str(error.retry_after_s)}
    return {}


def _of_http_exception(error: HTTPException) -> Problem:
    status = error.code or 500
    data = getattr(error, "data", None) or {}  # webargs and flask-smorest hang their messages here
    if data.get("messages"):
        return _of_schema_failure(data["messages"], status)
    code, detail = _WORDS.get(status, (f"http_{status}", "The request could not be done."))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        code, detail = _INTERNAL
    headers = error.get_response().headers
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    # flask-smorest and webargs hand headers=None here when there are none.
    return Problem(status, code, detail, headers={**kept, **(data.get("headers") or {})})


def _of_schema_failure(messages: object, status: int) -> Problem:
    found = dict(list(_flattened(messages))[:_MOST_FIELD_ERRORS])
    return Problem(status, *_WORDS.get(status, _WORDS[422]), facts={"errors": found})


def _flattened(messages: object, at: str = "") -> Iterator[tuple[str, list[str]]]:
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            if at == "" and name in ("json", "query", "form", "headers") and isinstance(below, Mapping):
                yield from _flattened(below)
            else:
                step = within_bounds(str(name), 64)
                yield from _flattened(below, f"{at}.{step}" if at else step)
    elif isinstance(messages, list) and messages and all(isinstance(each, Mapping) for each in messages):
        for each in messages:
            yield from _flattened(each, at)
    else:
        sentences = messages if isinstance(messages, list) else [messages]
        yield at or "_schema", [within_bounds(str(each), 300) for each in sentences]
