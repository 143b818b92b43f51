"""``packet watch --try``: what would go where by the naming rule, and what nowhere. Nothing is sent or remembered."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from transfer_service.client.failures import ClientFailure
from transfer_service.client.printable import printable
from transfer_service.client.watch.cases import Cases
from transfer_service.client.watch.mirax import why_not_whole
from transfer_service.client.watch.slides import Slide
from transfer_service.client.watch.view import Seen

NO_MATCH = "the naming rule does not match it"


@dataclass(frozen=True, slots=True)
class Trial:
    """What one look makes of the folder."""

    seen: Seen
    cases: Cases | None

    def facts(self) -> dict[str, Any]:
        """For programs."""
        return {
            "slides": [
                {"path": slide.name, "accession": slide.accession, "files": len(slide.files), "why": self._why(slide)}
                for slide in self.seen.slides
            ],
            "left_out": [*self.seen.left_out],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        placed = [slide for slide in self.seen.slides if slide.accession is not None]
        for accession, slides in groupby(sorted(placed, key=_by_case), _by_case):
            yield f"{printable(accession)}: {self._case(accession)}"
            yield from (self._line(slide) for slide in slides)
        lost = [slide for slide in self.seen.slides if slide.accession is None]
        if lost:
            yield "No case:"
            yield from (self._line(slide) for slide in lost)
        if self.seen.left_out:
            yield "Never taken:"
            yield from (f"  {printable(path)}" for path in self.seen.left_out)

    def _line(self, slide: Slide) -> str:
        why = self._why(slide)
        files = f" ({len(slide.files)} files)" if len(slide.files) > 1 else ""
        return f"  {printable(slide.name)}{files}" + (f": {why}" if why else "")

    def _why(self, slide: Slide) -> str:
        if slide.refused:
            return slide.refused
        if slide.accession is None:
            return NO_MATCH
        return why_not_whole(slide) if slide.is_mirax else ""

    def _case(self, accession: str) -> str:
        if self.cases is None:
            return "a packet"
        try:
            case = self.cases.of(accession)
        except ClientFailure as failure:
            return str(failure)
        return "a packet" + (f" of {case.expected_slides} slides" if case.expected_slides else "")


def _by_case(slide: Slide) -> str:
    return slide.accession or ""
