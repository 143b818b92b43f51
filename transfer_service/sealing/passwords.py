"""Passwords of members of staff: Argon2id (RFC 9106), as a PHC string that says how it was made."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from transfer_service.sealing.secret import SecretKey
from transfer_service.sealing.tokens import keyed_digest
from transfer_service.sealing.turnstile import Turnstile

# OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2
_LANES: Final = 1
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_ARGON2: Final = Turnstile(places=2, queue=8)


def password_hash(key: SecretKey, password: str) -> str:
    """A fresh Argon2id hash (``$argon2id$v=19$m=19456,t=2,p=1$salt$hash``) over the HMAC-SHA-256 of the password.

    Without ``key``, which is not in the database, a stolen table can't be searched by guessing. Busy.
    """
    with _ARGON2.passed():
        salt = secrets.token_bytes(_SALT_BYTES)
        maker = Argon2id(salt=salt, length=_HASH_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
        return maker.derive_phc_encoded(keyed_digest(key, password.encode()))


def is_password(key: SecretKey, password: str, hashed: str) -> bool:
    """Whether it is the password of that hash. Busy."""
    with _ARGON2.passed():
        try:
            Argon2id.verify_phc_encoded(keyed_digest(key, password.encode()), hashed)
        except InvalidKey:
            return False
        return True
