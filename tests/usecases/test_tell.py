"""The story is told to the patient whose packet it is about, with everybody in it as the patient read them."""

from datetime import timedelta

import pytest

from tests.factories import a_patient_actor
from tests.stages import ORIGIN, recipient_draft
from transfer_service.domain.story import Kind
from transfer_service.errors import LinkRevoked, NotAllowed, NotFound


def test_the_patient_is_told_all_of_their_packet_and_nothing_of_another(stages):
    stage, other = stages.redeemed(), stages.redeemed()
    stages.download(stage.actor, stage.file)
    stages.journey.recipients.change(
        stages.coordinator, stages.recipient.id, recipient_draft(name="Dr. T. Changed"), stages.now
    )
    stages.clock.advance(timedelta(hours=1))
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    with pytest.raises(LinkRevoked):
        stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    happened = stages.journey.tell.story(stage.patient, stages.now)
    assert [each.kind for each in happened] == [
        *(Kind.ASKED, Kind.SIGNED, Kind.LINK_MADE, Kind.DOWNLOADED),
        *(Kind.REFUSED, Kind.LINK_CANCELLED),
    ]
    assert {recipient.name for each in happened for recipient in each.recipients} == {"Dr. R. Viewer"}
    assert [line.file.id for line in happened[3].lines] == [stage.file.id]
    others = stages.journey.tell.story(other.patient, stages.now)
    assert [each.kind for each in others] == [Kind.ASKED, Kind.SIGNED, Kind.LINK_MADE]


def test_nobody_else_is_told_the_story(stages):
    stage, hospital = stages.redeemed(), stages.hospital
    staff = (hospital.depositor, hospital.coordinator, hospital.privacy_officer, hospital.admin)
    for actor in (*staff, stage.actor, stages.service_actor):
        with pytest.raises(NotAllowed):
            stages.journey.tell.story(actor, stages.now)
    with pytest.raises(NotFound):
        stages.journey.tell.story(a_patient_actor(release_id=stage.release.id), stages.now)
