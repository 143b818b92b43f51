"""Range requests (RFC 9110 section 14) and the names of downloads (RFC 6266, RFC 8187).

Chosen where the RFC leaves a choice: one range only; several are refused with 416, so that a client never
gets gigabytes that it asked to get in pieces. A unit other than bytes, a malformed range and a range under an
If-Range that does not hold are passed over: the answer is the whole. Range means something for GET alone.
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from flask import Request

from transfer_service.edge.refusal import Refusal

_BYTES = re.compile(r"bytes[ \t]*=(.*)", re.IGNORECASE | re.DOTALL)
_SPEC = re.compile(r"[ \t]*([0-9]{0,19})-([0-9]{0,19})[ \t]*")
_LONGEST_NAME = 180


@dataclass(frozen=True)
class ByteRange:
    """The bytes ``first`` to ``last``, both included, of ``size``."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """The Content-Range of a 206."""
        return f"bytes {self.first}-{self.last}/{self.size}"


def requested_range(request: Request, size: int, etag: str) -> ByteRange | None:
    """Return the range to answer with 206, or None for the whole with 200.

    ``etag`` is the strong entity tag with its quotes. Raises Refusal 416 with ``Content-Range: bytes */N``.
    """
    header = request.headers.get("Range")
    condition = request.headers.get("If-Range")
    if header is None or request.method != "GET" or (condition is not None and condition.strip() != etag):
        return None
    return parse_range(header, size)


def parse_range(header: str, size: int) -> ByteRange | None:
    """Return the single range that ``header`` asks of ``size`` bytes, None where it is to be passed over."""
    unit = _BYTES.fullmatch(header)
    if unit is None:
        return None
    if "," in unit[1]:
        raise _unsatisfiable(size, "Only one range at a time is served.")
    spec = _SPEC.fullmatch(unit[1])
    if spec is None or spec[1] == spec[2] == "" or (spec[1] and spec[2] and int(spec[2]) < int(spec[1])):
        return None
    first = int(spec[1]) if spec[1] else max(size - int(spec[2]), 0)
    last = min(int(spec[2]), size - 1) if spec[1] and spec[2] else size - 1
    if first > last:
        raise _unsatisfiable(size, "The range lies outside of the file.")
    return ByteRange(first, last, size)


def content_disposition(path: str) -> str:
    """Return ``attachment`` with the last name of ``path``, in ASCII and as ``filename*`` (RFC 8187)."""
    name = _shortened(_visible(path.rsplit("/", 1)[-1])) or "file"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r'["\\%;/]', "_", plain).strip()
    if not plain or (plain.startswith(".") and not name.startswith(".")):
        plain = f"file{plain}"  # nothing of the name was ASCII, but perhaps its ending
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"


def _visible(name: str) -> str:
    """Controls, bidirectional overrides, line separators and lone surrogates become ``_``."""
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join("_" if unicodedata.category(each) in hidden or each in '\\/"' else each for each in name)


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    keep = dot + ending if stem and len(ending) <= 16 else ""  # noqa: PLR2004 - no real ending is longer
    return name[: _LONGEST_NAME - len(keep)] + keep


def _unsatisfiable(size: int, detail: str) -> Refusal:
    return Refusal(416, "range_not_satisfiable", detail, {"Content-Range": f"bytes */{size}"})
