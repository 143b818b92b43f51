"""Idempotency-Key: one doing, one answer, for one caller, for a day."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.api.conftest import CASE, RECIPIENT, Api, code_of
from tests.api.scenes import Scene
from tests.stages import in_many_forms, wrong_code
from transfer_service.domain.people import Role

KEY = {"Idempotency-Key": "deposit 2026-05-12 / 1"}


def test_a_repeated_request_has_the_same_answer_and_is_done_once(api: Api) -> None:
    first = api.coordinator.post("/packets", {"case": CASE}, headers=KEY)
    assert "Idempotency-Replayed" not in first.headers
    rows = api.stages.rows()
    again = api.coordinator.post("/packets", {"case": CASE}, headers=KEY)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content_type == first.content_type
    assert api.stages.rows() == rows


def test_the_same_key_with_another_body_or_query_is_refused(api: Api) -> None:
    api.coordinator.post("/packets/search", {"record_number": "1"}, headers=KEY)
    other_body = api.coordinator.post("/packets/search", {"record_number": "2"}, headers=KEY)
    assert code_of(other_body) == (422, "idempotency_key_reused")
    other_query = api.coordinator.post("/packets/search?limit=1", {"record_number": "1"}, headers=KEY)
    assert code_of(other_query) == (422, "idempotency_key_reused")


def test_a_key_is_one_caller_s_for_one_route_and_one_thing(api: Api) -> None:
    first = api.coordinator.post("/packets", {"case": CASE}, headers=KEY).get_json()["id"]
    colleague = api.staff(api.stages.hospital.pathology, Role.COORDINATOR, "Another Weaver")
    for caller in (api.depositor, colleague, api.stranger()):
        other = caller.post("/packets", {"case": CASE}, headers=KEY)
        assert other.get_json()["id"] != first
        assert "Idempotency-Replayed" not in other.headers
    second = api.coordinator.post("/recipients", RECIPIENT, headers=KEY)
    assert second.status_code == 201
    for packet in (first, api.coordinator.post("/packets", {"case": CASE}).get_json()["id"]):
        assert api.coordinator.post(f"/packets/{packet}/retire", headers=KEY).get_json()["id"] == packet


def test_a_key_is_forgotten_after_a_day(api: Api) -> None:
    first = api.coordinator.post("/packets", {"case": CASE}, headers=KEY).get_json()["id"]
    api.stages.clock.advance(timedelta(hours=24) - timedelta(microseconds=1))
    assert api.coordinator.post("/packets", {"case": CASE}, headers=KEY).get_json()["id"] == first
    api.stages.clock.advance(timedelta(microseconds=1))
    anew = api.coordinator.post("/packets", {"case": {**CASE, "laterality": "right"}}, headers=KEY).get_json()["id"]
    assert anew != first
    again = api.coordinator.post("/packets", {"case": {**CASE, "laterality": "right"}}, headers=KEY)
    assert again.get_json()["id"] == anew


def test_a_refusal_is_not_kept(api: Api) -> None:
    stage = api.stages.received()
    close = f"/packets/{stage.packet.id}/close"
    assert code_of(api.coordinator.post(close, headers=KEY)) == (409, "files_unverified")
    api.stages.verify_all()
    assert api.coordinator.post(close, headers=KEY).status_code == 200


def test_what_a_refusal_recorded_stays_recorded(api: Api) -> None:
    """Wrong answers and refused uses count under a key as without one."""
    stage = api.stages.released()
    challenge = api.anyone.post("/patient/challenge", {"secret": stage.letter_secret}).get_json()
    body = {
        "secret": stage.letter_secret,
        "challenge_id": challenge["challenge_id"],
        "birth_date": "1961-02-03",
        "code": wrong_code(api.stages.code()),
    }
    for remaining in (19, 18):
        refused = api.anyone.post("/patient/session", body, headers=KEY)
        assert code_of(refused) == (403, "answer_wrong")
        assert refused.get_json(force=True)["remaining_attempts"] == remaining
    assert api.stages.actions()[-2:] == ["patient.refused", "patient.refused"]


def test_a_refused_use_of_a_link_is_a_disclosure_refused_under_a_key_too(api: Api) -> None:
    stage = api.stages.linked()
    assert stage.link is not None
    api.coordinator.post(f"/links/{stage.link.id}/revoke")
    refused = api.anyone.post("/redeem/challenge", {"secret": stage.link_secret}, headers=KEY)
    assert code_of(refused) == (409, "link_revoked")
    (line,) = api.coordinator.get(f"/packets/{stage.packet.id}/disclosures").get_json()["items"]
    assert line["refused_code"] == "link_revoked"


def test_a_session_asked_for_again_is_the_same_session(api: Api) -> None:
    scene = Scene(api)
    request = scene.request("POST", "/api/v1/patient/session")
    first = api.anyone.post(request.path, request.kwargs["json"], headers=KEY)
    again = api.anyone.post(request.path, request.kwargs["json"], headers=KEY)
    assert first.status_code == again.status_code == 200
    assert first.data == again.data
    assert code_of(api.anyone.post(request.path, request.kwargs["json"])) == (409, "challenge_used")
    other_secret = {**request.kwargs["json"], "secret": scene.stage.link_secret}
    assert code_of(api.anyone.post(request.path, other_secret, headers=KEY)) == (404, "not_found")


def test_what_was_answered_to_a_letter_is_not_told_again_once_the_letter_is_dead(api: Api) -> None:
    stage = api.stages.released()
    challenge = api.anyone.post("/patient/challenge", {"secret": stage.letter_secret}).get_json()
    body = {
        "secret": stage.letter_secret,
        "challenge_id": challenge["challenge_id"],
        "birth_date": "1961-02-03",
        "code": api.stages.code(),
    }
    assert api.anyone.post("/patient/session", body, headers=KEY).status_code == 200
    assert stage.release is not None
    api.coordinator.post(f"/releases/{stage.release.id}/resend")
    assert code_of(api.anyone.post("/patient/session", body, headers=KEY)) == (404, "not_found")


def test_a_link_asked_for_again_is_one_link(api: Api) -> None:
    scene = Scene(api)
    request = scene.request("POST", "/api/v1/packets/<id:packet_id>/links")
    urls = {api.coordinator.post(request.path, request.kwargs["json"], headers=KEY).get_json()["url"] for _ in range(3)}
    assert len(urls) == 1
    assert len(api.coordinator.get(request.path).get_json()["items"]) == 2


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\x7fb", "é", "a\tb"])
def test_a_key_is_printable_ascii(api: Api, key: str) -> None:
    answer = api.coordinator.post("/packets", {"case": CASE}, headers={"Idempotency-Key": key})
    assert code_of(answer) == (400, "idempotency_key_malformed")
    redeem = {"secret": "x", "challenge_id": str(uuid4()), "code": "1"}
    assert code_of(api.anyone.post("/redeem", redeem, headers={"Idempotency-Key": key})) == (
        400,
        "idempotency_key_malformed",
    )


@pytest.mark.parametrize("key", ["x", "x" * 255, "a b", "~!@#$%^&*()"])
def test_any_printable_key_of_up_to_255_characters_is_taken(api: Api, key: str) -> None:
    answers = [api.coordinator.post("/packets", {"case": CASE}, headers={"Idempotency-Key": key}) for _ in range(2)]
    assert answers[0].data == answers[1].data


def test_a_malformed_body_under_a_key_is_as_malformed_as_without(api: Api) -> None:
    for path in ("/packets", "/redeem/challenge"):
        broken = api.coordinator.post(path, data=b"{", content_type="application/json", headers=KEY)
        assert code_of(broken) == (400, "json_malformed")
        assert code_of(api.coordinator.post(path, {"x": 1}, headers=KEY)) == (422, "invalid")
    assert code_of(api.anyone.post("/redeem/challenge", {"secret": 5}, headers=KEY)) == (422, "invalid")
    assert code_of(api.anyone.post("/redeem/challenge", headers=KEY)) == (400, "body_missing")


def test_nothing_kept_can_be_read_in_the_database(api: Api) -> None:
    scene = Scene(api)
    request = scene.request("POST", "/api/v1/packets/<id:packet_id>/links")
    url = api.coordinator.post(request.path, request.kwargs["json"], headers=KEY).get_json()["url"]
    api.coordinator.post("/packets", {"case": CASE}, headers=KEY)
    kept = repr(api.stages.rows()["kept_answers"]).encode()
    assert api.stages.rows()["kept_answers"]
    for secret in (url.partition("#")[2], "Ada Example", "MRN-0042", KEY["Idempotency-Key"]):
        assert not any(form in kept for form in in_many_forms(secret))
