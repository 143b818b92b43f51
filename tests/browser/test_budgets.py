"""What a first page may weigh; that none moves about is in test_every_place.py."""

import pytest
from playwright.sync_api import Page

from tests.browser.gallery import Gallery
from tests.browser.guest import Guest
from tests.browser.weight import Scales
from transfer_service.domain.people import Role

FIRST_PAGES = ("/", "/r", "/l", "/ask", "/q", "/staff/sign-in", "/staff")
MOST_BYTES = 100_000


@pytest.mark.parametrize("path", FIRST_PAGES)
def test_a_first_page_comes_quickly_over_a_slow_line(gallery: Gallery, page: Page, path: str) -> None:
    if path == "/staff":
        Guest(page, gallery).come_in("staff", gallery.staff_token(Role.COORDINATOR))
    scales = Scales(page)
    page.goto(f"{gallery.url}{path}", wait_until="networkidle")
    assert page.url == f"{gallery.url}{path}"
    assert 1_000 < scales.received_bytes < MOST_BYTES
