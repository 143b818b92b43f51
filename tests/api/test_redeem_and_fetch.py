"""The recipient over HTTP: proving who they are, fetching, and every way it ends (A10, A13 to A16, A42)."""

import hashlib
from base64 import b64encode
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.api.conftest import CASE, PART_BYTES, Api, Caller, code_of
from tests.stages import Stage, sha256_hex, some_bytes, wrong_code
from transfer_service.domain.link import Verification
from transfer_service.sealing.manifest import verify
from transfer_service.usecases import permission, plaintext
from transfer_service.usecases.release import GrantDraft

CONTENTS = {"slides/é A1.svs": some_bytes(2 * PART_BYTES + 11), "reports/empty.txt": b""}


@pytest.fixture
def stage(api: Api) -> Stage:
    return api.stages.linked(of=api.stages.signed(of=api.stages.in_session(of=api.stages.released(of=_closed(api)))))


def _closed(api: Api) -> Stage:
    return api.stages.closed(CONTENTS)


@pytest.fixture
def redeemed(api: Api, stage: Stage) -> Stage:
    return api.stages.redeemed(of=stage)


def slide(stage: Stage) -> tuple[str, bytes]:
    return f"/redeemed/files/{stage.files['slides/é A1.svs'].id}", CONTENTS["slides/é A1.svs"]


def answer_of(api: Api, stage: Stage) -> dict[str, str]:
    challenge = api.anyone.post("/redeem/challenge", {"secret": stage.link_secret}).get_json()
    return {"secret": stage.link_secret, "challenge_id": challenge["challenge_id"], "code": api.stages.code()}


def test_redeeming_shows_exactly_what_was_released(api: Api, stage: Stage) -> None:
    challenge = api.anyone.post("/redeem/challenge", {"secret": stage.link_secret}).get_json()
    assert challenge["needs"] == "code"
    body = {"secret": stage.link_secret, "challenge_id": challenge["challenge_id"], "code": api.stages.code()}
    answer = api.anyone.post("/redeem", body)
    assert answer.status_code == 200
    redeemed = answer.get_json()
    assert redeemed.keys() == {"access_token", "expires_at", "packet", "files", "manifest"}
    contacts = {"email", "phone", "language"}
    patient = {name: value for name, value in CASE["patient"].items() if name not in contacts}  # type: ignore[attr-defined]  # a mapping
    assert redeemed["packet"]["case"]["patient"] == patient
    assert redeemed["packet"].keys() == {"id", "organization", "department", "purpose", "case"}
    assert [(file["path"], file["sha256"]) for file in redeemed["files"]] == sorted(
        (path, sha256_hex(data)) for path, data in CONTENTS.items()
    )
    manifest = redeemed["manifest"]
    verify(manifest["manifest"], manifest["signature"], api.stages.signing_key.public_key_pem())
    recipient = Caller(api.app, redeemed.pop("access_token"))
    assert recipient.get("/redeemed").get_json() == redeemed
    assert code_of(api.anyone.post("/redeem", body)) == (409, "challenge_used")


def test_a_repeat_with_its_key_has_a_fresh_token_uncounted_and_ends_the_former(api: Api, stage: Stage) -> None:
    body, key = answer_of(api, stage), {"Idempotency-Key": "redeem-1"}
    first = api.anyone.post("/redeem", body, headers=key).get_json()
    second = api.anyone.post("/redeem", body, headers=key).get_json()
    assert first["access_token"] != second["access_token"]
    assert code_of(Caller(api.app, first["access_token"]).get("/redeemed")) == (401, "not_authenticated")
    assert Caller(api.app, second["access_token"]).get("/redeemed").status_code == 200
    links = api.coordinator.get(f"/packets/{stage.packet.id}/links").get_json()["items"]
    assert links[0]["redemptions"] == 1
    other = {**body, "code": wrong_code(body["code"])}
    assert code_of(api.anyone.post("/redeem", other, headers=key)) == (422, "idempotency_key_reused")
    api.stages.clock.advance(timedelta(minutes=10))
    assert code_of(api.anyone.post("/redeem", body, headers=key)) == (409, "challenge_used")


@pytest.mark.parametrize(
    "spoilt", [{"passcode": "x"}, {"code": None}, {"code": 123456}, {"challenge_id": "x"}, {"secret": ""}, {"x": 1}]
)
def test_an_answer_is_either_a_code_or_a_passcode(api: Api, stage: Stage, spoilt: dict[str, object]) -> None:
    body = {"secret": stage.link_secret, "challenge_id": str(uuid4()), "code": "123456"} | spoilt
    assert code_of(api.anyone.post("/redeem", body)) == (422, "invalid")
    neither = {"secret": stage.link_secret, "challenge_id": str(uuid4())}
    assert code_of(api.anyone.post("/redeem", neither)) == (422, "invalid")


def test_a_passcode_opens_its_link(api: Api) -> None:
    stage = api.stages.linked(verification=Verification.PASSCODE, passcode="correct horse")
    challenge = api.anyone.post("/redeem/challenge", {"secret": stage.link_secret}).get_json()
    assert challenge["needs"] == "passcode"
    body = {"secret": stage.link_secret, "challenge_id": challenge["challenge_id"], "passcode": "battery staple"}
    assert code_of(api.anyone.post("/redeem", body)) == (403, "answer_wrong")
    assert api.anyone.post("/redeem", {**body, "passcode": "correct horse"}).status_code == 200


@pytest.mark.parametrize("secret", ["x", "A" * 43, "ts_" + "A" * 43, "../../x", "' OR 1=1--", "é"])
def test_a_guessed_secret_finds_nothing(api: Api, secret: str) -> None:
    for path in ("/redeem/challenge", "/patient/challenge"):
        assert code_of(api.anyone.post(path, {"secret": secret})) == (404, "not_found")
    body = {"secret": secret, "challenge_id": str(uuid4()), "code": "123456"}
    assert code_of(api.anyone.post("/redeem", body)) == (404, "not_found")
    assert code_of(api.anyone.post("/patient/session", {**body, "birth_date": "1961-02-03"})) == (404, "not_found")


def test_wrong_codes_end_the_challenge_and_then_lock_the_link(api: Api, stage: Stage) -> None:
    for round_ in range(4):
        body = answer_of(api, stage)
        wrong = {**body, "code": wrong_code(body["code"])}
        for tries in (4, 3, 2, 1, 0):
            refused = api.anyone.post("/redeem", wrong)
            assert code_of(refused) == (403, "answer_wrong")
            told = refused.get_json(force=True)
            assert (told["remaining_attempts"], told["remaining_tries"]) == (15 - 5 * round_ + tries, tries)
        assert code_of(api.anyone.post("/redeem", body)) == (409, "challenge_over" if round_ < 3 else "link_locked")
    assert code_of(api.anyone.post("/redeem/challenge", {"secret": stage.link_secret})) == (409, "link_locked")
    links = api.coordinator.get(f"/packets/{stage.packet.id}/links").get_json()["items"]
    assert links[0]["state"] == "locked"


def test_a_sixth_code_in_an_hour_is_not_sent(api: Api, stage: Stage) -> None:
    for _ in range(5):
        answer_of(api, stage)
    refused = api.anyone.post("/redeem/challenge", {"secret": stage.link_secret})
    assert code_of(refused) == (429, "too_many")
    assert int(refused.headers["Retry-After"]) <= 3601


def test_a_code_is_for_its_own_link_alone(api: Api, stage: Stage) -> None:
    other = api.stages.linked()
    body = answer_of(api, other) | {"secret": stage.link_secret}
    assert code_of(api.anyone.post("/redeem", body)) == (409, "challenge_over")


def test_a_used_up_link_keeps_its_redemption_and_takes_no_other(api: Api) -> None:
    stage = api.stages.redeemed(max_redemptions=1)
    recipient = api.recipient(stage)
    for _ in range(3):
        assert recipient.get(f"/redeemed/files/{stage.file.id}", headers={"Range": "bytes=0-1"}).status_code == 206
    assert code_of(api.anyone.post("/redeem/challenge", {"secret": stage.link_secret})) == (409, "link_used_up")
    links = api.coordinator.get(f"/packets/{stage.packet.id}/links").get_json()["items"]
    assert (links[0]["state"], links[0]["redemptions"]) == ("used_up", 1)


def test_a_link_is_over_at_the_very_instant_of_its_expiry(api: Api, redeemed: Stage) -> None:
    assert redeemed.link is not None
    recipient = api.recipient(redeemed)
    api.stages.clock.now = redeemed.link.expires_at - timedelta(microseconds=1)
    assert api.anyone.post("/redeem/challenge", {"secret": redeemed.link_secret}).status_code == 200
    api.stages.clock.now = redeemed.link.expires_at
    assert code_of(api.anyone.post("/redeem/challenge", {"secret": redeemed.link_secret})) == (409, "link_expired")
    assert code_of(recipient.get("/redeemed")) == (401, "not_authenticated")
    links = api.coordinator.get(f"/packets/{redeemed.packet.id}/links").get_json()["items"]
    assert links[0]["state"] == "expired"


@pytest.mark.parametrize("ending", ["revoke", "withdraw", "withdraw by the patient", "retire"])
def test_what_ends_a_link_ends_everything_under_it_at_once(api: Api, redeemed: Stage, ending: str) -> None:
    assert redeemed.link is not None
    assert redeemed.release is not None
    recipient, (path, _) = api.recipient(redeemed), slide(redeemed)
    code = {"revoke": "link_revoked", "retire": "packet_retired"}.get(ending, "release_withdrawn")
    state = {"revoke": "revoked", "retire": "retired"}.get(ending, "withdrawn")
    match ending:
        case "revoke":
            assert api.coordinator.post(f"/links/{redeemed.link.id}/revoke").get_json()["state"] == "revoked"
        case "withdraw":
            api.coordinator.post(f"/releases/{redeemed.release.id}/withdraw")
        case "retire":
            api.coordinator.post(f"/packets/{redeemed.packet.id}/retire")
        case _:
            api.patient(redeemed).post(f"/releases/{redeemed.release.id}/withdraw")
    for answer in (
        recipient.get("/redeemed"),
        recipient.get(path),
        recipient.get(path, headers={"Range": "bytes=5-"}),
        recipient.ask("HEAD", path),
        api.anyone.post("/redeem/challenge", {"secret": redeemed.link_secret}),
    ):
        assert answer.status_code == 409
    assert code_of(recipient.get(path)) == (409, code)
    links = api.privacy_officer.get(f"/packets/{redeemed.packet.id}/links").get_json()["items"]
    assert links[0]["state"] == state
    lines = api.privacy_officer.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"]
    assert {(line["refused"], line["refused_code"]) for line in lines} == {(True, code)}


def test_a_whole_file_comes_as_bytes_to_be_kept_and_never_rendered(api: Api, redeemed: Stage) -> None:
    path, data = slide(redeemed)
    answer = api.recipient(redeemed).get(path)
    assert (answer.status_code, answer.data) == (200, data)
    headers = {name: answer.headers[name] for name in EXPECTED_HEADERS}
    digest = b64encode(hashlib.sha256(data).digest()).decode()
    assert headers == EXPECTED_HEADERS | {
        "Content-Length": str(len(data)),
        "Repr-Digest": f"sha-256=:{digest}:",
        "ETag": f'"{sha256_hex(data)}"',
    }
    assert "sandbox" in answer.headers["Content-Security-Policy"]


EXPECTED_HEADERS = {
    "Content-Type": "application/octet-stream",
    "Content-Length": "",
    "Content-Disposition": "attachment; filename=\"e A1.svs\"; filename*=UTF-8''%C3%A9%20A1.svs",
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Repr-Digest": "",
    "ETag": "",
}


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=39990-40010", 39_990, 40_011),
        ("bytes=-5", -5, None),
        ("bytes=80000-", 80_000, None),
    ],
)
def test_a_range_is_exactly_those_bytes(api: Api, redeemed: Stage, header: str, start: int, stop: int | None) -> None:
    path, data = slide(redeemed)
    answer = api.recipient(redeemed).get(path, headers={"Range": header})
    assert (answer.status_code, answer.data) == (206, data[start:stop])
    first = start % len(data)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.data) - 1}/{len(data)}"
    assert answer.headers["Content-Length"] == str(len(answer.data))


@pytest.mark.parametrize("header", ["bytes=90000-", "bytes=0-1,3-4", "bytes=-0"])
def test_a_range_outside_or_several_are_416(api: Api, redeemed: Stage, header: str) -> None:
    path, data = slide(redeemed)
    answer = api.recipient(redeemed).get(path, headers={"Range": header})
    assert code_of(answer) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(data)}"


@pytest.mark.parametrize("header", ["bytes=5-2", "foo=0-1", "bytes=x", "bytes 0-1"])
def test_a_range_that_is_none_is_passed_over(api: Api, redeemed: Stage, header: str) -> None:
    path, data = slide(redeemed)
    answer = api.recipient(redeemed).get(path, headers={"Range": header})
    assert (answer.status_code, answer.data) == (200, data)


def test_a_range_under_another_tag_is_the_whole(api: Api, redeemed: Stage) -> None:
    path, data = slide(redeemed)
    recipient = api.recipient(redeemed)
    etag = recipient.ask("HEAD", path).headers["ETag"]
    for condition, status in ((etag, 206), (f"W/{etag}", 200), ('"x"', 200), ("Tue, 12 May 2026 09:30:00 GMT", 200)):
        answer = recipient.get(path, headers={"Range": "bytes=1-2", "If-Range": condition})
        assert answer.status_code == status
        assert answer.data == (data[1:3] if status == 206 else data)


def test_a_head_says_everything_and_discloses_nothing(api: Api, redeemed: Stage) -> None:
    path, data = slide(redeemed)
    answer = api.recipient(redeemed).ask("HEAD", path, headers={"Range": "bytes=0-0"})
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", str(len(data)))
    assert api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"] == []


def test_an_empty_file_is_fetched_and_accounted_for(api: Api, redeemed: Stage) -> None:
    path = f"/redeemed/files/{redeemed.files['reports/empty.txt'].id}"
    answer = api.recipient(redeemed).get(path)
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "0")
    line = api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"][0]
    assert (line["bytes"], line["completed"], line["what"]["size"]) == (0, True, 0)


def test_the_account_says_who_got_what_when_why_and_how_much(api: Api, redeemed: Stage) -> None:
    path, data = slide(redeemed)
    recipient = api.recipient(redeemed)
    recipient.get(path, headers={"Range": "bytes=0-9"})
    listed = api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"]
    assert [(line["bytes"], line["completed"], line["requests"]) for line in listed] == [(10, False, 1)]
    api.stages.clock.advance(timedelta(minutes=1))
    recipient.get(path)
    (line,) = api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"]
    assert line["recipient"] == {
        "id": str(api.stages.recipient.id),
        "name": "Dr. R. Viewer",
        "organization": "Breast Review Service",
        "address": "viewer@review.test",
    }
    assert (line["bytes"], line["completed"], line["requests"], line["refused"]) == (len(data) + 10, True, 2, False)
    assert (line["what"]["path"], line["purpose"]) == ("slides/é A1.svs", "Second opinion")
    assert line["accountable"] is False
    assert api.patient(redeemed).get("/patient/accounting").get_json()["items"] == [line]
    search = {"recipient_id": str(api.stages.recipient.id), "since": line["date"]}
    assert api.privacy_officer.post("/accounting/search", search).get_json()["items"] == [line]
    later = {"since": line["last_at"]}
    assert api.privacy_officer.post("/accounting/search", later).get_json()["items"] == []


def test_a_recipient_reaches_no_file_that_was_not_released_to_them(api: Api) -> None:
    closed = api.stages.closed()
    first, second = closed.files.values()
    recipient_id = api.stages.recipient.id
    stage = api.stages.redeemed(
        of=api.stages.linked(
            of=api.stages.signed(
                of=api.stages.in_session(
                    of=api.stages.released(of=closed, grants=[GrantDraft(recipient_id, (first.id,))])
                )
            )
        )
    )
    recipient, other = api.recipient(stage), api.stages.redeemed()
    assert [file["id"] for file in recipient.get("/redeemed").get_json()["files"]] == [str(first.id)]
    assert recipient.get(f"/redeemed/files/{first.id}").status_code == 200
    for foreign in (second.id, other.file.id, stage.packet.id, uuid4()):
        assert code_of(recipient.get(f"/redeemed/files/{foreign}")) == (404, "not_found")
        assert code_of(recipient.ask("GET", f"/redeemed/files/{foreign}", headers={"Range": "bytes=0-"})) == (
            404,
            "not_found",
        )


def test_downloads_beyond_the_places_are_refused_and_leave_no_trace(api: Api, redeemed: Stage) -> None:
    path, data = slide(redeemed)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(api.slots.download())
        assert code_of(api.recipient(redeemed).get(path)) == (503, "busy")
        assert api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"] == []
    for _ in range(5):
        assert api.recipient(redeemed).get(path).data == data


def test_a_download_breaks_off_when_its_link_is_revoked(
    api: Api, redeemed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert redeemed.link is not None
    monkeypatch.setattr(permission, "CHECK_EVERY_S", 0.0)
    monkeypatch.setattr(plaintext, "READ_BYTES", 1000)
    path, data = slide(redeemed)
    link_id = redeemed.link.id
    steps = {"read": 0}

    def revoke_at_the_third_read(step: str) -> None:
        if step == "read":
            steps["read"] += 1
            if steps["read"] == 3:  # each part is asked for while the one before is sent
                api.coordinator.post(f"/links/{link_id}/revoke")

    api.stages.store.before = revoke_at_the_third_read
    with pytest.raises(ConnectionAbortedError):
        api.recipient(redeemed).get(path)
    lines = api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"]
    sent = next(line for line in lines if not line["refused"])
    assert 0 < sent["bytes"] < len(data)
    assert sent["completed"] is False
    assert any(line["refused_code"] == "link_revoked" for line in lines)
    api.stages.store.before = lambda _: None
    with ExitStack() as held:  # its place is free again
        for _ in range(2):
            held.enter_context(api.slots.download())


def test_nothing_leaves_when_its_disclosure_can_not_be_recorded(api: Api, redeemed: Stage) -> None:
    api.stages.kept.refuse("INSERT", "disclosures")
    path, data = slide(redeemed)
    answer = api.recipient(redeemed).get(path)
    assert answer.status_code >= 500
    assert data[:1000] not in answer.data
