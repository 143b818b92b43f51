"""What a packet does not hold is said on the form, and can be said until the packet is closed."""

import pytest

from tests.factories import a_patient_actor, a_recipient_actor
from transfer_service.domain.packet import NotIncluded
from transfer_service.domain.people import Role
from transfer_service.errors import NotAllowed, NotFound, PacketNotOpen

LOST = NotIncluded("the slides of 2019", "at another hospital")


def say(stages, stage, *items, actor=None):
    actor = actor or stages.coordinator
    return stages.journey.describe.not_included(actor, stage.packet.id, items, stages.now)


def test_what_is_said_last_stands_on_the_form(stages):
    stage = stages.verified()
    view = say(stages, stage, LOST)
    assert (view.packet.case.not_included, len(view.files)) == ((LOST,), 2)
    stage = stages.released(of=stages.closed(of=stage))
    assert "the slides of 2019: at another hospital" in stage.release.form.text
    assert "slide A3" not in stage.release.form.text


def test_saying_the_same_again_changes_nothing(stages):
    stage = stages.opened()
    before = stages.rows()
    say(stages, stage, *stage.packet.case.not_included)
    assert stages.rows() == before


@pytest.mark.parametrize("state", ["closing", "closed", "retired"])
def test_once_the_packet_closes_it_is_said(stages, state):
    stage = stages.received()
    if state == "closing":
        stages.journey.close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)
    elif state == "closed":
        stages.closed(of=stages.verified(of=stage))
    else:
        stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    with pytest.raises(PacketNotOpen):
        say(stages, stage, LOST)


def test_whoever_deposits_says_it(stages):
    stage, hospital = stages.opened(), stages.hospital
    assert say(stages, stage, LOST, actor=hospital.depositor).packet.case.not_included == (LOST,)
    for unfit in (hospital.privacy_officer, hospital.admin, a_patient_actor(), a_recipient_actor()):
        with pytest.raises(NotAllowed):
            say(stages, stage, actor=unfit)
    neighbour = stages.staff(stages.department(hospital.organization, "Radiology"), Role.COORDINATOR)
    for foreign in (neighbour, stages.enrolled("Other").depositor):
        with pytest.raises(NotFound):
            say(stages, stage, actor=foreign)
