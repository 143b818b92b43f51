"""The authorization form: every element and statement of 45 CFR 164.508(c), in two languages."""

import hashlib
import re
from dataclasses import replace
from datetime import date

import pytest

from tests.factories import NOW, a_case, a_department, a_file, a_recipient, an_organization
from transfer_service.domain.form import Terms
from transfer_service.domain.language import Language
from transfer_service.domain.packet import FileKind, NotIncluded, Specimen
from transfer_service.domain.people import Accreditation
from transfer_service.wording.authorization import authorization_form, template_in

ENGLISH, SPANISH = Language.ENGLISH, Language.SPANISH
#: The words that patients were asked with. A change of one of them is a new version, with a line of its own here.
RELEASED = {
    ("authorization/2", ENGLISH): "1417e7aad98379030a9d3f5126b8d610c32eb8c2b9a0e4dd279c96ffc09e19c8",
    ("authorization/2", SPANISH): "1556f1e7a497d3f1f930712e514b5a55c110a06c8d073455650ad55c21b93ca2",
}
PARAGRAPHS = {f"(c)(1)({each})" for each in ("i", "ii", "iii", "iv", "v", "vi")} | {
    "(c)(2)(i)", "(c)(2)(ii)", "(c)(2)(iii)", "(c)(4)",
}  # fmt: skip


@pytest.fixture
def terms():
    recipient = a_recipient(
        name="R. Reader",
        credentials=("MD",),
        specialty="Breast pathology",
        accreditations=(Accreditation("CAP", "cap.test", date(2026, 1, 2), "P. Officer"), Accreditation("ACR")),
    )
    files = [
        a_file(path="a.svs", kind=FileKind.SLIDE),
        a_file(path="b.svs", kind=FileKind.SLIDE),
        a_file(path="c.svs", kind=FileKind.SLIDE),
        a_file(path="mg.dcm", kind=FileKind.RADIOLOGY),
    ]
    case = a_case(
        specimens=(Specimen("A1", "core biopsy", date(2026, 5, 12)),),
        not_included=(NotIncluded("the slides of 2019", "they are at another hospital"),),
    )
    return Terms(case, an_organization(), a_department(), [(recipient, files)], "A second opinion", NOW)


def in_english(terms):
    return authorization_form(terms, ENGLISH).text


def in_spanish(terms):
    return authorization_form(terms, SPANISH).text


@pytest.mark.proves("164.508(c)(1)(i)")
def test_the_form_describes_the_information_in_words_and_file_by_file(terms):
    text = in_english(terms)
    assert "Whose information\nAda Example, born February 3, 1961\n" in text
    assert (
        "3 slide scans, 1 X-ray image (such as a mammogram). "
        "The tissue: core biopsy (A1), of May 12, 2026. The files:\n"
        "  - a.svs\n  - b.svs\n  - c.svs\n  - mg.dcm\n"
    ) in text
    assert "3 escaneos de laminillas, 1 imagen de rayos X (como una mamografía)" in in_spanish(terms)
    assert "core biopsy (A1), del 12 de mayo de 2026" in in_spanish(terms)


@pytest.mark.proves("164.508(c)(1)(i)")
def test_the_form_says_what_exists_and_is_not_included(terms):
    assert "Not included:\n  - the slides of 2019: they are at another hospital\n" in in_english(terms)
    assert "No se incluye:\n  - the slides of 2019" in in_spanish(terms)


@pytest.mark.proves("164.508(c)(1)(ii)")
def test_the_form_says_who_discloses_and_how_to_reach_them(terms):
    department = terms.department
    assert f"Who will release it\n{department.name}, {terms.organization.name}\nYou can reach them" in in_english(terms)
    assert department.contact in in_spanish(terms)


@pytest.mark.proves("164.508(c)(1)(iii)")
def test_the_form_names_the_recipient_with_credentials_specialty_and_accreditations(terms):
    text = in_english(terms)
    recipient = terms.grants[0][0]
    assert f"To whom\nR. Reader, MD, {recipient.organization} ({recipient.email})\n" in text
    assert "Specialist in breast pathology (Breast pathology).\n" in text
    assert "CAP: checked on January 2, 2026 by P. Officer, with cap.test.\nACR: not checked.\n" in text
    assert "CAP: comprobado el 2 de enero de 2026 por P. Officer, con cap.test.\nACR: no comprobado.\n" in in_spanish(
        terms
    )


@pytest.mark.proves("164.508(c)(1)(iii)")
@pytest.mark.parametrize("specialty", ["general surgery", "pathology", "Breast surgery"])
def test_the_form_says_plainly_that_a_recipient_is_no_specialist_in_breast_pathology(terms, specialty):
    other = replace(terms, grants=[(a_recipient(specialty=specialty), terms.grants[0][1])])
    assert f"This recipient is not a specialist in breast pathology. Specialty: {specialty}." in in_english(other)
    assert "no es especialista en patología mamaria" in in_spanish(other)


@pytest.mark.proves("164.508(c)(1)(iii)")
def test_the_form_says_which_of_several_recipients_gets_which_files(terms):
    surgeon = a_recipient(name="S. Urgeon", specialty="breast surgery")
    board = replace(terms, grants=[*terms.grants, (surgeon, [a_file(path="report.pdf", kind=FileKind.REPORT)])])
    text = in_english(board)
    assert text.index("For R. Reader:\n3 slide scans") < text.index("For S. Urgeon:\n1 report")
    assert "  - R. Reader, MD" in text
    assert "  - S. Urgeon, " in text


@pytest.mark.proves("164.508(c)(1)(iv)")
def test_the_form_says_why(terms):
    assert "\nWhy\nA second opinion\n" in in_english(terms)
    assert "\nPara qué\nA second opinion\n" in in_spanish(terms)


@pytest.mark.proves("164.508(c)(1)(v)")
def test_the_form_says_on_which_day_or_after_what_it_ends(terms):
    assert "It ends on May 12, 2026, 09:30 UTC. After that nothing more leaves." in in_english(terms)
    assert "Termina el 12 de mayo de 2026, 09:30 UTC" in in_spanish(terms)
    until = replace(terms, expiry_event="the opinion has come")
    assert "It ends when this has happened: the opinion has come. It ends on May 12, 2026" in in_english(until)


@pytest.mark.proves("164.508(c)(1)(vi)")
def test_the_form_says_how_it_is_signed_and_by_what_authority_for_somebody_else(terms):
    assert "You sign with your name. The date and time are recorded with it." in in_english(terms)
    assert "say by what authority you act for them" in in_english(terms)
    assert "indique en qué calidad actúa" in in_spanish(terms)


@pytest.mark.proves("164.508(c)(2)(i)")
def test_the_form_says_that_it_can_be_withdrawn_in_writing_how_and_with_what_exception(terms):
    text = in_english(terms)
    assert "You may withdraw this authorization at any time, in writing." in text
    assert f"on the page where you sign, or by writing to {terms.department.name}, {terms.organization.name}." in text
    assert "There is one exception: what was already released" in text
    assert "Hay una excepción" in in_spanish(terms)


@pytest.mark.proves("164.508(c)(2)(ii)")
def test_the_form_says_that_nothing_depends_on_signing(terms):
    assert "payment, enrollment in a health plan and eligibility for benefits do not depend" in in_english(terms)
    assert "Su tratamiento, el pago, su inscripción en un plan de salud" in in_spanish(terms)


@pytest.mark.proves("164.508(c)(2)(iii)")
def test_the_form_says_that_it_may_be_passed_on_and_is_then_perhaps_not_protected(terms):
    assert "may pass it on, and federal privacy rules may then no longer protect it" in in_english(terms)
    assert "puede pasarla a otros" in in_spanish(terms)


@pytest.mark.proves("164.508(c)(3)")
@pytest.mark.parametrize("language", Language)
def test_the_form_is_in_sentences_that_are_short(language):
    """Plain language: no sentence of the template has more than 30 words."""
    sentences = re.split(r"[.:]\s|\n", template_in(language).text)
    assert max(len(sentence.split()) for sentence in sentences) <= 30


@pytest.mark.proves("164.508(c)(4)")
def test_the_form_promises_a_copy(terms):
    assert "You will get a copy of what you signed" in in_english(terms)
    assert "Recibirá una copia de lo que firmó" in in_spanish(terms)


@pytest.mark.parametrize("language", Language)
def test_each_paragraph_has_its_section_in_the_template_and_no_citation_is_read_by_a_patient(terms, language):
    citations = re.findall(r"^§ (.*)$", template_in(language).text, re.MULTILINE)
    assert {paragraph for each in citations for paragraph in each.split()} == PARAGRAPHS
    assert "§" not in authorization_form(terms, language).text


@pytest.mark.parametrize("language", Language)
def test_a_template_that_patients_were_asked_with_is_never_edited(language):
    template = template_in(language)
    assert template.sha256 == hashlib.sha256(template.text.encode()).hexdigest()
    assert RELEASED[template.name, language] == template.sha256


def test_the_form_is_bound_by_the_digest_of_its_text(terms):
    form = authorization_form(terms, SPANISH)
    assert form.sha256 == hashlib.sha256(form.text.encode()).hexdigest()
    assert (form.template, form.language) == ("authorization/2", "es")


def test_what_stands_in_a_name_is_no_place_in_the_template(terms):
    odd = replace(terms, purpose="{patient} {0.__class__} %(name)s %")
    assert "\nWhy\n{patient} {0.__class__} %(name)s %\n" in in_english(odd)


def test_a_form_leaves_out_what_there_is_none_of(terms):
    bare = Terms(
        a_case(not_included=(), specimens=()),
        terms.organization,
        a_department(contact=""),
        [(a_recipient(credentials=(), accreditations=()), [a_file(kind=FileKind.OTHER)])],
        terms.purpose,
        terms.expires_at,
    )
    text = in_english(bare)
    assert "Not included" not in text
    assert "reach them" not in text
    assert "1 other file:" in text
    dateless = replace(terms, case=replace(terms.case, specimens=(Specimen("B2"), Specimen("B3", "excision"))))
    assert "The tissue: B2; excision (B3). The files:" in in_english(dateless)
