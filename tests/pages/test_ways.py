"""/r where somebody carries text messages: a code by SMS is offered once the letter is known, and is as good."""

import pytest

from tests.pages.visitor import BIRTH
from tests.stages import Letterbox, Stages


@pytest.fixture
def stages(tmp_path, own_database):
    stages = Stages(tmp_path, own_database, sms=Letterbox())
    yield stages
    stages.close_down()


def test_a_patient_without_their_mail_at_hand_takes_the_code_from_their_phone(stages, visitor):
    stage = stages.released()
    visitor.get("/r")
    assert "text message" not in visitor.text()
    visitor.submit("/r", {"secret": stages.typed_code()})
    assert "Check your e-mail" in visitor.text()
    assert "Send a new code as a text message" in visitor.text()
    assert visitor.submit("/r/code/again", {"way": "sms"}).status_code == 200
    assert "Check your phone" in visitor.text()
    stages.mail()
    (text,) = stages.sms.mail
    code = text.body.removeprefix("Your code is ")[:6]
    assert visitor.submit("/r/code", {"code": code, **BIRTH}).status_code == 200
    assert stage.release.purpose in visitor.text()


@pytest.mark.parametrize("way", ["email", "fax", "", "sms\x00"])
def test_anything_else_goes_by_mail(stages, visitor, way):
    stage = stages.released()
    visitor.get("/r")
    visitor.submit("/r", {"secret": stage.letter_secret})
    assert visitor.submit("/r/code/again", {"way": way}).status_code == 200
    assert "Check your e-mail" in visitor.text()
    assert stages.sms.mail == []
