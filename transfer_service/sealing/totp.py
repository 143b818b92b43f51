"""Codes of an authenticator app: TOTP (RFC 6238) with SHA-1, six digits and 30 seconds, which every app knows."""

import base64
import secrets
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from transfer_service.sealing.tokens import matches

KEY_BYTES: Final = 20  # RFC 4226 section 4, R6
DIGITS: Final = 6
STEP_S: Final = 30
_CLOCKS_APART: Final = 1  # steps; RFC 6238 section 5.2


def mint_totp_key() -> bytes:
    """160 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def totp_step(key: bytes, code: str, now: datetime, *, after: int) -> int | None:
    """The time step whose code it is, one early or late at most; None for a wrong code.

    Only steps later than ``after`` count, so that no code works twice (RFC 6238 section 5.2).
    """
    current = int(now.timestamp()) // STEP_S
    for step in range(max(current - _CLOCKS_APART, after + 1), current + _CLOCKS_APART + 1):
        if matches(_totp(key).generate(step * STEP_S), code.encode()):
            return step
    return None


def totp_address(key: bytes, account: str, issuer: str) -> str:
    """The ``otpauth://`` address that an authenticator app reads from a QR code (Google's Key URI format)."""
    return _totp(key).get_provisioning_uri(account, issuer)


def totp_text(key: bytes) -> str:
    """The key to type where no camera is: base32 (RFC 4648) in groups of four."""
    text = base64.b32encode(key).decode("ascii")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _totp(key: bytes) -> TOTP:
    return TOTP(key, DIGITS, SHA1(), STEP_S)  # noqa: S303 - as an HMAC, which SHA-1 still carries (RFC 6238)
