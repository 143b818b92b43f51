"""Names from the other side are hostile: nothing is written outside the folder, whatever they say, on any system."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transfer_service.client.delivery.landing import landing

HOSTILE = [
    "../up.svs", "a/../../up", "/etc/passwd", "//server/share/x", "\\\\server\\share\\x", "C:\\Windows\\x", "C:x", "c:",
    "CON", "con.txt", "NUL.svs", "COM1", "LPT¹.log", "aux .txt", "a/PRN/b", "slide.svs:stream", "a. ", "a...", " ", "",
    ".", "..", "...", "a//b", "a/./b", "x\0y", "x\ny", "\u202egpj.exe", "~", "-rf", "*?<>|\"", "\ud800.svs",
    ".packet/manifest.json", ".PACKET/x", ".x.part", "a" * 300, "日" * 200 + ".svs", "/".join(["deep"] * 400),
]  # fmt: skip


def is_safe(place: str) -> bool:
    windows, posix = PureWindowsPath(place), PurePosixPath(place)
    inside = not (windows.drive or windows.root or posix.is_absolute()) and ".." not in posix.parts
    names = place.split("/")
    plain = all(name and name == name.rstrip(". ") and len(name.encode()) <= 200 for name in names)
    devices = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in "123456789")}
    no_device = not any(name.split(".")[0].strip().upper() in devices for name in names)
    return inside and plain and no_device and not set('<>:"|?*\\\0\n') & set(place) and len(place.encode()) < 1100


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_name_becomes_a_plain_one_inside_the_folder(path):
    (place,) = landing([path]).values()
    assert is_safe(place), place
    assert not place.casefold().startswith(".packet")
    place.encode()


@given(
    st.lists(
        st.text(st.characters() | st.sampled_from("./\\: aAäÄ"), max_size=20) | st.sampled_from(HOSTILE), max_size=8
    )
)
@example(["a", "a/b", "A/c", "a/b/c", "A~2"])
def test_no_two_files_land_on_one_and_none_where_a_folder_is(paths):
    places = landing(paths)
    assert set(places) == set(paths)
    assert all(is_safe(place) for place in places.values())
    files = [place.casefold() for place in places.values()]
    assert len(set(files)) == len(files)
    folders = {str(above).casefold() for place in places.values() for above in PurePosixPath(place).parents}
    assert not set(files) & folders


def test_what_is_plain_already_keeps_its_name():
    plain = ["slides/slide.svs", "日本/スライド.tiff", "report (signed).pdf", ".hidden", "a b/c.d.e", "console.txt"]
    assert landing(plain) == {path: path for path in plain}


def test_names_that_differ_in_case_alone_are_told_apart_in_a_way_that_stays():
    paths = ["Slide.svs", "slide.svs", "SLIDE.SVS", "ä.svs", "a\u0308.svs"]
    places = landing(paths)
    assert sorted(places.values()) == ["SLIDE.SVS", "Slide~2.svs", "slide~3.svs", "ä.svs", "ä~2.svs"]
    assert landing(reversed(paths)) == places
