"""Bearer tokens, link secrets, codes and passcodes: made, and turned into what a database may hold."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

from transfer_service.sealing.secret import SecretKey
from transfer_service.sealing.turnstile import Turnstile

TOKEN_PREFIX: Final = "ts_"  # noqa: S105 - names the kind of a token for secret scanners, opens nothing
WEBHOOK_PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
CODE_DIGITS: Final = 6

# OWASP Password Storage Cheat Sheet, the scrypt setting with the smallest memory: 128 * n * r = 8 MiB of work.
_SCRYPT_N: Final = 2**13
_SCRYPT_R: Final = 8
_SCRYPT_P: Final = 10
_SCRYPT_MAX_BYTES: Final = 9 * 1024 * 1024

# Guesses queue here, so that a flood of them costs two cores' worth of work and 16 MiB, never more.
_SCRYPT: Final = Turnstile(places=2, queue=8)


def mint_secret() -> str:
    """A secret for a link: 256 random bits as 43 base64url characters (RFC 4648 section 5, no padding)."""
    return secrets.token_urlsafe(SECRET_BYTES)


def encoded_secret(octets: bytes) -> str:
    """32 bytes, written as ``mint_secret`` writes its own."""
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def mint_token() -> str:
    """A bearer token: ``ts_`` and 256 random bits, 46 characters in all."""
    return TOKEN_PREFIX + mint_secret()


def mint_webhook_secret() -> str:
    """A secret that signs webhooks (Standard Webhooks): ``whsec_`` and 256 random bits in base64."""
    return WEBHOOK_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def token_hash(token: str) -> bytes:
    """SHA-256 (32 bytes) of a token or link secret: with 256 random bits it needs neither salt nor stretching."""
    return hashlib.sha256(token.encode()).digest()


def mint_code() -> str:
    """A one-time code: six decimal digits, each of the million codes equally likely."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def code_hash(key: SecretKey, scope: bytes, code: str) -> bytes:
    """HMAC-SHA-256 (32 bytes) of a code within ``scope``, so that it answers only what it was sent for."""
    return keyed_digest(key, len(scope).to_bytes(8) + scope + code.encode())


def passcode_hash(key: SecretKey, salt: bytes, passcode: str) -> bytes:
    """scrypt (RFC 7914; 32 bytes) over the HMAC-SHA-256 of the passcode; 8 MiB, and at most two at once.

    Without ``key``, which is not in the database, a stolen table can't be searched by guessing. Busy where six
    others wait already.
    """
    peppered = keyed_digest(key, passcode.encode())
    with _SCRYPT.passed():
        return hashlib.scrypt(
            peppered, salt=salt, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P, maxmem=_SCRYPT_MAX_BYTES, dklen=32
        )


def matches(a: bytes, b: bytes) -> bool:
    """Whether two digests are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(a, b)


def keyed_digest(key: SecretKey, data: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104; 32 bytes)."""
    return hmac.digest(key.reveal(), data, "sha256")
