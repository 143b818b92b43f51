"""Codes that people type from paper: twelve characters, 60 random bits, in Crockford's base32.

Its alphabet has no I, L, O and U. What is typed is read as it was meant: in any case, with whatever spaces and dashes,
O for 0, I and L for 1.
"""

import secrets
import unicodedata
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHARACTERS: Final = 12
_GROUP: Final = 4
_LONGEST: Final = 64
_MEANT: Final = str.maketrans("OIL", "011")
_BETWEEN: Final = ("Z", "C", "Pd")


def mint_typed_code() -> str:
    """A fresh code, in its one canonical form: upper case, nothing between."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))


def grouped(code: str) -> str:
    """As it is printed: ``7K3M-Q9TX-2B4D``."""
    return "-".join(code[start : start + _GROUP] for start in range(0, CHARACTERS, _GROUP))


def read_typed_code(text: str) -> str | None:
    """The canonical form of what was typed; None where it is no such code, whoever's."""
    if len(text) > _LONGEST:
        return None
    upper = unicodedata.normalize("NFKC", text).upper()
    code = "".join(each for each in upper if not unicodedata.category(each).startswith(_BETWEEN)).translate(_MEANT)
    return code if len(code) == CHARACTERS and set(code) <= set(ALPHABET) else None
