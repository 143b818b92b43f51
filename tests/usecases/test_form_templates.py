"""A language of the form is off in a department until a named member of its staff has approved its very text."""

from dataclasses import replace

import pytest

from tests.factories import a_patient
from transfer_service.domain.language import Language
from transfer_service.domain.people import Role
from transfer_service.errors import NotAllowed, NotFound, TemplateChanged, TemplateNotApproved
from transfer_service.wording.authorization import template_in

ENGLISH, SPANISH = template_in(Language.ENGLISH), template_in(Language.SPANISH)


@pytest.fixture
def officer(stages):
    return stages.staff(stages.hospital.pathology, Role.PRIVACY_OFFICER, "P. Officer")


def asked(stages, **changes):
    """A Spanish-speaking patient is asked."""
    stage = stages.closed(patient=a_patient(language="es-MX"))
    return stages.released(of=stage, **changes).release


def test_a_patient_is_asked_in_english_until_their_language_is_approved(stages, officer):
    assert asked(stages).form.language == "en"
    stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, stages.now)
    form = asked(stages).form
    assert form.language == "es"
    assert form.text.startswith("AUTORIZACIÓN")


def test_who_approved_which_text_is_shown_to_all_staff_and_recorded(stages, officer):
    stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, stages.now)
    english, spanish = stages.journey.templates.standings(stages.coordinator)
    assert (english.is_on, english.approval) == (True, None)
    assert (spanish.is_on, spanish.approval.approver) == (True, "P. Officer")
    assert spanish.approval.approved_at == stages.now
    entry = stages.audit()[-1]
    assert entry.action == "template.approved"
    assert entry.facts == {"template": "authorization/2", "language": "es", "sha256": SPANISH.sha256}


def test_approving_twice_is_approving_once(stages, officer):
    first = stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, stages.now)
    assert stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, stages.now) == first
    assert stages.actions().count("template.approved") == 1


def test_a_text_that_is_another_by_now_can_t_be_approved(stages, officer):
    with pytest.raises(TemplateChanged):
        stages.journey.templates.approve(officer, Language.SPANISH, "ab" * 32, stages.now)
    assert not stages.journey.templates.standings(officer)[1].is_on


def test_an_approval_counts_for_no_other_text(stages, officer):
    standing = stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, stages.now)
    assert standing.approval.counts_for(SPANISH)
    assert not standing.approval.counts_for(replace(SPANISH, sha256="ab" * 32))
    assert not standing.approval.counts_for(replace(SPANISH, name="authorization/3"))
    assert not standing.approval.counts_for(ENGLISH)


def test_an_approval_is_one_department_s(stages, officer):
    stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, stages.now)
    radiology = stages.department(stages.hospital.organization, "Radiology")
    elsewhere = stages.staff(radiology, Role.COORDINATOR, "R. Ay")
    assert not stages.journey.templates.standings(elsewhere)[1].is_on


def test_an_approval_can_be_taken_back_and_what_was_asked_stays(stages, officer):
    stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, stages.now)
    before = asked(stages)
    stages.journey.templates.end_approval(officer, Language.SPANISH, stages.now)
    assert stages.journey.releases.one(stages.coordinator, before.id).form == before.form
    assert asked(stages).form.language == "en"
    with pytest.raises(NotFound):
        stages.journey.templates.end_approval(officer, Language.SPANISH, stages.now)
    stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, stages.now)
    assert asked(stages).form.language == "es"


def test_staff_choose_the_language_among_those_that_are_on(stages, officer):
    with pytest.raises(TemplateNotApproved):
        asked(stages, language=Language.SPANISH)
    stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, stages.now)
    assert asked(stages, language=Language.SPANISH).form.language == "es"
    assert asked(stages, language=Language.ENGLISH).form.language == "en"


@pytest.mark.parametrize("role", [Role.DEPOSITOR, Role.COORDINATOR])
def test_depositors_and_coordinators_read_templates_and_approve_none(stages, role):
    actor = stages.staff(stages.hospital.pathology, role, "N. Otallowed")
    assert len(stages.journey.templates.standings(actor)) == len(Language)
    with pytest.raises(NotAllowed):
        stages.journey.templates.approve(actor, Language.SPANISH, SPANISH.sha256, stages.now)
    with pytest.raises(NotAllowed):
        stages.journey.templates.end_approval(actor, Language.SPANISH, stages.now)


def test_a_patient_reads_no_templates(stages):
    with pytest.raises(NotAllowed):
        stages.journey.templates.standings(stages.in_session().patient)
