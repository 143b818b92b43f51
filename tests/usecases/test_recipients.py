"""The directory of recipients, version by version."""

from dataclasses import replace
from uuid import uuid4

import pytest

from tests.factories import a_patient_actor, a_recipient_actor
from tests.stages import recipient_draft
from transfer_service.errors import NotAllowed, NotFound


def change(stages, recipient_id=None, actor=None, **changes):
    draft = recipient_draft(**changes)
    actor = actor or stages.coordinator
    return stages.journey.recipients.change(actor, recipient_id or stages.recipient.id, draft, stages.now)


def test_a_change_is_a_new_version_and_the_old_one_stays(stages):
    changed = change(stages, specialty="general pathology")
    assert (changed.id, changed.version, changed.specialty) == (stages.recipient.id, 2, "general pathology")
    with stages.database.reading() as tx:
        assert tx.recipient_version(stages.hospital.id, stages.recipient.id, 1) == stages.recipient
    listed = stages.journey.recipients.page(stages.hospital.privacy_officer, 9, None).items
    assert listed == [changed]
    assert [entry.facts for entry in stages.audit() if entry.action == "recipient.changed"] == [{"version": 2}]


def test_a_change_that_changes_nothing_makes_no_version(stages):
    before = stages.rows()
    assert change(stages) == stages.recipient
    assert stages.rows() == before


def test_who_keeps_and_who_reads_the_directory(stages):
    hospital, recipients = stages.hospital, stages.journey.recipients
    for unfit in (hospital.depositor, hospital.privacy_officer, hospital.admin, a_patient_actor(), a_recipient_actor()):
        with pytest.raises(NotAllowed):
            recipients.add(unfit, recipient_draft(), stages.now)
        with pytest.raises(NotAllowed):
            change(stages, actor=unfit, name="Other")
    for unfit in (hospital.depositor, hospital.admin, a_patient_actor(), a_recipient_actor()):
        with pytest.raises(NotAllowed):
            recipients.page(unfit, 9, None)


def test_organizations_have_directories_of_their_own(stages):
    other = stages.enrolled("Other").coordinator
    assert stages.journey.recipients.page(other, 9, None).items == []
    for recipient_id in (stages.recipient.id, uuid4()):
        with pytest.raises(NotFound):
            change(stages, recipient_id, other)
    mine = stages.journey.recipients.add(other, recipient_draft(), stages.now)
    assert replace(mine, id=stages.recipient.id, organization_id=stages.hospital.id) == stages.recipient
