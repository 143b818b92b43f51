"""One look into the watched folder: which slides are in it, and what of it is none."""

import os
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Final

from transfer_service.client.deposit.scan import LocalFile, Oddity, scan
from transfer_service.client.failures import UsageWrong
from transfer_service.client.long_paths import reachable
from transfer_service.client.watch.gone import FolderGone
from transfer_service.client.watch.rule import NamingRule
from transfer_service.client.watch.slides import Slide, slides_of

#: Names that programs give to what is not finished, and what systems keep on a disk for themselves.
TEMPORARY: Final = (
    ".[!/]*", "~*", "*.tmp", "*.temp", "*.part", "*.partial", "*.filepart", "*.crdownload",
    "$RECYCLE.BIN", "System Volume Information", "lost+found", "@eaDir", "#recycle",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look found: slides by name, their files by path, and what of the folder can't be sent."""

    slides: tuple[Slide, ...]
    files: tuple[LocalFile, ...]
    oddities: tuple[Oddity, ...]
    left_out: tuple[str, ...]


class View:
    """The watched folder through its naming rule. Nothing in it is ever written, renamed or deleted."""

    def __init__(
        self, folder: Path, rule: NamingRule, leave_out: tuple[str, ...] = (), cases: Path | None = None
    ) -> None:
        self.folder, self.rule = folder, rule
        self._leave_out = (*TEMPORARY, *leave_out, *_of_cases(folder, cases))
        self._device: int | None = None

    def look(self) -> Seen:
        """FolderGone where it is away."""
        try:
            device = os.stat(self.folder).st_dev  # noqa: PTH116 - what is compared is the system's own number
            contents = scan(self.folder, leave_out=self._leave_out)
        except OSError as error:
            raise FolderGone(f"{self.folder} can't be read: {error.strerror}.") from None
        except UsageWrong as failure:
            raise FolderGone(str(failure)) from None
        if not contents.files and self._device not in {None, device}:
            raise FolderGone(f"{self.folder} is empty, and on another disk than before: it seems not to be mounted.")
        self._device = device
        slides = (*slides_of(contents.files, self.rule), *self._odd(contents.oddities))
        return Seen(slides, contents.files, contents.oddities, contents.left_out)

    def _odd(self, oddities: tuple[Oddity, ...]) -> list[Slide]:
        """What can't be sent, as slides that are refused: while one is there, its case is not complete."""
        named = [(each, self.rule.read(each.path)) for each in oddities]
        return [Slide(each.path, name.accession if name else None, (), refused=each.why) for each, name in named]


def _of_cases(folder: Path, cases: Path | None) -> tuple[str, ...]:
    """Patterns of the case descriptions, where they are in the watched folder itself."""
    if cases is None:
        return ()
    above, below = reachable(folder), reachable(cases)
    if above == below:
        return ("./*.json",)
    return (f"./{escape(below.relative_to(above).as_posix())}",) if below.is_relative_to(above) else ()
