"""One whole Cobblestone-256 message of a size known before: made in one buffer, and opened in order.

Source: https://c2sp.org/chunked-encryption (version 1).
"""

from collections.abc import Callable

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from transfer_service.errors import PartSizeWrong, SealBroken
from transfer_service.sealing.chunks import Octets
from transfer_service.sealing.layout import HEADER_BYTES, sealed_bytes
from transfer_service.sealing.messages import OPENING_ERRORS
from transfer_service.sealing.secret import SecretKey


class MessageSealer:
    """Seals ``size_bytes`` plaintext bytes, under a fresh random salt, into one buffer of exactly their sealed size."""

    def __init__(self, key: SecretKey, context: bytes, size_bytes: int) -> None:
        self._encryptor = Cobblestone256Encryptor(key.reveal(), context)
        self._planned = size_bytes
        self._taken = 0
        self._sealed = memoryview(bytearray(sealed_bytes(size_bytes)))
        self._written = 0

    def update(self, data: Octets) -> None:
        """Take the next plaintext bytes. Raises PartSizeWrong as soon as there are more than planned."""
        self._taken += len(data)
        if self._taken > self._planned:
            raise PartSizeWrong
        self._written += self._encryptor.update_into(data, self._sealed[self._written :])

    def finish(self) -> memoryview:
        """The whole sealed message. Raises PartSizeWrong when fewer or more bytes came than planned."""
        if self._taken != self._planned:
            raise PartSizeWrong
        self._sealed[self._written :] = self._encryptor.finalize()
        return self._sealed


class MessageOpener:
    """Opens a message of ``size_bytes`` plaintext bytes in order, and gives out authenticated plaintext alone.

    Once anything was wrong, every later call raises SealBroken too.
    """

    def __init__(self, key: SecretKey, context: bytes, size_bytes: int) -> None:
        self._decryptor = Cobblestone256Decryptor(key.reveal(), context)
        self._expected = sealed_bytes(size_bytes)
        self._seen = 0
        self._header = b""

    @property
    def header(self) -> bytes:
        """Salt and commitment as read: 56 bytes, fewer as long as fewer have come."""
        return self._header

    def update(self, sealed: Octets) -> bytes:
        """The plaintext of the chunks that these bytes completed. Raises SealBroken."""
        self._header += bytes(sealed[: HEADER_BYTES - len(self._header)])
        self._seen += len(sealed)
        if self._seen > self._expected:
            raise SealBroken
        return _opened(lambda: self._decryptor.update(sealed))

    def finish(self) -> bytes:
        """The plaintext of the last chunk. Raises SealBroken, also when the message has not its planned size."""
        rest = _opened(self._decryptor.finalize)
        if self._seen != self._expected:
            raise SealBroken
        return rest


def _opened(step: Callable[[], bytes]) -> bytes:
    try:
        return step()
    except OPENING_ERRORS:
        raise SealBroken from None
