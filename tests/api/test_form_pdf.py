"""A release's form as a PDF, as callers of the API meet it."""

import base64

import pytest

from tests.api.conftest import Api, code_of
from tests.api.scenes import Scene
from tests.pdfs import text_of
from tests.stages import sha256_hex
from transfer_service.adapters.typesetting import typst_pdf


@pytest.fixture
def scene(api: Api) -> Scene:
    return Scene(api)


def test_the_signed_form_is_there_at_once_as_an_attachment_whose_digest_the_log_holds(scene: Scene):
    path, sent, callers = scene.to_sign()
    patient, url = callers["patient"], path.replace("/sign", "/form.pdf")
    assert patient.post(path, sent["json"]).status_code == 200
    answer = patient.get(url)
    assert answer.status_code == 200, answer.data
    digest = sha256_hex(answer.data)
    for name, value in {
        "Content-Type": "application/pdf",
        "Content-Disposition": "attachment; filename=\"signed-form.pdf\"; filename*=UTF-8''signed-form.pdf",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:",
        "ETag": f'"{digest}"',
    }.items():
        assert answer.headers[name] == value
    assert "Signed by Ada Example" in text_of(answer.data)
    assert patient.get(url, headers={"Range": "bytes=0-4"}).data == b"%PDF-"
    (entry,) = scene.callers["privacy_officer"].get("/audit?action=release.copy_made").json["items"]
    assert entry["facts"] == {"pdf_sha256": digest, "form_sha256": sent["json"]["form_sha256"]}
    assert scene.api.coordinator.get(url).data == answer.data


def test_a_copy_that_can_not_be_made_is_not_ready_and_the_signature_stands(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    path, sent, callers = scene.to_sign()
    patient, url = callers["patient"], path.replace("/sign", "/form.pdf")
    monkeypatch.setattr(typst_pdf, "COMPILER", scene.stages.directory / "nothing.py")
    unsigned = patient.get(url)
    assert code_of(unsigned) == (503, "not_typeset")
    assert unsigned.headers["Retry-After"] == "60"
    assert patient.post(path, sent["json"]).json["state"] == "signed"
    answer = patient.get(url)
    assert code_of(answer) == (409, "copy_not_ready")
    assert answer.headers["Retry-After"] == "5"


def test_staff_print_the_form_of_who_has_no_address(scene: Scene):
    path, _ = scene.to_scan()
    answer = scene.api.coordinator.get(path.replace("/paper", "/form.pdf"))
    assert answer.status_code == 200, answer.data
    assert 'filename="form-to-sign.pdf"' in answer.headers["Content-Disposition"]
    assert "Name in capital letters" in text_of(answer.data)
