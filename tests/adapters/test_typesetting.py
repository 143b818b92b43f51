"""PDFs as other programs read them: tagged, titled, in their language, with every text as it was given."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts import missing_font
from tests.pdfs import attachment_of, catalog_of, info_of, structure_of, text_of
from transfer_service.adapters.typesetting import TypstPdf, typst_pdf
from transfer_service.domain.document import (
    Attachment,
    Blanks,
    Block,
    Bullets,
    Document,
    Facts,
    Heading,
    Paragraph,
    Table,
)
from transfer_service.domain.language import Language
from transfer_service.errors import DocumentTooLong, Unavailable

CREATED_AT = datetime(2026, 5, 12, 9, 30, 1, tzinfo=UTC)
UNSHOWN = "Una caja."
MARKUP = '# $ * _ ` @x <y> // /* \\ ] [ " \' ~ = - + #import "x" #panic() $x^2$ *b* #sys.inputs ${x} %s {} \\u{41}'
typesetter = TypstPdf()


def document(*blocks: Block, **changes: object) -> Document:
    plain = Document("Autorización", Language.SPANISH, CREATED_AT, blocks, "al pie", UNSHOWN)
    return replace(plain, **changes)


def typeset(*blocks: Block, **changes: object) -> bytes:
    return typesetter.typeset(document(*blocks, **changes))


def body(pdf: bytes) -> str:
    """The text without title, footer and the ways in which lines are broken."""
    text = " ".join(text_of(pdf).split())
    return text.removeprefix("Autorización ").partition(" al pie 1/")[0]


def test_a_document_is_tagged_and_says_its_title_its_language_and_its_date() -> None:
    pdf = typeset(Paragraph("Hola"))
    info = info_of(pdf)
    assert (info["Title"], info["Tagged"], info["CreationDate"]) == ("Autorización", "yes", "2026-05-12T09:30:01Z")
    for said in (b"/Lang(es)", b"/Marked true", b"/DisplayDocTitle true", b"/StructTreeRoot"):
        assert said in catalog_of(pdf)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


def test_the_structure_names_what_each_piece_is() -> None:
    pdf = typeset(
        Heading("Uno"),
        Paragraph("dos"),
        Bullets(("tres", "cuatro")),
        Facts((("cinco", "seis"),)),
        Heading("Siete", 2),
        Table(("A", "B"), (("ocho", "nueve"),)),
        Blanks(("Firma",)),
    )
    kinds = [kind for kind in structure_of(pdf) if kind not in {"Lbl", "LBody", "Span"}]
    assert kinds == [
        *("Document", "P", "H1", "P", "L", "LI", "LI", "L", "LI", "H2"),
        *("Table", "THead", "TR", "TH", "TH", "TBody", "TR", "TD", "TD", "P"),
    ]
    assert body(pdf) == "Uno dos • tres • cuatro cinco seis Siete A B ocho nueve Firma"


@pytest.mark.parametrize("wide", [False, True])
def test_a_document_is_upright_or_wide(wide: bool) -> None:
    size = info_of(typeset(Paragraph("x"), wide=wide))["Page size"]
    assert size == ("792 x 612 pts (letter)" if wide else "612 x 792 pts (letter)")


def test_no_text_is_ever_markup() -> None:
    pdf = typeset(
        Heading(MARKUP),
        Paragraph(MARKUP),
        Bullets((MARKUP,)),
        Facts(((MARKUP, MARKUP),)),
        Table((MARKUP,), ((MARKUP,),)),
        Blanks((MARKUP,)),
        title=MARKUP,
        footer=MARKUP,
    )
    joined = "".join(text_of(pdf).split())
    assert joined.count("".join(MARKUP.split())) == 10
    assert info_of(pdf)["Title"] == MARKUP


def test_the_same_document_is_the_same_bytes() -> None:
    assert typeset(Paragraph("Hola")) == typeset(Paragraph("Hola"))


@pytest.mark.parametrize("name", ["María Núñez-Peña", "Łukasz Ångström", "Иван Петров", "Ελένη", "Nguyễn Thị"])
def test_latin_greek_and_cyrillic_names_are_shown(name: str) -> None:
    pdf = typeset(Paragraph(name))
    assert body(pdf) == name
    assert UNSHOWN not in text_of(pdf)


@pytest.mark.parametrize("name", ["王小明", "한국어", "ไทย", "தமிழ்", "😀", "🇪🇸"])
def test_what_no_font_can_show_is_explained_and_stays_in_the_text(name: str) -> None:
    pdf = typeset(Paragraph(f"a {name} b"))
    assert "".join(body(pdf).split()) == "".join(f"{UNSHOWN}a{name}b".split())
    assert b"MissingCharacters" in pdf


@pytest.mark.parametrize("name", ["שלום עולם", "مرحبا"])
def test_text_from_right_to_left_is_read_in_its_order(name: str) -> None:
    assert name in body(typeset(Paragraph(name)))


@pytest.mark.parametrize(
    "raw", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ufeff", "\ufffe", "\ufdd0", "\U0010ffff", "\ud800"]
)
def test_what_is_no_text_shows_as_replaced(raw: str) -> None:
    assert body(typeset(Paragraph(f"a{raw}b"))).endswith("a\ufffdb")


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_lines_stay_lines(line_end: str) -> None:
    assert "eins\nzwei\n" in text_of(typeset(Paragraph(f"eins{line_end}zwei")))


def test_a_word_longer_than_a_line_stays_on_the_page_and_whole() -> None:
    path = "slides/" + "0123456789" * 40
    lines = text_of(typeset(Bullets((path,))), "-layout").splitlines()
    assert "".join(lines[1:6]).replace(" ", "") == f"•{path}"


def test_a_hundred_kilobytes_are_all_there() -> None:
    words = [f"palabra{number}" for number in range(9_000)]
    pdf = typeset(Paragraph(" ".join(words)))
    assert [word for word in text_of(pdf).split() if word.startswith("palabra")] == words


def test_too_much_is_refused_before_anything_is_made() -> None:
    with pytest.raises(DocumentTooLong):
        typeset(Paragraph("x" * typst_pdf.MOST_BYTES))


def test_a_text_goes_along_byte_for_byte(tmp_path: Path) -> None:
    text = "AUTHORIZATION\r\n  - 王 #x\x07\n"
    pdf = typeset(Paragraph("x"), attached=(Attachment("form.txt", text, "What was signed"),))
    assert attachment_of(pdf, tmp_path) == text.encode()


def test_what_takes_too_long_is_stopped() -> None:
    with pytest.raises(Unavailable):
        TypstPdf(within_s=0.001).typeset(document(Paragraph("x")))


def test_a_compiler_that_breaks_says_nothing_of_the_document(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "compiler.py"
    broken.write_text("import sys; sys.exit(sys.stdin.read())")
    monkeypatch.setattr(typst_pdf, "COMPILER", broken)
    with pytest.raises(Unavailable) as raised:
        typeset(Paragraph("Ada Secret"))
    assert "Ada" not in f"{raised.value} {raised.value.__cause__} {caplog.text}"
    assert "CalledProcessError" in caplog.text


def test_the_compiler_knows_nothing_of_the_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = tmp_path / "told"
    teller = tmp_path / "compiler.py"
    teller.write_text(f"import os; open({str(told)!r}, 'w').write(repr(dict(os.environ)))")
    monkeypatch.setenv("TRANSFER_SERVICE_SECRET", "canary")
    monkeypatch.setattr(typst_pdf, "COMPILER", teller)
    typeset(Paragraph("x"))
    assert "canary" not in told.read_text()
    assert os.environ["TRANSFER_SERVICE_SECRET"] == "canary"


def test_the_font_for_missing_characters_is_the_one_that_its_script_makes() -> None:
    assert missing_font.PATH.read_bytes() == missing_font.font_bytes()
