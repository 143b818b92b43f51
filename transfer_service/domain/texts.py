"""What people write: which characters may stand in it, and when it is one mail address. Read by API and pages alike."""

import re
import unicodedata

LONGEST_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
_LONGEST_LOCAL_PART = 64

LINE_BREAKS = frozenset("\n\r\t")
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Overrides, embeddings and isolates can make a name read as another one (Unicode TR 36, section 2.7).
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+")


def hides_nothing(text: str, permitted: frozenset[str] = frozenset()) -> bool:
    """Whether no control character stands in it but those ``permitted``."""
    return not any(_is_unseen(character) for character in text if character not in permitted)


def _is_unseen(character: str) -> bool:
    return character in _BIDI_CONTROLS or unicodedata.category(character) in _UNSEEN_CATEGORIES


def is_one_address(value: str) -> bool:
    """Whether it is exactly one address (RFC 5321 Mailbox with a dot-atom), without a display name."""
    local, _, domain = value.rpartition("@")
    # What begins as an encoded word (RFC 2047) can't stand in a header: mail could never go there.
    is_local_part = _DOT_ATOM.fullmatch(local) is not None and not local.startswith("=?")
    is_short = len(local) <= _LONGEST_LOCAL_PART and len(value) <= LONGEST_ADDRESS
    return is_short and is_local_part and _DOMAIN.fullmatch(domain) is not None
