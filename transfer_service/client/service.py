"""Calls to one service: JSON and bytes. Safe to share between threads.

Every call is tried again while the service is busy, gone or cut off (`patience`), which repeats nothing: a POST has one
Idempotency-Key for all its tries, everything else is the same when done twice.
"""

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError, ProxyError, SSLError

from transfer_service.client.failures import (
    ClientFailure,
    IntegrityBroken,
    Refused,
    TokenRefused,
    Unreachable,
    UsageWrong,
)
from transfer_service.client.patience import ComeLater, Patience
from transfer_service.client.printable import printable

MOST_JSON_BYTES: Final = 256 * 1024 * 1024
SLICE_BYTES: Final = 256 * 1024
PAGE: Final = 200

_OK, _UNAUTHORIZED, _REFUSED_FROM = 200, 401, 400
#: 408 too slow, 425 too early, 429 too often; what a proxy or the service says while something is down.
_COME_LATER = frozenset({408, 425, 429, 502, 503, 504})

_ROLES: Final = (
    "Depositors send; coordinators also ask patients and make links. Ask the operator for a token of the other role, "
    "then: packet login SERVER"
)
_NO_PROBLEM: Final = "That is not how a transfer service says it: look at the address, and at the proxy."
_NOWHERE: Final = frozenset({"NameResolutionError", "NewConnectionError", "ConnectTimeoutError"})

Moved = Callable[[int], None]
Body = Any  # bytes, an iterator of slices, or None: urllib3's own type leaves out memoryviews


class Service:
    """One service, at its base URL, spoken to with one token or with none."""

    def __init__(
        self, base_url: str, http: urllib3.PoolManager, patience: Patience | None = None, token: str | None = None
    ) -> None:
        self.base_url, self.patience = base_url, patience or Patience()
        self._http, self._token = http, token

    def with_token(self, token: str | None) -> "Service":
        """The same service, spoken to with another token."""
        return Service(self.base_url, self._http, self.patience, token)

    def for_work(self, waiting: Callable[[str, float], None]) -> "Service":
        """The same service for one piece of work, which is told when it waits and can be stopped alone."""
        return Service(self.base_url, self._http, self.patience.below(waiting), self._token)

    def __repr__(self) -> str:
        return f"Service({self.base_url!r})"

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON is what the service says it is
        """The JSON at a path under /api/v1. Refused, TokenRefused, Unreachable."""
        return self.patience.until(lambda: self._json("GET", path, {}, None))

    def items(self, path: str) -> Iterator[Any]:
        """Everything that a list has, page after page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(f"{path}?limit={PAGE}" + (f"&cursor={cursor}" if cursor else ""))
            yield from page["items"]
            cursor = page["next_cursor"]

    def post(self, path: str, fields: Mapping[str, object] | None = None, key: str | None = None) -> Any:  # noqa: ANN401 - as above
        """Send JSON. ``key`` is the Idempotency-Key, where it must outlive this process."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or str(uuid4())}
        body = json.dumps(fields or {}).encode()
        return self.patience.until(lambda: self._json("POST", path, headers, body))

    def ask(self, path: str, fields: Mapping[str, object]) -> Any:  # noqa: ANN401 - as above
        """Send JSON to what is the same when done twice, so that no key needs to be kept for it."""
        body = json.dumps(fields).encode()
        return self.patience.until(lambda: self._json("POST", path, {"Content-Type": "application/json"}, body))

    def delete(self, path: str) -> None:
        """Delete what is there; what is not there any more is deleted."""
        try:
            self.patience.until(lambda: self._json("DELETE", path, {}, None))
        except Refused as refused:
            if refused.word != "not_found":
                raise

    def put(self, path: str, body: memoryview, headers: Mapping[str, str], moved: Moved) -> None:
        """Send bytes, once: ComeLater where that came to nothing. ``moved`` is told how many more have left."""
        sent = {"Content-Type": "application/octet-stream", "Content-Length": str(len(body)), **headers}
        self._json("PUT", path, sent, self._slices(body, moved))

    @contextmanager
    def streamed(self, path: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        """An answer whose bytes are still to come, once. ComeLater, also while they come."""
        answer = self._send("GET", path, {"Accept-Encoding": "identity", **headers}, None)
        try:
            with _lost_connections(answer.headers.get("X-Request-Id")):
                yield answer
        finally:
            answer.close()

    def _slices(self, body: memoryview, moved: Moved) -> Iterator[memoryview]:
        for start in range(0, len(body), SLICE_BYTES):
            self.patience.check()
            piece = body[start : start + SLICE_BYTES]
            yield piece
            moved(len(piece))

    def _json(self, method: str, path: str, headers: dict[str, str], body: Body) -> Any:  # noqa: ANN401 - as above
        answer = self._send(method, path, headers, body)
        with _lost_connections(answer.headers.get("X-Request-Id")):
            content = answer.read(MOST_JSON_BYTES)
        answer.release_conn()
        if not content:
            return None
        try:
            return json.loads(content)
        except ValueError:
            raise _not_a_service(self.base_url) from None

    def _send(self, method: str, path: str, headers: dict[str, str], body: Body) -> urllib3.BaseHTTPResponse:
        # Ours, so that a request whose answer never came can be found in the service's log too.
        number = uuid4().hex
        headers = {**headers, "X-Request-Id": number}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        url = f"{self.base_url}/api/v1{path}"
        with _lost_connections(number):
            answer = self._http.request(
                method,
                url,
                headers=headers,
                body=body,
                preload_content=False,
                redirect=False,
            )
            if answer.status < _REFUSED_FROM:
                return self._checked(answer)
            content = answer.read(MOST_JSON_BYTES)
        answer.release_conn()
        raise _refusal(answer, content)

    def _checked(self, answer: urllib3.BaseHTTPResponse) -> urllib3.BaseHTTPResponse:
        if answer.status >= 300:  # noqa: PLR2004 - a redirect
            raise _not_a_service(self.base_url)
        return answer


@contextmanager
def _lost_connections(request_id: str | None) -> Iterator[None]:
    """What breaks below HTTP, as ComeLater; what no second try could mend as what it is."""
    try:
        yield
    except SSLError as error:
        raise _tls_failure(_cause(error), request_id) from None
    except LocationParseError:
        raise UsageWrong("That is no address of a service.") from None
    except (HTTPError, OSError) as error:
        where = "The proxy" if isinstance(error, ProxyError) else "The service"
        advice = (
            f"Look at the address and the network. {Unreachable.usual_advice}"
            if type(error).__name__ in _NOWHERE
            else None
        )
        raise ComeLater(
            Unreachable(f"{where} does not answer: {_why(error)}.", request_id=request_id, advice=advice)
        ) from None


def _tls_failure(cause: BaseException, request_id: str | None) -> Exception:
    """A certificate is no better at a second try; a connection that was cut is."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UsageWrong(
            f"The service's certificate is not trusted here: {printable(str(cause))}",
            advice="If the hospital's network inspects TLS, install its certificate or name it with --ca-file.",
        )
    if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
        return ComeLater(Unreachable(f"The service does not answer: {_why(cause)}.", request_id=request_id))
    return UsageWrong(
        f"What answers there does not speak TLS as it should: {printable(str(cause))}",
        advice="Look at the address: its beginning (https:// or, on this machine, http://) and its port.",
    )


def _cause(error: BaseException) -> BaseException:
    while error.args and isinstance(error.args[-1], BaseException):
        error = error.args[-1]
    return error


def _why(error: BaseException) -> str:
    """A few words, never urllib3's own, which name the whole address."""
    kind = type(error).__name__
    words = {
        "NameResolutionError": "its name is not known here",
        "NewConnectionError": "it can't be reached",
        "ConnectTimeoutError": "it can't be reached",
        "ReadTimeoutError": "it fell silent",
    }
    return words.get(kind, "the connection broke off")


def _refusal(answer: urllib3.BaseHTTPResponse, content: bytes) -> Exception:
    problem = _problem(content)
    failure = _failure(answer, problem)
    if answer.status in _COME_LATER:
        return ComeLater(failure, _retry_after_s(answer))
    return failure


def _failure(answer: urllib3.BaseHTTPResponse, problem: Mapping[str, object]) -> ClientFailure:
    detail = str(problem.get("detail") or f"The service answered with HTTP status {answer.status}.")
    request_id = printable(str(problem.get("request_id") or answer.headers.get("X-Request-Id") or "")) or None
    if answer.status == _UNAUTHORIZED:
        return TokenRefused(request_id=request_id)
    if answer.status in _COME_LATER:
        return Unreachable(printable(detail), request_id=request_id)
    word = printable(str(problem.get("code") or f"http_{answer.status}"))
    return Refused(
        printable(" ".join([detail, *_tries_left(problem), *_field_errors(problem)])),
        word=word,
        status=answer.status,
        request_id=request_id,
        advice=_ROLES if word == "not_allowed" else None if "code" in problem else _NO_PROBLEM,
    )


def _problem(content: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _tries_left(problem: Mapping[str, object]) -> list[str]:
    left = problem.get("remaining_attempts")
    return [f"Tries left: {left}."] if isinstance(left, int) else []


def _field_errors(problem: Mapping[str, object]) -> list[str]:
    errors = problem.get("errors")
    if not isinstance(errors, dict):
        return []
    return [f"{name}: {' '.join(map(str, each)) if isinstance(each, list) else each}" for name, each in errors.items()]


def _retry_after_s(answer: urllib3.BaseHTTPResponse) -> float | None:
    """The seconds in Retry-After (RFC 9110 section 10.2.3); a date, which nobody here sends, counts as none."""
    word = answer.headers.get("Retry-After", "")
    return float(word) if word.isascii() and word.isdecimal() else None


def _not_a_service(base_url: str) -> IntegrityBroken:
    return IntegrityBroken(
        f"What answers at {base_url} is not a transfer service.", advice="Look at the address, and at the proxy."
    )
