"""Every code that an answer's problem object may bear, with its status and a sentence, for the documents."""

from collections.abc import Iterator
from dataclasses import dataclass

from transfer_service import errors
from transfer_service.edge.problems import problem_of

Kind = type[errors.TransferError]

# These have no answer of their own: use cases handle them, or the program does not start.
_INSIDE = (
    errors.MailRefused,
    errors.MailRefusedForGood,
    errors.NoticeNotTaken,
    errors.StoreRefused,
    errors.SettingsInvalid,
    errors.InstallationDamaged,
)

# What is refused in HTTP's own words, before any use case hears of it.
_OF_HTTP = (
    (400, "bad_request", "The request can't be understood."),
    (400, "argument_twice", "An argument is given twice, or both in the query and in the body."),
    (400, "body_incomplete", "The body ended before its Content-Length."),
    (400, "body_missing", "A JSON body is needed."),
    (400, "digest_malformed", "A digest is written as sha-256=:BASE64: (RFC 9530)."),
    (400, "host_unknown", "The service does not answer under that host name."),
    (400, "idempotency_key_malformed", "An Idempotency-Key is 1 to 255 printable ASCII characters."),
    (400, "json_malformed", "The body is not JSON in UTF-8, or can be read in more than one way."),
    (400, "path_ambiguous", "The address can be read in more than one way."),
    (405, "method_not_allowed", "The address does not take that method."),
    (408, "body_too_slow", "The body came too slowly."),
    (408, "head_too_slow", "The request came too slowly."),
    (411, "length_required", "A Content-Length is needed; chunked bodies are not accepted."),
    (413, "body_too_large", "The body is larger than is expected."),
    (414, "address_too_long", "The address is too long."),
    (415, "content_encoding", "Compressed bodies are not accepted."),
    (415, "multipart_refused", "Multipart bodies are not accepted; send the bytes themselves."),
    (415, "unsupported_media_type", "Bodies are application/json in UTF-8."),
    (416, "range_not_satisfiable", "The range lies outside of the file, or there are several."),
    (417, "expectation_failed", "That expectation is not met."),
    (431, "headers_too_large", "The request has too many headers, or too large ones."),
    (500, "internal", "Something went wrong; the request id finds it in the service's log."),
)


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code: the status it comes with, and a sentence for people."""

    status: int
    code: str
    sentence: str


def error_codes() -> list[ErrorCode]:
    """Every code once, by status and name."""
    of_the_service = [ErrorCode(status_of(kind), kind.code, kind.message) for kind in _kinds(errors.TransferError)]
    found = {each.code: each for each in (*(ErrorCode(*row) for row in _OF_HTTP), *of_the_service)}
    return sorted(found.values(), key=lambda each: (each.status, each.code))


def status_of(kind: Kind) -> int:
    """The status that an error of this kind is answered with."""
    error = errors.TooMany(retry_after_s=1) if issubclass(kind, errors.TooMany) else kind()
    return problem_of(error).status


def _kinds(above: Kind) -> Iterator[Kind]:
    for kind in above.__subclasses__():
        if kind not in _INSIDE and kind.__module__ == errors.__name__:  # the client's own are no answers
            yield kind
            yield from _kinds(kind)
