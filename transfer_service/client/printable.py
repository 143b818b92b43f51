"""Text from elsewhere, made safe to print on any console."""

import sys
import unicodedata
from io import TextIOWrapper

_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"})


def printable(text: str) -> str:
    """The text with what steers terminals or hides in a line (controls, overrides, half characters) spelled out."""
    return "".join(_spelled(char) if unicodedata.category(char) in _UNSEEN else char for char in text)


def _spelled(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def make_streams_forgiving() -> None:
    """Let consoles that lack a character (cp1252, ASCII) show it spelled out rather than end the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
