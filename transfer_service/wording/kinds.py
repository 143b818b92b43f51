"""How many files of each kind, in words: on the form before they leave, in a report afterwards."""

from collections import Counter
from collections.abc import Iterable

from transfer_service.domain.packet import FileKind, PacketFile
from transfer_service.wording.words import Words


def counted(files: Iterable[PacketFile], words: Words) -> list[str]:
    """``["3 slide scans", "1 report"]``: what there is none of is not said."""
    counts = Counter(file.kind for file in files)
    return [_counted(kind, counts[kind], words) for kind in FileKind if counts[kind]]


def _counted(kind: FileKind, count: int, words: Words) -> str:
    match kind:
        case FileKind.SLIDE:
            return words.plural("%(count)s slide scan", "%(count)s slide scans", count)
        case FileKind.RADIOLOGY:
            return words.plural(
                "%(count)s X-ray image (such as a mammogram)", "%(count)s X-ray images (such as mammograms)", count
            )
        case FileKind.REPORT:
            return words.plural("%(count)s report", "%(count)s reports", count)
        case FileKind.OTHER:
            return words.plural("%(count)s other file", "%(count)s other files", count)
