"""Somebody who meets the gallery in a browser, in any language: fields are found by name, not by label."""

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.gallery import Gallery
from tests.pages.visitor import BIRTH
from tests.stages import Stage
from transfer_service.domain.people import Role

_SENDS = 'button:not(.visually-hidden):not([name="more"])'  # not the one for Enter alone, nor one for more rows


@dataclass
class Guest:
    page: Page
    gallery: Gallery

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.gallery.url}{path}")

    def send(self, action: str, *, at_once: bool = False, **fields: str) -> None:
        """Fill in the form that goes to ``action`` and send it, whatever the browser would say of what is empty.

        One without an action goes to the page itself. ``at_once``: by no button, for the form is folded away.
        """
        where = f'form[action$="{action}"]' if action else "main form:not([action])"
        form = self.page.locator(where).first
        form.evaluate("form => { form.noValidate = true }")
        for name, value in fields.items():
            form.locator(f'[name="{name}"]:not([type=hidden])').first.fill(value)
        with self.page.expect_navigation():
            form.evaluate("form => form.submit()") if at_once else form.locator(_SENDS).first.click()

    def choose(self, name: str, value: str) -> None:
        """A radio button or a box."""
        self.page.locator(f'[name="{name}"][value="{value}"]').check()

    def spoil(self, name: str) -> None:
        """Change a hidden field, as a page does that was open for too long."""
        self.page.locator(f'[name="{name}"]').evaluate_all("all => all.forEach(each => { each.value = 'stale' })")

    def come_in(self, audience: str, token: str) -> None:
        """As somebody who has proved themselves."""
        self.page.context.add_cookies([self.gallery.cookie(audience, token)])

    def as_patient(self, stage: Stage, path: str = "/r/release") -> None:
        self.come_in("patient", self.gallery.patient_token(stage))
        self.goto(path)

    def as_recipient(self, stage: Stage, path: str = "/l/files") -> None:
        assert stage.redeemed is not None
        self.come_in("recipient", stage.redeemed.token)
        self.goto(path)

    def as_staff(self, role: Role, path: str = "/staff", *, again: bool = False) -> str:
        """The session's token. ``again``: of somebody's whom nobody else is, so that it may be ended."""
        token = self.gallery.staff_token(role, again=again)
        self.come_in("staff", token)
        self.goto(path)
        return token

    def as_newcomer(self, role: Role, path: str) -> None:
        """As a member of a department in which nothing has happened yet."""
        self.come_in("staff", self.gallery.newcomer_token(role))
        self.goto(path)

    def with_letter(self, stage: Stage) -> None:
        """The patient's first step."""
        self.goto("/r")
        self.send("/r", secret=stage.letter_secret)

    def with_link(self, stage: Stage) -> None:
        """The recipient's first step."""
        self.goto("/l")
        self.send("/l", secret=stage.link_secret)

    def ask_for_slides(self, **changes: str) -> None:
        """Send the form of /ask."""
        department = self.gallery.now().open_to_requests()
        self.goto(f"/ask/{department.id}")
        self.choose("asker", "patient")
        self.send(f"/ask/{department.id}", **(ASKED | changes))


ASKED = BIRTH | {
    "patient_name": "Ada Example",
    "email": "ada@patient.test",
    "done": "A biopsy of the left breast, in spring",
    "recipient_name": "Dr. R. Viewer",
    "recipient_organization": "Breast Review Service",
    "question": "Is there invasion?",
}
