"""What is refused before any route is asked.

Nothing here trusts a header that a client can set: X-Forwarded-Host, X-Forwarded-Proto, Forwarded, X-Real-IP and
X-HTTP-Method-Override are read nowhere, and X-Forwarded-For from a trusted proxy alone (see peer). Bodies are not
touched; the server closes the connection after an answer whose request's body was left unread.
"""

import re
from collections.abc import Callable, Iterable

from flask import Flask, request

from transfer_service.edge.refusal import Refusal

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
FORM_BYTES = 64 * 1024

# An encoded slash, backslash or NUL, an empty or dotted segment: read otherwise by whoever stands in front.
_TWO_WAYS = re.compile(r"%2f|%5c|%00|\\|//|(?:/|^)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


def register_request_gate(app: Flask, *, allowed_hosts: Iterable[str]) -> None:
    """Refuse what no route should see; ``allowed_hosts`` are exact netlocs with their ports."""
    app.before_request(_check_host(frozenset(each.lower() for each in allowed_hosts)))
    for check in (_check_method, _check_target, _check_framing, _check_body_type, _check_arguments):
        app.before_request(check)


def _check_host(allowed: frozenset[str]) -> Callable[[], None]:
    def check() -> None:
        if request.environ.get("HTTP_HOST", "").lower() not in allowed:
            raise Refusal(400, "host_unknown", "This service does not answer under that host name.")

    return check


def _check_method() -> None:
    if request.method not in METHODS:
        allow = {"Allow": ", ".join(METHODS)}
        raise Refusal(405, "method_not_allowed", "This address does not take that method.", allow)


def _check_target() -> None:
    target = request.environ.get("RAW_URI") or request.path
    path = target.partition("?")[0]
    # RFC 9112 section 3.2: a target has no fragment; some drop it, some take it for a part of the path.
    if not path.startswith("/") or "#" in target or _TWO_WAYS.search(path):
        raise Refusal(400, "path_ambiguous", "The address can be read in more than one way.")


def _check_framing() -> None:
    if "HTTP_TRANSFER_ENCODING" in request.environ:
        raise Refusal(411, "length_required", "Send a Content-Length; chunked bodies are not accepted.")


def _check_body_type() -> None:
    if "HTTP_CONTENT_ENCODING" in request.environ:
        raise Refusal(415, "content_encoding", "Compressed bodies are not accepted.")
    if request.mimetype.startswith("multipart/"):
        raise Refusal(415, "multipart_refused", "Multipart bodies are not accepted; send the bytes themselves.")
    if request.mimetype == "application/x-www-form-urlencoded" and (request.content_length or 0) > FORM_BYTES:
        raise Refusal(413, "body_too_large", f"A form has at most {FORM_BYTES} bytes.")


def _check_arguments() -> None:
    if any(len(values) > 1 for _, values in request.args.lists()):
        raise Refusal(400, "argument_twice", "A query argument is given twice.")
