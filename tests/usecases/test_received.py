"""How far files came under a link, told to whoever came by it, and to nobody else."""

import pytest

from transfer_service.errors import LinkRevoked, NotAllowed
from transfer_service.usecases.received import Received


def test_a_recipient_sees_how_far_each_file_came_by_whatever_opening_of_the_link(stages):
    stage = stages.redeemed()
    slide, report = stage.files["slides/A1.svs"], stage.files["reports/S26-1234.pdf"]
    stages.download(stage.actor, slide)
    stages.download(stage.actor, report, 0, 3)
    again = stages.redeemed(of=stage)
    stages.download(again.actor, slide, 0, 1)
    stages.download(again.actor, report, 0, 2)
    known = Received(stages.database).by_file(again.actor, stages.now)
    assert known[slide.id].completed_at == stages.now
    assert (known[report.id].completed_at, known[report.id].distinct_bytes) == (None, 3)


def test_what_left_under_another_link_and_what_was_refused_are_not_in_it(stages):
    stage, other = stages.redeemed(), stages.redeemed()
    stages.download(other.actor, other.file)
    second = stages.redeemed(of=stages.linked(of=stage))
    stages.download(second.actor, stage.file)
    stages.journey.issue.revoke(stages.coordinator, second.link.id, stages.now)
    with pytest.raises(LinkRevoked):
        stages.download(second.actor, stage.file)
    third = stages.redeemed(of=stages.linked(of=stage))
    assert Received(stages.database).by_file(third.actor, stages.now) == {}


def test_nobody_but_a_recipient_is_told(stages):
    stage = stages.redeemed()
    for actor in (stages.coordinator, stage.patient):
        with pytest.raises(NotAllowed):
            Received(stages.database).by_file(actor, stages.now)


def test_once_the_link_is_over_nothing_is_told_and_asking_is_no_attempt(stages):
    stage = stages.redeemed()
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    before = stages.rows()
    with pytest.raises(LinkRevoked):
        Received(stages.database).by_file(stage.actor, stages.now)
    assert stages.rows() == before
