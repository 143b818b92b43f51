"""Which case a file belongs to, and what makes one slide."""

from pathlib import Path

import pytest

from tests.client.watch.folder import NAME, made, mirax_files, seen
from transfer_service.client.failures import UsageWrong
from transfer_service.client.watch.mirax import why_not_whole
from transfer_service.client.watch.rule import USUAL_RULE, NamingRule
from transfer_service.client.watch.slides import Slide, slides_of

RULE = NamingRule.of(USUAL_RULE)


@pytest.mark.parametrize(
    ("path", "accession"),
    [
        ("S26-1234_A1.svs", "S26-1234"),
        ("S26-1234.svs", "S26-1234"),
        ("S26-1234 A1 HE.ndpi", "S26-1234"),
        ("S26-1234/A1.svs", "S26-1234"),
        ("S26-1234/2026-11-25/A1.svs", "S26-1234"),
        ("ü26-1_日本.svs", "ü26-1"),
        ("readme.txt", None),
        ("thumbnails/1.jpg", None),
        ("_S26-1234_/stack.ets", None),
    ],
)
def test_the_usual_rule_takes_the_leading_token_of_the_file_or_of_the_first_folder(path, accession):
    named = RULE.read(path)
    assert (named and named.accession) == accession


def test_a_rule_that_is_none_or_names_no_accession_number_is_refused():
    for text, word in (("(", "no regular expression"), ("(?P<case>.+)", "accession number")):
        with pytest.raises(UsageWrong, match=word):
            NamingRule.of(text)


def slides(folder: Path, rule: NamingRule = RULE) -> dict[str, Slide]:
    return {slide.name: slide for slide in slides_of(seen(folder), rule)}


def test_every_file_is_a_slide_of_its_own_unless_its_format_or_the_rule_says_otherwise(tmp_path):
    made(tmp_path, "S1_A.svs", "S1_B/1.dcm", "S1_B/2.dcm", "S1_C.vsi")
    alone = slides(tmp_path)
    assert set(alone) == {"S1_A.svs", "S1_B/1.dcm", "S1_B/2.dcm", "S1_C.vsi"}
    assert "other files" in alone["S1_C.vsi"].refused
    by_folder = NamingRule.of(r"(?:(?P<slide>[^/]+)/)?(?P<accession>S\d)?")
    assert set(slides(tmp_path, by_folder)) == {"S1_A.svs", "S1_B/1.dcm", "S1_B/2.dcm", "S1_C.vsi"}
    joining = NamingRule.of(r"(?P<slide>(?P<accession>S\d)_[^/]+)/|(?P<other>S\d)")
    assert {name: len(slide.files) for name, slide in slides(tmp_path, joining).items()} == {
        "S1_A.svs": 1, "S1_B/1.dcm": 2, "S1_C.vsi": 1,
    }  # fmt: skip


def test_a_mirax_slide_is_its_file_and_its_folder_in_whatever_order_they_come(tmp_path):
    files, whys = mirax_files(), []
    for path, data in files.items():
        made(tmp_path, path, data=data)
        (slide,) = slides(tmp_path).values()
        assert (slide.name, slide.is_mirax) == (f"{NAME}.mrxs", True)
        whys.append(why_not_whole(slide))
    assert whys == ["its .mrxs is not there yet"] * 5 + [""]
    assert len(slide.files) == 6


@pytest.mark.parametrize("missing", [f"{NAME}/Data0001.dat", f"{NAME}/Index.dat", f"{NAME}/Slidedat.ini"])
def test_a_mirax_slide_that_lacks_a_file_is_not_whole(tmp_path, missing):
    for path, data in mirax_files().items():
        if path != missing:
            made(tmp_path, path, data=data)
    (slide,) = slides(tmp_path).values()
    assert missing.rpartition("/")[2] in why_not_whole(slide)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (b"\xef\xbb\xbf[DATAFILE]\nFILE_COUNT = 1\nFILE_0 = DATA0.DAT\n[HIERARCHICAL]\nINDEXFILE=Index.dat", True),
        ("[DATAFILE]\nFILE_COUNT=1\nFILE_0=Data0.dat\n[HIERARCHICAL]\nINDEXFILE=Index.dat".encode("utf-16"), True),
        (b"[datafile]\nfile_count=1\nfile_0=Data0.dat\nfile_0=Data0.dat\n[Hierarchical]\nindexfile=Index.dat", True),
        (b"[DATAFILE]\nFILE_COUNT=2\nFILE_0=Data0.dat\n[HIERARCHICAL]\nINDEXFILE=Index.dat", False),
        (b"[DATAFILE]\nFILE_COUNT=1\nFILE_0=..\\..\\x.dat\n[HIERARCHICAL]\nINDEXFILE=Index.dat", False),
        (b"[DATAFILE]\nFILE_COUNT=many\n[HIERARCHICAL]\nINDEXFILE=Index.dat", False),
        (b"[DATAFILE]\nFILE_COUNT=1\nFILE_0=Data0.dat\n[HIERARCHICAL]\nINDEXFILE", False),
        (b"[DATAFILE", False),
        (b"\x00\xff" * 500, False),
        (b"", False),
    ],
)
def test_slidedat_is_read_as_scanners_write_it_and_a_broken_one_makes_no_slide(tmp_path, text, whole):
    made(tmp_path, "S1.mrxs", "S1/Data0.dat", "S1/Index.dat")
    made(tmp_path, "S1/Slidedat.ini", data=text)
    (slide,) = slides(tmp_path).values()
    assert (why_not_whole(slide) == "") is whole


def test_a_mrxs_alone_waits_for_its_folder(tmp_path):
    (slide,) = slides(made(tmp_path, "S1.mrxs")).values()
    assert why_not_whole(slide) == "its folder is not there yet"
