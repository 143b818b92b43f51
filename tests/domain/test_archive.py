"""One ZIP whose every byte is known beforehand: what others read of it, and what a range of it is."""

import zipfile
from dataclasses import replace
from io import RawIOBase
from zipfile import ZipFile

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.bags import a_bag, a_kept_file
from tests.factories import a_file
from transfer_service.domain.archive import archive_of
from transfer_service.domain.packet import PacketFile

GIB = 1024**3
CONTENTS = {
    "empty": b"",
    "reports/report.pdf": b"a report",
    "slides/Ä 1.svs": b"slide " * 1000,
    "slides/nothing.svs": b"",
    "乳腺/切片.mrxs": b"x",
    "شريحة.svs": b"y" * 70_000,
}
FILES = {a_kept_file(path, data): data for path, data in CONTENTS.items()}
ARCHIVE = archive_of(a_bag(*FILES))


def bytes_of(archive, contents, start=0, stop=None):
    pieces = archive.touched(start, archive.size_bytes if stop is None else stop)
    return b"".join((contents(source) if isinstance(source, PacketFile) else source)[a:b] for source, a, b in pieces)


WHOLE = bytes_of(ARCHIVE, FILES.__getitem__)


class Virtual(RawIOBase):
    """An archive as a file that one can seek in, of files that have no bytes but zeros."""

    def __init__(self, archive):
        self._archive, self._at = archive, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._at

    def seek(self, offset, whence=0):
        self._at = offset + (0, self._at, self._archive.size_bytes)[whence]
        return self._at

    def read(self, size=-1):
        stop = self._archive.size_bytes if size < 0 else min(self._at + size, self._archive.size_bytes)
        pieces = self._archive.touched(self._at, stop) if self._at < stop else ()
        data = b"".join(bytes(b - a) if isinstance(source, PacketFile) else source[a:b] for source, a, b in pieces)
        self._at += len(data)
        return data


def test_the_whole_is_as_long_as_was_said_and_opens_as_a_zip(tmp_path):
    assert len(WHOLE) == ARCHIVE.size_bytes
    (tmp_path / "a.zip").write_bytes(WHOLE)
    with ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        for path, data in CONTENTS.items():
            assert archive.read(f"packet-d3b0f227/data/{path}") == data
        entries = archive.infolist()
    assert entries[0].filename == "packet-d3b0f227/bagit.txt"
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert {entry.date_time for entry in entries} == {(2026, 5, 12, 9, 30, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert all(entry.flag_bits == (0 if entry.filename.isascii() else 0x800) for entry in entries)


@given(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE))).map(sorted))
def test_any_range_is_that_slice_of_the_whole(span):
    start, stop = span
    assert bytes_of(ARCHIVE, FILES.__getitem__, start, stop) == WHOLE[start:stop]


def test_a_range_touches_what_it_reads_and_no_other_file():
    slide = WHOLE.index(CONTENTS["slides/Ä 1.svs"])
    ((source, first, last),) = ARCHIVE.touched(slide + 10, slide + 20)
    assert isinstance(source, PacketFile)
    assert (source.path, first, last) == ("slides/Ä 1.svs", 10, 20)
    ours = [source for source, _, _ in ARCHIVE.touched(0, WHOLE.index(b"27/data/empty"))]
    assert all(isinstance(source, bytes) for source in ours)


def test_an_empty_file_goes_with_the_last_byte_before_it():
    at = WHOLE.index(b"27/data/empty") + len("27/data/empty")

    def paths(start, stop):
        return [source.path for source, _, _ in ARCHIVE.touched(start, stop) if isinstance(source, PacketFile)]

    assert paths(at - 1, at) == ["empty"]
    assert paths(at - 2, at - 1) == []
    assert paths(at, at + 1) == []
    assert paths(0, ARCHIVE.size_bytes) == list(CONTENTS)


def test_the_same_bag_is_the_same_bytes_and_has_the_same_tag():
    again = archive_of(a_bag(*FILES))
    assert again.etag != ARCHIVE.etag  # another release, by its id
    same = a_bag(*FILES)
    assert archive_of(same).etag == archive_of(same).etag
    assert bytes_of(archive_of(same), FILES.__getitem__) == bytes_of(archive_of(same), FILES.__getitem__)


def test_one_other_byte_in_a_file_is_another_tag():
    before = a_kept_file("a", b"1")
    after = a_kept_file("a", b"2")
    bag = a_bag(before)
    other = a_bag(after, manifest=bag.manifest)
    assert archive_of(bag).etag != archive_of(other).etag


def test_files_and_offsets_beyond_4_gib_are_zip64():
    sizes = {"large.svs": 150 * GIB, "medium.svs": 4 * GIB + 1, "small.svs": 5}
    files = [a_file(path=path, size_bytes=size, sha256="ab" * 32, crc32=0) for path, size in sizes.items()]
    archive = archive_of(a_bag(*files))
    with ZipFile(Virtual(archive)) as read:
        assert {entry.filename.rpartition("/")[2]: entry.file_size for entry in read.infolist()[-3:]} == sizes
        with read.open("packet-d3b0f227/data/small.svs") as small:  # its header is found where the directory says
            assert small._fileobj is not None
        with read.open("packet-d3b0f227/data/large.svs") as large:
            assert large.read(1000) == bytes(1000)


def test_more_entries_than_16_bits_count_are_all_found():
    one = a_kept_file("0", bytes(3))
    files = tuple(replace(one, path=f"{number}") for number in range(65_530))
    archive = archive_of(replace(a_bag(one), files=files))
    with ZipFile(Virtual(archive)) as read:
        assert len(read.infolist()) == 65_536
        assert read.read("packet-d3b0f227/data/65529") == bytes(3)
