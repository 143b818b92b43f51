"""The local name of a released file, whatever the other side calls it: never outside the folder, on every system.

One rule for all systems, so that a folder fetched on Linux is the same on Windows, and so that `verify` finds what
`fetch` named: a name that some system would refuse or read as another is changed, always in the same way.
"""

import hashlib
import re
import unicodedata
from collections.abc import Container, Iterable
from typing import Final

#: Beside the files: the manifest and its signature.
OWN_FOLDER: Final = ".packet"

_LONGEST_NAME_BYTES: Final = 200  # so that .NAME.part fits where names have 255 bytes
_LONGEST_PATH_BYTES: Final = 1024
_DEVICES: Final = frozenset(
    {
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
    }
)
_FORBIDDEN: Final = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f]')
_OURS: Final = re.compile(r"\.packet|\..*\.part", re.IGNORECASE)
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LONGEST_ENDING: Final = 12


def landing(paths: Iterable[str]) -> dict[str, str]:
    """For each path of a manifest the relative local one, with forward slashes; no two alike on any system."""
    files: set[str] = set()
    folders: set[str] = set()
    found = {}
    for path in sorted(set(paths)):
        place = ""
        *above, name = _names(path)
        for folder in above:
            place = _free(place, folder, files)
            folders.add(_identity(place))
        found[path] = _free(place, name, files | folders)
        files.add(_identity(found[path]))
    return found


def _free(above: str, name: str, taken: Container[str]) -> str:
    """The name in that folder, or one with a number where who ignores case would take it for another."""
    candidate, number = _joined(above, name), 1
    while _identity(candidate) in taken:
        number += 1
        stem, dot, ending = name.rpartition(".") if "." in name.lstrip(".") else (name, "", "")
        candidate = _joined(above, f"{stem}~{number}{dot}{ending}")
    return candidate


def _joined(above: str, name: str) -> str:
    return f"{above}/{name}" if above else name


def _identity(place: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", place).casefold())


def _names(path: str) -> list[str]:
    names = [_name(name) for name in path.split("/")]
    if len("/".join(names).encode()) > _LONGEST_PATH_BYTES:
        return ["long paths", f"{_digest(path)}-{names[-1]}"]
    return names


def _name(name: str) -> str:
    """A name that every system takes, and takes for itself."""
    name = unicodedata.normalize("NFC", name)
    name = "".join("_" if unicodedata.category(char) in _UNSEEN else char for char in name)
    name = _FORBIDDEN.sub("_", name)
    bare = name.rstrip(". ")
    if bare != name:  # Windows drops them: another name would be meant
        name = bare + "_" * (len(name) - len(bare))
    if name.partition(".")[0].rstrip().casefold() in _DEVICES or _OURS.fullmatch(name) or not name:
        name = f"_{name}"
    return _shortened(name)


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST_NAME_BYTES:
        return name
    stem, _, ending = name.rpartition(".")
    tail = f"~{_digest(name)}" + (f".{ending}" if stem and len(ending) <= _LONGEST_ENDING else "")
    kept = name.encode()[: _LONGEST_NAME_BYTES - len(tail.encode())].decode(errors="ignore")
    return kept + tail


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
