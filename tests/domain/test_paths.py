"""Relative paths: what is accepted, what is refused, and when two are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_service.domain.paths import MAX_PATH_BYTES, normal_path, path_identity
from transfer_service.errors import PathInvalid


@pytest.mark.parametrize(
    "path",
    [
        "slide.svs",
        "a/b/c.dcm",
        ".hidden",
        "test3-TRITC 2 (560).ndpi",
        'quote".svs',
        "semi;colon",
        "CON",
        "乳腺/切片.mrxs",
        "شريحة.svs",
        "a:b",
        "ab:",
    ],
)
def test_a_plain_relative_path_is_taken_as_it_is(path):
    assert normal_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "a/./b",
        "..",
        "nul\x00",
        "line\nfeed",
        "carriage\rreturn",
        "tab\t",
        "escape\x1b[31m",
        "delete\x7f",
        "next\x85line",
        "\u202egnp.svs",
        "\u2066isolate",
        "line\u2028separator",
        "lone\ud800surrogate",
        "back\\slash",
        "C:/windows",
        "c:",
        "x" * 4096,
        "é" * 128,
        "a/" * MAX_PATH_BYTES + "b",
    ],
)
def test_a_path_that_climbs_or_deceives_is_refused(path):
    with pytest.raises(PathInvalid):
        normal_path(path)


def test_a_path_is_kept_in_composed_form():
    assert normal_path("e\u0301.svs") == "\u00e9.svs"


@pytest.mark.parametrize(("one", "other"), [("Slide.SVS", "slide.svs"), ("e\u0301", "\u00c9"), ("STRASSE", "straße")])
def test_paths_that_a_file_system_may_confuse_are_the_same(one, other):
    assert path_identity(one) == path_identity(other)


def test_other_paths_are_not_the_same():
    assert path_identity("a.svs") != path_identity("b.svs")


@given(st.text(max_size=60))
def test_whatever_is_accepted_stays_below_its_folder_and_is_stable(path):
    try:
        normal = normal_path(path)
    except PathInvalid:
        return
    assert normal_path(normal) == normal
    assert not set(normal.split("/")) & {"", ".", ".."}
