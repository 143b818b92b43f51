"""What is taken as a whole: a file, a MIRAX slide with its folder, or what the naming rule joins."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from transfer_service.client.deposit.paths import path_identity
from transfer_service.client.deposit.scan import LocalFile
from transfer_service.client.watch.rule import Named, NamingRule

_MIRAX: Final = ".mrxs"
#: What only the folder of a MIRAX slide holds. Its .mrxs may come last, so the folder alone must be known for one.
_OF_MIRAX: Final = re.compile(r"(slidedat\.ini|index\.dat|data\d+\.dat)", re.IGNORECASE)
#: Formats of several files, of which it is not known here when they are whole.
_OF_SEVERAL: Final = (".vsi", ".vms", ".vmu")
_JOIN: Final = "which other files its format needs is not known here; a group `slide` in the naming rule joins them"


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide by the path that it is shown with; ``accession`` is None where the rule does not match it.

    ``refused`` says why it can't be sent however long one waits.
    """

    name: str
    accession: str | None
    files: tuple[LocalFile, ...]
    is_mirax: bool = False
    refused: str = ""

    @property
    def size_bytes(self) -> int:
        """All of it."""
        return sum(file.size_bytes for file in self.files)


def slides_of(files: Iterable[LocalFile], rule: NamingRule) -> list[Slide]:
    """The slides that the files make, by name."""
    files = tuple(files)
    folders = {place for file in files if (place := _mirax_place(file.path))}
    mirax: dict[str, list[LocalFile]] = {}
    joined: dict[Named, list[LocalFile]] = {}
    slides = []
    for file in files:
        named = rule.read(file.path)
        if place := _mirax_of(file.path, folders):
            mirax.setdefault(place, []).append(file)
        elif named is not None and named.slide is not None:
            joined.setdefault(named, []).append(file)
        else:
            slides.append(_lone(file, named))
    slides += [_mirax_slide(found, rule) for found in mirax.values()]
    slides += [Slide(found[0].path, named.accession, tuple(found)) for named, found in joined.items()]
    return sorted(slides, key=lambda slide: slide.name)


def _lone(file: LocalFile, named: Named | None) -> Slide:
    refused = _JOIN if file.path.lower().endswith(_OF_SEVERAL) else ""
    return Slide(file.path, named.accession if named else None, (file,), refused=refused)


def _mirax_place(path: str) -> str:
    """The folder of a MIRAX slide, as `path_identity` has it, where the path is of its .mrxs or of what is in it."""
    folder, _, name = path.rpartition("/")
    if name.lower().endswith(_MIRAX):
        return path_identity(path[: -len(_MIRAX)])
    return path_identity(folder) if folder and _OF_MIRAX.fullmatch(name) else ""


def _mirax_of(path: str, folders: set[str]) -> str:
    """The folder of the MIRAX slide that the path belongs to; empty where to none."""
    if not folders:
        return ""
    if path.lower().endswith(_MIRAX):
        return _mirax_place(path)
    above = path_identity(path)
    while above := above.rpartition("/")[0]:
        if above in folders:
            return above
    return ""


def _mirax_slide(files: list[LocalFile], rule: NamingRule) -> Slide:
    name = next((file.path for file in files if file.path.lower().endswith(_MIRAX)), None)
    if name is None:
        inside = next(file.path for file in files if _mirax_place(file.path))
        name = f"{inside.rpartition('/')[0]}{_MIRAX}"
    named = rule.read(name)
    return Slide(name, named.accession if named else None, tuple(files), is_mirax=True)
