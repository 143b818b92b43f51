"""What a patient does, from asking for slides to withdrawing, in a browser: a phone's width, and the keyboard alone.

In Spanish with scripts off, and in English with scripts. docs/usability.md says what was found on the way.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journey.hospital import Hospital, Packet, Release, in_days
from tests.missing import skip_or_fail
from tests.standalone_process import Standalone, eventually

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PHONE = {"width": 360, "height": 740}
BIRTH = {"birth_month": "2", "birth_day": "3", "birth_year": "1961"}
ASKED = {
    **BIRTH,
    "patient_name": "Ada Example",
    "done": "A biopsy of the left breast in spring",
    "recipient_name": "Dr. R. Viewer",
    "recipient_organization": "Breast Review Service",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        skip_or_fail("there is no chromium here: the pages were tried in no browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


class Patient:
    """At a page, without a mouse."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page, self.base_url = page, base_url

    def open(self, path: str) -> str:
        self.page.goto(f"{self.base_url}{path}")
        return self.read()

    def read(self) -> str:
        """The page's text; nothing of it has to be scrolled for sideways."""
        assert self.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], self.page.url
        return self.page.inner_text("main")

    def reach(self, selector: str) -> None:
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("(sought) => document.activeElement.matches(sought)", selector):
                return
        raise AssertionError(f"no key leads to {selector} on {self.page.url}")

    def type(self, **fields: str) -> "Patient":
        for name, text in sorted(fields.items(), key=lambda field: self.place(field[0])):
            self.reach(f'[name="{name}"]')
            self.page.keyboard.type(text)
        return self

    def place(self, name: str) -> int:
        names = self.page.evaluate("[...document.querySelectorAll('main [name]')].map(each => each.name)")
        return names.index(name)

    def tick(self, selector: str) -> None:
        self.reach(selector)
        self.page.keyboard.press("Space")

    def press(self, selector: str = "main button") -> str:
        self.reach(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self.read()


def asked_for(hospital: Hospital, language: str) -> tuple[Packet, dict[str, Any], str]:
    """A packet whose release the patient is asked for in their language; the letter's text."""
    template = next(
        each for each in hospital.privacy_officer.shown("/form-templates")["items"] if each["language"] == "es"
    )
    body = {"template_sha256": template["sha256"]}
    assert hospital.privacy_officer.put("/form-templates/es/approval", body).status == 200
    packet, recipient = hospital.packet(), hospital.recipient()
    assert packet.coordinator.put(f"{packet.url}/patient-contact", {"language": language}).status == 200
    packet.deposit(b"a slide", "slides/A1.svs")
    grants = [{"recipient_id": recipient["id"]}]
    draft = {"grants": grants, "purpose": "Second opinion", "expires_at": in_days(30), "basis": "authorization"}
    asked = packet.close().coordinator.did(f"{packet.url}/releases", draft)
    return (
        packet,
        recipient | {"release_id": asked["id"]},
        hospital.mail.await_mail(packet.patient_email, r"(?s)(.*/r#.*)"),
    )


WORDS = {
    "en": ("Your request was sent", "Received.", "1 slide scan", "You have signed.", "completely", "Withdrawn on"),
    "es": (
        "Su solicitud fue enviada",
        "Recibida.",
        "1 escaneo de laminilla",
        "Usted ha firmado.",
        "por completo",
        "Retirado",
    ),
}


@pytest.mark.parametrize(("language", "scripts"), [("es", False), ("en", True)], ids=["spanish-no-scripts", "english"])
def test_a_patient_asks_reads_signs_looks_and_withdraws_by_keyboard_on_a_phone(
    standalone: Standalone, browser: Browser, language: str, scripts: bool, tmp_path: Path
) -> None:
    sent, received, described, signed, completely, withdrawn = WORDS[language]
    hospital = Hospital(standalone, "St. Agatha on the phone")
    hospital.open_to_requests()
    context = browser.new_context(
        viewport=PHONE, java_script_enabled=scripts, locale="es-US" if language == "es" else "en-US"
    )
    patient = Patient(context.new_page(), standalone.base_url)

    patient.open(f"/ask/{hospital.department_id}")
    patient.tick('[name="asker"]')
    address = f"asker-{language}@patient.test"
    patient.type(email=address, **ASKED)
    assert sent in patient.press()
    link = hospital.mail.await_mail(address, r"/q#(\S+)")
    patient.open("/q")
    assert received in patient.type(secret=link).press()

    packet, recipient, letter = asked_for(hospital, language)
    typed = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", letter)
    assert typed is not None
    patient.open("/r")
    patient.type(secret=typed[0].lower().replace("-", " ")).press()
    code = hospital.mail.await_mail(packet.patient_email, r"(?:Your code is|Su código es) (\S+)")
    assert described in patient.type(code=code, **BIRTH).press()
    assert described in patient.press('a.button[href$="/form"]')
    patient.type(name="Ada Example").tick('[name="read"]')
    assert signed in patient.press('form[action$="/sign"] button')

    reviewer = Release(packet, recipient, recipient["release_id"], "").link().redeem()
    assert reviewer.get(f"/redeemed/files/{packet.files[0].id}").body == b"a slide"
    assert eventually(lambda: completely in patient.open("/r/accounting"))  # what left is counted after it has left
    patient.open("/r/release")
    patient.reach('a[href$="/copy"]')
    with patient.page.expect_download() as download:
        patient.page.keyboard.press("Enter")
    download.value.save_as(tmp_path / "copy.pdf")
    (made,) = hospital.audited("release.copy_made", release=recipient["release_id"])
    assert hashlib.sha256((tmp_path / "copy.pdf").read_bytes()).hexdigest() == made["facts"]["pdf_sha256"]
    patient.open("/r/withdraw")
    assert withdrawn in patient.press("button.danger")
    assert reviewer.get(f"/redeemed/files/{packet.files[0].id}").status == 409
    context.close()
