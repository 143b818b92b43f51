"""The keys of the list, in a real browser, which is answered by the pages without a server between."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.members import signed_in
from tests.pages.visitor import Visitor
from tests.stages import PUBLIC_URL, Stages
from transfer_service.domain.people import Role

LIST = f"{PUBLIC_URL}/staff/packets"


@pytest.fixture
def page(stages: Stages, visitor: Visitor, browser: Browser) -> Iterator[Page]:
    """At the list of three packets, signed in."""
    for _ in range(3):
        stages.opened()
    signed_in(visitor, stages, Role.COORDINATOR)

    def answer(route: Route) -> None:
        address = urlsplit(route.request.url)
        answered = visitor.client.get(f"{address.path}?{address.query}", base_url=PUBLIC_URL, buffered=True)
        route.fulfill(status=answered.status_code, headers=dict(answered.headers), body=answered.data)

    page = browser.new_page()
    page.route("**/*", answer)
    page.goto(LIST)
    yield page
    page.close()


def rows(page: Page):
    return page.locator("[data-row] a")


def test_j_and_k_go_along_the_rows_and_enter_opens_one(page):
    page.keyboard.press("j")
    expect(rows(page).nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(rows(page).nth(0)).to_be_focused()
    address = rows(page).nth(0).get_attribute("href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{re.escape(address)}$"))


def test_arrows_scroll_until_somebody_is_among_the_rows(page):
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement === document.body")
    rows(page).nth(0).focus()
    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(rows(page).nth(0)).to_be_focused()


def test_a_slash_goes_to_the_search_where_letters_are_letters(page):
    page.keyboard.press("/")
    expect(page.locator("#number")).to_be_focused()
    page.keyboard.type("j/k?")
    expect(page.locator("#number")).to_have_value("j/k?")
    expect(page.locator("[data-keys]")).to_be_hidden()


def test_what_another_key_is_held_with_is_left_to_the_browser(page):
    for held in ("Control", "Alt", "Meta"):
        page.evaluate("addEventListener('keydown', (event) => { window.taken = event.defaultPrevented })")
        page.locator("body").dispatch_event(
            "keydown", {"key": "j", f"{held.lower().replace('control', 'ctrl')}Key": True}
        )
        assert page.evaluate("window.taken") is not True


def test_a_question_mark_shows_the_keys_and_they_can_be_turned_off_for_good(page):
    page.keyboard.press("?")
    expect(page.locator("[data-keys]")).to_be_visible()
    page.get_by_label("Use these keys in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("?")
    assert page.evaluate("document.activeElement === document.body")
    expect(page.locator("[data-keys]")).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use these keys in this browser").check()
    page.keyboard.press("Escape")
    rows(page).nth(1).focus()
    page.keyboard.press("j")
    expect(rows(page).nth(2)).to_be_focused()
