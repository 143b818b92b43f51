"""Cobblestone-256 whole messages, and the HKDF-Expand-SHA512 under every key that is derived.

Source: https://c2sp.org/chunked-encryption (version 1) and RFC 5869 section 2.3.
"""

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import AlreadyFinalized, InvalidTag
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from transfer_service.errors import SealBroken
from transfer_service.sealing.secret import SecretKey

# What the library raises for a message that does not open, and for every touch after that.
OPENING_ERRORS = (InvalidTag, AlreadyFinalized)


def expand(key: SecretKey, info: bytes, length: int) -> bytes:
    """HKDF-Expand-SHA512 (RFC 5869): ``length`` bytes, at most 255 * 64. Raises ValueError for more."""
    return HKDFExpand(SHA512(), length, info).derive(key.reveal())


def seal_message(key: SecretKey, context: bytes, plaintext: bytes) -> bytes:
    """One Cobblestone-256 message under a fresh random salt; it opens under the same key and context alone."""
    encryptor = Cobblestone256Encryptor(key.reveal(), context)
    return encryptor.update(plaintext) + encryptor.finalize()


def open_message(key: SecretKey, context: bytes, sealed: bytes) -> bytes:
    """The plaintext of one whole message. Raises SealBroken."""
    decryptor = Cobblestone256Decryptor(key.reveal(), context)
    try:
        return decryptor.update(sealed) + decryptor.finalize()
    except OPENING_ERRORS:
        raise SealBroken from None
