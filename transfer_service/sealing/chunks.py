"""Random access to one Cobblestone-256 message, which the library opens only from its beginning.

Source: https://c2sp.org/chunked-encryption (version 1). Key, base nonce and commitment come from one HKDF-Expand
over the name of the scheme, the salt and the context; chunk i is AES-256-GCM under base nonce XOR i, no AAD.
"""

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from transfer_service.errors import SealBroken
from transfer_service.sealing.layout import (
    CHUNK_BYTES,
    COMMITMENT_BYTES,
    HEADER_BYTES,
    SALT_BYTES,
    SEALED_CHUNK_BYTES,
    TAG_BYTES,
)
from transfer_service.sealing.messages import expand
from transfer_service.sealing.secret import KEY_BYTES, SecretKey

Octets = bytes | bytearray | memoryview

_NONCE_BYTES = 12
_INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"


class MessageReader:
    """Opens any run of chunks of one Cobblestone-256 message of ``size_bytes`` plaintext bytes.

    ``header`` is the message's first 56 bytes. Raises SealBroken unless its commitment is that of this key, salt
    and context; no chunk is opened before.
    """

    def __init__(self, key: SecretKey, context: bytes, size_bytes: int, header: bytes) -> None:
        if len(header) != HEADER_BYTES:
            raise SealBroken
        salt, commitment = header[:SALT_BYTES], header[SALT_BYTES:]
        derived = expand(key, _INFO + salt + context, KEY_BYTES + _NONCE_BYTES + COMMITMENT_BYTES)
        if not hmac.compare_digest(derived[KEY_BYTES + _NONCE_BYTES :], commitment):
            raise SealBroken
        self._aead = AESGCM(derived[:KEY_BYTES])
        self._base_nonce = int.from_bytes(derived[KEY_BYTES : KEY_BYTES + _NONCE_BYTES])
        self._full_chunks, final = divmod(size_bytes, CHUNK_BYTES)
        self._final_bytes = final + TAG_BYTES

    def open(self, first_chunk: int, sealed: Octets) -> bytes:
        """The plaintext of one or more consecutive whole chunks from ``first_chunk`` (counted from 0) on.

        Only the message's last chunk may be, and must be, of its own shorter length. Raises SealBroken.
        """
        view = memoryview(sealed)
        self._check_span(first_chunk, len(view))
        starts = range(0, len(view), SEALED_CHUNK_BYTES)
        decrypt, base = self._aead.decrypt, self._base_nonce
        try:
            return b"".join(
                [
                    decrypt((base ^ index).to_bytes(_NONCE_BYTES), view[at : at + SEALED_CHUNK_BYTES], None)
                    for index, at in enumerate(starts, first_chunk)
                ]
            )
        except InvalidTag:
            raise SealBroken from None

    def _check_span(self, first_chunk: int, length: int) -> None:
        full, rest = divmod(length, SEALED_CHUNK_BYTES)
        end = first_chunk + full
        whole = rest == 0 and first_chunk < end <= self._full_chunks
        to_the_end = rest == self._final_bytes and end == self._full_chunks
        if first_chunk < 0 or not (whole or to_the_end):
            raise SealBroken
