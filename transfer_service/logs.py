"""The log: one line of JSON a record, from an allow-list of fields, whoever wrote it.

- A record's own facts pass only under the names in ``FIELDS``.
- An exception is its type and the places in our own files where it passed. What it says stays out: it may quote values.
- A library's record keeps its level and the library's name. Its words stay out, and so does what is below a warning:
  they may quote addresses, statements and headers. gunicorn's sentences pass, with nothing filled in but numbers.
- Whatever a process would print as it dies comes out as such a line too.

The request on whose behalf a thread works is known here (``on_behalf_of``), so that its id is on every line.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from transfer_service.errors import TransferError

#: What a line may carry beside time, level, logger, message and exception: ids, counts and words of ours.
FIELDS = (
    "request_id", "method", "route", "status", "code", "duration_ms", "bytes_in", "bytes_out", "actor_id", "client",
    "packet_id", "file_id", "mail_id", "notice_id", "library",
)  # fmt: skip
OURS = "transfer_service"
_GUNICORN = "gunicorn"
_PACKAGE = Path(__file__).parent
_LONGEST_TEXT = 1000
_LONGEST_FIELD = 200
_MOST_FRAMES = 40
_MOST_CAUSES = 5
_UNTOLD = "A library had something to say; its words are not kept."

_log = logging.getLogger(__name__)
_request: ContextVar[str | None] = ContextVar("request_id", default=None)


@contextmanager
def on_behalf_of(request_id: str | None) -> Iterator[None]:
    """Put ``request_id`` on every line that this thread writes meanwhile."""
    token = _request.set(request_id)
    try:
        yield
    finally:
        with suppress(ValueError):  # of another thread's context: an answer that nobody closed was let go of there
            _request.reset(token)


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
            "logger": record.name if is_ours(record) else "library",
            "message": within_bounds(_words(record)),
        }
        facts = {"request_id": _request.get(), **_facts(record)}
        line.update((name, _plain(facts[name])) for name in FIELDS if facts.get(name) is not None)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = exception_facts(record.exc_info[1])
        return json.dumps(line)


def exception_facts(error: BaseException, causes: int = _MOST_CAUSES) -> dict[str, object]:
    """Type, our own frames and, of our own errors, the code; the same of what caused it."""
    places = [(Path(frame.filename), frame) for frame in traceback.extract_tb(error.__traceback__)]
    ours = [(path.relative_to(_PACKAGE), frame) for path, frame in places if path.is_relative_to(_PACKAGE)]
    facts: dict[str, object] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{path.as_posix()}:{frame.lineno} {frame.name}" for path, frame in ours[-_MOST_FRAMES:]],
    }
    if isinstance(error, TransferError):
        facts["code"] = error.code
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and causes:
        facts["after"] = exception_facts(before, causes - 1)
    return facts


def is_ours(record: logging.LogRecord) -> bool:
    """Whether this program wrote it: then its words are known to hold nothing that they should not."""
    return record.name.partition(".")[0] == OURS


def log_as_json(level: int = logging.INFO) -> None:
    """Send every record of this process to stderr as JSON, and what it would print as it dies."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(_is_worth_a_line)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_last_words
    sys.unraisablehook = lambda lost: _log_lost(lost.exc_value)
    threading.excepthook = lambda lost: _log_lost(lost.exc_value)


def log_to_whoever_reads() -> None:
    """The same, but as plain lines where stderr is a terminal: somebody sits there."""
    if sys.stderr.isatty():
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True)
    else:
        log_as_json()


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    return is_ours(record) or record.levelno >= logging.WARNING


def _words(record: logging.LogRecord) -> str:
    if is_ours(record):
        return record.getMessage()
    if _library(record) != _GUNICORN:
        return _UNTOLD
    arguments = record.args if isinstance(record.args, tuple) else ()
    return str(record.msg) if not all(isinstance(each, int) for each in arguments) else record.getMessage()


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return record.__dict__ if is_ours(record) else {"library": _library(record)}


def _library(record: logging.LogRecord) -> str:
    return record.name.partition(".")[0]


def _plain(value: object) -> object:
    return value if isinstance(value, int | float) else within_bounds(str(value), _LONGEST_FIELD)


def _log_last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical("The process ends by an error that nobody foresaw.", exc_info=(kind, error, trace))


def _log_lost(error: BaseException | None) -> None:
    _log.error("An error was lost: nobody waited for the work that it ended.", exc_info=error)
