"""The pages in a real browser, on a real server."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, Request, expect

from tests.databases import Kept
from tests.gunicorn_process import GunicornProcess, running_gunicorn
from tests.pages.served import DATABASE, FOLDER, share
from tests.stages import Stage, Stages
from transfer_service.app import installation_key
from transfer_service.domain.link import Verification
from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, Reply


@pytest.fixture
def stages(tmp_path: Path, own_database: Kept) -> Iterator[Stages]:
    """As everywhere, but with the server's clock and the server's own key."""
    stages = Stages(tmp_path, own_database)
    stages.service_key = installation_key(stages.database, stages.keyring, "service")
    stages.journey = stages._journey()
    stages.clock.now = datetime.now(UTC)
    yield stages
    stages.close_down()


@pytest.fixture
def server(stages: Stages, tmp_path: Path) -> Iterator[GunicornProcess]:
    environment = {FOLDER: str(stages.directory), DATABASE: stages.kept.url}
    with running_gunicorn("tests.pages.served:make_app", tmp_path / "server.log", env=environment) as server:
        yield server


def mailed_code(stages: Stages) -> str:
    stages.clock.now = datetime.now(UTC)  # the mail is due since the server put it there
    return stages.code()


def prove_birth(page: Page, stages: Stages) -> None:
    page.get_by_label("Code from the e-mail").fill(mailed_code(stages))
    for label, value in (("Month", "2"), ("Day", "3"), ("Year", "1961")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Continue").click()


def sign(page: Page) -> None:
    page.get_by_role("link", name="Read the form and decide").click()
    heading(page, "The form")
    page.get_by_label("Your full name").fill("Ada Example")
    page.get_by_label("I have read the form above").check()
    page.get_by_role("button", name="Sign and allow the release").click()


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def requests_of(page: Page) -> list[Request]:
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request))  # noqa: PLW0108 - Playwright marks what it is given
    return seen


def test_a_patient_signs_and_withdraws_with_scripts(stages, server, page):
    stage = stages.released()
    seen = requests_of(page)
    page.goto(f"{server.url}/r#{stage.letter_secret}")
    expect(page.get_by_label("Code", exact=True)).to_have_value(stage.letter_secret)
    assert page.url == f"{server.url}/r"
    page.wait_for_load_state("networkidle")
    assert {request.method for request in seen} == {"GET"}
    assert not [request for request in seen if stage.letter_secret in request.url]
    page.get_by_role("button", name="Continue").click()
    heading(page, "Check your e-mail")
    prove_birth(page, stages)
    heading(page, "Release of your medical files")
    sign(page)
    expect(page.get_by_text("You have signed.")).to_be_visible()
    page.get_by_role("link", name="Read the form").click()
    text = page.locator("#form-text").evaluate("each => each.textContent")
    assert hashlib.sha256(text.encode()).hexdigest() == stage.release.form.sha256
    page.get_by_role("link", name="Back to the overview").click()
    page.get_by_role("link", name="Withdraw your permission").click()
    expect(page.get_by_text("cannot be called back")).to_be_visible()
    page.get_by_role("button", name="Yes, withdraw").click()
    expect(page.get_by_text("Withdrawn on").first).to_be_visible()
    assert stage.letter_secret not in server.log()


def test_a_patient_signs_without_scripts_by_pasting_the_whole_address(stages, server, page_without_scripts):
    page, stage = page_without_scripts, stages.released()
    page.goto(f"{server.url}/r#{stage.letter_secret}")
    page.get_by_label("Code", exact=True).fill(f" {server.url}/r#{stage.letter_secret} ")
    page.get_by_role("button", name="Continue").click()
    prove_birth(page, stages)
    sign(page)
    expect(page.get_by_text("You have signed.")).to_be_visible()


@pytest.mark.parametrize("passcode", [None, "orange zebra 7"])
def test_a_recipient_downloads_a_file(stages, server, page, passcode):
    how = {"verification": Verification.PASSCODE, "passcode": passcode} if passcode else {}
    stage = stages.linked(**how)
    share(stages)
    open_link(page, server, stage)
    page.get_by_label("Passcode" if passcode else "Code from the e-mail").fill(passcode or mailed_code(stages))
    page.get_by_role("button", name="Open", exact=True).click()
    heading(page, "What was released to you")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download", exact=True).nth(1).click()
    path, content = next(iter(stage.contents.items()))
    assert waiting.value.suggested_filename == path.rsplit("/")[-1]
    assert Path(waiting.value.path()).read_bytes() == content


@pytest.mark.parametrize("kind_of_page", ["page", "page_without_scripts"])
def test_a_recipient_downloads_everything_as_one_zip(stages, server, request, kind_of_page):
    stage, page = stages.linked(), request.getfixturevalue(kind_of_page)
    share(stages)
    page.goto(f"{server.url}/l")
    page.get_by_label("Code").fill(stage.link_secret)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code from the e-mail").fill(mailed_code(stages))
    page.get_by_role("button", name="Open", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download everything as one ZIP").click()
    assert waiting.value.suggested_filename == f"packet-{str(stage.packet.id)[:8]}.zip"
    with ZipFile(waiting.value.path()) as archive:
        folder = waiting.value.suggested_filename.removesuffix(".zip")
        for path, content in stage.contents.items():
            assert archive.read(f"{folder}/data/{path}") == content
    heading(page, "What was released to you")


def recipient_in(page: Page, server: GunicornProcess, stages: Stages, stage: Stage) -> None:
    open_link(page, server, stage)
    page.get_by_label("Code from the e-mail").fill(mailed_code(stages))
    page.get_by_role("button", name="Open", exact=True).click()
    heading(page, "What was released to you")


def test_the_page_of_files_says_by_itself_what_has_come_and_gives_way_when_the_link_is_revoked(stages, server, page):
    stage = stages.linked()
    share(stages)
    recipient_in(page, server, stages, stage)
    with page.expect_download():
        page.get_by_role("button", name="Download", exact=True).first.click()
    expect(page.get_by_text("Downloaded completely on")).to_be_visible(timeout=20_000)
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link was cancelled", timeout=30_000)
    expect(page.get_by_text("+1 555 0111")).to_be_visible()
    assert "Ada" not in page.content()
    assert stages.actions().count("link.refused") == 0  # nobody tried anything


def test_a_file_is_downloaded_again_from_the_page_that_it_left_there(stages, server, page):
    page.clock.install()
    stage = stages.linked()
    share(stages)
    recipient_in(page, server, stages, stage)
    for _ in range(2):
        with page.expect_download():
            page.get_by_role("button", name="Download", exact=True).first.click()
        page.clock.fast_forward(5000)


def test_a_command_is_copied_by_its_button(stages, server, page, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    recipient_in(page, server, stages, stages.linked())
    page.get_by_text("Download with another program").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "packet fetch - review"


@pytest.mark.parametrize("kind_of_page", ["page", "page_without_scripts"])
def test_a_recipient_says_what_is_missing_on_a_phone(stages, server, request, kind_of_page):
    stage, page = stages.linked(), request.getfixturevalue(kind_of_page)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{server.url}/l")
    page.get_by_label("Code").fill(stage.link_secret)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code from the e-mail").fill(mailed_code(stages))
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("link", name="Send your opinion").click()
    heading(page, "Your opinion")
    page.get_by_label("I need more material before I can say").check()
    page.get_by_role("button", name="Send to the department").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what is missing")
    page.get_by_label("Kind of material, line 1").select_option("Tissue block")
    page.get_by_label("What is missing, line 1").fill("B2")
    page.get_by_role("button", name="Send to the department").click()
    expect(page.get_by_role("heading", name="What you have sent")).to_be_visible()
    if kind_of_page == "page":
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    (view,) = stages.journey.opinions.of_packet(stages.coordinator, stage.packet.id)
    assert view.opinion.reply == Reply(Conclusion.NEEDS_MORE_MATERIAL, None, (Missing(MaterialKind.BLOCK, "B2"),))


def test_files_are_sent_with_an_opinion_and_what_was_typed_stays(stages, server, page):
    stage = stages.linked()
    recipient_in(page, server, stages, stage)
    page.get_by_role("link", name="Send your opinion").click()
    page.wait_for_url("**/opinion**")
    page.wait_for_load_state("load")  # its script hears what is chosen from then on
    page.get_by_label("Summary").fill("As diagnosed.")
    names = ("Befund ü.pdf", "A1 (annotated).tiff")
    files = [{"name": name, "mimeType": "", "buffer": b"x" * 300_000} for name in names]
    page.get_by_label("Add files").set_input_files(files)
    for name in names:
        expect(page.locator("#opinion-files").get_by_text(name)).to_be_visible()
    expect(page.get_by_text("not checked yet")).to_have_count(2)
    expect(page.get_by_label("Summary")).to_have_value("As diagnosed.")
    page.get_by_label("Add files").set_input_files([files[0] | {"buffer": b"another one"}])
    expect(page.get_by_text("of that name already")).to_be_visible()
    page.get_by_role("button", name="Take out").first.click()
    expect(page.get_by_text("not checked yet")).to_have_count(1)


def open_link(page: Page, server: GunicornProcess, stage: Stage) -> None:
    page.goto(f"{server.url}/l#{stage.link_secret}")
    page.get_by_role("button", name="Continue").click()


def enter(page: Page, server: GunicornProcess, stages: Stages, stage: Stage) -> None:
    page.goto(f"{server.url}/r#{stage.letter_secret}")
    page.get_by_role("button", name="Continue").click()
    prove_birth(page, stages)
    heading(page, "Release of your medical files")


def test_the_cookie_is_taken_over_loopback_with_all_its_flags(server, context, page):
    page.goto(f"{server.url}/r")
    (cookie,) = context.cookies()
    assert cookie["name"] == "__Host-session"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Strict", "/")
    assert cookie["expires"] == -1
    assert page.evaluate("document.cookie") == ""


def test_a_link_clicked_in_a_webmail_works_and_ends_no_session_that_is_open(stages, server, page):
    """The webmail is another site: the browser holds the SameSite=Strict cookie back on the way here."""
    stage = stages.linked(max_redemptions=1)
    webmail = server.url.replace("127.0.0.1", "localhost")
    page.route(f"{webmail}/mail", lambda route: route.fulfill(
        body=f'<a href="{server.url}/l#{stage.link_secret}">your link</a>', content_type="text/html"
    ))  # fmt: skip
    for already_in in (False, True):
        page.goto(f"{webmail}/mail")
        page.get_by_role("link", name="your link").click()
        page.get_by_role("button", name="Continue").click()
        if not already_in:
            page.get_by_label("Code from the e-mail").fill(mailed_code(stages))
            page.get_by_role("button", name="Open", exact=True).click()
        heading(page, "What was released to you")


def test_back_after_signing_out_shows_nothing_of_the_patient(stages, server, page):
    enter(page, server, stages, stages.released())
    page.get_by_role("button", name="Sign out").click()
    heading(page, "You are signed out")
    page.go_back()
    heading(page, "You are signed out")
    assert "Ada" not in page.content()


def test_back_after_signing_does_not_sign_again(stages, server, page):
    stage = stages.released()
    enter(page, server, stages, stage)
    sign(page)
    expect(page.get_by_text("You have signed.")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_text("You have signed.")).to_be_visible()
    assert stages.actions().count("release.signed") == 1


def test_two_quick_clicks_are_one_redemption(stages, server, page):
    stage = stages.linked(max_redemptions=1)
    open_link(page, server, stage)
    page.get_by_label("Code from the e-mail").fill(mailed_code(stages))
    page.get_by_role("button", name="Open", exact=True).dblclick()
    heading(page, "What was released to you")
    assert stages.actions().count("link.redeemed") == 1


def test_two_quick_clicks_without_scripts_are_one_redemption(stages, server, page_without_scripts):
    page, stage = page_without_scripts, stages.linked(max_redemptions=1)
    page.goto(f"{server.url}/l")
    page.get_by_label("Code", exact=True).fill(stage.link_secret)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code from the e-mail").fill(mailed_code(stages))
    page.get_by_role("button", name="Open", exact=True).dblclick()
    heading(page, "What was released to you")
    assert stages.actions().count("link.redeemed") == 1


def test_another_link_pasted_over_an_error_starts_anew(stages, server, page):
    revoked, live = stages.linked(), stages.linked()
    stages.journey.issue.revoke(stages.coordinator, revoked.link.id, stages.now)
    open_link(page, server, revoked)
    heading(page, "This link was cancelled")
    open_link(page, server, live)
    heading(page, "Show who you are")


def test_what_is_wrong_has_the_focus_and_leads_to_its_field(server, page):
    page.goto(f"{server.url}/r")
    page.get_by_label("Code", exact=True).fill("nonsense")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    expect(page.get_by_label("Code", exact=True)).to_have_attribute("aria-invalid", "true")


def test_nothing_on_the_pages_breaks_their_own_content_security_policy(stages, server, page):
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    enter(page, server, stages, stages.released())
    page.get_by_role("link", name="See who has received").click()
    heading(page, "Who has received your files")
    assert said == []


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_is_wider_than_its_window(stages, server, page, width):
    page.set_viewport_size({"width": width, "height": 700})
    stage = stages.released(purpose="Second opinion of a very long word: " + "x" * 120)
    enter(page, server, stages, stage)
    for path in ("/r", "/l", "/r/release", "/r/form", "/r/withdraw", "/r/accounting"):
        page.goto(f"{server.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_slides_are_asked_for_on_a_small_phone_by_keyboard_alone_and_without_scripts(stages, server, browser):
    typed = (
        *("ada@patient.test", "", "Ada Example", "2", "3", "1961", ""),
        *("", ""),  # two words that are explained
        *("A biopsy", "", "", ""),
        *("Dr. R. Viewer", "Breast Review Service", "", "Is there invasion?"),
    )
    with browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640}) as context:
        page = context.new_page()
        page.goto(f"{server.url}/ask/{stages.open_to_requests().id}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_label("the patient", exact=True).focus()
        page.keyboard.press("Space")
        for text in typed:
            page.keyboard.press("Tab")
            page.keyboard.type(text)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        heading(page, "Your request was sent")
    (request,) = stages.journey.slide_requests.of_department(stages.coordinator, limit=9).items
    assert (request.asked.patient_name, request.asked.question) == ("Ada Example", "Is there invasion?")
