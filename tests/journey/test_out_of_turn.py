"""What the journey refuses: the right words at the wrong time, by the wrong person, or too often."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.journey.hospital import Caller, Hospital, Packet, a_case, code_of, in_days, in_seconds
from tests.journey.quiet import CANARY, UNKNOWN, Quiet, without_request_id
from tests.standalone_process import Standalone, eventually


@pytest.fixture(scope="module")
def busy(standalone: Standalone) -> Hospital:
    """Another hospital, at which things do change."""
    return Hospital(standalone, "St. Elsewhere out of turn")


@pytest.fixture(autouse=True)
def _nothing_changes_at_the_quiet_hospital(quiet: Quiet) -> Iterator[None]:
    yield
    assert quiet.state() == quiet.before


def test_a_file_after_closing_is_refused(quiet: Quiet) -> None:
    staff, url = quiet.coordinator, quiet.closed.url
    plan = quiet.valid_body(("POST", "/packets/{packet_id}/files"))
    file = quiet.closed.files[0]
    for answer in (
        staff.post(f"{url}/files", plan),
        staff.put_bytes(f"{url}/content/late.svs", b"12345"),
        staff.delete(file.url),
        file.put(1),
    ):
        quiet.check_refused(answer, (409, "packet_not_open"))


def test_a_packet_that_is_empty_or_not_verified_is_not_closed(quiet: Quiet, busy: Hospital) -> None:
    for packet, code in ((busy.packet(), "packet_empty"), (quiet.open, "files_unverified")):
        for body in (None, {}, {"when_verified": True}):
            assert code_of(packet.coordinator.post(f"{packet.url}/close", body)) == (409, code)
    assert code_of(quiet.coordinator.get(f"{quiet.open.url}/manifest")) == (409, "packet_not_closed")


def test_a_release_is_of_a_closed_packet_with_a_patient_to_ask(quiet: Quiet, busy: Hospital) -> None:
    asking = quiet.valid_body(("POST", "/packets/{packet_id}/releases"))
    quiet.check_refused(quiet.coordinator.post(f"{quiet.open.url}/releases", asking), (409, "packet_not_closed"))
    nobody = Packet(busy, busy.coordinator.did("/packets", {"case": a_case()})["id"], "")
    nobody.deposit(b"a slide")
    asking["grants"] = [{"recipient_id": busy.recipient()["id"]}]
    answer = busy.coordinator.post(f"{nobody.close().url}/releases", asking)
    assert code_of(answer) == (409, "patient_unreachable")
    twice = asking | {"grants": asking["grants"] * 2}
    assert code_of(busy.coordinator.post(f"{nobody.url}/releases", twice))[0] in {409, 422}


def test_a_link_needs_a_signed_release_and_a_recipient_that_it_names(quiet: Quiet) -> None:
    key = ("POST", "/packets/{packet_id}/links")
    unsigned = quiet.valid_body(key) | {"release_id": quiet.asked.id}
    quiet.check_refused(quiet.ask(key, unsigned), (409, "release_not_signed"))
    quiet.check_refused(quiet.ask(key, quiet.valid_body(key) | {"recipient_id": UNKNOWN}), (409, "recipient_not_named"))
    no_passcode = {name: value for name, value in quiet.valid_body(key).items() if name != "passcode"}
    quiet.check_refused(quiet.ask(key, no_passcode), (422, "invalid"))
    quiet.check_refused(quiet.ask(key, quiet.valid_body(key) | {"verification": "email_code"}), (422, "invalid"))


@pytest.fixture(scope="module")
def deposited(busy: Hospital) -> Packet:
    packet = busy.packet()
    packet.deposit(b"a slide")
    return packet.close()


def test_a_release_that_is_over_gives_no_link_no_signature_no_file(deposited: Packet) -> None:
    release_ends, link_ends = in_seconds(24), in_seconds(20)
    expiring = deposited.ask_release(deposited.hospital.recipient(), expires_at=release_ends).sign()
    link = expiring.link(expires_at=link_ends)
    recipient = link.redeem()
    withdrawn = deposited.released()
    withdrawn.patient.did(f"/releases/{withdrawn.id}/withdraw")
    staff, body = deposited.coordinator, withdrawn.link_body()
    assert code_of(staff.post(f"{deposited.url}/links", body)) == (409, "release_withdrawn")
    assert code_of(withdrawn.patient.post(f"/releases/{withdrawn.id}/sign", withdrawn.signature()))[0] == 409
    assert eventually(lambda: recipient.get("/redeemed").status != 200)
    assert code_of(recipient.get("/redeemed")) == (409, "link_expired")
    assert code_of(deposited.hospital.anyone.post("/redeem/challenge", {"secret": link.secret})) == (
        409,
        "link_expired",
    )
    late = expiring.link_body(expires_at=in_days(1))
    assert eventually(lambda: code_of(staff.post(f"{deposited.url}/links", late)) == (409, "release_expired"))


def test_staff_can_not_sign_for_the_patient_and_that_they_tried_is_recorded(quiet: Quiet) -> None:
    path = f"/releases/{quiet.asked.id}/sign"
    before = len(quiet.hospital.audited("release.sign_refused", release=quiet.asked.id))
    for staff in (quiet.coordinator, quiet.hospital.privacy_officer, quiet.recipient):
        quiet.check_refused(staff.post(path, quiet.asked.signature()), (403, "not_allowed"))
    after = quiet.hospital.audited("release.sign_refused", release=quiet.asked.id)
    assert len(after) == before + 3
    assert {entry["facts"]["code"] for entry in after} == {"not_allowed"}
    assert quiet.coordinator.shown(f"/releases/{quiet.asked.id}")["state"] == "requested"


def test_a_patient_signs_the_form_that_was_shown_by_their_own_hand(quiet: Quiet) -> None:
    key = ("POST", "/releases/{release_id}/sign")
    for change in ({"acknowledged": False}, {"signer": "staff"}, {"signature_name": "   "}):
        quiet.check_refused(quiet.ask(key, quiet.valid_body(key) | change), (422, "invalid"))
    other = quiet.valid_body(key) | {"form_sha256": "0" * 64}
    quiet.check_refused(quiet.ask(key, other), (409, "form_changed"), (409, "release_not_requested"))
    quiet.check_refused(quiet.patient.post(f"/releases/{quiet.asked.id}/sign", other), (404, "not_found"))


@pytest.mark.parametrize("guess", ["x", CANARY, "A" * 43, "' OR 1=1--", "\x00", "🔬", "x" * 200])
def test_a_guessed_secret_is_not_found_whatever_else_is_sent(quiet: Quiet, guess: str) -> None:
    told = set()
    for path in ("/redeem/challenge", "/patient/challenge", "/redeem", "/patient/session"):
        body = (quiet.operations["POST", path].body or {}) | {"secret": guess}
        answer = quiet.anyone.post(path, body)
        quiet.check_refused(answer, (404, "not_found"))
        told.add(json.dumps(without_request_id(answer)))
    assert len(told) == 1


def test_a_link_s_secret_opens_no_letter_and_a_letter_s_no_link(quiet: Quiet) -> None:
    swapped = [("/patient/challenge", quiet.link.secret), ("/redeem/challenge", quiet.asked.secret)]
    for path, secret in swapped:
        quiet.check_refused(quiet.anyone.post(path, {"secret": secret}), (404, "not_found"))


def test_codes_that_are_asked_for_too_often_are_refused_for_a_while(busy: Hospital) -> None:
    packet = busy.packet()
    packet.deposit(b"a slide")
    link = packet.close().released().link_by_code()
    asked = packet.ask_release(busy.recipient())
    for path, secret in (("/redeem/challenge", link.secret), ("/patient/challenge", asked.secret)):
        answers = [busy.anyone.post(path, {"secret": secret}) for _ in range(7)]
        assert [answer.status for answer in answers] == [200] * 5 + [429] * 2
        for refused in answers[5:]:
            assert code_of(refused) == (429, "too_many")
            assert 0 < int(refused.headers["retry-after"]) <= 3600


def test_wrong_answers_close_the_challenge_and_count_down(deposited: Packet) -> None:
    link = deposited.released().link(max_redemptions=1)
    right = link.answer()
    anyone = deposited.hospital.anyone
    for left in (19, 18, 17, 16, 15):
        refused = anyone.post("/redeem", right | {"passcode": CANARY})
        assert code_of(refused) == (403, "answer_wrong")
        assert refused.problem["remaining_attempts"] == left
    assert code_of(anyone.post("/redeem", right)) == (409, "challenge_over")
    assert link.listed()["redemptions"] == 0


@pytest.mark.parametrize("token", ["", "x", CANARY, "ts_" + "A" * 43, "ts_" + "A" * 42, "ts_" + "A" * 5000, "null"])
def test_a_token_that_is_none_is_asked_for_everywhere(quiet: Quiet, token: str) -> None:
    told = set()
    for key, operation in quiet.operations.items():
        if operation.who.token is None:
            continue
        path = key[1].format(**{name: quote(value) for name, value in operation.ids.items()})
        body = operation.data or (json.dumps(operation.body).encode() if operation.body is not None else None)
        kind = "application/octet-stream" if operation.data else "application/json"
        answer = Caller(quiet.installation, token).ask(key[0], path, body, {"Content-Type": kind})
        quiet.check_refused(answer, (401, "not_authenticated"))
        assert answer.headers["www-authenticate"] == "Bearer"
        told.add(json.dumps(without_request_id(answer)))
    assert len(told) == 1


def test_the_logs_tell_of_no_error_and_of_nothing_that_was_sent(quiet: Quiet) -> None:
    quiet.check_logs()
