"""What people do with browsers: click twice, open two tabs, leave a page open while something ends.

What goes with going back, and with clicking twice on the way in, is in tests/pages/test_in_chromium.py.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.gallery import Gallery, somebody
from tests.browser.guest import Guest
from tests.members import enrolled, proof
from tests.pages.served import share
from tests.stages import Stage
from transfer_service.domain.people import Role
from transfer_service.usecases.visits import Visits


@pytest.fixture
def guest(page: Page, gallery: Gallery) -> Guest:
    return Guest(page, gallery)


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def happened(gallery: Gallery, stage: Stage, action: str) -> int:
    """How often that befell this packet's release or its link."""
    ids = {str(each.id) for each in (stage.release, stage.link, stage.packet) if each is not None}
    return sum(each.action == action and not ids.isdisjoint(each.subject.values()) for each in gallery.stages.audit())


def fill_in_signature(page: Page) -> None:
    page.locator("#name").fill("Ada Example")
    page.locator("#read").check()


def test_two_quick_clicks_sign_once(guest: Guest, page: Page) -> None:
    stage = guest.gallery.now().released()
    guest.as_patient(stage, "/r/form")
    fill_in_signature(page)
    page.locator('form[action$="/r/sign"] button').dblclick()
    expect(page.get_by_text("You have signed.")).to_be_visible()
    assert happened(guest.gallery, stage, "release.signed") == 1


def test_two_quick_clicks_withdraw_once(guest: Guest, page: Page) -> None:
    stage = guest.gallery.now().signed()
    guest.as_patient(stage, "/r/withdraw")
    page.locator('form[action$="/r/withdraw"] button').dblclick()
    expect(page.get_by_text("Withdrawn on").first).to_be_visible()
    assert happened(guest.gallery, stage, "release.withdrawn") == 1


def test_two_quick_clicks_send_one_opinion(guest: Guest, page: Page) -> None:
    stage = guest.gallery.now().redeemed()
    guest.as_recipient(stage, "/l/opinion")
    guest.choose("conclusion", "concordant")
    page.locator('[name="summary"]').fill("As diagnosed.")
    page.locator('form[action$="/l/opinion"] button').last.dblclick()
    expect(page.get_by_role("heading", name="What you have sent")).to_be_visible()
    stages = guest.gallery.now()
    assert len(stages.journey.opinions.of_packet(stages.coordinator, stage.packet.id)) == 1


def test_what_was_signed_in_one_tab_is_not_signed_again_in_the_other(guest: Guest, page: Page) -> None:
    stage = guest.gallery.now().released()
    guest.as_patient(stage, "/r/form")
    other = Guest(page.context.new_page(), guest.gallery)
    other.goto("/r/form")
    for tab in (guest.page, other.page):
        fill_in_signature(tab)
        tab.locator('form[action$="/r/sign"] button').click()
        expect(tab.get_by_text("You have signed.")).to_be_visible()
    assert happened(guest.gallery, stage, "release.signed") == 1


def test_who_signs_out_in_one_tab_can_do_nothing_in_the_other(guest: Guest, page: Page) -> None:
    stage = guest.gallery.now().released()
    guest.as_patient(stage, "/r/form")
    other = Guest(page.context.new_page(), guest.gallery)
    other.goto("/r/release")
    other.send("/r/sign-out")
    fill_in_signature(page)
    page.locator('form[action$="/r/sign"] button').click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Please do that again")
    assert "Ada" not in page.content()
    assert happened(guest.gallery, stage, "release.signed") == 0


def test_a_session_that_ended_meanwhile_is_said_and_nothing_is_signed(guest: Guest, page: Page) -> None:
    stages, stage = guest.gallery.now(), guest.gallery.stages.released()
    session = stages.patient_session(stage.letter_secret)
    guest.come_in("patient", session.token)
    guest.goto("/r/form")
    fill_in_signature(page)
    Visits(stages.database).leave(stages.patient_actor(session), stages.now)
    page.locator('form[action$="/r/sign"] button').click()
    heading(page, "You are signed out")
    assert "Ada" not in page.content()
    assert happened(guest.gallery, stage, "release.signed") == 0


@pytest.mark.parametrize("press", ["one file", "everything"])
@pytest.mark.parametrize(
    ("end", "said"), [("revoke", "This link was cancelled"), ("withdraw", "The permission was withdrawn")]
)
def test_a_page_of_files_that_is_open_while_it_ends_gives_out_nothing_more(
    guest: Guest, page: Page, end: str, said: str, press: str
) -> None:
    stage = guest.gallery.now().redeemed()
    share(guest.gallery.stages)
    page.route("**/l/received", lambda route: route.abort())  # by which the page would say so itself
    guest.as_recipient(stage)
    getattr(guest.gallery, end)(stage)
    way = "/l/archive" if press == "everything" else f"/l/files/{stage.file.id}"
    page.locator(f'form[action$="{way}"] button').click()
    heading(page, said)
    expect(page.get_by_text("+1 555 0111")).to_be_visible()
    for hidden in ("Ada", "MRN", "S26-1234", "A1.svs"):
        assert hidden not in page.content()
    assert happened(guest.gallery, stage, "disclosure.started") == 0


def test_back_after_a_member_signed_out_shows_nothing_that_was_there(guest: Guest, page: Page) -> None:
    guest.as_staff(Role.COORDINATOR, "/staff/account", again=True)
    expect(page.get_by_text("M. Weaver").first).to_be_visible()
    guest.send("/staff/sign-out", at_once=True)
    page.go_back()
    heading(page, "Sign in")
    assert "M. Weaver" not in page.content()


def test_a_page_goes_with_its_session_once_nobody_touches_any_of_its_tabs(guest: Guest, page: Page) -> None:
    page.clock.install()
    token = guest.as_staff(Role.COORDINATOR, "/staff/account", again=True)
    other = page.context.new_page()
    other.goto(page.url)
    page.evaluate("window.still = true")
    page.clock.fast_forward("20:00")
    other.keyboard.press("Shift")
    page.clock.fast_forward("29:00")
    page.wait_for_timeout(300)
    assert page.evaluate("window.still")  # asking for it again would have kept the session alive
    guest.gallery.end_staff_session(token)
    page.clock.fast_forward("02:00")
    heading(page, "Sign in")
    assert "M. Weaver" not in page.content()


def test_a_member_whose_session_ended_comes_back_to_where_they_were(guest: Guest, page: Page) -> None:
    guest.gallery.end_staff_session(guest.as_staff(Role.COORDINATOR, "/staff/account", again=True))
    page.reload()
    heading(page, "Sign in")
    colleague = enrolled(guest.gallery.now(), Role.COORDINATOR, **somebody())
    guest.send("/staff/sign-in", **proof(colleague))
    heading(page, "Your account")


def test_a_form_of_a_member_whose_session_ended_does_nothing_and_says_so(guest: Guest, page: Page) -> None:
    token = guest.as_staff(Role.COORDINATOR, "/staff/account", again=True)
    guest.gallery.end_staff_session(token)
    page.locator('form[action$="/staff/sign-out-everywhere"] button').click()
    heading(page, "You are signed out")
    assert "M. Weaver" not in page.content()


def test_what_leads_within_a_page_is_not_taken_for_a_code(guest: Guest, page: Page) -> None:
    guest.goto("/l")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/l#main")
    expect(page.locator("[data-from-address]")).to_have_value("")

    guest.as_staff(Role.COORDINATOR, f"/staff/packets/{guest.gallery.now().signed().packet.id}/release")
    card = page.locator("[id^=release-]").first.get_attribute("id")
    page.evaluate("here => { window.still = true; location.hash = here; }", card)
    page.wait_for_timeout(300)
    assert page.evaluate("window.still")
