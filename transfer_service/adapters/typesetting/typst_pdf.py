"""The port of typesetting over Typst."""

import json
import logging
import subprocess
import sys
import unicodedata
from pathlib import Path

from transfer_service.domain.document import (
    Blanks,
    Block,
    Bullets,
    Document,
    Facts,
    Heading,
    Paragraph,
    Table,
)
from transfer_service.errors import DocumentTooLong, Unavailable

_log = logging.getLogger(__name__)

COMPILER = Path(__file__).with_name("compiler.py")
MOST_BYTES = 4 * 1024 * 1024
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CONTROL, _SURROGATE = "Cc", "Cs"
_BYTE_ORDER = "\N{ZERO WIDTH NO-BREAK SPACE}"
_NO_CHARACTERS = range(0xFDD0, 0xFDF0)  # and the last two of each plane (Unicode 23.7)


class TypstPdf:
    """Starts a compiler for each document; ``within_s`` is as long as one may take."""

    def __init__(self, within_s: float = 30.0) -> None:
        self._within_s = within_s

    def typeset(self, document: Document) -> bytes:
        """PDF/UA-1, with the document's language, title and date. DocumentTooLong, Unavailable."""
        asked = json.dumps(_data(document)).encode()
        if len(asked) > MOST_BYTES:
            raise DocumentTooLong
        try:
            return self._compiled(asked)
        except (OSError, subprocess.SubprocessError) as error:
            _log.error("a document could not be typeset: %s", type(error).__name__)  # a trace may quote it
            raise Unavailable from None

    def _compiled(self, asked: bytes) -> bytes:
        command = [sys.executable, "-I", str(COMPILER)]
        done = subprocess.run(  # noqa: S603 - our own file, and nothing of the document in the command
            command,
            input=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=self._within_s,
            check=True,
        )
        return done.stdout


def _data(document: Document) -> dict[str, object]:
    return {
        "title": _printable(document.title),
        "language": document.language,
        "created_at": int(document.created_at.timestamp()),
        "blocks": [_block(block) for block in document.blocks],
        "footer": _printable(document.footer),
        "if_unshown": _printable(document.if_unshown),
        "attached": [{"name": each.name, "text": each.text, "about": each.about} for each in document.attached],
        "wide": document.wide,
    }


def _block(block: Block) -> dict[str, object]:
    match block:
        case Heading(text, level):
            return {"kind": "heading", "text": _printable(text), "level": level}
        case Paragraph(text):
            return {"kind": "paragraph", "text": _printable(text)}
        case Bullets(items):
            return {"kind": "bullets", "items": _all(items)}
        case Facts(pairs):
            return {"kind": "facts", "pairs": [_all(pair) for pair in pairs]}
        case Table(header, rows):
            return {"kind": "table", "header": _all(header), "rows": [_all(row) for row in rows]}
        case Blanks(labels):
            return {"kind": "blanks", "labels": _all(labels)}


def _all(texts: tuple[str, ...]) -> list[str]:
    return [_printable(text) for text in texts]


def _printable(text: str) -> str:
    """The text, with the replacement character for what no PDF may hold as text; line ends are line feeds."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_REPLACEMENT if _is_unprintable(character) else character for character in lines)


def _is_unprintable(character: str) -> bool:
    if unicodedata.category(character) in (_CONTROL, _SURROGATE):
        return character not in "\n\t"
    code = ord(character)
    return character == _BYTE_ORDER or code in _NO_CHARACTERS or code & 0xFFFE == 0xFFFE  # noqa: PLR2004 - Unicode's own
