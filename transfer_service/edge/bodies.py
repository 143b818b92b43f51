"""Request bodies that are counted and paced, and the digests that come with them (RFC 9530).

gunicorn reports a clean end for a body cut short of its Content-Length: an end is never trusted here, bytes
are counted. What can be refused from the head alone is refused before a byte is read.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Never

from flask import Request

from transfer_service.edge.paced_socket import BodyTooSlow, Pace, PacedSocket
from transfer_service.edge.refusal import Refusal
from transfer_service.edge.request_log import note_bytes_in
from transfer_service.errors import PartSizeWrong

READ_BYTES = 1024 * 1024
BULK_PACE = Pace()

_DIGEST_MEMBER = re.compile(r"\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\s*", re.ASCII)
_SHA256_BYTES = 32
_SMALL_BODY = "transfer_service.small_body"


def counted_body(
    request: Request, expected_bytes: int | None, max_bytes: int, pace: Pace = BULK_PACE
) -> Iterator[memoryview]:
    """Check the head now; return the body in pieces of at most 1 MiB, exactly Content-Length bytes in all.

    Whoever reads them holds an upload's slot.
    Raises before any byte is read: Refusal 411 without a Content-Length, 413 when it exceeds
    ``expected_bytes`` or ``max_bytes``, PartSizeWrong when it falls short of ``expected_bytes``. While
    reading: Refusal 400 ``body_incomplete`` where the body ends early, 408 ``body_too_slow`` where the sender
    does not keep ``pace``. What was yielded before such an end must be thrown away.
    """
    length = _declared_length(request)
    if length > (max_bytes if expected_bytes is None else min(expected_bytes, max_bytes)):
        raise Refusal(413, "body_too_large", "The body is larger than is expected here.")
    if expected_bytes is not None and length < expected_bytes:
        raise PartSizeWrong(expected_bytes=expected_bytes)
    return _pieces(request, length, pace)


def read_small_body(request: Request, max_bytes: int) -> bytes:
    """Return the whole body: at most ``max_bytes``, else Refusal 413; empty where none was sent.

    Asked again in the same request, it returns the same: the body itself can be read only once.
    """
    if request.content_length in (None, 0):
        return b""
    length = _within(request, max_bytes)
    if _SMALL_BODY not in request.environ:
        request.environ[_SMALL_BODY] = b"".join(_pieces(request, length, None))
    body: bytes = request.environ[_SMALL_BODY]
    return body


def sha256_declared(header: str | None) -> bytes | None:
    """Return the 32 bytes of ``sha-256`` in a Content-Digest or Repr-Digest (RFC 9530), None without one.

    Other algorithms are passed over. Raises Refusal 400 ``digest_malformed``.
    """
    if header is None:
        return None
    found: dict[str, str] = {}
    for member in header.split(","):
        match = _DIGEST_MEMBER.fullmatch(member)
        if match is None or match[1] in found:
            _refuse_digest()
        found[match[1]] = match[2]
    return _sha256(found["sha-256"]) if "sha-256" in found else None


def _sha256(text: str) -> bytes:
    try:
        digest = base64.b64decode(text, validate=True)
    except binascii.Error:
        _refuse_digest()
    if len(digest) != _SHA256_BYTES:
        _refuse_digest()
    return digest


def _refuse_digest() -> Never:
    raise Refusal(400, "digest_malformed", "Write a digest as sha-256=:BASE64: (RFC 9530).")


def _declared_length(request: Request) -> int:
    if request.content_length is None:
        raise Refusal(411, "length_required", "Send a Content-Length; chunked bodies are not accepted.")
    return request.content_length


def _within(request: Request, max_bytes: int) -> int:
    length = _declared_length(request)
    if length > max_bytes:
        raise Refusal(413, "body_too_large", f"A body has at most {max_bytes} bytes here.")
    return length


def _pieces(request: Request, length: int, pace: Pace | None) -> Iterator[memoryview]:
    connection = request.environ.get("gunicorn.socket")
    if pace is not None and isinstance(connection, PacedSocket):
        connection.set_pace(pace)
        connection.has_slot = True
    left = length
    while left:
        piece = _read(request, min(left, READ_BYTES))
        left -= len(piece)
        note_bytes_in(request.environ, len(piece))
        yield memoryview(piece)


def _read(request: Request, size: int) -> bytes:
    try:
        piece: bytes = request.stream.read(size)
    except BodyTooSlow:
        raise Refusal(408, "body_too_slow", "The request's body came too slowly.") from None
    except OSError:
        piece = b""
    if not piece:
        raise Refusal(400, "body_incomplete", "The body ended before its Content-Length.")
    return piece
