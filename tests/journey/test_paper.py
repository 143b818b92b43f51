"""A patient without an address signs on paper: on a running installation, from the printed form to the download."""

import pytest

from tests.journey.hospital import PDF, Hospital, code_of, sha256, some_bytes
from tests.pdfs import text_of
from tests.standalone_process import Standalone

SCAN = b"%PDF-1.7\n" + some_bytes(1_000_000)


@pytest.fixture(scope="module")
def hospital(standalone: Standalone) -> Hospital:
    return Hospital(standalone, "St. Agatha on paper")


def test_a_form_on_paper_releases_once_a_second_member_of_staff_has_confirmed_it(hospital: Hospital) -> None:
    packet = hospital.packet(reachable=False)
    packet.deposit(b"a slide")
    packet.close()
    release = packet.ask_on_paper(hospital.recipient())
    url, first, second = f"/releases/{release.id}", hospital.coordinator, hospital.privacy_officer
    assert "AUTHORIZATION" in first.shown(url)["form"]

    forged = first.ask("PUT", f"{url}/paper", b"<html>", PDF)
    assert code_of(forged) == (422, "scan_refused")
    whole = first.raw("PUT", f"/api/v1{url}/paper", "Content-Type: application/pdf", body=SCAN)
    with first.connected() as connection:
        connection.sendall(whole[:-10_000])
    assert first.shown(url)["state"] == "requested"

    release.scan(b"%PDF- blurred").scan(SCAN)
    assert code_of(first.post(f"{packet.url}/links", release.link_body())) == (409, "release_not_signed")
    seen = second.get(f"{url}/paper")
    assert sha256(seen.body) == sha256(SCAN)
    assert seen.headers["content-type"] == "application/pdf"
    assert code_of(first.post(f"{url}/paper/confirm", release.paper(SCAN))) == (403, "second_person_needed")
    assert code_of(second.post(f"{url}/paper/confirm", release.paper(b"%PDF- blurred"))) == (409, "document_changed")
    signed = second.did(f"{url}/paper/confirm", release.paper(SCAN))
    assert (signed["state"], signed["signature"]["medium"]) == ("signed", "paper")
    assert "Confirmed by a second person" in text_of(second.get(f"{url}/form.pdf").body)

    recipient = release.link().redeem()
    assert recipient.get(f"/redeemed/files/{packet.files[0].id}").body == b"a slide"
    told = first.did(f"{url}/withdraw", {"told_by": "phone"})
    assert (told["state"], told["withdrawn_how"]) == ("withdrawn", "phone")
    assert code_of(recipient.get("/redeemed")) == (409, "release_withdrawn")
    log = [entry["action"] for entry in second.items("/audit") if entry["subject"].get("release") == release.id]
    assert [action.removeprefix("release.") for action in reversed(log) if action.startswith("release.")] == [
        *(
            "requested",
            "paper_received",
            "paper_received",
            "paper_shown",
            "paper_refused",
            "signed",
            "copy_made",
            "withdrawn",
        )
    ]
