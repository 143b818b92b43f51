import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_service.errors import PartNumberWrong
from transfer_service.sealing.layout import (
    CHUNK_BYTES,
    DEFAULT_PART_BYTES,
    HEADER_BYTES,
    MAX_PARTS,
    SEALED_CHUNK_BYTES,
    Layout,
    sealed_bytes,
)

MIB = 1024 * 1024
GIB = 1024 * MIB

small_layouts = st.builds(Layout, st.integers(0, 400_000), st.integers(1, 100_000).map(lambda n: n + 20_000))
layouts = st.integers(0, 60 * 1024 * GIB).map(Layout.for_size)


@pytest.mark.parametrize(
    ("plain", "sealed"),
    [
        (0, 72),
        (1, 73),
        (16_383, 16_455),
        (16_384, 16_472),
        (16_385, 16_473),
        (32_768, 32_872),
        (2**24 - 1, 16_793_655),
        (2**24, 16_793_672),
        (2**24 + 1, 16_793_673),
        (5 * GIB, 5 * GIB + 56 + 16 * 327_681),
    ],
)
def test_a_sealed_message_has_the_published_length(plain, sealed):
    assert sealed_bytes(plain) == sealed


def test_a_negative_size_is_refused():
    with pytest.raises(ValueError, match="never negative"):
        sealed_bytes(-1)


@pytest.mark.parametrize(("size", "part"), [(-1, 1), (0, 0), (5, -1)])
def test_a_layout_of_impossible_sizes_is_refused(size, part):
    with pytest.raises(ValueError, match="no negative size"):
        Layout(size, part)


@pytest.mark.parametrize(
    ("size", "part_bytes", "parts", "last"),
    [
        (0, 16 * MIB, 1, 0),
        (1, 16 * MIB, 1, 1),
        (2**24 - 1, 16 * MIB, 1, 2**24 - 1),
        (2**24, 16 * MIB, 1, 2**24),
        (2**24 + 1, 16 * MIB, 2, 1),
        (5 * GIB, 16 * MIB, 320, 16 * MIB),
        (16 * MIB * MAX_PARTS, 16 * MIB, MAX_PARTS, 16 * MIB),
        (16 * MIB * MAX_PARTS + 1, 32 * MIB, 5_001, 1),
    ],
)
def test_a_new_file_is_cut_by_the_rule_of_the_format(size, part_bytes, parts, last):
    layout = Layout.for_size(size)
    assert (layout.part_bytes, layout.part_count, layout.part_size(parts)) == (part_bytes, parts, last)


@given(layouts)
def test_a_layout_uses_the_smallest_multiple_of_16_mib_that_needs_at_most_10_000_parts(layout):
    assert layout.part_bytes % DEFAULT_PART_BYTES == 0
    assert 1 <= layout.part_count <= MAX_PARTS
    smaller = layout.part_bytes - DEFAULT_PART_BYTES
    assert smaller == 0 or Layout(layout.size_bytes, smaller).part_count > MAX_PARTS


@given(small_layouts)
def test_the_parts_add_up_to_the_file_and_the_sealed_parts_to_the_object(layout):
    numbers = range(1, layout.part_count + 1)
    assert sum(map(layout.part_size, numbers)) == layout.size_bytes
    starts = [layout.sealed_part_start(number) for number in numbers]
    ends = [start + layout.sealed_part_size(number) for start, number in zip(starts, numbers, strict=True)]
    assert starts == [0, *ends[:-1]]
    assert ends[-1] == layout.sealed_size


@given(small_layouts, st.sampled_from([-1, 0]), st.integers(1, 5))
def test_a_part_outside_the_file_is_refused(layout, below, above):
    for number in (below, layout.part_count + above):
        for ask in (layout.part_size, layout.sealed_part_size, layout.sealed_part_start):
            with pytest.raises(PartNumberWrong):
                ask(number)


@given(small_layouts, st.data())
def test_the_pieces_of_a_range_are_whole_chunks_and_deliver_exactly_the_range(layout, data):
    start = data.draw(st.integers(0, layout.size_bytes))
    stop = data.draw(st.integers(start, layout.size_bytes))
    pieces = list(layout.pieces(start, stop))
    position = start
    for piece in pieces:
        part_start = layout.sealed_part_start(piece.number)
        assert piece.sealed_start == part_start + HEADER_BYTES + piece.first_chunk * SEALED_CHUNK_BYTES
        to_the_end = piece.sealed_start + piece.sealed_length == part_start + layout.sealed_part_size(piece.number)
        assert to_the_end or piece.sealed_length % SEALED_CHUNK_BYTES == 0
        origin = (piece.number - 1) * layout.part_bytes + piece.first_chunk * CHUNK_BYTES
        assert origin + piece.skip == position
        assert 0 <= piece.skip < CHUNK_BYTES
        assert piece.take > 0
        assert piece.sealed_length < piece.skip + piece.take + 2 * SEALED_CHUNK_BYTES
        position += piece.take
    assert position == stop


def test_an_empty_range_needs_no_piece():
    assert list(Layout(0, 10).pieces(0, 0)) == []
    assert list(Layout(30, 10).pieces(20, 20)) == []


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (5, 4), (0, 11), (11, 11)])
def test_a_range_outside_the_file_is_refused(start, stop):
    with pytest.raises(ValueError, match="inside the file"):
        Layout(10, 4).pieces(start, stop)
