"""The authorization form: every element and statement of 45 CFR 164.508(c)."""

import hashlib
from datetime import date

import pytest

from tests.factories import NOW, a_case, a_department, a_file, a_recipient, an_organization
from transfer_service.domain.form import Terms, authorization_form
from transfer_service.domain.packet import FileKind
from transfer_service.domain.people import Accreditation


@pytest.fixture
def terms():
    recipient = a_recipient(
        name="R. Reader",
        credentials=("MD",),
        specialty="breast pathology",
        accreditations=(
            Accreditation("CAP", "cap.test", date(2026, 1, 2), "C. Weaver"),
            Accreditation("ACR", None, date(2026, 1, 3), "C. Weaver"),
            Accreditation("NCI", "nci.test"),
            Accreditation("Joint Commission", "tjc.test", date(2026, 1, 4)),
        ),
    )
    files = [
        a_file(path="a.svs", kind=FileKind.SLIDE),
        a_file(path="b.svs", kind=FileKind.SLIDE),
        a_file(path="mg.dcm", kind=FileKind.RADIOLOGY),
    ]
    return Terms(a_case(), an_organization(), a_department(), [(recipient, files)], "A second opinion", NOW)


ELEMENTS = {
    "(c)(1)(i) the information": ["2 slide scans, 1 radiology image file", "a.svs", "mg.dcm"],
    "(c)(1)(ii) who discloses": ["Who will release it\nPathology, St. Agatha"],
    "(c)(1)(iii) to whom": [
        "To R. Reader, MD",
        "breast pathology",
        "CAP: checked on January 2, 2026 by C. Weaver, with cap.test.",
    ],
    "who checked an accreditation, or that nobody is known to have": [
        "ACR: checked on January 3, 2026 by C. Weaver.",
        "NCI: not checked.",
        "Joint Commission: not checked.",
    ],
    "(c)(1)(iv) purpose": ["Why\nA second opinion"],
    "(c)(1)(v) expiry": ["This authorization ends on May 12, 2026, at 09:30 UTC"],
    "(c)(1)(vi) signature and authority": ["Your signature", "by what authority you act"],
    "(c)(2)(i) right to revoke": ["You may withdraw this authorization at any time, in writing"],
    "(c)(2)(i) exceptions": ["cannot be called back"],
    "(c)(2)(ii) conditioning": ["treatment, payment, enrollment in a health plan and eligibility for benefits"],
    "(c)(2)(iii) redisclosure": ["may pass it on", "no longer protect it"],
    "(c)(4) a copy": ["keep a copy"],
    "what is not included": ["Not included:\n  - slide A3: broken"],
}


@pytest.mark.parametrize("element", ELEMENTS)
def test_the_form_holds_each_element(terms, element):
    text = authorization_form(terms).text
    assert [words for words in ELEMENTS[element] if words not in text] == []


def test_the_form_is_bound_by_the_digest_of_its_text(terms):
    form = authorization_form(terms)
    assert form.sha256 == hashlib.sha256(form.text.encode()).hexdigest()


def test_a_form_leaves_out_what_there_is_none_of(terms):
    bare = Terms(
        a_case(not_included=()),
        terms.organization,
        a_department(contact=""),
        [(a_recipient(credentials=(), accreditations=()), [a_file(kind=FileKind.OTHER)])],
        terms.purpose,
        terms.expires_at,
    )
    text = authorization_form(bare).text
    assert "Not included" not in text
    assert "reach them" not in text
    assert "1 other file:" in text
