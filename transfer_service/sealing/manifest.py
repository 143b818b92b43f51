"""Manifests: canonical JSON (RFC 8785) signed with Ed25519 (RFC 8032) by a key that signs nothing else."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Self, cast

import rfc8785
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from transfer_service.errors import SealBroken
from transfer_service.sealing.secret import SecretKey

_DOMAIN = b"transfer-service/manifest/v1\0"
_KEY_ID_DIGITS = 16


def canonical(document: Mapping[str, object]) -> bytes:
    """The one RFC 8785 form of a document of dicts, lists, strings, booleans, None, floats and integers < 2**53.

    Raises ValueError for a number that JSON can't carry exactly, TypeError or ValueError for any other type.
    """
    return rfc8785.dumps(cast(Any, dict(document)))


class SigningKey:
    """An Ed25519 key for manifests. Its seed is a `SecretKey`, to be wrapped like every other."""

    def __init__(self, seed: SecretKey) -> None:
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed.reveal())

    @classmethod
    def generate(cls) -> Self:
        """A fresh key from the operating system's generator."""
        return cls(SecretKey.generate())

    @property
    def seed(self) -> SecretKey:
        """The 32 bytes that make this key again."""
        return self._seed

    @property
    def key_id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the raw public key."""
        raw = self._private.public_key().public_bytes_raw()
        return hashlib.sha256(raw).hexdigest()[:_KEY_ID_DIGITS]

    def public_key_pem(self) -> str:
        """The public key as a SubjectPublicKeyInfo in PEM (RFC 8410), for verifiers to pin."""
        form = PublicFormat.SubjectPublicKeyInfo
        return self._private.public_key().public_bytes(Encoding.PEM, form).decode("ascii")

    def sign(self, document: Mapping[str, object]) -> str:
        """The signature over the canonical document: 64 bytes as 86 base64url characters, no padding."""
        signature = self._private.sign(_DOMAIN + canonical(document))
        return base64.urlsafe_b64encode(signature).decode("ascii").rstrip("=")


def verify(document: Mapping[str, object], signature: str, public_key_pem: str) -> None:
    """Raises SealBroken unless `SigningKey.sign` made ``signature`` over an equal document with this key."""
    try:
        _public_key(public_key_pem).verify(_signature_bytes(signature), _DOMAIN + canonical(document))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        raise SealBroken from None


def _public_key(pem: str) -> Ed25519PublicKey:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise SealBroken
    return key


def _signature_bytes(text: str) -> bytes:
    signature = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(signature).decode("ascii").rstrip("=") != text:
        raise SealBroken
    return signature


def salted_digest(salt: bytes, document: Mapping[str, object]) -> str:
    """SHA-256, in hexadecimal, over ``salt`` and the canonical document: it fixes a case and reveals none of it."""
    return hashlib.sha256(salt + canonical(document)).hexdigest()
