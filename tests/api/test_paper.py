"""Forms on paper, treatment and withdrawal through staff, as callers of the API meet them."""

import base64

import pytest

from tests.api.conftest import Api, Caller, code_of
from tests.api.scenes import Scene
from tests.stages import ATTESTATION, SCAN, sha256_hex
from transfer_service.domain.people import Role


@pytest.fixture
def scene(api: Api) -> Scene:
    return Scene(api)


def confirm(scene: Scene, path: str, caller: Caller, **changes: object):
    _, kwargs = scene.to_confirm()
    return caller.post(f"{path}/confirm", kwargs["json"] | changes)


def test_a_scan_is_sent_looked_at_and_confirmed_by_another(scene: Scene):
    path, sent = scene.to_scan()
    first, second = scene.api.coordinator, scene.api.staff(scene.stages.hospital.pathology, Role.COORDINATOR, "Another")
    kept = first.ask("PUT", path, **sent)
    assert kept.status_code == 200, kept.data
    assert kept.json["state"] == "awaiting_confirmation"
    assert (kept.json["document_sha256"], kept.json["size"]) == (sha256_hex(SCAN), len(SCAN))
    looked_at = second.get(path)
    assert looked_at.data == SCAN
    digest = base64.b64encode(bytes.fromhex(sha256_hex(SCAN))).decode()
    for name, value in {
        "Content-Type": "application/pdf",
        "Content-Disposition": "attachment; filename=\"signed-form.pdf\"; filename*=UTF-8''signed-form.pdf",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Repr-Digest": f"sha-256=:{digest}:",
    }.items():
        assert looked_at.headers[name] == value
    assert second.get(path, headers={"Range": "bytes=5-7"}).data == SCAN[5:8]
    assert code_of(confirm(scene, path, first)) == (403, "second_person_needed")
    assert code_of(confirm(scene, path, second, document_sha256="0" * 64)) == (409, "document_changed")
    assert code_of(confirm(scene, path, second, signed_on="2999-01-01")) == (422, "invalid")
    signed = confirm(scene, path, second)
    assert signed.status_code == 200, signed.data
    assert (signed.json["state"], signed.json["signing"]) == ("signed", "paper")
    assert signed.json["signature"]["medium"] == "paper"
    assert signed.json["signature"]["signed_on"] == scene.stages.now.date().isoformat()
    assert signed.json["signature"]["document_sha256"] == sha256_hex(SCAN)
    assert code_of(confirm(scene, path, second)) == (409, "nothing_to_confirm")
    assert code_of(first.ask("PUT", path, **sent)) == (409, "release_not_requested")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"data": b"<html>", "content_type": "application/pdf"}, (422, "scan_refused")),
        ({"data": SCAN, "content_type": "text/html"}, (422, "scan_refused")),
        ({"data": SCAN}, (422, "scan_refused")),
        ({"data": b"%PDF-" + bytes(20 * 2**20 - 4), "content_type": "application/pdf"}, (413, "body_too_large")),
        ({"content_type": "application/pdf"}, (411, "length_required")),
        ({"data": SCAN, "content_type": "multipart/form-data"}, (415, "multipart_refused")),
    ],
)
def test_what_is_no_scan_is_refused_and_changes_nothing(scene: Scene, sent, code):
    path, _ = scene.to_scan()
    assert code_of(scene.api.coordinator.ask("PUT", path, **sent)) == code
    assert scene.api.coordinator.get(path.removesuffix("/paper")).json["state"] == "requested"
    scene.stages.check_nothing_is_orphaned()


def test_a_scan_of_twenty_mib_is_taken(scene: Scene):
    path, _ = scene.to_scan()
    scan = b"%PDF-" + bytes(20 * 2**20 - 5)
    assert scene.api.coordinator.ask("PUT", path, data=scan, content_type="application/pdf").status_code == 200
    assert scene.api.coordinator.get(path).data == scan


def test_without_a_letter_staff_are_shown_the_form_to_print(scene: Scene):
    path, kwargs = scene.to_release()
    asked = scene.api.coordinator.post(path, kwargs["json"] | {"signing": "paper"})
    assert asked.status_code == 201, asked.data
    assert (asked.json["signing"], asked.json["state"]) == ("paper", "requested")
    assert "AUTHORIZATION" in scene.api.coordinator.get(f"/releases/{asked.json['id']}").json["form"]
    for signing in ("phone", "in_person", "post"):
        assert code_of(scene.api.coordinator.post(path, kwargs["json"] | {"signing": signing})) == (422, "invalid")


def test_treatment_takes_a_department_that_may_and_a_declaration(scene: Scene):
    path, kwargs = scene.to_release()
    ask, body = scene.api.coordinator.post, kwargs["json"] | {"basis": "treatment", "attestation": ATTESTATION}
    assert code_of(ask(path, body)) == (409, "treatment_not_allowed")
    scene.stages.treatment_allowed()
    made = ask(path, body)
    assert made.status_code == 201, made.data
    assert (made.json["state"], made.json["attestation"]) == ("attested", ATTESTATION)
    assert code_of(ask(path, kwargs["json"] | {"attestation": ATTESTATION})) == (422, "invalid")
    assert code_of(ask(path, kwargs["json"] | {"basis": "treatment"})) == (422, "invalid")


def test_the_account_says_what_exempts_each_disclosure(scene: Scene):
    stages = scene.stages
    for_treatment = stages.redeemed(of=stages.linked(of=stages.attested()))
    for stage, paragraph in ((scene.stage, "(iv)"), (for_treatment, "(1)(i)")):
        stages.download(stage.actor, stage.file)
        (line, *_) = scene.api.coordinator.get(f"/packets/{stage.packet.id}/disclosures").json["items"]
        assert line["accountable"] is False
        assert paragraph in line["exempt_under"]


def test_staff_say_how_a_withdrawal_was_told_and_patients_do_not(scene: Scene):
    path = f"/releases/{scene.release}/withdraw"
    assert code_of(scene.callers["patient"].post(path, {"told_by": "phone"})) == (422, "invalid")
    assert code_of(scene.api.coordinator.post(path, {"told_by": "page"})) == (422, "invalid")
    told = scene.api.coordinator.post(path, {"told_by": "phone", "note": "Called today"})
    assert told.status_code == 200, told.data
    assert (told.json["state"], told.json["withdrawn_how"], told.json["withdrawn_note"]) == (
        *("withdrawn", "phone"), "Called today",
    )  # fmt: skip
