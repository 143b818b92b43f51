import os
import subprocess
import sys
from uuid import UUID

import pytest
from cryptography.cobblestone import Cobblestone128Encryptor, Cobblestone256Encryptor
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from transfer_service.errors import PartNumberWrong, PartSizeWrong, SealBroken
from transfer_service.sealing.keys import SecretKey, file_key
from transfer_service.sealing.layout import (
    CHUNK_BYTES,
    HEADER_BYTES,
    SALT_BYTES,
    SEALED_CHUNK_BYTES,
    Layout,
    sealed_bytes,
)
from transfer_service.sealing.part import ChunkReader, PartOpener, PartSealer, PieceOpener, part_context

PACKET = UUID("6f9619ff-8b86-4d11-b42d-00c04fc964ff")
FILE = UUID("0e37df36-f698-4be8-ae60-7b1c1a4f2f10")
OTHER = UUID("a3bb189e-8bf9-4888-9912-ace4e6543002")
KEY = file_key(SecretKey(b"packet key of thirty-two bytes.."), FILE)
LAYOUT = Layout(100_000, 70_000)
PLAINTEXT = bytes(range(256)) * 391
PLACE = (KEY, PACKET, FILE, LAYOUT, 1)


def seal(plaintext, place=PLACE, step=10_000):
    sealer = PartSealer(*place)
    for at in range(0, len(plaintext), step):
        sealer.update(memoryview(plaintext)[at : at + step])
    return bytes(sealer.finish())


def open_whole(sealed, place=PLACE, step=100_000):
    opener = PartOpener(*place)
    pieces = [opener.update(sealed[at : at + step]) for at in range(0, len(sealed), step)]
    return b"".join(pieces) + opener.finish()


def place_of(size):
    return (KEY, PACKET, FILE, Layout.for_size(size), 1)


def refuses(sealed, place=PLACE):
    """Whether both readers refuse these bytes in this place."""
    with pytest.raises(SealBroken):
        open_whole(sealed, place)
    with pytest.raises(SealBroken):
        ChunkReader(*place, sealed[:HEADER_BYTES]).open(0, sealed[HEADER_BYTES:])
    return True


def chunks_of(sealed):
    return [sealed[at : at + SEALED_CHUNK_BYTES] for at in range(HEADER_BYTES, len(sealed), SEALED_CHUNK_BYTES)]


FIRST_PART = PLAINTEXT[:70_000]
SEALED = seal(FIRST_PART)


@pytest.mark.parametrize("size", [0, 1, 16_383, 16_384, 16_385, 32_768, 2**24 - 1, 2**24])
def test_a_part_of_any_size_comes_back_and_has_the_published_length(size):
    plaintext = bytes(size)
    sealed = seal(plaintext, place_of(size), step=2**20)
    assert len(sealed) == sealed_bytes(size) == 56 + size + 16 * (size // 16_384 + 1)
    assert open_whole(sealed, place_of(size), step=2**18) == plaintext
    assert ChunkReader(*place_of(size), sealed[:56]).open(0, sealed[56:]) == plaintext


def test_a_file_one_byte_longer_than_a_part_has_a_second_part_of_one_byte():
    layout = Layout.for_size(2**24 + 1)
    sealed = seal(b"!", (KEY, PACKET, FILE, layout, 2))
    assert open_whole(sealed, (KEY, PACKET, FILE, layout, 2)) == b"!"


def test_two_seals_of_equal_bytes_have_no_chunk_in_common():
    again = seal(FIRST_PART)
    assert all(one != other for one, other in zip(chunks_of(SEALED), chunks_of(again), strict=True))
    assert SEALED[:SALT_BYTES] != again[:SALT_BYTES]


def test_equal_chunks_of_one_part_are_sealed_differently():
    starts = [chunk[:4_000] for chunk in chunks_of(seal(bytes(70_000)))]
    assert len(set(starts)) == len(starts) == 5


def test_a_retry_with_changed_bytes_draws_a_new_salt():
    changed = b"?" + FIRST_PART[1:]
    sealed = seal(changed)
    assert sealed[:SALT_BYTES] != SEALED[:SALT_BYTES]
    assert open_whole(sealed) == changed


FORKING = """
import os
from uuid import UUID
from transfer_service.sealing.layout import SALT_BYTES, Layout
from transfer_service.sealing.part import PartSealer
from transfer_service.sealing.secret import SecretKey

place = (SecretKey(bytes(32)), UUID(int=1), UUID(int=2), Layout.for_size(0), 1)

def draw(count):
    return b"".join(bytes(PartSealer(*place).finish()[:SALT_BYTES]) for _ in range(count))

os.write(1, draw(1))  # so that the generator has a state that forking could copy
workers = []
for _ in range(4):
    worker = os.fork()
    if worker == 0:
        os.write(1, draw(100))
        os._exit(0)
    workers.append(worker)
for worker in workers:
    os.waitpid(worker, 0)
"""


def test_forked_workers_never_repeat_a_salt():
    drawn = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, check=True).stdout
    salts = [drawn[at : at + SALT_BYTES] for at in range(0, len(drawn), SALT_BYTES)]
    assert len(set(salts)) == len(salts) == 401


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_a_part_that_the_file_has_not_is_refused(number):
    for make in (PartSealer, PartOpener):
        with pytest.raises(PartNumberWrong):
            make(KEY, PACKET, FILE, LAYOUT, number)
    with pytest.raises(PartNumberWrong):
        ChunkReader(KEY, PACKET, FILE, LAYOUT, number, SEALED[:HEADER_BYTES])


def test_a_part_with_too_few_bytes_is_not_finished():
    sealer = PartSealer(*PLACE)
    sealer.update(FIRST_PART[:-1])
    with pytest.raises(PartSizeWrong):
        sealer.finish()


def test_a_part_with_too_many_bytes_is_refused_as_soon_as_they_come():
    sealer = PartSealer(*PLACE)
    sealer.update(FIRST_PART)
    with pytest.raises(PartSizeWrong):
        sealer.update(b"!")
    with pytest.raises(PartSizeWrong):
        sealer.finish()


def test_a_part_opens_only_in_its_own_place():
    elsewhere = [
        (SecretKey.generate(), PACKET, FILE, LAYOUT, 1),
        (KEY, OTHER, FILE, LAYOUT, 1),
        (KEY, PACKET, OTHER, LAYOUT, 1),
        (KEY, PACKET, FILE, Layout(100_001, 70_000), 1),
        (KEY, PACKET, FILE, Layout(100_000, 70_001), 1),
        (KEY, PACKET, FILE, LAYOUT, 2),
    ]
    assert open_whole(SEALED) == FIRST_PART
    assert all(refuses(SEALED, place) for place in elsewhere)


def test_the_context_of_a_part_is_as_published():
    expected = b"transfer-service/part/v1\0" + PACKET.bytes + FILE.bytes
    numbers = (100_000).to_bytes(8, "big") + (70_000).to_bytes(8, "big") + (2).to_bytes(4, "big")
    assert part_context(PACKET, FILE, LAYOUT, 2) == expected + numbers


def test_a_flipped_bit_in_the_header_fails_before_any_chunk_is_opened():
    for at in range(HEADER_BYTES):
        header = bytearray(SEALED[:HEADER_BYTES])
        header[at] ^= 0x80
        with pytest.raises(SealBroken):
            ChunkReader(*PLACE, bytes(header))
        with pytest.raises(SealBroken):
            PartOpener(*PLACE).update(header)


def test_a_part_cut_at_or_beside_any_chunk_boundary_is_refused():
    boundaries = [0, *range(HEADER_BYTES, len(SEALED), SEALED_CHUNK_BYTES), len(SEALED)]
    for at in {at + by for at in boundaries for by in (-1, 0, 1)} & set(range(len(SEALED))):
        with pytest.raises(SealBroken):
            open_whole(SEALED[:at])


@pytest.mark.parametrize(
    "extra",
    [b"\0", b"garbage", SEALED[HEADER_BYTES : HEADER_BYTES + SEALED_CHUNK_BYTES], SEALED[HEADER_BYTES:], SEALED],
    ids=["a byte", "garbage", "a chunk", "a body", "a whole part"],
)
def test_anything_appended_is_refused(extra):
    assert refuses(SEALED + extra)


def test_chunks_swapped_doubled_dropped_or_reversed_are_refused():
    header = SEALED[:HEADER_BYTES]
    chunks = chunks_of(SEALED)
    for order in ([1, 0, 2, 3, 4], [0, 0, 2, 3, 4], [0, 2, 3, 4], [1, 2, 3, 4], [3, 2, 1, 0, 4], [0, 1, 2, 4, 3]):
        assert refuses(header + b"".join(chunks[index] for index in order))


def test_chunks_of_an_earlier_attempt_at_the_same_part_are_refused():
    earlier = seal(FIRST_PART)
    middle = HEADER_BYTES + 2 * SEALED_CHUNK_BYTES
    assert refuses(earlier[:middle] + SEALED[middle:])
    assert refuses(earlier[:HEADER_BYTES] + SEALED[HEADER_BYTES:])
    assert refuses(SEALED[:SALT_BYTES] + earlier[SALT_BYTES:])


def test_a_key_holder_who_seals_a_part_at_another_length_is_refused():
    for wrong in (FIRST_PART[:-1], FIRST_PART + b"!", b""):
        encryptor = Cobblestone256Encryptor(KEY.reveal(), part_context(PACKET, FILE, LAYOUT, 1))
        forged = encryptor.update(wrong) + encryptor.finalize()
        with pytest.raises(SealBroken):
            open_whole(forged)
        with pytest.raises(SealBroken):
            ChunkReader(*PLACE, forged[:HEADER_BYTES]).open(4, forged[HEADER_BYTES + 4 * SEALED_CHUNK_BYTES :])


def test_another_keys_header_over_a_body_is_refused():
    other_key = SecretKey.generate()
    other_header = seal(FIRST_PART, (other_key, *PLACE[1:]))[:HEADER_BYTES]
    assert refuses(other_header + SEALED[HEADER_BYTES:])
    assert refuses(SEALED[:SALT_BYTES] + other_header[SALT_BYTES:] + SEALED[HEADER_BYTES:])


def test_a_part_of_another_scheme_is_refused():
    context = part_context(PACKET, FILE, LAYOUT, 1)
    smaller = Cobblestone128Encryptor(KEY.reveal()[:16], context)
    nonce = os.urandom(12)
    others = [
        smaller.update(FIRST_PART) + smaller.finalize(),
        nonce + AESGCM(KEY.reveal()).encrypt(nonce, FIRST_PART, context),
        FIRST_PART,
    ]
    assert all(refuses(other) for other in others)


def test_an_opener_gives_nothing_of_a_chunk_that_is_not_whole_yet():
    opener = PartOpener(*PLACE)
    assert opener.header == b""
    assert opener.update(SEALED[: HEADER_BYTES + SEALED_CHUNK_BYTES - 1]) == b""
    one_more = HEADER_BYTES + SEALED_CHUNK_BYTES
    assert opener.update(SEALED[one_more - 1 : one_more]) == FIRST_PART[:CHUNK_BYTES]
    assert opener.header == SEALED[:HEADER_BYTES]


def test_an_opener_that_failed_stays_broken_even_when_the_right_bytes_follow():
    middle = HEADER_BYTES + 2 * SEALED_CHUNK_BYTES
    opener = PartOpener(*PLACE)
    opener.update(SEALED[:middle])
    with pytest.raises(SealBroken):
        opener.update(bytes(SEALED_CHUNK_BYTES))
    for again in (lambda: opener.update(SEALED[middle:]), opener.finish, lambda: opener.update(b"")):
        with pytest.raises(SealBroken):
            again()


def test_an_opener_that_finished_too_early_stays_broken():
    opener = PartOpener(*PLACE)
    opener.update(SEALED[:-1])
    for step in (opener.finish, lambda: opener.update(SEALED[-1:]), opener.finish):
        with pytest.raises(SealBroken):
            step()


@pytest.mark.parametrize("length", [0, 55, 57])
def test_a_header_of_another_length_is_refused(length):
    with pytest.raises(SealBroken):
        ChunkReader(*PLACE, SEALED[:length].ljust(length, b"\0"))


def chunk_run(first, end):
    return SEALED[HEADER_BYTES + first * SEALED_CHUNK_BYTES : HEADER_BYTES + end * SEALED_CHUNK_BYTES]


READER = ChunkReader(*PLACE, SEALED[:HEADER_BYTES])


@given(st.integers(0, 4), st.integers(1, 5))
def test_any_run_of_chunks_opens(first, count):
    end = min(first + count, 5)
    assert READER.open(first, chunk_run(first, end)) == FIRST_PART[first * CHUNK_BYTES : end * CHUNK_BYTES]


@pytest.mark.parametrize(
    ("first", "sealed"),
    [
        (0, b""),
        (-1, chunk_run(0, 1)),
        (1, chunk_run(0, 1)),
        (4, chunk_run(3, 4)),
        (5, b""),
        (5, chunk_run(4, 5)),
        (3, chunk_run(4, 5)),
        (0, chunk_run(0, 1)[:-1]),
        (0, chunk_run(0, 2)[:-1]),
        (4, chunk_run(4, 5)[:-1]),
        (4, chunk_run(4, 5) + b"\0"),
    ],
)
def test_a_run_that_is_not_of_whole_chunks_in_their_place_is_refused(first, sealed):
    with pytest.raises(SealBroken):
        READER.open(first, sealed)


def parts_and_object(layout, plaintext):
    numbers = range(1, layout.part_count + 1)
    cut = [plaintext[(i - 1) * layout.part_bytes : i * layout.part_bytes] for i in numbers]
    sealed = [seal(part, (KEY, PACKET, FILE, layout, i)) for i, part in zip(numbers, cut, strict=True)]
    return sealed, b"".join(sealed)


PARTS, OBJECT = parts_and_object(LAYOUT, PLAINTEXT[:100_000])


@given(st.integers(0, 100_000), st.integers(0, 100_000), st.integers(1, 40_000))
def test_any_range_opens_from_slices_of_any_size(one, other, step):
    start, stop = sorted((one, other))
    delivered = bytearray()
    for piece in LAYOUT.pieces(start, stop):
        opener = piece_opener(piece)
        for at in range(0, piece.sealed_length, step):
            delivered += opener.update(fetched(piece)[at : at + step])
        opener.finish()
    assert delivered == PLAINTEXT[start:stop]


def piece_opener(piece):
    header = PARTS[piece.number - 1][:HEADER_BYTES]
    return PieceOpener(ChunkReader(KEY, PACKET, FILE, LAYOUT, piece.number, header), piece)


def fetched(piece):
    return OBJECT[piece.sealed_start : piece.sealed_start + piece.sealed_length]


PIECE = next(LAYOUT.pieces(20_000, 40_000))


def test_a_piece_with_too_few_bytes_does_not_finish():
    opener = piece_opener(PIECE)
    opener.update(fetched(PIECE)[:-1])
    with pytest.raises(SealBroken):
        opener.finish()


def test_a_piece_with_too_many_bytes_is_refused():
    opener = piece_opener(PIECE)
    with pytest.raises(SealBroken):
        opener.update(fetched(PIECE) + b"\0")
    with pytest.raises(SealBroken):
        opener.finish()


def test_a_piece_that_failed_stays_broken_even_when_the_right_bytes_follow():
    opener = piece_opener(PIECE)
    wrong = bytearray(fetched(PIECE))
    wrong[5] ^= 1
    with pytest.raises(SealBroken):
        opener.update(wrong[:SEALED_CHUNK_BYTES])
    for again in (lambda: opener.update(fetched(PIECE)[SEALED_CHUNK_BYTES:]), lambda: opener.update(b"")):
        with pytest.raises(SealBroken):
            again()
    with pytest.raises(SealBroken):
        opener.finish()
