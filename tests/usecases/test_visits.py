"""Whom a visitor may call, and how a session ends."""

import pytest

from tests.stages import ORIGIN
from transfer_service.errors import NotAllowed, NotAuthenticated, NotFound
from transfer_service.sealing.tokens import mint_secret
from transfer_service.usecases.visits import Visits


def test_a_secret_names_its_department_even_when_it_opens_nothing_any_more(stages):
    stage, visits = stages.linked(), Visits(stages.database)
    stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now)
    letter = stages.journey.patients.contact(stage.letter_secret, ORIGIN, stages.now)
    for contact in (letter, visits.contact_for_link(stage.link_secret)):
        assert (contact.department.name, contact.organization.name) == ("Pathology", "St. Agatha")


def test_a_secret_that_nobody_has_names_nobody(stages):
    stage, visits = stages.linked(), Visits(stages.database)
    for secret in (stage.link_secret, mint_secret(), "0000-0000-0000"):
        with pytest.raises(NotFound):
            stages.journey.patients.contact(secret, ORIGIN, stages.now)
    with pytest.raises(NotFound):
        visits.contact_for_link(stage.letter_secret)


def test_a_session_names_its_department(stages):
    stage, visits = stages.redeemed(), Visits(stages.database)
    for actor in (stage.actor, stage.patient):
        assert visits.contact_for(actor).department.id == stages.hospital.pathology.id


def test_leaving_ends_the_token_and_is_recorded_once(stages):
    stage, visits = stages.redeemed(), Visits(stages.database)
    for _ in range(2):
        visits.leave(stage.actor, stages.now)
    with pytest.raises(NotAuthenticated):
        stages.journey.redeem.released(stage.actor, stages.now)
    assert stages.actions().count("session.left") == 1


def test_staff_have_no_visit_to_leave(stages):
    visits = Visits(stages.database)
    with pytest.raises(NotAllowed):
        visits.leave(stages.coordinator, stages.now)
    with pytest.raises(NotAllowed):
        visits.contact_for(stages.coordinator)
