"""Requests for slides over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.api.conftest import CASE, KNOWN_CASE, code_of, slide_request
from tests.stages import REQUEST_SECRET
from transfer_service.usecases.limits import Limits


@pytest.fixture
def department_id(api):
    return api.stages.open_to_requests().id


@pytest.fixture
def ask(api, department_id):
    def ask(headers=None, **changes):
        return api.anyone.post("/slide-requests", slide_request(department_id) | changes, headers=headers)

    return ask


@pytest.fixture
def asked(api, ask):
    """A request as staff see it, and its asker's secret."""
    ask()
    secret = REQUEST_SECRET.search(api.stages.mail()[-1].body)[1]
    return api.coordinator.get("/slide-requests").get_json()["items"][0], secret


def test_whoever_asks_hears_that_it_was_received_and_nothing_else(api, ask):
    for answer in (ask(), ask(patient={"name": "Nobody Known", "birth_date": "1950-01-01"})):
        assert (answer.status_code, answer.get_json()) == (202, {"received": True})
    shown, also = sorted(
        api.coordinator.get("/slide-requests").get_json()["items"], key=lambda it: it["patient"]["name"]
    )
    assert also["patient"] == {"name": "Nobody Known", "birth_date": "1950-01-01", "record_number": None}
    said = slide_request(shown["department_id"])
    assert {name: shown[name] for name in said if name != "asker"} == {
        name: said[name] for name in said if name != "asker"
    }
    assert shown["asker"] == {"kind": "patient", "name": "Ada Example", "practice": None}
    assert (shown["state"], shown["packet_id"], shown["decided_at"]) == ("received", None, None)


def test_an_unknown_department_and_one_that_takes_no_requests_are_the_same_404(api):
    answers = [
        api.anyone.post("/slide-requests", slide_request(id_)) for id_ in (uuid4(), api.stages.hospital.pathology.id)
    ]
    assert [code_of(answer) for answer in answers] == [(404, "not_found")] * 2
    first, second = (answer.get_json() | {"request_id": ""} for answer in answers)
    assert first == second


def test_posted_twice_with_the_same_key_it_is_one_request(api, ask):
    key = {"Idempotency-Key": str(uuid4())}
    assert [ask(key).status_code for _ in range(3)] == [202, 202, 202]
    assert len(api.coordinator.get("/slide-requests").get_json()["items"]) == 1
    assert code_of(ask(key, done="Something else")) == (422, "idempotency_key_reused")


def test_beyond_the_department_s_limit_it_is_429_with_the_time_to_come_again(api, ask):
    object.__setattr__(api.stages.journey.asking, "limits", Limits(requests_an_hour=1))
    assert ask().status_code == 202
    refused = ask()
    assert code_of(refused) == (429, "too_many")
    assert int(refused.headers["Retry-After"]) == timedelta(hours=1).seconds + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "ada@patient.test\r\nBcc: eve@elsewhere.test"},
        {"email": "ada@patient.test, eve@elsewhere.test"},
        {"email": "Ada <ada@patient.test>"},
        {"email": None},
        {"asker": {"kind": "patient", "name": "Ada\r\nBcc: eve@elsewhere.test"}},
        {"asker": {"kind": "physician", "name": "Dr. A. Sker"}},
        {"asker": {"kind": "physician", "name": "Dr. A. Sker", "practice": "\u202eevil"}},
        {"asker": {"kind": "lawyer", "name": "L. Aw"}},
        {"asker": {"name": "Ada Example"}},
        {"patient": {"name": "Ada\x00", "birth_date": "1961-02-03"}},
        {"patient": {"name": "...", "birth_date": "1961-02-03"}},
        {"patient": {"name": "Ada Example", "birth_date": "2061-02-03"}},
        {"patient": {"name": "Ada Example", "birth_date": "1961-02-30"}},
        {"patient": {"name": "Ada Example", "birth_date": "1961-02-03", "role": "admin"}},
        {"recipient": {"name": "Dr. R. Viewer", "organization": "Review", "email": "a@b.test\nX: y"}},
        {"recipient": {"name": "Dr. R. Viewer"}},
        {"language": "fr"},
        {"phone": "+1 555\n0100"},
        {"done": "   "},
        {"done": "x" * 2001},
        {"done_on": "2027-01-01"},
        {"question": "a\x1b[31m"},
        {"department_id": "pathology"},
        {"state": "accepted"},
    ],
)
def test_what_can_t_be_right_is_refused_and_nothing_is_kept_or_mailed(api, ask, changes):
    before = api.stages.rows()
    assert code_of(ask(**changes)) == (422, "invalid")
    assert api.stages.rows() == before


def test_an_asker_follows_the_request_and_takes_it_back(api, asked):
    _, secret = asked
    shown = api.anyone.post("/slide-requests/status", {"secret": secret})
    assert shown.get_json() == {
        "state": "received",
        "organization": "St. Agatha",
        "department": "Pathology",
        "contact": "+1 555 0111",
        "received_at": shown.get_json()["received_at"],
        "decided_at": None,
        "decline_reason": None,
        "decline_note": None,
    }
    key = {"Idempotency-Key": "once"}
    back = [api.anyone.post("/slide-requests/withdraw", {"secret": secret}, headers=key) for _ in range(2)]
    assert [answer.get_json()["state"] for answer in back] == ["withdrawn"] * 2
    assert back[1].headers["Idempotency-Replayed"] == "true"
    for what in ("status", "withdraw"):
        assert code_of(api.anyone.post(f"/slide-requests/{what}", {"secret": "x" * 43})) == (404, "not_found")


def test_a_declined_request_is_shown_to_both_with_its_reason(api, asked):
    request, secret = asked
    answer = {"reason": "elsewhere", "note": "They are at the old hospital."}
    declined = api.coordinator.post(f"/slide-requests/{request['id']}/decline", answer)
    assert (declined.status_code, declined.get_json()["state"]) == (200, "declined")
    standing = api.anyone.post("/slide-requests/status", {"secret": secret}).get_json()
    for shown in (declined.get_json(), standing):
        assert (shown["decline_reason"], shown["decline_note"]) == tuple(answer.values())
    for what, body in (("decline", answer), ("accept", {"case": KNOWN_CASE})):
        again = api.coordinator.post(f"/slide-requests/{request['id']}/{what}", body)
        assert code_of(again) == (409, "slide_request_decided")
    assert code_of(api.anyone.post("/slide-requests/withdraw", {"secret": secret})) == (409, "slide_request_decided")


@pytest.mark.parametrize("body", [{}, {"reason": "unknown"}, {"reason": "other", "note": "a\nb"}, {"note": "no"}])
def test_a_decline_has_a_reason_that_is_known_and_one_sentence(api, asked, body):
    assert api.coordinator.post(f"/slide-requests/{asked[0]['id']}/decline", body).status_code in {400, 422}


def test_an_accepted_request_is_a_packet(api, asked):
    request, secret = asked
    body = {"case": KNOWN_CASE, "contact_confirmed": True}
    accepted = api.coordinator.post(f"/slide-requests/{request['id']}/accept", body)
    assert accepted.status_code == 201
    packet = accepted.get_json()
    assert packet["case"]["patient"] == CASE["patient"] | {"language": "es"}
    assert (packet["state"], packet["files"], packet["case"]["accession_number"]) == ("open", [], "S26-1234")
    assert api.coordinator.get(f"/packets/{packet['id']}").get_json() == packet
    shown = api.coordinator.get(f"/slide-requests/{request['id']}").get_json()
    assert (shown["state"], shown["packet_id"]) == ("accepted", packet["id"])
    standing = api.anyone.post("/slide-requests/status", {"secret": secret})
    assert standing.get_json()["state"] == "in_progress"
    assert packet["id"] not in standing.get_data(as_text=True)


def test_staff_may_say_the_whole_case_and_never_less_than_its_two_numbers(api, asked):
    address = f"/slide-requests/{asked[0]['id']}/accept"
    for case in ({}, {"accession_number": "S26-1"}, {"accession_number": "S26-1", "patient": {"name": "Ada Example"}}):
        assert code_of(api.coordinator.post(address, {"case": case})) == (422, "invalid")
    body = {"case": CASE, "note": "Urgent", "contributing_department_ids": []}
    packet = api.coordinator.post(address, body).get_json()
    assert (packet["case"], packet["note"]) == (CASE, "Urgent")


def test_the_queue_is_listed_by_state_and_in_pages(api, ask):
    for _ in range(3):
        ask()
        api.stages.clock.advance(timedelta(minutes=1))
    first = api.coordinator.get("/slide-requests?limit=2&state=received").get_json()
    rest = api.coordinator.get(f"/slide-requests?limit=2&state=received&cursor={first['next_cursor']}").get_json()
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 3
    assert rest["next_cursor"] is None
    assert api.coordinator.get("/slide-requests?state=declined").get_json()["items"] == []
    assert code_of(api.coordinator.get("/slide-requests?state=open")) == (422, "invalid")
