"""C03: a file of 5 GiB is sealed and opened part by part, and never held whole."""

import hashlib
import tracemalloc
from uuid import UUID

import pytest

from transfer_service.sealing.keys import SecretKey, file_key
from transfer_service.sealing.layout import DEFAULT_PART_BYTES, Layout
from transfer_service.sealing.part import PartOpener, PartSealer

GIB = 1024**3
MIB = 1024**2
BLOCK = MIB
PACKET, FILE = UUID("6f9619ff-8b86-4d11-b42d-00c04fc964ff"), UUID("0e37df36-f698-4be8-ae60-7b1c1a4f2f10")


def plaintext(size):
    """Blocks of zeros, each with its number in front, so that two that changed places would show."""
    for number in range(-(-size // BLOCK)):
        block = bytearray(min(BLOCK, size - number * BLOCK))
        block[:8] = number.to_bytes(8)
        yield block


def there_and_back(size):
    """(SHA-256 of what was sealed, SHA-256 of what was opened, sealed bytes); parts are dropped as soon as opened."""
    layout, key = Layout.for_size(size), file_key(SecretKey.generate(), FILE)
    blocks, sent, came, sealed_bytes = plaintext(size), hashlib.sha256(), hashlib.sha256(), 0
    for number in range(1, layout.part_count + 1):
        sealer, opener = (make(key, PACKET, FILE, layout, number) for make in (PartSealer, PartOpener))
        for _ in range(-(-layout.part_size(number) // BLOCK)):
            block = next(blocks)
            sent.update(block)
            sealer.update(block)
        sealed = sealer.finish()
        sealed_bytes += len(sealed)
        for at in range(0, len(sealed), BLOCK):
            came.update(opener.update(sealed[at : at + BLOCK]))
        came.update(opener.finish())
    assert next(blocks, None) is None
    return sent.hexdigest(), came.hexdigest(), sealed_bytes


def published(size):
    """The sealed length by the published formula: of each whole part, and of the rest."""
    whole, rest = divmod(size, DEFAULT_PART_BYTES)
    lengths = [DEFAULT_PART_BYTES] * whole + [rest] * bool(rest)
    return sum(56 + n + 16 * (n // 16_384 + 1) for n in lengths)


@pytest.mark.parametrize(
    "size",
    [
        DEFAULT_PART_BYTES + 9,
        pytest.param(5 * GIB, marks=pytest.mark.long),
        pytest.param(5 * GIB + MIB + 9, marks=pytest.mark.long),
    ],
)
def test_a_file_of_many_parts_comes_back_with_one_part_in_memory(size):
    tracemalloc.start()
    try:
        sent, came, sealed = there_and_back(size)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent == came
    assert sealed == published(size) == Layout.for_size(size).sealed_size
    assert peak < 2 * DEFAULT_PART_BYTES + 8 * MIB  # the next part's buffer is made before the last one is let go
