"""What people do with browsers: go back, click twice, open two tabs, leave a page open while something ends."""

from playwright.sync_api import Page, expect

from tests.journey.hospital import Hospital


def test_the_start_of_the_installation_opens(hospital: Hospital, page: Page) -> None:
    page.goto(f"{hospital.installation.base_url}/l")
    expect(page.get_by_role("heading", level=1)).to_have_text("Open what was released to you")
