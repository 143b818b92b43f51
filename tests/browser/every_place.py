"""What holds of every page in every state: anybody can use it, nothing runs in it but ours, and it tells no secret."""

import re
from collections.abc import Callable, Iterator, Sequence

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import violations, violations_of_looks
from tests.browser.gallery import Gallery
from tests.browser.place import Place
from tests.browser.visit import PHONE, Visit, visiting

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
ABOUT_A_PATIENT = re.compile(r"\b(Ada|MRN|S26|1961|Viewer|Carcinoma)", re.IGNORECASE)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # in which any word of hexadecimal digits may stand
_INLINE = """html => [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("*")]
    .filter((each) => each.matches("[style], style, script:not([src]), [href^='javascript:']")
        || each.getAttributeNames().some((name) => name.startsWith("on")))
    .map((each) => each.outerHTML)"""
_ADDRESSES = """() => [...document.querySelectorAll("[href], [action], [src]")]
    .map((each) => `${each.href ?? each.action ?? each.src}`)"""


def visits_to(places: Sequence[Place]) -> Callable[..., Iterator[Visit]]:
    """The fixture ``visit``: each place once, for all that is asked of it."""

    @pytest.fixture(scope="module", params=places, ids=lambda place: place.name)
    def visit(request: pytest.FixtureRequest, browser: Browser, gallery: Gallery) -> Iterator[Visit]:
        with visiting(browser, gallery, request.param) as visit:
            yield visit

    return visit


class EveryPlace:
    """The tests, for a module that has a ``visit``."""

    def test_it_is_the_page_that_it_is_called(self, visit: Visit) -> None:
        assert visit.document.status == visit.place.status
        address = re.sub(r"<[^>]+>", "[^/]+", re.sub(r"<path:[^>]+>", ".+", visit.place.rule))
        assert re.fullmatch(address, visit.path), visit.path

    def test_axe_finds_nothing_on_a_desktop_by_day_nor_on_a_phone_by_night(self, visit: Visit) -> None:
        found = violations(visit.page)
        desktop = visit.page.viewport_size
        visit.page.set_viewport_size(PHONE)
        visit.page.emulate_media(color_scheme="dark")
        found += violations_of_looks(visit.page)
        visit.page.emulate_media(color_scheme="light")
        visit.page.set_viewport_size(desktop)
        assert not found, "\n\n".join(found)

    def test_it_is_no_wider_than_its_window(self, visit: Visit) -> None:
        desktop = visit.page.viewport_size
        for width in (320, 360, 768):
            visit.page.set_viewport_size({"width": width, "height": 740})
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        visit.page.set_viewport_size(desktop)

    def test_its_headers_let_nothing_foreign_in_and_keep_nothing(self, visit: Visit) -> None:
        headers = visit.document.all_headers()
        policy = dict(each.strip().partition(" ")[::2] for each in headers["content-security-policy"].split(";"))
        assert POLICY.items() <= policy.items()
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert headers["content-language"] == "en"

    def test_its_cookies_are_this_host_s_alone_and_no_script_s(self, visit: Visit) -> None:
        for cookie in visit.page.context.cookies():
            assert cookie["name"].startswith("__Host-")
            assert (cookie["secure"], cookie["httpOnly"], cookie["path"]) == (True, True, "/")
            assert cookie["sameSite"] == ("Lax" if cookie["name"] == "__Host-language" else "Strict")
        assert visit.page.evaluate("document.cookie") == ""

    def test_nothing_in_it_is_inline(self, visit: Visit) -> None:
        assert visit.page.evaluate(_INLINE, visit.document.text()) == []

    def test_the_browser_has_nothing_to_complain_of(self, visit: Visit) -> None:
        assert visit.said == []

    def test_nothing_is_asked_of_anybody_else(self, visit: Visit, gallery: Gallery) -> None:
        foreign = [each.url for each in visit.requests if not each.url.startswith((f"{gallery.url}/", "data:"))]
        assert foreign == []

    def test_its_title_and_addresses_say_nothing_of_a_patient(self, visit: Visit) -> None:
        title = visit.page.title()
        assert len(title) > 3
        addresses = [visit.page.url, *visit.page.evaluate(_ADDRESSES), *(each.url for each in visit.requests)]
        for shown in (title, *addresses):
            assert not ABOUT_A_PATIENT.search(_ID.sub("", shown)), shown

    def test_it_stays_where_it_was_put(self, visit: Visit) -> None:
        assert visit.shift == 0
