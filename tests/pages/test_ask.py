"""/ask and /q: a request for slides, from the form to its answer."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import asked
from tests.pages.visitor import REQUEST, Visitor
from tests.stages import PUBLIC_URL, REQUEST_SECRET
from transfer_service.domain.language import Language
from transfer_service.domain.slide_request import Asker, AskerKind, DeclineReason
from transfer_service.errors import Unavailable
from transfer_service.pages.slide_requests import REASONS
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.slide_requests import Acceptance

FORM_ID = re.compile(r'name="form_id" value="([^"]+)"')
SECRETS = re.compile(r'(name="(?:form_id|csrf_token)" value=)"[^"]+"')


@pytest.fixture
def address(stages):
    return f"/ask/{stages.open_to_requests().id}"


def filled_in(visitor, **changes):
    """The form as somebody fills it in who has just opened it."""
    return {"form_id": FORM_ID.search(visitor.last.text)[1], **REQUEST, **changes}


def send(visitor, address, **changes):
    visitor.get(address)
    return visitor.submit(address, filled_in(visitor, **changes))


def queue(stages):
    return stages.journey.slide_requests.of_department(stages.coordinator, limit=50).items


def shown(visitor, name):
    """What stands in a field of the last page."""
    return re.search(rf'name="{name}"[^>]* value="([^"]*)"', visitor.last.text)[1]


def test_a_patient_asks_and_the_department_has_it_word_for_word(stages, visitor, address):
    visitor.get("/")
    assert 'href="/ask"' in visitor.last.text
    visitor.get("/ask")
    assert f'href="{address}"' in visitor.last.text
    assert "St. Agatha, Pathology" in visitor.text()
    assert send(visitor, address).status_code == 200
    assert "Your request was sent" in visitor.text()
    assert "+1 555 0111" in visitor.text()
    (request,) = queue(stages)
    assert request.asked == asked()


def test_a_physician_asks_and_needs_to_know_no_more_than_they_must(stages, visitor, address):
    empty = dict.fromkeys(
        ("record_number", "phone", "done_month", "done_day", "done_year", "recipient_email", "question"), ""
    )
    send(visitor, address, asker="physician", asker_name="Dr. A. Sker", practice="Elm Street Practice", **empty)
    (request,) = queue(stages)
    assert request.asked.asker == Asker(AskerKind.PHYSICIAN, "Dr. A. Sker", "Elm Street Practice")
    said = request.asked
    assert (said.record_number, said.phone, said.done_on, said.question, said.recipient.email) == (None,) * 5


def test_the_request_and_its_mail_are_in_the_language_of_the_page(stages, visitor, address):
    visitor.get(f"{address}?lang=es")
    assert 'lang="es"' in visitor.last.text
    visitor.submit(address, filled_in(visitor))
    assert queue(stages)[0].asked.language is Language.SPANISH


def test_the_mail_leads_to_a_page_that_shows_how_the_request_stands(stages, visitor, address):
    send(visitor, address)
    (mail,) = stages.mail()
    secret = REQUEST_SECRET.search(mail.body)[1]
    assert f"{PUBLIC_URL}/q#{secret}" in mail.body
    visitor.get("/q")
    assert visitor.submit("/q", {"secret": f"{PUBLIC_URL}/q#{secret}"}).status_code == 200
    assert "has not answered yet" in visitor.text()
    assert not [word for word in ("Ada", "MRN-0042", "biopsy", "1961") if word in visitor.last.text]


def test_what_is_wrong_is_said_beside_each_field_and_in_a_summary_and_nothing_typed_is_lost(stages, visitor, address):
    visitor.get(address)
    wrong = {"email": "ada", "birth_month": "13", "done_year": "2999", "recipient_name": "", "recipient_email": "a@b"}
    fields = filled_in(visitor, **wrong)
    answer = visitor.submit(address, fields)
    assert answer.status_code == 422
    links = re.findall(r'<li><a href="#(\w+)">', answer.text)
    assert links == ["birth_month", "email", "done_month", "recipient_name", "recipient_email"]
    for name in links:
        assert f'id="{name}-error"' in answer.text
        assert f'id="{name}"' in answer.text
        assert re.search(rf'id="{name}" [^>]*aria-invalid="true"[^>]*>', answer.text) or "month" in name
    for name in ("patient_name", "email", "birth_month", "done_year", "recipient_organization", "record_number"):
        assert shown(visitor, name) == fields[name]
    assert REQUEST["done"] in answer.text
    assert re.search(r'value="patient"[^>]* checked', answer.text)
    assert shown(visitor, "form_id") == fields["form_id"]
    assert (queue(stages), stages.mail()) == ([], [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"asker": ""}, "asker"),
        ({"asker": "lawyer"}, "asker"),
        ({"asker": "physician"}, "asker_name"),
        ({"asker": "physician", "asker_name": "Dr. A. Sker"}, "practice"),
        ({"patient_name": "Ada\r\nBcc: eve@elsewhere.test\x00"}, "patient_name"),
        ({"patient_name": "..."}, "patient_name"),
        ({"patient_name": "\u202eAda"}, "patient_name"),
        ({"email": "ada@patient.test\r\nBcc: eve@elsewhere.test"}, "email"),
        ({"email": "ada@patient.test,eve@elsewhere.test"}, "email"),
        ({"email": "Ada <ada@patient.test>"}, "email"),
        ({"birth_year": "2061"}, "birth_month"),
        ({"done_day": ""}, "done_month"),
        ({"done": ""}, "done"),
        ({"done": "x" * 2001}, "done"),
        ({"done": "a\x1b[31mb"}, "done"),
        ({"question": "\x00"}, "question"),
        ({"phone": "1" * 41}, "phone"),
        ({"recipient_organization": " "}, "recipient_organization"),
    ],
)
def test_what_can_t_be_right_is_asked_for_again_and_nothing_is_kept(stages, visitor, address, changes, field):
    before = stages.rows()
    answer = send(visitor, address, **changes)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text
    assert stages.rows() == before


def test_a_form_that_is_sent_twice_is_one_request(stages, visitor, address):
    visitor.get(address)
    fields = filled_in(visitor)
    for _ in range(3):
        answer = visitor.post(address, fields)
        assert (answer.status_code, answer.location) == (303, f"{address}/received")
    assert len(queue(stages)) == len(stages.mail()) == 1
    assert visitor.post(address, {**fields, "done": "And another biopsy"}).status_code == 303
    assert len(queue(stages)) == 2


def test_beyond_the_department_s_limit_nothing_typed_is_lost_and_the_page_says_when_to_come_again(
    stages, visitor, address
):
    object.__setattr__(stages.journey.asking, "limits", Limits(requests_an_hour=1))
    send(visitor, address)
    answer = send(visitor, address)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == timedelta(hours=1).seconds + 1
    assert "Send it again in an hour" in visitor.text()
    assert shown(visitor, "patient_name") == "Ada Example"


def test_an_unknown_department_and_one_that_takes_no_requests_are_one_page(stages, visitor):
    pages = []
    for department_id in (uuid4(), stages.hospital.pathology.id):
        for path in (f"/ask/{department_id}", f"/ask/{department_id}/received"):
            answer = visitor.get(path)
            pages.append((answer.status_code, re.sub(r"[0-9a-f-]{32,36}(/received)?", "", answer.text)))
    assert len(set(pages)) == 1
    assert pages[0][0] == 404
    visitor.get("/r")
    assert visitor.post(f"/ask/{stages.hospital.pathology.id}", REQUEST).status_code == 404


def test_where_no_department_takes_requests_no_page_leads_to_the_form(visitor):
    visitor.get("/")
    assert "/ask" not in visitor.last.text
    visitor.get("/ask")
    assert "No department takes requests" in visitor.text()


def test_the_door_opens_without_the_database(stages, visitor, monkeypatch):
    def unavailable(*_):
        raise Unavailable

    monkeypatch.setattr(type(stages.journey.asking), "departments", unavailable)
    assert visitor.get("/").status_code == 200


def test_who_comes_from_the_hospital_s_own_site_can_send_the_form_and_keeps_their_session(stages, app, address):
    client = app.test_client()
    form = client.get(address, base_url=PUBLIC_URL, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Set-Cookie" not in form.headers
    fields = {"form_id": FORM_ID.search(form.text)[1], **REQUEST}
    sent = client.post(address, data=fields, base_url=PUBLIC_URL, headers={"Sec-Fetch-Site": "same-origin"})
    assert sent.status_code == 303
    for site in ("cross-site", "same-site"):
        refused = client.post(address, data=fields, base_url=PUBLIC_URL, headers={"Sec-Fetch-Site": site})
        assert refused.status_code == 400
    assert len(queue(stages)) == 1


def test_looking_at_the_form_changes_nothing_and_shows_everybody_the_same(stages, app, address):
    before = stages.rows()
    pages = {SECRETS.sub(r"\1", Visitor(app).get(address).text) for _ in range(3)}
    assert len(pages) == 1
    assert stages.rows() == before


def test_the_form_works_without_scripts_by_keyboard_and_on_a_phone(visitor, address):
    text = visitor.get(address).text
    assert not re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=|javascript:|tabindex", text)
    assert 'name="viewport" content="width=device-width' in text
    ids = re.findall(r'<(?:input|textarea)(?![^>]*type="hidden")[^>]* id="(\w+)"', text)
    assert len(ids) == len(set(ids)) == 19
    assert sorted(re.findall(r'<label for="(\w+)"', text)) == sorted(ids)
    for described in re.findall(r'aria-describedby="([^"]+)"', text):
        for hint in described.split():
            assert f'id="{hint}"' in text


# How a request stands


@pytest.fixture
def opened(stages, visitor):
    """A request, at whose page its asker is."""
    request, secret = stages.requested()
    visitor.get("/q")
    visitor.submit("/q", {"secret": secret})
    return request


@pytest.mark.parametrize("pasted", ["", "x", "x" * 43])
def test_a_code_that_nobody_was_sent_is_asked_for_again(visitor, pasted):
    visitor.get("/q")
    answer = visitor.submit("/q", {"secret": pasted})
    assert answer.status_code in {404, 422}
    assert 'id="secret-error"' in answer.text


def test_an_asker_takes_the_request_back(stages, visitor, opened):
    visitor.submit("/q/withdraw")
    assert "You have taken this request back" in visitor.text()
    assert "Take the request back" not in visitor.text()
    assert visitor.post("/q/withdraw", {"csrf_token": "x"}).status_code == 400
    assert stages.journey.slide_requests.one(stages.coordinator, opened.id).state == "withdrawn"


def test_an_asker_who_is_too_late_to_take_it_back_sees_the_answer(stages, visitor, opened):
    stages.journey.slide_requests.accept(stages.coordinator, opened.id, Acceptance("S26-1", "MRN-1"), stages.now)
    visitor.submit("/q/withdraw")
    assert "Being worked on" in visitor.text()
    assert "Call the department" in visitor.text()


@pytest.mark.parametrize("reason", DeclineReason)
def test_a_declined_request_says_why_in_the_reader_s_words_and_the_department_s(stages, visitor, opened, reason):
    decline = stages.journey.slide_requests.decline
    decline(stages.coordinator, opened.id, reason, "Ring us <b>today</b>.", stages.now)
    visitor.get("/q/standing")
    assert REASONS[reason] in visitor.text()
    assert "Ring us <b>today</b>." in visitor.text()
    assert "<b>today" not in visitor.last.text


def test_a_request_whose_packet_is_closed_is_done(stages, visitor, opened):
    packet = stages.journey.slide_requests.accept(
        stages.coordinator, opened.id, Acceptance("S26-1", "MRN-1"), stages.now
    )
    stages.journey.retire.retire(stages.coordinator, packet.id, stages.now)
    visitor.get("/q/standing")
    assert "Done." in visitor.text()
    assert str(packet.id) not in visitor.last.text


def test_without_the_code_there_is_nothing_to_see_or_to_take_back(visitor, opened, another_visitor):
    assert opened
    another_visitor.get("/q")
    assert another_visitor.post("/q/withdraw").status_code == 401
    assert another_visitor.get("/q/standing").location == "/q"
    visitor.submit("/q/sign-out")
    assert "signed out" in visitor.text()
    assert visitor.get("/q/standing").location == "/q"
