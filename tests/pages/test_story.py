"""/r/accounting: what happened, in sentences; and the report to keep."""

from datetime import timedelta

import pytest

from tests.factories import (
    NOW,
    a_disclosure,
    a_file,
    a_link,
    a_recipient,
    a_release,
    a_signed_release,
)
from tests.pages.test_language import SPANISH
from tests.stages import CONTENTS
from transfer_service.domain.accounting import AccountLine
from transfer_service.domain.language import Language
from transfer_service.domain.printed import Facts
from transfer_service.domain.release import Signature, Signer
from transfer_service.domain.story import Happening, Kind
from transfer_service.pages.story import told

GB = 1024**3
GUARDIAN = Signature("Grace Example", Signer.REPRESENTATIVE, "legal guardian", "ada@patient.test")
OWN, FOR, NONE = a_signed_release(), a_signed_release(signature=GUARDIAN), a_release()
SIGNED_FOR = "that was signed for the patient on May 12, 2026"
BY_STAFF, BY_PATIENT = {"withdrawn_by": "staff:coordinator:1"}, {"withdrawn_by": "patient:1"}
WHO = "On May 12, 2026 Dr. R. Viewer of Breast Review Service (breast pathology)"


def a_line(release=OWN, path="slides/A1.svs", size=2 * GB, **disclosure):
    file = a_file(path=path, size_bytes=size)
    return AccountLine(a_disclosure(file_id=file.id, **disclosure), a_recipient(), file, release)


def happening(kind, *lines, release=OWN, **changes):
    return Happening(NOW, kind, (a_recipient(),), release, lines=lines, **changes)


def said(app, each, headers=None):
    with app.test_request_context(headers=headers or {}):
        return told(each)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            a_line(completed_at=NOW),
            f"{WHO} downloaded slides/A1.svs completely, 2.0 GB, under the permission that you signed on May 12, 2026.",
        ),
        (
            a_line(FOR, bytes_sent=GB),
            f"{WHO} downloaded slides/A1.svs in part, 1.0 GB of a file of 2.0 GB, under the permission {SIGNED_FOR}.",
        ),
        (
            a_line(NONE),
            f"{WHO} began to download slides/A1.svs without a signed permission. Nothing of it is known to have left.",
        ),
    ],
)
def test_one_download_is_one_sentence(app, line, sentence):
    assert said(app, happening(Kind.DOWNLOADED, line, release=line.release)).sentence == sentence


def test_several_downloads_of_a_day_are_a_sentence_and_a_list(app):
    lines = a_line(completed_at=NOW), a_line(path="B.svs", bytes_sent=GB), a_line(path="C.svs")
    whole = said(app, happening(Kind.DOWNLOADED, *lines))
    assert whole.sentence == f"{WHO} downloaded these files, under the permission that you signed on May 12, 2026:"
    assert whole.items == (
        "slides/A1.svs: completely, 2.0 GB",
        "B.svs: in part, 1.0 GB of a file of 2.0 GB",
        "C.svs: begun, and nothing of it is known to have left",
    )


@pytest.mark.parametrize(
    ("each", "words"),
    [
        (happening(Kind.ASKED), "asked for your permission to release files to Dr. R. Viewer"),
        (happening(Kind.SIGNED), "you signed the permission for Dr. R. Viewer"),
        (happening(Kind.SIGNED, release=FOR), "Grace Example signed the permission for Dr. R. Viewer for the patient"),
        (happening(Kind.LINK_MADE, link=a_link()), "a private web address that opens the files for nobody else"),
        (happening(Kind.LINK_CANCELLED), "cancelled the link"),
        (happening(Kind.LINK_ENDED), "ended by itself"),
        (happening(Kind.ENDED), "the permission for Dr. R. Viewer ended by itself"),
        (happening(Kind.LAPSED), "the time to sign"),
        (happening(Kind.WITHDRAWN, release=a_signed_release(**BY_PATIENT)), "you withdrew"),
        (happening(Kind.WITHDRAWN, release=a_signed_release(**BY_STAFF)), "the department withdrew"),
        (happening(Kind.DECLINED, release=a_release(**BY_PATIENT)), "you said no"),
        (happening(Kind.DECLINED, release=a_release(**BY_STAFF)), "took its request"),
        (Happening(NOW, Kind.RETIRED), "closed this release of files"),
        (Happening(NOW, Kind.DESTROYED), "were destroyed"),
        (happening(Kind.CONFIRMED, a_line(), a_line()), "confirmed that it has received 2 files"),
        (happening(Kind.REFUSED, a_line(refused_code="link_revoked", requests=3)), "3 times, and received nothing"),
    ],
)  # fmt: skip
def test_each_thing_that_happened_has_its_sentence_with_its_day(app, each, words):
    sentence = said(app, each).sentence
    assert sentence.startswith("On May 12, 2026 ")
    assert words in sentence
    assert "12 de mayo de 2026" in said(app, each, SPANISH).sentence


def test_the_page_tells_downloads_refusals_and_milestones_from_the_beginning(stages, visitor, another_visitor):
    stage = stages.linked()
    another_visitor.recipient_in(stages, stage)
    another_visitor.get(another_visitor.ticket(f"/l/files/{stage.file.id}")).close()
    stages.clock.advance(timedelta(seconds=1))
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    stages.clock.advance(timedelta(seconds=1))
    another_visitor.get("/l/files")
    visitor.patient_in(stages, stage)
    page, text = visitor.get("/r/accounting"), visitor.text()
    assert "Nobody has received anything" not in text
    told_of = ("asked for your permission", "you signed", "made a link", "downloaded", "cancelled the link", "nothing:")
    places = [text.index(words) for words in told_of]
    assert places == sorted(places)
    assert f"downloaded {stage.file.path} completely, {len(CONTENTS[stage.file.path])} bytes" in text
    assert "is the study of tissue under a microscope" in text
    assert page.text.count("<li>") == 6 + 3


def test_a_story_in_which_nobody_received_anything_says_so(stages, visitor):
    visitor.patient_in(stages, stages.released())
    visitor.get("/r/accounting")
    assert "Nobody has received anything so far." in visitor.text()
    assert "asked for your permission" in visitor.text()


def test_the_story_and_the_report_speak_the_language_of_the_page(stages, visitor):
    visitor.patient_in(stages, stages.signed())
    page = visitor.get("/r/accounting?lang=es")
    assert '<html lang="es">' in page.text
    assert "12 de mayo de 2026" in visitor.text()
    answer = visitor.post("/r/accounting/report", {"format": "pdf"})
    assert (answer.mimetype, answer.status_code) == ("application/pdf", 200)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="accounting.pdf"'
    document = stages.typesetter.documents[-1]
    assert document.language is Language.SPANISH
    assert any("Ada Example" in str(block.pairs) for block in document.blocks if isinstance(block, Facts))
    visitor.get("/r/accounting")
    assert visitor.post("/r/accounting/report", {"format": "csv"}).mimetype == "text/csv"


def test_a_report_is_not_made_without_the_form_s_token(stages, visitor):
    visitor.patient_in(stages, stages.signed())
    before = stages.actions()
    assert visitor.post("/r/accounting/report", {"format": "pdf", "csrf_token": ""}).status_code == 400
    assert stages.actions() == before
