"""Sealed parts: made in one buffer, opened in order, or opened from any chunk on.

Source: https://c2sp.org/chunked-encryption (version 1), instance Cobblestone-256. Each part is one message
whose context names its packet, file, size, cutting and number, so that it opens in its own place alone.
"""

import struct
from collections.abc import Callable, Iterator
from uuid import UUID

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from transfer_service.errors import PartSizeWrong, SealBroken
from transfer_service.sealing.chunks import MessageReader, Octets
from transfer_service.sealing.layout import HEADER_BYTES, SEALED_CHUNK_BYTES, Layout, Piece
from transfer_service.sealing.messages import OPENING_ERRORS
from transfer_service.sealing.secret import SecretKey

_NUMBERS = struct.Struct(">QQI")


def part_context(packet_id: UUID, file_id: UUID, layout: Layout, number: int) -> bytes:
    """What binds part ``number`` to its place (77 bytes). Raises PartNumberWrong."""
    layout.part_size(number)
    numbers = _NUMBERS.pack(layout.size_bytes, layout.part_bytes, number)
    return b"transfer-service/part/v1\0" + packet_id.bytes + file_id.bytes + numbers


class PartSealer:
    """Seals one attempt at one part, under a fresh random salt, into one buffer of exactly its sealed size.

    Raises PartNumberWrong when the file has no such part.
    """

    def __init__(self, file_key: SecretKey, packet_id: UUID, file_id: UUID, layout: Layout, number: int) -> None:
        context = part_context(packet_id, file_id, layout, number)
        self._encryptor = Cobblestone256Encryptor(file_key.reveal(), context)
        self._planned = layout.part_size(number)
        self._taken = 0
        self._sealed = memoryview(bytearray(layout.sealed_part_size(number)))
        self._written = 0

    def update(self, data: Octets) -> None:
        """Take the next plaintext bytes. Raises PartSizeWrong as soon as there are more than planned."""
        self._taken += len(data)
        if self._taken > self._planned:
            raise PartSizeWrong
        self._written += self._encryptor.update_into(data, self._sealed[self._written :])

    def finish(self) -> memoryview:
        """The whole sealed part. Raises PartSizeWrong when fewer or more bytes came than planned."""
        if self._taken != self._planned:
            raise PartSizeWrong
        self._sealed[self._written :] = self._encryptor.finalize()
        return self._sealed


class PartOpener:
    """Opens one part from its first byte to its last, and gives out authenticated plaintext alone.

    Once anything was wrong, every later call raises SealBroken too.
    """

    def __init__(self, file_key: SecretKey, packet_id: UUID, file_id: UUID, layout: Layout, number: int) -> None:
        context = part_context(packet_id, file_id, layout, number)
        self._decryptor = Cobblestone256Decryptor(file_key.reveal(), context)
        self._expected = layout.sealed_part_size(number)
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
        """The plaintext of the last chunk. Raises SealBroken, also when the part has not its planned size."""
        rest = _opened(self._decryptor.finalize)
        if self._seen != self._expected:
            raise SealBroken
        return rest


def _opened(step: Callable[[], bytes]) -> bytes:
    try:
        return step()
    except OPENING_ERRORS:
        raise SealBroken from None


class ChunkReader(MessageReader):
    """Opens any run of chunks of one part, for ranged reads. ``header`` is the part's pinned 56 bytes.

    Raises SealBroken when the header is not of this key and place, PartNumberWrong when there is no such part.
    """

    def __init__(
        self, file_key: SecretKey, packet_id: UUID, file_id: UUID, layout: Layout, number: int, header: bytes
    ) -> None:
        context = part_context(packet_id, file_id, layout, number)
        super().__init__(file_key, context, layout.part_size(number), header)


class PieceOpener:
    """Turns the sealed bytes of one piece, in whatever slices they arrive, into the plaintext asked for.

    Once anything was wrong, every later call raises SealBroken too.
    """

    def __init__(self, reader: ChunkReader, piece: Piece) -> None:
        self._reader = reader
        self._next_chunk = piece.first_chunk
        self._awaited = piece.sealed_length
        self._partial = bytearray()
        self._skip = piece.skip
        self._take = piece.take

    def update(self, sealed: Octets) -> bytes:
        """The plaintext that these bytes complete, already cut to the range asked for. Raises SealBroken."""
        self._awaited -= len(sealed)
        if self._awaited < 0:
            raise SealBroken
        try:
            plaintext = b"".join([self._open(run) for run in self._runs(memoryview(sealed))])
        except SealBroken:
            self._awaited = -1  # so that no later call succeeds
            raise
        return self._cut(plaintext)

    def finish(self) -> None:
        """Raises SealBroken unless every byte of the piece came and opened."""
        if self._awaited:
            raise SealBroken

    def _runs(self, view: memoryview) -> Iterator[Octets]:
        if self._partial:
            fill = SEALED_CHUNK_BYTES - len(self._partial)
            self._partial += view[:fill]
            view = view[fill:]
            if len(self._partial) == SEALED_CHUNK_BYTES or not self._awaited:
                yield bytes(self._partial)
                self._partial.clear()
        whole = len(view) - len(view) % SEALED_CHUNK_BYTES if self._awaited else len(view)
        if whole:
            yield view[:whole]
        self._partial += view[whole:]

    def _open(self, run: Octets) -> bytes:
        plaintext = self._reader.open(self._next_chunk, run)
        self._next_chunk += len(run) // SEALED_CHUNK_BYTES
        return plaintext

    def _cut(self, plaintext: bytes) -> bytes:
        start = min(self._skip, len(plaintext))
        cut = plaintext[start : start + self._take]
        self._skip -= start
        self._take -= len(cut)
        return cut
