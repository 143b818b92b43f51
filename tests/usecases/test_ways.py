"""How a patient's code is sent: by mail; by SMS too, where somebody carries text messages and there is a phone."""

from datetime import timedelta

import pytest

from tests.factories import a_patient
from tests.stages import BIRTH_DATE, ORIGIN, Letterbox, Stages
from transfer_service.domain.mail import Way
from transfer_service.errors import Invalid
from transfer_service.usecases.contact import ContactDraft
from transfer_service.usecases.notify import Notify
from transfer_service.usecases.patient import PatientAnswer


@pytest.fixture
def texting(tmp_path, own_database):
    """A hospital whose service has somebody to carry text messages."""
    stages = Stages(tmp_path, own_database, sms=Letterbox())
    yield stages
    stages.close_down()


def challenge(stages, stage, way=Way.EMAIL):
    return stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now, way)


def test_without_anybody_to_carry_text_messages_only_mail_is_offered(stages):
    stage = stages.released()
    assert challenge(stages, stage).ways == (Way.EMAIL,)
    before = stages.rows()
    with pytest.raises(Invalid):
        challenge(stages, stage, Way.SMS)
    assert stages.rows() == before


def test_without_a_phone_only_mail_is_offered(texting):
    stage = texting.released(of=texting.closed(patient=a_patient(phone=None)))
    assert challenge(texting, stage).ways == (Way.EMAIL,)
    with pytest.raises(Invalid):
        challenge(texting, stage, Way.SMS)


def test_a_code_goes_by_sms_to_the_phone_as_it_stood_when_the_release_was_asked_for(texting):
    stage = texting.released()
    draft = ContactDraft(phone="+1 555 0199")
    texting.journey.contacts.change(texting.coordinator, stage.packet.id, draft, texting.now)
    texting.mail()
    asked = challenge(texting, stage, Way.SMS)
    assert asked.ways == (Way.EMAIL, Way.SMS)
    assert texting.audit()[-1].facts == {"way": "sms"}
    assert texting.mail() == []
    (text,) = texting.sms.mail
    assert (text.to, text.subject, text.way) == ("+1 555 0100", None, Way.SMS)
    assert len(text.body) <= 160
    for phi in ("Ada", "MRN-0042", "Pathology"):
        assert phi not in text.body
    code = text.body.removeprefix("Your code is ")[:6]
    answer = PatientAnswer(stage.letter_secret, asked.id, BIRTH_DATE, code)
    assert texting.journey.patients.begin(answer, ORIGIN, texting.now).release == stage.release


def test_a_text_message_waits_where_nobody_carries_it_any_more(texting):
    challenge(texting, texting.released(), Way.SMS)
    texting.mail()
    texting.sms.mail.clear()
    challenge(texting, texting.released(), Way.SMS)
    Notify(texting.database, texting.post).deliver(texting.now)
    assert texting.post.mail[-1].way is Way.EMAIL
    texting.journey.notify.deliver(texting.clock.advance(timedelta(hours=1)))
    (text,) = texting.sms.mail
    assert text.way is Way.SMS
