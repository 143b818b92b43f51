"""Where the bytes of a file lie once it is cut into parts and sealed: arithmetic only.

Source: C2SP chunked-encryption, "Message chunking" and "Implementation notes". A message is a 56-byte header
(24 salt, 32 commitment), then chunks of 16,384 plaintext bytes with a tag of 16 bytes each; the last chunk is
always shorter and may be empty, so that a message of m bytes has floor(m / 16384) + 1 chunks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from transfer_service.errors import PartNumberWrong

CHUNK_BYTES: Final = 16_384
TAG_BYTES: Final = 16
SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES
SALT_BYTES: Final = 24
COMMITMENT_BYTES: Final = 32
HEADER_BYTES: Final = SALT_BYTES + COMMITMENT_BYTES
DEFAULT_PART_BYTES: Final = 16 * 1024 * 1024
MAX_PARTS: Final = 10_000


def _ceil_div(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def sealed_bytes(plain: int) -> int:
    """Length in bytes of a Cobblestone-256 message that holds ``plain`` bytes.

    Raises ValueError for a negative size.
    """
    if plain < 0:
        raise ValueError("a size is never negative")
    return HEADER_BYTES + plain + TAG_BYTES * (plain // CHUNK_BYTES + 1)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one ranged GET brings of one part, and what of it the reader delivers. All in bytes.

    ``sealed_start`` is an offset in the whole object and ``sealed_length`` covers whole sealed chunks, the header
    not among them. Of the plaintext, ``skip`` bytes are dropped and the next ``take`` bytes delivered.
    """

    number: int
    first_chunk: int
    sealed_start: int
    sealed_length: int
    skip: int
    take: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The cutting of ``size_bytes`` of plaintext into parts of ``part_bytes``, numbered from 1.

    Every part but the last is full; an empty file is one empty part. Raises ValueError for sizes that are none.
    """

    size_bytes: int
    part_bytes: int

    def __post_init__(self) -> None:
        if self.size_bytes < 0 or self.part_bytes < 1:
            raise ValueError("a file has no negative size and its parts hold at least one byte")

    @classmethod
    def for_size(cls, size_bytes: int) -> Self:
        """The layout for a new file: 16 MiB parts, or the smallest multiple of it that needs at most 10,000."""
        multiple = max(1, _ceil_div(size_bytes, DEFAULT_PART_BYTES * MAX_PARTS))
        return cls(size_bytes, DEFAULT_PART_BYTES * multiple)

    @property
    def part_count(self) -> int:
        """How many parts there are, at least one."""
        return max(1, _ceil_div(self.size_bytes, self.part_bytes))

    @property
    def sealed_size(self) -> int:
        """Length of the finished object in bytes."""
        last = self.part_count
        return self.sealed_part_start(last) + self.sealed_part_size(last)

    def part_size(self, number: int) -> int:
        """Plaintext bytes of part ``number``. Raises PartNumberWrong."""
        self._check(number)
        return min(self.part_bytes, self.size_bytes - (number - 1) * self.part_bytes)

    def sealed_part_size(self, number: int) -> int:
        """Sealed bytes of part ``number``, its header included. Raises PartNumberWrong."""
        return sealed_bytes(self.part_size(number))

    def sealed_part_start(self, number: int) -> int:
        """Offset in the object, in bytes, of the header of part ``number``. Raises PartNumberWrong."""
        self._check(number)
        return (number - 1) * sealed_bytes(self.part_bytes)

    def pieces(self, start: int, stop: int) -> Iterator[Piece]:
        """What to read for the plaintext bytes [start, stop): one piece for each part touched, in order.

        An empty range gives none. Raises ValueError for a range that does not lie inside the file.
        """
        if not 0 <= start <= stop <= self.size_bytes:
            raise ValueError("the range does not lie inside the file")
        first, end = start // self.part_bytes + 1, _ceil_div(stop, self.part_bytes) + 1
        return (self._piece(number, start, stop) for number in range(first, end) if start < stop)

    def _piece(self, number: int, start: int, stop: int) -> Piece:
        origin = (number - 1) * self.part_bytes
        begin, end = max(start - origin, 0), min(stop - origin, self.part_size(number))
        first_chunk = begin // CHUNK_BYTES
        sealed_from = HEADER_BYTES + first_chunk * SEALED_CHUNK_BYTES
        sealed_to = HEADER_BYTES + _ceil_div(end, CHUNK_BYTES) * SEALED_CHUNK_BYTES
        return Piece(
            number=number,
            first_chunk=first_chunk,
            sealed_start=self.sealed_part_start(number) + sealed_from,
            sealed_length=min(sealed_to, self.sealed_part_size(number)) - sealed_from,
            skip=begin - first_chunk * CHUNK_BYTES,
            take=end - begin,
        )

    def _check(self, number: int) -> None:
        if not 1 <= number <= self.part_count:
            raise PartNumberWrong
