"""The directory of recipients, version by version."""

import json
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from tests.factories import a_patient_actor, a_recipient_actor
from tests.stages import ORIGIN, recipient_draft
from transfer_service.domain.link import LinkState, Verification
from transfer_service.domain.people import Accreditation, Role
from transfer_service.errors import LinkRevoked, NotAllowed, NotFound, RecipientChanged


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


CHECKED = Accreditation("CLIA", "https://registry.test", date(2026, 1, 2))
UNCHECKED = Accreditation("CAP", "https://cap.test")


def whose(recipient):
    return [(it.name, it.checked_by) for it in recipient.accreditations]


def test_an_accreditation_names_who_of_the_staff_looked_it_up_or_nobody(stages):
    recipient = stages.recipient_added(accreditations=(CHECKED, replace(UNCHECKED, checked_by="Dr. Self")))
    assert whose(recipient) == [("CLIA", "C. Weaver"), ("CAP", None)]
    with stages.database.reading() as tx:
        assert tx.recipient_version(stages.hospital.id, recipient.id, 1) == recipient


def test_whoever_changes_something_else_does_not_say_that_they_looked_it_up(stages):
    another = stages.staff(stages.hospital.pathology, Role.COORDINATOR, "N. Ewcomer")
    recipient = stages.recipient_added(accreditations=(CHECKED, UNCHECKED))
    changed = change(stages, recipient.id, another, accreditations=(CHECKED, UNCHECKED), specialty="pathology")
    assert whose(changed) == whose(recipient)
    assert change(stages, recipient.id, another, accreditations=(CHECKED, UNCHECKED), specialty="pathology") == changed
    again = tuple(replace(it, checked_on=date(2026, 2, 3)) for it in (CHECKED, UNCHECKED))
    changed = change(stages, recipient.id, another, accreditations=again)
    assert whose(changed) == [("CLIA", "N. Ewcomer"), ("CAP", "N. Ewcomer")]


def test_what_was_written_before_names_were_asked_for_is_checked_by_nobody(stages):
    recipient = stages.recipient_added(accreditations=(CHECKED,))
    former = [{"name": "CLIA", "source": "https://registry.test", "checked_on": "2026-01-02"}]
    stages.execute("UPDATE recipients SET accreditations = ? WHERE name = ?", json.dumps(former), recipient.name)
    (read,) = [it for it in stages.journey.recipients.page(stages.coordinator, 9, None).items if it.id == recipient.id]
    assert read.accreditations == (CHECKED,)


# Whoever the patient read of


def moved(stages, **changes):
    return change(stages, **({"email": "new@review.test"} | changes))


def test_no_link_goes_to_a_recipient_who_is_not_as_the_patient_read(stages):
    stage = stages.signed()
    for changes in ({"email": "new@review.test"}, {"name": "Dr. Other"}, {"organization": "Other"}):
        moved(stages, **{"email": stages.recipient.email} | changes)
        with pytest.raises(RecipientChanged):
            stages.linked(of=stage)
    stage = stages.signed()
    assert stages.redeemed(of=stages.linked(of=stage)).actor


def test_what_a_recipient_holds_and_practises_voids_no_release(stages):
    stage = stages.signed()
    moved(stages, email=stages.recipient.email, specialty="pathology", credentials=(), accreditations=(UNCHECKED,))
    assert stages.redeemed(of=stages.linked(of=stage)).redeemed.released.recipient == stages.recipient


def test_a_link_to_an_address_that_was_given_up_opens_no_more_and_mails_nobody(stages):
    stage = stages.linked()
    asked = stages.right_answer(stage)
    stages.mail()
    moved(stages)
    with pytest.raises(RecipientChanged):
        stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    with pytest.raises(RecipientChanged):
        stages.journey.redeem.redeem(asked, ORIGIN, stages.now)
    assert stages.mail() == []
    (listed,) = stages.journey.issue.of_packet(stages.coordinator, stage.packet.id, stages.now)
    assert listed.state is LinkState.RECIPIENT_CHANGED
    refused = stages.journey.account.of_packet(stages.coordinator, stage.packet.id)
    assert [line.disclosure.refused_code for line in refused] == ["recipient_changed"] * 2


def test_a_passcode_link_opens_no_more_either(stages):
    stage = stages.linked(of=stages.signed(), verification=Verification.PASSCODE, passcode="correct horse")
    moved(stages, email=stages.recipient.email, name="Dr. Other")
    with pytest.raises(RecipientChanged):
        stages.right_answer(stage, "correct horse")


def test_a_redemption_is_not_repeated_for_a_recipient_who_changed(stages):
    stage = stages.redeemed(replay="key")
    moved(stages)
    with pytest.raises(RecipientChanged):
        stages.journey.redeem.redeem(stage.answer, ORIGIN, stages.now)


def test_whoever_was_let_in_before_goes_on_until_the_session_or_the_link_ends(stages):
    stage = stages.redeemed()
    moved(stages)
    assert stages.download(stage.actor, stage.file) == stage.contents[stage.file.path]
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    with pytest.raises(LinkRevoked):
        stages.download(stage.actor, stage.file)


def test_a_directory_that_is_put_right_again_makes_its_links_work_again(stages):
    stage = stages.linked()
    moved(stages)
    change(stages)
    assert stages.redeemed(of=stage).actor


def test_a_service_that_changed_redeems_nothing_and_is_shown_nothing(stages):
    stage, actor = stages.redeemed_by_service(), stages.service_actor
    services = stages.journey.services
    draft = recipient_draft(name=stages.service.name, email="new@remote.test", kind=stages.service.kind)
    stages.journey.recipients.change(stages.coordinator, stages.service.id, draft, stages.now)
    assert services.released(actor, stages.now, limit=9, cursor=None).items == []
    with pytest.raises(RecipientChanged):
        services.redeem(actor, stage.release.id, None, stages.now)
