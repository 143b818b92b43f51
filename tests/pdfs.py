"""What programs that are not ours make of a PDF: poppler's pdftotext, pdfinfo, pdfdetach."""

import shutil
import subprocess
from pathlib import Path

from tests.missing import skip_or_fail


def text_of(pdf: bytes, *options: str) -> str:
    """The text, in the order in which it is read."""
    return _made_of(pdf, "pdftotext", "-enc", "UTF-8", *options, "-", "-").decode()


def info_of(pdf: bytes) -> dict[str, str]:
    """Title, Tagged, Pages and so on."""
    lines = _made_of(pdf, "pdfinfo", "-isodates", "-").decode().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def structure_of(pdf: bytes) -> list[str]:
    """The kinds of its structure's elements (ISO 32000-1, 14.8.4), in their order."""
    lines = _made_of(pdf, "pdfinfo", "-struct", "-").decode(errors="replace").splitlines()
    words = [line.split() for line in lines]
    return [line[0].rstrip(":") for line in words if line and line[0][:1].isalpha()]


def attachment_of(pdf: bytes, folder: Path) -> bytes:
    """The first file that is attached."""
    (folder / "kept.pdf").write_bytes(pdf)
    _made_of(b"", "pdfdetach", "-save", "1", "-o", str(folder / "attached"), str(folder / "kept.pdf"))
    return (folder / "attached").read_bytes()


def catalog_of(pdf: bytes) -> bytes:
    """What the document says of itself as a whole (ISO 32000-1, 7.7.2)."""
    return pdf[pdf.index(b"/Type/Catalog") :].partition(b"endobj")[0]


def _made_of(pdf: bytes, program: str, *arguments: str) -> bytes:
    if shutil.which(program) is None:
        skip_or_fail(f"There is no {program} here: what other programs make of a PDF is not tried.")
    done = subprocess.run([program, *arguments], input=pdf, capture_output=True, check=True, timeout=60)
    return done.stdout
