"""A 32-byte secret that does not print, pickle, copy or compare in a way that would give it away."""

import hmac
import secrets
from typing import Final, NoReturn, Self, SupportsIndex, final

KEY_BYTES: Final = 32


@final
class SecretKey:
    """Exactly 32 secret bytes. Raises ValueError for any other length.

    Two keys compare in constant time. The bytes come out by `reveal` alone: never by repr, str, format, pickle or
    copy.
    """

    __slots__ = ("_octets",)
    _octets: bytes

    def __init__(self, octets: bytes) -> None:
        if len(octets) != KEY_BYTES:
            raise ValueError("a key has exactly 32 bytes")
        object.__setattr__(self, "_octets", bytes(octets))

    @classmethod
    def generate(cls) -> Self:
        """A fresh key from the operating system's generator."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def reveal(self) -> bytes:
        """The 32 bytes themselves."""
        return self._octets

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a key does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a key does not change")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretKey):
            return NotImplemented
        return hmac.compare_digest(self._octets, other._octets)

    # A hash would be a stable trace of the key, and sets and dicts compare in other ways than ours.
    __hash__ = None  # type: ignore[assignment]  # Python's own way to say "unhashable"

    def __repr__(self) -> str:
        return "SecretKey(***)"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a key is neither pickled nor copied")
