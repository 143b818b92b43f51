"""Names in an archive: as they were deposited wherever every system can hold them, and otherwise still each its own."""

import re
from itertools import islice, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_service.domain import portable_paths as module
from transfer_service.domain.paths import MAX_NAME_BYTES, normal_path, path_identity
from transfer_service.domain.portable_paths import portable_paths
from transfer_service.errors import PathInvalid

DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


@pytest.mark.parametrize(
    "path",
    ["slide.svs", "a/b c/d.dcm", ".hidden", "-rf", "~root", "$HOME", "semi;colon", "Übersicht 1.svs", "乳腺/切片.mrxs",
     "شريحة.svs", "שקופית.svs", "เนื้อ.svs", "🔬.svs", "console.svs", "common/prnt", "a.con"],
)  # fmt: skip
def test_a_name_that_every_system_can_hold_stays(path):
    assert portable_paths([path]) == {path: path}


@pytest.mark.parametrize(
    ("path", "portable"),
    [
        ("Ki-67 20%.svs", "Ki-67 20_.svs"),
        ("%0a%2e%2e", "_0a_2e_2e"),
        ("a:b/C:c", "a_b/C_c"),
        ('<a>"b"|c?*', "_a__b__c__"),
        ("a.svs ", "a.svs_"),
        ("a. . ", "a____"),
        ("wide\u3000/x\u00a0", "wide_/x_"),
        ("nul.svs.", "nu_.svs_"),
        ("CON", "CO_"),
        ("con .svs", "co_ .svs"),
        ("slides/LPT¹.tiff", "slides/LPT_.tiff"),
        ("aux/a", "au_/a"),
    ],
)
def test_a_name_that_some_can_not_hold_is_written_otherwise(path, portable):
    assert portable_paths([path]) == {path: portable}


def test_two_that_would_be_one_stay_two_and_a_true_name_goes_before_a_changed_one():
    paths = ["a%.svs", "A_.SVS", "a?.svs", "folder", "folder/x", "x%", "x?", ".%", "._"]
    assert portable_paths(paths) == {
        "a%.svs": "a_~2.svs",
        "A_.SVS": "A_.SVS",
        "a?.svs": "a_~3.svs",
        "folder": "folder~2",
        "folder/x": "folder/x",
        "x%": "x_",
        "x?": "x_~2",
        ".%": "._~2",
        "._": "._",
    }


def test_ten_thousand_that_would_be_one_are_not_tried_against_each_other(monkeypatch):
    asked = []
    monkeypatch.setattr(module, "path_identity", lambda path: asked.append(path) or path_identity(path))
    paths = ["".join(each) for each in islice(product('<>:"|?*%', repeat=5), 10_000)]
    assert len(set(portable_paths(paths).values())) == len(paths)
    assert len(asked) < 5 * len(paths)


def test_a_name_of_full_length_makes_room_for_its_number():
    long = "é" * 125 + ".svs"
    chosen = portable_paths([f"{long[:-5]}%.svs", f"{long[:-5]}?.svs"])
    first, second = chosen.values()
    assert second.endswith("~2.svs")
    assert second != first
    assert all(len(each.encode()) <= MAX_NAME_BYTES for each in chosen.values())
    long = "a." + "b" * 252
    assert len(portable_paths([f"{long}%", f"{long}?"])[f"{long}?"]) == MAX_NAME_BYTES


NAMES = st.text(alphabet=st.sampled_from('aA%:?. \u00a0_~2con/"é'), min_size=1, max_size=8)


def deposited(paths):
    """What a packet may hold of these paths: each accepted, none twice."""
    found = {}
    for path in paths:
        try:
            found.setdefault(path_identity(normal_path(path)), normal_path(path))
        except PathInvalid:
            continue
    return list(found.values())


@given(st.lists(NAMES, max_size=12).map(deposited))
def test_whatever_is_deposited_unpacks_everywhere(paths):
    chosen = portable_paths(paths)
    assert set(chosen) == set(paths)
    identities = {path_identity(each) for each in chosen.values()}
    assert len(identities) == len(paths)
    assert not identities & {path_identity(folder) for each in chosen.values() for folder in folders_of(each)}
    for each in chosen.values():
        assert normal_path(each) == each
        for name in each.split("/"):
            assert not set('<>:"|?*%') & set(name)
            assert name == name.rstrip(" .\u00a0")
            assert not DEVICE.match(name)


def folders_of(path):
    names = path.split("/")
    return ["/".join(names[:depth]) for depth in range(1, len(names))]
