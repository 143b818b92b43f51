"""The copy that a patient keeps, on a running installation: other programs read it, and its digest is the log's."""

import pytest

from tests.journey.hospital import Hospital, digest_header, sha256
from tests.pdfs import catalog_of, info_of, text_of
from tests.standalone_process import Standalone


@pytest.fixture(scope="module")
def hospital(standalone: Standalone) -> Hospital:
    return Hospital(standalone, "St. Agatha of copies")


def test_what_the_patient_signed_can_be_kept_read_and_held_against_the_audit_log(hospital: Hospital) -> None:
    packet = hospital.packet()
    packet.deposit(b"a slide")
    packet.close()
    release = packet.ask_release(hospital.recipient())
    url = f"/releases/{release.id}/form.pdf"
    to_sign = packet.coordinator.get(url)
    assert "Name in capital letters" in text_of(to_sign.body)
    patient = release.sign().patient
    copy = patient.get(url)
    assert (copy.status, copy.headers["repr-digest"]) == (200, digest_header(copy.body))
    (made,) = hospital.audited("release.copy_made", release=release.id)
    assert made["facts"]["pdf_sha256"] == sha256(copy.body)
    (signed,) = hospital.audited("release.signed", release=release.id)
    text = text_of(copy.body)
    assert f"number {signed['seq']} of the log" in text
    assert signed["hash"] in text
    assert made["facts"]["form_sha256"] in text
    assert "Signed by Ada Example" in text
    assert info_of(copy.body)["Tagged"] == "yes"
    assert b"/StructTreeRoot" in catalog_of(copy.body)
