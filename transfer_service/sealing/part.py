"""Sealed parts: made in one buffer, opened in order, or opened from any chunk on.

Source: https://c2sp.org/chunked-encryption (version 1), instance Cobblestone-256. Each part is one message
whose context names its packet, file, size, cutting and number, so that it opens in its own place alone.
"""

import struct
from collections.abc import Iterator
from uuid import UUID

from transfer_service.errors import SealBroken
from transfer_service.sealing.chunks import MessageReader, Octets
from transfer_service.sealing.layout import SEALED_CHUNK_BYTES, Layout, Piece
from transfer_service.sealing.secret import SecretKey
from transfer_service.sealing.whole import MessageOpener, MessageSealer

_NUMBERS = struct.Struct(">QQI")


def part_context(packet_id: UUID, file_id: UUID, layout: Layout, number: int) -> bytes:
    """What binds part ``number`` to its place (77 bytes). Raises PartNumberWrong."""
    layout.part_size(number)
    numbers = _NUMBERS.pack(layout.size_bytes, layout.part_bytes, number)
    return b"transfer-service/part/v1\0" + packet_id.bytes + file_id.bytes + numbers


class PartSealer(MessageSealer):
    """Seals one attempt at one part, under a fresh random salt, into one buffer of exactly its sealed size.

    Raises PartNumberWrong when the file has no such part.
    """

    def __init__(self, file_key: SecretKey, packet_id: UUID, file_id: UUID, layout: Layout, number: int) -> None:
        context = part_context(packet_id, file_id, layout, number)
        super().__init__(file_key, context, layout.part_size(number))


class PartOpener(MessageOpener):
    """Opens one part from its first byte to its last, and gives out authenticated plaintext alone."""

    def __init__(self, file_key: SecretKey, packet_id: UUID, file_id: UUID, layout: Layout, number: int) -> None:
        context = part_context(packet_id, file_id, layout, number)
        super().__init__(file_key, context, layout.part_size(number))


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
