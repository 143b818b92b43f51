"""What the PDF of a form costs: seconds, size, and the compiler's memory.

python -m benchmarks.forms
"""

import resource
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

from transfer_service.adapters.typesetting import TypstPdf
from transfer_service.domain.language import Language
from transfer_service.domain.printed import Attachment, Bullets, Document, Facts, Heading, Paragraph

_MIB, _KIB = 1024**2, 1024
_FORM = Document(
    title="AUTHORIZATION TO RELEASE YOUR SLIDES AND IMAGES",
    language=Language.ENGLISH,
    created_at=datetime(2026, 5, 12, tzinfo=UTC),
    blocks=(),
    footer="Pathology, St. Agatha",
    if_unshown="Where a box stands, a character is missing.",
)


def form(names: list[str]) -> Document:
    """A form about files of those names."""
    facts = Facts((("SHA-256 of the form's text", "0123456789abcdef" * 4),))
    blocks = (Heading("What will be released"), Paragraph("To Dr. Viewer"), Bullets(tuple(names)), facts)
    return replace(_FORM, blocks=blocks, attached=(Attachment("form-text.txt", "\n".join(names), "The text"),))


def main() -> None:
    """Print a row for each form, the small ones first: the peak is that of all compilers so far."""
    for count, letters, rounds in ((3, 8, 5), (1_000, 8, 5), (10_000, 8, 1), (10_000, 100, 1)):
        document = form([f"slides/{number:05}/{'A' * letters}.svs" for number in range(count)])
        seconds, pdf = [], b""
        for _ in range(rounds):
            began = time.perf_counter()
            pdf = TypstPdf(within_s=60).typeset(document)
            seconds.append(time.perf_counter() - began)
        peak_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _KIB
        row = (count, letters, f"{median(seconds):.2f} s", f"{len(pdf) // _KIB} KiB", f"{peak_bytes // _MIB} MiB")
        sys.stdout.write("  ".join(map(str, row)) + "\n")


if __name__ == "__main__":
    main()
