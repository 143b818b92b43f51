"""Members of staff in a browser: invited by the operator, set up and signed in through the pages themselves."""

from dataclasses import dataclass
from typing import Any

import pyotp
from playwright.sync_api import Browser, BrowserContext, Page

from tests.journey.hospital import Hospital

WITHIN_MS = 600_000
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Member:
    """Somebody who has set up their account; ``state`` is their browser's cookies, ``codes`` their recovery codes."""

    url: str
    email: str
    codes: list[str]
    state: Any

    def sign_in(self, page: Page, code: str) -> None:
        """By a recovery code, for one of the authenticator counts once."""
        page.get_by_label("E-mail address").fill(self.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_load_state()

    def sign_out(self, page: Page) -> None:
        page.goto(f"{self.url}/staff/account")
        page.locator("details.who summary").click()
        page.get_by_role("button", name="Sign out", exact=True).click()


def enrolled(browser: Browser, hospital: Hospital, email: str, *roles: str, name: str | None = None) -> Member:
    """A new member of the hospital's department."""
    words = [word for role in roles for word in ("--role", role)]
    invited = hospital.installation.cli(
        "staff",
        "invite",
        "--department",
        hospital.department_id,
        *words,
        "--email",
        email,
        name or email.partition("@")[0],
    )
    with browser.new_context() as context:
        context.set_default_timeout(WITHIN_MS)
        page = context.new_page()
        page.goto(f"{hospital.installation.base_url}/staff/enrol#{invited['url'].partition('#')[2]}")
        page.get_by_role("button", name="Continue").click()
        key = page.locator("details .mono").text_content() or ""
        page.locator("#password").fill(PASSWORD)
        page.locator("#code").fill(pyotp.TOTP(key.replace(" ", "")).now())
        page.get_by_role("button", name="Set up and sign in").click()
        page.locator(".codes li").first.wait_for()
        codes = page.locator(".codes li").all_text_contents()
        return Member(hospital.installation.base_url, email, codes, context.storage_state())


def signed_in(browser: Browser, member: Member) -> BrowserContext:
    """A browser in which that member is in already."""
    context = browser.new_context(storage_state=member.state)
    context.set_default_timeout(WITHIN_MS)
    return context
