"""One line of the log for each request, and the id by which it is found.

A request's line names the route's template, never the path or the query: both may hold a secret or PHI. Its id is
the client's ``X-Request-Id`` where that is a UUID or 32 hexadecimal digits, which can say nothing else; otherwise one
of ours. The answer bears it, so do the audit entries of what was done, and every line that is written meanwhile.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from secrets import token_hex
from typing import Any

from flask import Flask, Response, has_request_context, request

from transfer_service.edge.metrics import count_request
from transfer_service.edge.peer import client_address
from transfer_service.logs import on_behalf_of

_log = logging.getLogger("transfer_service.requests")

_FACTS = "transfer_service.request_facts"
_WELL_FORMED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")


def request_id() -> str:
    """The id of this request; where there is none (yet), a new one."""
    return request_id_of(request.environ) if has_request_context() else token_hex(16)


def request_id_of(environ: dict[str, Any]) -> str:
    """The id of the request of that environment."""
    facts = _facts(environ)
    if "request_id" not in facts:
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        facts["request_id"] = sent if _WELL_FORMED.fullmatch(sent) else token_hex(16)
    return str(facts["request_id"])


def note_code(code: str) -> None:
    """Let this request's line say why it was refused, by the stable word of the problem."""
    _facts(request.environ)["code"] = code


def note_actor(actor_id: str) -> None:
    """Let this request's line name who made it: an id, never a name."""
    _facts(request.environ)["actor_id"] = actor_id


def note_bytes_in(environ: dict[str, Any], count: int) -> None:
    """Add ``count`` bytes of body that were read to this request's line."""
    facts = _facts(environ)
    facts["bytes_in"] = facts.get("bytes_in", 0) + count


def register_request_log(app: Flask) -> None:
    """Write one line for each request of ``app``, when its last byte was handed to the server."""
    app.after_request(_note_route)
    app.wsgi_app = _LoggedApp(app.wsgi_app)  # type: ignore[method-assign]  # Flask's documented way to wrap it


def _facts(environ: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = environ.setdefault(_FACTS, {})
    return facts


def _note_route(response: Response) -> Response:
    rule = request.url_rule
    ids = {name: request.view_args.get(name) for name in ("packet_id", "file_id")} if request.view_args else {}
    _facts(request.environ).update(route=rule.rule if rule else None, **ids)
    return response


class _LoggedApp:
    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> "_LoggedAnswer":
        facts = _facts(environ)
        facts["bytes_in"] = 0
        started, number = time.monotonic(), request_id_of(environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            facts["status"] = int(status[:3])
            headers = [*headers, ("X-Request-Id", number)]
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        with ExitStack() as meanwhile:  # a server calls, iterates and closes in one thread
            meanwhile.enter_context(on_behalf_of(number))
            answer = self._wsgi_app(environ, start)
            return _LoggedAnswer(answer, environ, started, meanwhile.pop_all())


class _LoggedAnswer:
    def __init__(self, answer: Iterable[bytes], environ: dict[str, Any], started: float, meanwhile: ExitStack) -> None:
        self._answer, self._environ, self._started, self._meanwhile = answer, environ, started, meanwhile
        self._bytes_out = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._answer:
            self._bytes_out += len(piece)
            yield piece

    def close(self) -> None:
        with self._meanwhile:
            try:
                if close := getattr(self._answer, "close", None):
                    close()
            finally:
                self._write_line()

    def _write_line(self) -> None:
        facts = {
            **_facts(self._environ),
            "method": self._environ.get("REQUEST_METHOD"),
            "client": client_address(self._environ),
            "bytes_out": self._bytes_out,
            "duration_ms": round((time.monotonic() - self._started) * 1000, 1),
        }
        _log.info("request", extra=facts)
        count_request(facts)
