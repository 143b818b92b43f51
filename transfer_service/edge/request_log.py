"""Logs as JSON, one line a record, from an allow-list of fields.

A request's line names the route's template, never the path or the query: both may hold a secret or PHI.
Exceptions are told by type and by where they passed; their messages stay out unless they are our own, whose
messages never hold a secret or anything about a patient.
"""

import json
import logging
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from flask import Flask, Response, g, has_app_context, request

from transfer_service.errors import TransferError

_log = logging.getLogger("transfer_service.requests")

#: What a log record may carry beside its time, level, logger and message.
FIELDS = (
    "request_id", "method", "route", "status", "duration_ms", "bytes_in", "bytes_out", "actor_id", "client",
)  # fmt: skip
_FACTS = "transfer_service.request_facts"
_LONGEST_TEXT = 1000
_MOST_FRAMES = 40


def within_bounds(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Cut ``text`` to ``longest`` characters, and say how many went."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest} more)"


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of ASCII JSON; control and escape characters are escaped by JSON itself."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its line feed."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": within_bounds(record.getMessage()),
        }
        line.update((name, _plain(value)) for name in FIELDS if (value := getattr(record, name, None)) is not None)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = exception_facts(record.exc_info[1])
        return json.dumps(line)


def exception_facts(error: BaseException) -> dict[str, object]:
    """Type and frames of ``error`` and of what caused it; the message only of our own errors."""
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    facts: dict[str, object] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, TransferError):
        facts["message"] = within_bounds(str(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        facts["after"] = exception_facts(before)
    return facts


def log_as_json(level: int = logging.INFO) -> None:
    """Send every log record of this process to stderr as JSON; replaces what handlers the root logger has."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def request_id() -> str:
    """The id of this request: ours and random; what a client sends as X-Request-Id is never used."""
    if not has_app_context():
        return token_hex(12)
    if "request_id" not in g:
        g.request_id = token_hex(12)
    return str(g.request_id)


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
    _facts(request.environ).update(route=rule.rule if rule else None, request_id=request_id())
    return response


def _plain(value: object) -> object:
    return value if isinstance(value, int | float) else within_bounds(str(value), 200)


class _LoggedApp:
    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> "_LoggedAnswer":
        facts = _facts(environ)
        facts["bytes_in"] = 0
        started = time.monotonic()

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            facts["status"] = int(status[:3])
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return _LoggedAnswer(self._wsgi_app(environ, start), environ, started)


class _LoggedAnswer:
    def __init__(self, answer: Iterable[bytes], environ: dict[str, Any], started: float) -> None:
        self._answer, self._environ, self._started = answer, environ, started
        self._bytes_out = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._answer:
            self._bytes_out += len(piece)
            yield piece

    def close(self) -> None:
        try:
            if close := getattr(self._answer, "close", None):
                close()
        finally:
            self._write_line()

    def _write_line(self) -> None:
        facts = {
            **_facts(self._environ),
            "method": self._environ.get("REQUEST_METHOD"),
            "client": self._environ.get("REMOTE_ADDR"),
            "bytes_out": self._bytes_out,
            "duration_ms": round((time.monotonic() - self._started) * 1000, 1),
        }
        _log.info("request", extra=facts)
