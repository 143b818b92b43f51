"""Asking for a release, signing, withdrawing, issuing and revoking over HTTP (A12, A20, A21)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import CASE, RECIPIENT, Api, Caller, code_of
from tests.stages import Stage, Stages
from transfer_service.domain.moments import rfc3339
from transfer_service.usecases.guesses import MOST_OF_A_PEER


def ahead(stages: Stages, days: int) -> str:
    return rfc3339(stages.now + timedelta(days=days))


def release_body(stages: Stages, **changes: Any) -> dict[str, Any]:
    body = {
        "grants": [{"recipient_id": str(stages.recipient.id)}],
        "purpose": "Second opinion",
        "expires_at": ahead(stages, 30),
        "basis": "authorization",
    }
    return body | changes


def link_body(stages: Stages, release_id: object, **changes: Any) -> dict[str, Any]:
    body = {
        "release_id": str(release_id),
        "recipient_id": str(stages.recipient.id),
        "expires_at": ahead(stages, 7),
        "verification": "email_code",
    }
    return body | changes


def signature(form_sha256: str, **changes: Any) -> dict[str, Any]:
    body = {"form_sha256": form_sha256, "signature_name": "Ada Example", "acknowledged": True, "signer": "patient"}
    return body | changes


@pytest.fixture
def asked(api: Api) -> Stage:
    return api.stages.released()


@pytest.fixture
def signed(api: Api) -> Stage:
    return api.stages.signed()


def test_the_list_says_what_became_of_the_letter_and_no_word_of_the_mail_server(api: Api, asked: Stage) -> None:
    (listed,) = api.coordinator.get(f"/packets/{asked.packet.id}/releases").get_json()["items"]
    assert listed["letter"] == {"state": "sent", "at": rfc3339(api.stages.now)}
    api.stages.execute("UPDATE mail SET about_id = NULL")
    (listed,) = api.coordinator.get(f"/packets/{asked.packet.id}/releases").get_json()["items"]
    assert listed["letter"] is None


def test_a_recipient_has_a_language_and_chooses_what_they_may_do_without(api: Api) -> None:
    made = api.coordinator.post("/recipients", RECIPIENT).get_json()
    assert (made["language"], made["notify"]) == (None, ["expiring"])
    path = f"/recipients/{made['id']}"
    changed = api.coordinator.put(path, {**RECIPIENT, "language": "es-MX", "notify": []}).get_json()
    assert (changed["version"], changed["language"], changed["notify"]) == (2, "es-MX", [])
    for wrong in (
        {"notify": ["withdrawn"]},
        {"notify": ["expiring", "expiring"]},
        {"notify": "all"},
        {"language": "x"},
    ):
        assert code_of(api.coordinator.put(path, {**RECIPIENT, **wrong})) == (422, "invalid")
    assert api.coordinator.put(path, RECIPIENT).get_json()["notify"] == ["expiring"]


def test_a_release_is_asked_for_and_the_secret_goes_by_mail_alone(api: Api) -> None:
    packet = api.stages.closed().packet
    answer = api.coordinator.post(f"/packets/{packet.id}/releases", release_body(api.stages))
    assert answer.status_code == 201
    release = answer.get_json()
    assert (release["state"], release["purpose"], release["signed_at"]) == ("requested", "Second opinion", None)
    assert len(release["grants"][0]["file_ids"]) == 2
    assert api.stages.letter_secret() not in answer.get_data(as_text=True)
    assert api.coordinator.get(f"/releases/{release['id']}").get_json() == release
    listed = api.coordinator.get(f"/packets/{packet.id}/releases").get_json()["items"]
    letter = {"state": "sent", "at": rfc3339(api.stages.now)}
    assert listed == [{name: value for name, value in release.items() if name != "form"} | {"letter": letter}]


def test_a_release_names_only_files_of_its_packet_and_recipients_of_its_directory(api: Api) -> None:
    packet, other = api.stages.closed().packet, api.stages.closed()
    foreign = api.stranger().post("/recipients", RECIPIENT).get_json()["id"]
    releases, me = f"/packets/{packet.id}/releases", str(api.stages.recipient.id)
    for grants, code in (
        ([{"recipient_id": me, "file_ids": [str(other.file.id)]}], "file_unknown"),
        ([{"recipient_id": foreign}], "invalid"),
        ([{"recipient_id": me}, {"recipient_id": me}], "invalid"),
        ([{"recipient_id": me, "file_ids": []}], "invalid"),
        ([], "invalid"),
    ):
        answer = api.coordinator.post(releases, release_body(api.stages, grants=grants))
        assert code_of(answer) == (422, code)


def test_without_an_address_or_before_closing_nobody_is_asked(api: Api) -> None:
    patient = {name: value for name, value in CASE["patient"].items() if name != "email"}  # type: ignore[attr-defined]  # a mapping
    packet = api.coordinator.post("/packets", {"case": {**CASE, "patient": patient}}).get_json()
    releases = f"/packets/{packet['id']}/releases"
    assert code_of(api.coordinator.post(releases, release_body(api.stages))) == (409, "packet_not_closed")
    api.coordinator.put(f"/packets/{packet['id']}/content/a.svs", data=b"x")
    api.stages.verify_all()
    api.coordinator.post(f"/packets/{packet['id']}/close")
    assert code_of(api.coordinator.post(releases, release_body(api.stages))) == (409, "patient_unreachable")


def test_the_patient_reads_and_signs(api: Api, asked: Stage) -> None:
    typed = api.stages.typed_code().lower()
    challenge = api.anyone.post("/patient/challenge", {"secret": typed})
    assert challenge.status_code == 200
    assert challenge.get_json()["ways"] == ["email"]
    assert typed not in challenge.get_data(as_text=True)
    proof = {
        "secret": asked.letter_secret,
        "challenge_id": challenge.get_json()["challenge_id"],
        "birth_date": "1961-02-03",
        "code": api.stages.code(),
    }
    session = api.anyone.post("/patient/session", proof).get_json()
    assert session.keys() == {"access_token", "expires_at", "release", "news"}
    assert session["expires_at"] == rfc3339(api.stages.now + timedelta(minutes=30))
    form = session["release"]
    assert "Ada Example" in form["form"]
    patient = Caller(api.app, session["access_token"])
    assert patient.get(f"/releases/{form['id']}").get_json() == form
    sign = f"/releases/{form['id']}/sign"
    assert code_of(patient.post(sign, signature("ab" * 32))) == (409, "form_changed")
    signed = patient.post(sign, signature(form["form_sha256"]))
    assert signed.get_json()["state"] == "signed"
    said = {"name": "Ada Example", "signer": "patient", "authority": None, "medium": "page"}
    on_paper = {"confirmed_by": None, "document_sha256": None, "signed_on": None}
    assert signed.get_json()["signature"] == said | on_paper
    assert code_of(patient.post(sign, signature(form["form_sha256"]))) == (409, "release_not_requested")
    assert patient.get("/patient/accounting").get_json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"acknowledged": False},
        {"acknowledged": 1},
        {"acknowledged": None},
        {"signature_name": " "},
        {"signature_name": "\u200b"},
        {"signer": "representative", "authority": "\u2800"},
        {"signer": "patient", "authority": "Health care proxy"},
        {"signer": "representative"},
        {"signer": "doctor"},
        {"form_sha256": "x"},
    ],
)
def test_a_signature_that_is_not_wholly_one_is_none(api: Api, asked: Stage, spoilt: dict[str, object]) -> None:
    patient = api.patient(asked)
    assert asked.release is not None
    body = signature(asked.release.form.sha256) | spoilt
    assert code_of(patient.post(f"/releases/{asked.release.id}/sign", body)) == (422, "invalid")
    assert patient.get(f"/releases/{asked.release.id}").get_json()["state"] == "requested"


def test_nobody_signs_for_a_packet_that_is_retired(api: Api, asked: Stage) -> None:
    patient = api.patient(asked)
    assert asked.release is not None
    api.coordinator.post(f"/packets/{asked.packet.id}/retire")
    refused = patient.post(f"/releases/{asked.release.id}/sign", signature(asked.release.form.sha256))
    assert code_of(refused) == (409, "packet_retired")


def test_a_representative_signs_by_their_authority(api: Api, asked: Stage) -> None:
    assert asked.release is not None
    body = signature(asked.release.form.sha256, signer="representative", authority="Health care proxy")
    signed = api.patient(asked).post(f"/releases/{asked.release.id}/sign", body).get_json()
    assert signed["signature"]["authority"] == "Health care proxy"


def test_staff_can_not_sign_and_that_they_tried_is_recorded(api: Api, asked: Stage) -> None:
    assert asked.release is not None
    answer = api.coordinator.post(f"/releases/{asked.release.id}/sign", signature(asked.release.form.sha256))
    assert code_of(answer) == (403, "not_allowed")
    entry = api.privacy_officer.get("/audit?limit=1").get_json()["items"][0]
    assert (entry["action"], entry["actor"]["kind"]) == ("release.sign_refused", "staff:coordinator")


def test_staff_who_try_to_sign_are_recorded_whatever_they_sent(api: Api, asked: Stage) -> None:
    assert asked.release is not None
    for body in ({}, {"form_sha256": 1}, [], "x"):
        refused = api.coordinator.post(f"/releases/{asked.release.id}/sign", body)
        assert code_of(refused) == (403, "not_allowed")
    assert api.stages.actions()[-4:] == ["release.sign_refused"] * 4


def test_only_who_may_see_a_release_learns_that_there_is_one(api: Api, asked: Stage) -> None:
    assert asked.release is not None
    for release_id in (asked.release.id, uuid4()):
        for caller in (api.depositor, api.admin):
            assert code_of(caller.get(f"/releases/{release_id}")) == (403, "not_allowed")
            assert code_of(caller.post(f"/releases/{release_id}/withdraw")) == (403, "not_allowed")


def test_a_patient_reaches_no_other_patient_s_release(api: Api, asked: Stage) -> None:
    other = api.patient(api.stages.released())
    assert asked.release is not None
    assert code_of(other.get(f"/releases/{asked.release.id}")) == (404, "not_found")
    body = signature(asked.release.form.sha256)
    assert code_of(other.post(f"/releases/{asked.release.id}/sign", body)) == (404, "not_found")
    assert code_of(other.post(f"/releases/{asked.release.id}/withdraw")) == (404, "not_found")


def test_wrong_answers_of_a_patient_are_counted_and_end_the_challenge(api: Api, asked: Stage) -> None:
    challenge = api.anyone.post("/patient/challenge", {"secret": asked.letter_secret}).get_json()
    right = {"secret": asked.letter_secret, "birth_date": "1961-02-03", "code": api.stages.code(), **challenge}
    del right["expires_at"], right["ways"]
    for tries in (4, 3, 2, 1, 0):
        answer = api.anyone.post("/patient/session", {**right, "birth_date": "1961-02-04"})
        assert code_of(answer) == (403, "answer_wrong")
        told = answer.get_json(force=True)
        assert (told["remaining_attempts"], told["remaining_tries"]) == (15 + tries, tries)
    assert code_of(api.anyone.post("/patient/session", right)) == (409, "challenge_over")


def test_a_fresh_letter_replaces_the_lost_one(api: Api, asked: Stage) -> None:
    patient = api.patient(asked)
    assert asked.release is not None
    assert api.coordinator.post(f"/releases/{asked.release.id}/resend").get_json()["state"] == "requested"
    assert code_of(api.anyone.post("/patient/challenge", {"secret": asked.letter_secret})) == (404, "not_found")
    assert code_of(patient.get("/patient/accounting")) == (401, "not_authenticated")
    assert api.anyone.post("/patient/challenge", {"secret": api.stages.letter_secret()}).status_code == 200


def test_a_release_past_its_time_is_shown_as_expired(api: Api, signed: Stage) -> None:
    assert signed.release is not None
    api.stages.clock.now = signed.release.expires_at
    shown = api.coordinator.get(f"/releases/{signed.release.id}").get_json()
    assert (shown["state"], shown["signature"]["signer"]) == ("expired", "patient")
    api.stages.clock.advance(timedelta(hours=1))
    withdrawn = api.coordinator.post(f"/releases/{signed.release.id}/withdraw").get_json()
    assert withdrawn["state"] == "withdrawn"


def test_a_link_is_shown_once_with_its_url(api: Api, signed: Stage) -> None:
    assert signed.release is not None
    links = f"/packets/{signed.packet.id}/links"
    issued = api.coordinator.post(links, link_body(api.stages, signed.release.id, max_redemptions=3))
    assert issued.status_code == 201
    link = issued.get_json()
    url, _, secret = link.pop("url").partition("#")
    assert (url, len(secret), link["state"]) == ("https://transfer.hospital.test/l", 43, "live")
    listed = api.coordinator.get(links)
    assert listed.get_json() == {"items": [link], "next_cursor": None}
    assert secret not in listed.get_data(as_text=True)


def test_no_link_without_the_patient_s_live_signature(api: Api, asked: Stage) -> None:
    assert asked.release is not None
    links, release = f"/packets/{asked.packet.id}/links", asked.release.id
    assert code_of(api.coordinator.post(links, link_body(api.stages, release))) == (409, "release_not_signed")
    api.stages.signed(of=api.stages.in_session(of=asked))
    unnamed = api.coordinator.post("/recipients", RECIPIENT).get_json()["id"]
    body = link_body(api.stages, release, recipient_id=unnamed)
    assert code_of(api.coordinator.post(links, body)) == (409, "recipient_not_named")
    other = api.stages.closed().packet.id
    assert code_of(api.coordinator.post(f"/packets/{other}/links", link_body(api.stages, release))) == (
        404,
        "not_found",
    )
    for days, code in ((0, "expiry_in_past"), (91, "expiry_too_far")):
        body = link_body(api.stages, release, expires_at=ahead(api.stages, days))
        assert code_of(api.coordinator.post(links, body)) == (422, code)
    api.coordinator.post(f"/releases/{release}/withdraw")
    assert code_of(api.coordinator.post(links, link_body(api.stages, release))) == (409, "release_withdrawn")


def test_a_link_never_outlives_its_release(api: Api) -> None:
    stage = api.stages.signed(expires_at=api.stages.now + timedelta(days=5))
    assert stage.release is not None
    links = f"/packets/{stage.packet.id}/links"
    body = link_body(api.stages, stage.release.id, expires_at=ahead(api.stages, 6))
    assert code_of(api.coordinator.post(links, body)) == (422, "expiry_too_far")
    api.stages.clock.now = stage.release.expires_at
    body = link_body(api.stages, stage.release.id)
    assert code_of(api.coordinator.post(links, body)) == (409, "release_expired")


@pytest.mark.parametrize(
    "spoilt",
    [
        {"verification": "passcode"},
        {"passcode": "correct horse"},
        {"verification": "passcode", "passcode": "12345"},
        {"verification": "passcode", "passcode": " abcdef"},
        {"verification": "passcode", "passcode": "abcdef "},
        {"verification": "passcode", "passcode": "abc\ndef"},
        {"verification": "passcode", "passcode": "      "},
        {"verification": "none"},
        {"max_redemptions": 0},
        {"max_redemptions": "1"},
        {"max_redemptions": True},
        {"release_id": "x"},
    ],
)
def test_a_link_is_wholly_described_or_refused(api: Api, signed: Stage, spoilt: dict[str, object]) -> None:
    assert signed.release is not None
    body = link_body(api.stages, signed.release.id) | spoilt
    assert code_of(api.coordinator.post(f"/packets/{signed.packet.id}/links", body)) == (422, "invalid")


def test_a_recipient_s_change_makes_a_version_that_no_former_release_names(api: Api, asked: Stage) -> None:
    known = api.coordinator.get("/recipients").get_json()["items"][0]
    changed = api.coordinator.put(f"/recipients/{known['id']}", {**RECIPIENT, "name": "Dr. R. Renamed"}).get_json()
    assert (changed["version"], changed["name"]) == (2, "Dr. R. Renamed")
    again = api.coordinator.put(f"/recipients/{known['id']}", {**RECIPIENT, "name": "Dr. R. Renamed"}).get_json()
    assert again == changed
    assert asked.release is not None
    grant = api.coordinator.get(f"/releases/{asked.release.id}").get_json()["grants"][0]
    assert grant["recipient_version"] == 1


def test_a_code_is_sent_no_way_that_is_not_offered(api: Api, asked: Stage) -> None:
    for way in ("sms", "fax", None):
        body = {"secret": asked.letter_secret, "way": way}
        assert code_of(api.anyone.post("/patient/challenge", body)) == (422, "invalid")
    body = {"secret": asked.letter_secret, "way": "email"}
    assert api.anyone.post("/patient/challenge", body).status_code == 200


def test_a_typed_code_s_calls_are_answered_once_under_a_key(api: Api, asked: Stage) -> None:
    typed, key = api.stages.typed_code(), {"Idempotency-Key": "challenge-1"}
    first, second = (api.anyone.post("/patient/challenge", {"secret": typed}, headers=key) for _ in range(2))
    assert first.get_json() == second.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert asked.release


def test_who_guesses_typed_codes_is_told_to_wait_whatever_they_send(api: Api, asked: Stage) -> None:
    for _ in range(MOST_OF_A_PEER):
        assert code_of(api.anyone.post("/patient/challenge", {"secret": "0000-0000-0000"})) == (404, "not_found")
    proof = {"challenge_id": str(uuid4()), "birth_date": "1961-02-03", "code": "000000"}
    for secret in ("0000-0000-0000", api.stages.typed_code()):
        for path, body in (("/patient/challenge", {}), ("/patient/session", proof)):
            answer = api.anyone.post(path, {"secret": secret, **body}, headers={"Idempotency-Key": path})
            assert code_of(answer) == (429, "too_many")
            assert answer.headers["Retry-After"] == "3601"
    assert api.anyone.post("/patient/challenge", {"secret": asked.letter_secret}).status_code == 200


def test_a_recipient_whose_address_changed_takes_a_new_release(api: Api, signed: Stage) -> None:
    recipient = api.stages.recipient
    assert signed.release is not None
    link = api.coordinator.post(
        f"/packets/{signed.packet.id}/links", link_body(api.stages, signed.release.id)
    ).get_json()
    api.coordinator.put(f"/recipients/{recipient.id}", {**RECIPIENT, "email": "new@review.test"})
    body = link_body(api.stages, signed.release.id)
    assert code_of(api.coordinator.post(f"/packets/{signed.packet.id}/links", body)) == (409, "recipient_changed")
    secret = link["url"].partition("#")[2]
    assert code_of(api.anyone.post("/redeem/challenge", {"secret": secret})) == (409, "recipient_changed")
    (listed,) = api.coordinator.get(f"/packets/{signed.packet.id}/links").get_json()["items"]
    assert listed["state"] == "recipient_changed"


def test_an_accreditation_says_who_checked_it_and_when_or_that_nobody_did(api: Api) -> None:
    accreditations = [
        {"name": "CLIA", "source": "https://registry.test", "checked_on": "2026-01-02"},
        {"name": "CAP"},
    ]
    shown = api.coordinator.post("/recipients", {**RECIPIENT, "accreditations": accreditations}).get_json()
    assert shown["accreditations"] == [
        {**accreditations[0], "checked_by": "T. Keeper"},
        {"name": "CAP", "source": None, "checked_on": None, "checked_by": None},
    ]
    claimed = [{**accreditations[0], "checked_by": "Somebody Else"}]
    assert code_of(api.coordinator.post("/recipients", {**RECIPIENT, "accreditations": claimed})) == (422, "invalid")
