"""A document to keep or to print: what is said in it, piece by piece, and nothing of how it looks."""

from dataclasses import dataclass
from datetime import datetime

from transfer_service.domain.language import Language


@dataclass(frozen=True, slots=True, repr=False)
class Heading:
    """``level`` 1 divides the document, 2 what stands under a 1; none is left out on the way down (ISO 14289-1)."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True, repr=False)
class Paragraph:
    """Its line breaks are kept."""

    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """What each is called, and what it is: a list of definitions."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """Every row has as many cells as the header, which is repeated on every page."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Blanks:
    """Lines to be filled in by hand, each under what it asks for."""

    labels: tuple[str, ...]


Block = Heading | Paragraph | Bullets | Facts | Table | Blanks


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A text that goes along inside the document, byte for byte. ``about`` says what it is."""

    name: str
    text: str
    about: str


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """A document of US letter size, upright unless it is ``wide``.

    ``created_at`` is its date: the same document is the same bytes whenever it is made. ``footer`` stands on every
    page, beside the page's number. ``if_unshown`` is said under the title where there are characters that no font
    has: it explains the box in their place.
    """

    title: str
    language: Language
    created_at: datetime
    blocks: tuple[Block, ...]
    footer: str
    if_unshown: str
    attached: tuple[Attachment, ...] = ()
    wide: bool = False
