"""Answers to what never becomes a request of the application: written whole, nothing quoted back."""

import json
from http import HTTPStatus

from gunicorn.http import errors  # type: ignore[import-untyped]  # gunicorn ships no types

_WORDS = {
    400: ("bad_request", "The request can't be understood."),
    408: ("head_too_slow", "The request came too slowly."),
    414: ("address_too_long", "The address is too long."),
    417: ("expectation_failed", "That expectation is not met here."),
    431: ("headers_too_large", "The request has too many headers, or too large ones."),
    500: ("internal", "Something went wrong here."),
}
_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (errors.LimitRequestLine, 414),
    (errors.LimitRequestHeaders, 431),
    (errors.ExpectationFailed, 417),
    (errors.ConfigurationProblem, 500),
    (errors.InvalidResponseHeader, 500),
    (errors.InvalidResponseHeaderName, 500),
    (errors.ParseException, 400),
)


def status_of_parse_error(error: BaseException) -> int | None:
    """The status for what gunicorn's parser raised; None for anything else, which is our own fault."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), None)


def raw_answer(status: int, request_id: str) -> bytes:
    """A whole HTTP/1.1 answer that closes the connection."""
    code, detail = _WORDS[status]
    title = code.replace("_", " ").capitalize()
    members = {"type": f"/api/v1/docs#{code}", "title": title, "status": status, "detail": detail, "code": code}
    members["request_id"] = request_id
    body = json.dumps(members).encode() + b"\n"
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-Id: {request_id}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode("ascii") + body
