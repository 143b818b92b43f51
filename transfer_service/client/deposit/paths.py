"""The path of a file in its packet: the service's own rule, so that what it would refuse is known before it is sent."""

import unicodedata
from typing import Final

MAX_PATH_BYTES: Final = 1024
MAX_NAME_BYTES: Final = 255

_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def packet_path(names: tuple[str, ...]) -> str:
    """The path: names in Unicode form NFC, joined by forward slashes."""
    return unicodedata.normalize("NFC", "/".join(names))


def path_identity(path: str) -> str:
    """What two paths share when a file system that ignores case would take them for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def why_refused(path: str) -> str | None:
    """Why the service would refuse that path; None where it would take it."""
    if any(unicodedata.category(char) == "Cs" for char in path):
        return "its name is not Unicode"
    if any(unicodedata.category(char) in _FORBIDDEN_CATEGORIES or char in _BIDI_CONTROLS for char in path):
        return "its name holds control characters"
    if "\\" in path:
        return "its name holds a backslash"
    return _why_too_long(path) or _why_no_path(path.split("/"))


def _why_too_long(path: str) -> str | None:
    if any(len(name.encode()) > MAX_NAME_BYTES for name in path.split("/")):
        return f"its name is longer than {MAX_NAME_BYTES} bytes"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"its path is longer than {MAX_PATH_BYTES} bytes"
    return None


def _why_no_path(names: list[str]) -> str | None:
    if any(name in {"", ".", ".."} for name in names):
        return "its path is not a plain relative one"
    first = names[0]
    if len(first) == len("C:") and first[1] == ":" and first[0].isalpha():
        return "its path begins like a drive letter"
    return None
