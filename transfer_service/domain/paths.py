"""The relative path of a file in its packet: what is accepted, and when two are the same."""

import unicodedata

from transfer_service.errors import PathInvalid

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 255

_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Overrides, embeddings and isolates can make a name read as another one (Unicode TR 36, section 2.7).
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def normal_path(path: str) -> str:
    """The path in Unicode form NFC; PathInvalid where it climbs, is absolute, or holds control characters."""
    if any(unicodedata.category(char) in _FORBIDDEN_CATEGORIES or char in _BIDI_CONTROLS for char in path):
        raise PathInvalid
    normal = unicodedata.normalize("NFC", path)
    names = normal.split("/")
    if any(name in {"", ".", ".."} or len(name.encode()) > MAX_NAME_BYTES for name in names):
        raise PathInvalid
    if "\\" in normal or len(normal.encode()) > MAX_PATH_BYTES or _has_drive(names[0]):
        raise PathInvalid
    return normal


def path_identity(path: str) -> str:
    """What two paths share when a file system that ignores case would take them for one (NFC, case-folded)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _has_drive(name: str) -> bool:
    return len(name) == 2 and name[1] == ":" and name[0].isalpha()  # noqa: PLR2004 - a letter and a colon
