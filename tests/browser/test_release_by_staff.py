"""From a closed packet to its timeline, as a coordinator does it in a browser at a whole installation."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.staff import WITHIN_MS, Member, enrolled, signed_in
from tests.journey.hospital import Hospital, Packet, Release


@pytest.fixture
def packet(hospital: Hospital) -> Packet:
    packet = hospital.packet()
    packet.deposit(b"a slide scan", "slides/A1.svs")
    return packet.close()


@pytest.fixture(scope="module")
def member(browser: Browser, hospital: Hospital) -> Member:
    return enrolled(browser, hospital, "cora@agatha.test", "coordinator", name="Cora Agatha")


@pytest.fixture
def page(browser: Browser, member: Member) -> Iterator[Page]:
    with signed_in(browser, member) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context.new_page()


def signed_by_the_patient(packet: Packet, recipient: dict[str, str]) -> None:
    """By the letter that came of what was asked on the page."""
    url = packet.hospital.mail.await_mail(packet.patient_email, r"(http\S+/r#\S+)")
    (asked,) = packet.coordinator.items(f"{packet.url}/releases")
    Release(packet, recipient, asked["id"], url.partition("#")[2]).sign()


def opened_by_the_recipient(browser: Browser, hospital: Hospital, address: str, email: str) -> None:
    with browser.new_context() as context:
        context.set_default_timeout(WITHIN_MS)
        page = context.new_page()
        page.goto(address)
        page.get_by_role("button", name="Continue").click()
        page.locator("#code").fill(hospital.mail.await_mail(email, r"Your code is (\d{6})"))
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text("slides/A1.svs").first).to_be_visible(timeout=WITHIN_MS)


def test_a_release_is_asked_for_signed_and_its_link_issued_copied_opened_and_revoked(
    page: Page, browser: Browser, hospital: Hospital, packet: Packet
) -> None:
    recipient = hospital.recipient(name=f"Dr. {uuid4().hex[:8]}")
    releases = f"{hospital.installation.base_url}/staff/packets/{packet.id}/release"
    page.goto(releases)
    page.get_by_role("link", name="Ask for a release").click()
    page.get_by_label(recipient["name"]).check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Ask for the release").dblclick()
    expect(page.get_by_text("Waits for the patient")).to_be_visible(timeout=WITHIN_MS)

    signed_by_the_patient(packet, recipient)
    page.reload()
    page.get_by_role("link", name="Issue a link").click()
    page.get_by_role("button", name="Issue the link").dblclick()
    address = page.get_by_label("Address of the link").input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible(timeout=WITHIN_MS)
    assert page.evaluate("navigator.clipboard.readText()") == address
    page.reload()
    assert len(packet.coordinator.items(f"{packet.url}/links")) == 1
    assert "#" not in page.url

    opened_by_the_recipient(browser, hospital, address, recipient["email"])
    page.goto(releases)
    expect(page.get_by_text("1 of 3")).to_be_visible(timeout=WITHIN_MS)
    page.get_by_role("link", name="Timeline").click()
    expect(page.get_by_text(f"{recipient['name']} proved who they are and redeemed the link.")).to_be_visible(
        timeout=WITHIN_MS
    )
    expect(page.get_by_text(f"Cora Agatha (coordinator) issued a link to {recipient['name']}.")).to_be_visible(
        timeout=WITHIN_MS
    )

    page.goto(releases)
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Yes, revoke").click()
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible(timeout=WITHIN_MS)


def test_without_scripts_the_address_stands_in_a_field_to_be_copied_by_hand(
    browser: Browser, member: Member, packet: Packet
) -> None:
    release = packet.released()
    with browser.new_context(storage_state=member.state, java_script_enabled=False) as context:
        page = context.new_page()
        page.set_default_timeout(WITHIN_MS)
        page.goto(f"{member.url}/staff/releases/{release.id}/links")
        page.get_by_role("button", name="Issue the link").click()
        assert "/l#" in page.get_by_label("Address of the link").input_value()
        expect(page.get_by_role("button", name="Copy")).to_be_hidden()
        assert "select all of it" in page.content()  # Chromium's switch lets no <noscript> be seen


def test_a_scan_is_sent_from_the_page_and_confirmed_by_a_colleague(
    page: Page, browser: Browser, hospital: Hospital, packet: Packet
) -> None:
    release = packet.ask_on_paper(hospital.recipient())
    paper = f"{hospital.installation.base_url}/staff/releases/{release.id}/paper"
    page.goto(paper)
    page.locator("#scan").set_input_files({"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"no PDF"})
    page.get_by_role("button", name="Send the scan").click()
    expect(page.get_by_text("That is no PDF, PNG, JPEG or TIFF.")).to_be_visible(timeout=WITHIN_MS)
    page.locator("#scan").set_input_files({"name": "form.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 x"})
    page.get_by_role("button", name="Send the scan").click()
    expect(page.get_by_text("Another member of staff has to compare")).to_be_visible(timeout=WITHIN_MS)

    colleague = enrolled(browser, hospital, "ben@agatha.test", "privacy_officer", name="Ben Agatha")
    with signed_in(browser, colleague) as context:
        other = context.new_page()
        other.goto(paper)
        other.locator("#name").fill("Ada Example")
        other.get_by_label("The patient", exact=True).check()
        other.locator("#signed_on").fill(release.paper(b"")["signed_on"])
        other.get_by_role("button", name="Confirm").click()
        expect(other.get_by_text("Signed", exact=True).first).to_be_visible(timeout=WITHIN_MS)
