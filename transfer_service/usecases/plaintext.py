"""Plaintext: a range of a stored file, read part by part and opened while it is read.

A part opens only with the header that verification pinned. Where the store breaks off, the rest is asked for again.
Memory: a few chunks. Who may have it, and what is recorded of it, is the business of whoever asks.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from transfer_service.domain.packet import PacketFile, Part
from transfer_service.errors import SealBroken
from transfer_service.ports import Database, ObjectStore
from transfer_service.sealing.keys import SecretKey, file_key
from transfer_service.sealing.layout import Layout, Piece
from transfer_service.sealing.part import ChunkReader, PieceOpener
from transfer_service.usecases.sealed_range import SealedRange

READ_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Plaintext:
    """Bytes [start, stop) of a file. ``SealBroken`` before any byte that is not ours."""

    database: Database
    store: ObjectStore
    packet_key: SecretKey
    file: PacketFile

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Part by part; the next one is asked of the store before this one is opened, so that neither waits."""
        layout = Layout(self.file.size_bytes, self.file.part_bytes)
        pieces = layout.pieces(start, stop)
        with ExitStack() as coming:
            ahead = self._asked(coming, layout, next(pieces, None))
            while ahead is not None:
                body, opener = ahead
                with coming.pop_all():
                    ahead = self._asked(coming, layout, next(pieces, None))
                    while sealed := body.read(READ_BYTES):
                        if plaintext := opener.update(sealed):
                            yield plaintext
                opener.finish()

    def _asked(self, coming: ExitStack, layout: Layout, piece: Piece | None) -> tuple[SealedRange, PieceOpener] | None:
        """The piece as the store begins to send it, to be closed with ``coming``, and what opens it."""
        if piece is None:
            return None
        file = self.file
        header = self._header(piece.number)
        key = file_key(self.packet_key, file.id)
        reader = ChunkReader(key, file.packet_id, file.id, layout, piece.number, header)
        read = partial(self.store.read, file.object_key or "", file.etag or "")
        body = coming.enter_context(SealedRange(read, piece.sealed_start, piece.sealed_length))
        return body, PieceOpener(reader, piece)

    def _header(self, number: int) -> bytes:
        with self.database.reading() as tx:
            parts = tx.find(Part, self.file.organization_id, file_id=self.file.id, number=number)
        if not parts or parts[0].header is None:
            raise SealBroken
        return parts[0].header
