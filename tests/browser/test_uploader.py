"""Files dropped on a packet's page, at the installation that a user would start."""

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.axe import violations
from tests.browser.sender import CRAWL, MIB, Sender, digest_of, send_some, write
from tests.browser.staff import WITHIN_MS, enrolled, signed_in
from tests.journey.hospital import Hospital
from tests.standalone_process import eventually


def test_a_mirax_slide_and_its_folder_arrive_with_their_paths(sender: Sender, tmp_path: Path) -> None:
    index = write(tmp_path / "A1.mrxs", 1000)
    write(tmp_path / "A1" / "Slidedat.ini", 500)
    write(tmp_path / "A1" / "deeper" / "Data0001.dat", 70_000)
    write(tmp_path / "A1" / "empty.dat", 0)
    write(tmp_path / "A1" / "Thumbs.db", 10)
    sender.drop(index, tmp_path / "A1")
    sender.sees("Left out, as file managers leave them behind: A1/Thumbs.db")
    sender.sees_verified(4)
    assert set(sender.files()) == {"A1.mrxs", "A1/Slidedat.ini", "A1/deeper/Data0001.dat", "A1/empty.dat"}
    for path, file in sender.files().items():
        assert (file["state"], file["sha256"]) == ("verified", digest_of(tmp_path / path))


def test_three_hundred_small_files_of_one_folder_arrive(sender: Sender, tmp_path: Path) -> None:
    for number in range(300):
        write(tmp_path / "slide" / f"Data{number:04}.dat", 100 + number)
    sender.drop(tmp_path / "slide")
    sender.sees("300 files have arrived")
    sender.sees_verified(300)
    assert {file["size"] for file in sender.files().values()} == {100 + number for number in range(300)}


def test_names_arrive_in_one_unicode_form(sender: Sender, tmp_path: Path) -> None:
    sender.choose_files([write(tmp_path / "Gu\u0308nther.svs", 10)])
    sender.sees_verified(1)
    assert set(sender.files()) == {"G\u00fcnther.svs"}


def test_a_chosen_folder_keeps_its_name(sender: Sender, tmp_path: Path) -> None:
    write(tmp_path / "case" / "slides" / "A1.svs", 10)
    sender.choose_folder(tmp_path / "case")
    sender.sees_verified(1)
    assert set(sender.files()) == {"case/slides/A1.svs"}


def test_what_is_paused_goes_on_and_sends_no_part_twice(sender: Sender, tmp_path: Path) -> None:
    slide = write(tmp_path / "A1.svs", 10 * 16 * MIB)
    send_some(sender, write(tmp_path / "A0.xml", 1000), slide)
    sender.press("Pause")
    expect(sender.page.get_by_role("button", name="Continue")).to_be_visible()
    taken = sender.parts_taken()
    sender.page.wait_for_timeout(1500)
    assert sender.parts_taken() == taken < 11
    sender.line()
    sender.press("Continue")
    sender.sees_verified(2)
    assert sender.parts_taken() == 11
    assert sender.files()["A1.svs"]["sha256"] == digest_of(slide)


def test_a_file_that_is_removed_while_it_is_sent_is_gone_from_the_packet(sender: Sender, tmp_path: Path) -> None:
    sender.line(CRAWL)
    sender.choose_files([write(tmp_path / "wrong.svs", 64 * MIB), write(tmp_path / "right.svs", 1000)])
    row = sender.rows.filter(has_text="wrong.svs")
    expect(row.locator("progress")).to_be_visible(timeout=WITHIN_MS)
    row.get_by_role("button", name="Remove").click()
    sender.line()
    sender.sees_verified(1)
    assert set(sender.files()) == {"right.svs"}


def test_what_the_service_refuses_is_said_beside_that_file_and_the_others_go_on(sender: Sender, tmp_path: Path) -> None:
    sender.choose_files([write(tmp_path / "A1.svs", 10)])
    sender.sees_verified(1)
    write(tmp_path / "upper" / "a1.SVS", 11)
    sender.choose_files(
        [write(tmp_path / "back\\slash.svs", 10), write(tmp_path / "good.svs", 10), tmp_path / "upper" / "a1.SVS"]
    )
    sender.sees_verified(2)
    expect(sender.rows.filter(has_text="slash.svs")).to_contain_text("The service does not take this name")
    expect(sender.rows.filter(has_text="a1.SVS")).to_contain_text("already has another file of this name")
    assert set(sender.files()) == {"A1.svs", "good.svs"}


def test_the_same_files_dropped_again_are_found_there_and_not_sent_again(sender: Sender, tmp_path: Path) -> None:
    slide = write(tmp_path / "A1.svs", 20 * MIB)
    sender.drop(slide)
    sender.sees_verified(1)
    sender.open()
    sender.drop(slide)
    sender.sees("Everything has been sent")
    assert sender.parts_taken() == 2


def test_another_file_of_that_name_and_size_is_not_taken_for_what_is_there(sender: Sender, tmp_path: Path) -> None:
    slide = write(tmp_path / "A1.svs", 1000)
    sender.drop(slide)
    sender.sees_verified(1)
    sent = sender.files()["A1.svs"]["sha256"]
    write(slide, 1000)
    sender.open()
    sender.drop(slide)
    sender.sees("The packet already has another file of this name, complete.")
    assert sender.files()["A1.svs"]["sha256"] == sent


def test_axe_finds_nothing_while_files_are_sent_wait_and_have_failed(sender: Sender, tmp_path: Path) -> None:
    sender.line(CRAWL)
    large = [write(tmp_path / f"A{number}.svs", 32 * MIB) for number in range(9)]
    sender.choose_files([write(tmp_path / "0\\slash.svs", 10), write(tmp_path / "Thumbs.db", 10), *large])
    sender.sees("The service does not take this name")
    sender.sees("waits for its turn")
    for width, height, scheme in ((1280, 800, "light"), (360, 740, "dark")):
        sender.page.set_viewport_size({"width": width, "height": height})
        sender.page.emulate_media(color_scheme=scheme)
        assert violations(sender.page) == []
        assert sender.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sender.press("Pause")
    assert violations(sender.page) == []


def test_a_file_that_changes_while_it_is_sent_is_refused(sender: Sender, tmp_path: Path) -> None:
    slide = write(tmp_path / "A1.svs", 10 * 16 * MIB)
    send_some(sender, write(tmp_path / "A0.xml", 1000), slide)
    with slide.open("ab") as file:
        file.write(b"more")
    sender.line()
    sender.sees("The file changed, moved or vanished while it was sent.")
    assert sender.files()["A1.svs"]["state"] == "receiving"


def test_a_second_tab_says_that_the_first_one_sends(sender: Sender, tmp_path: Path) -> None:
    slide = write(tmp_path / "A1.svs", 4 * 16 * MIB)
    sender.line(CRAWL)
    sender.drop(slide)
    sender.sees_progress(0.001)
    other = sender.page.context.new_page()
    other.goto(sender.page.url)
    expect(other.get_by_text("Another tab of this browser is sending")).to_be_visible(timeout=WITHIN_MS)
    expect(other.locator("[data-drop]")).to_be_hidden()
    sender.line()
    sender.sees_verified(1)
    expect(other.locator("[data-drop]")).to_be_visible(timeout=WITHIN_MS)
    assert sender.parts_taken() == 4


def test_an_upload_outlives_its_session_and_goes_on_after_signing_in_again(
    browser: Browser, hospital: Hospital, tmp_path: Path
) -> None:
    bob = enrolled(browser, hospital, "bob@agatha.test", "depositor")
    with signed_in(browser, bob) as context:
        sending = Sender(context.new_page(), hospital).open()
        slide = write(tmp_path / "A1.svs", 8 * 16 * MIB)
        sending.line(CRAWL)
        sending.drop(slide)
        sending.sees_progress(0.001)
        elsewhere = context.new_page()
        bob.sign_out(elsewhere)
        sending.line()
        sending.sees("You are signed out. Sign in again in another tab, then it goes on by itself.")
        with context.expect_page() as opened:
            sending.page.get_by_role("link", name="Sign in again in another tab").click()
        sending.page.wait_for_timeout(6000)  # it looks whether somebody is in again, and must not be in the way of that
        bob.sign_in(opened.value, bob.codes[0])
        sending.sees_verified(1)
        assert sending.parts_taken() == 8


def test_another_file_of_a_name_that_is_on_its_way_is_not_passed_over(sender: Sender, tmp_path: Path) -> None:
    first, other = write(tmp_path / "one" / "1.svs", 32 * MIB), write(tmp_path / "two" / "1.svs", 20)
    sender.line(CRAWL)
    sender.choose_files([first])
    sender.choose_files([other])
    sender.sees("The packet already has a file of this name")
    sender.line()
    sender.sees_verified(1)
    assert sender.files()["1.svs"]["sha256"] == digest_of(first)
    sender.press("Try again")
    sender.sees("The packet already has another file of this name, complete.")


def test_what_still_waited_when_the_page_was_left_is_said_when_it_is_loaded_again(
    sender: Sender, tmp_path: Path
) -> None:
    send_some(sender, *(write(tmp_path / f"A{number}.svs", 64 * MIB if number else 10) for number in range(9)))
    sender.page.reload()
    sender.line()
    expect(sender.page.locator("[data-left]")).to_contain_text(
        re.compile(r"Still waiting to be sent when this page was left: [1-8]\."), timeout=WITHIN_MS
    )


def test_who_was_signed_out_before_dropping_anything_is_told_and_goes_on(
    browser: Browser, hospital: Hospital, tmp_path: Path
) -> None:
    cat = enrolled(browser, hospital, "cat@agatha.test", "depositor")
    with signed_in(browser, cat) as context:
        sending = Sender(context.new_page(), hospital).open()
        elsewhere = context.new_page()
        cat.sign_out(elsewhere)
        sending.drop(write(tmp_path / "A1.svs", 10))
        sending.sees("You are signed out. Sign in again in another tab, then it goes on by itself.")
        elsewhere.goto(f"{cat.url}/staff/sign-in")
        cat.sign_in(elsewhere, cat.codes[0])
        sending.sees_verified(1)


def test_an_upload_goes_on_when_its_sender_acts_in_the_right_role_again(sender: Sender, tmp_path: Path) -> None:
    send_some(sender, write(tmp_path / "A0.xml", 10), write(tmp_path / "A1.svs", 64 * MIB))
    elsewhere = sender.page.context.new_page()
    elsewhere.goto(f"{sender.hospital.installation.base_url}/staff/account")
    for role in ("Privacy officer", "Coordinator"):
        elsewhere.locator("details.who summary").click()
        elsewhere.get_by_role("button", name=f"Act as: {role}").click()
        elsewhere.wait_for_load_state()
        if role == "Privacy officer":
            sender.line()
            sender.sees("The role that you act in now may not send files.")
    sender.press("Continue")
    sender.sees_verified(2)


def test_what_is_dropped_while_the_service_does_not_say_what_it_has_is_sent_when_it_does(
    sender: Sender, tmp_path: Path
) -> None:
    sender.drop(write(tmp_path / "A1.svs", 10))
    sender.sees_verified(1)
    packet = f"**/api/v1/packets/{sender.packet_id}"
    refusal = {"status": 403, "content_type": "application/problem+json", "body": '{"code": "not_allowed"}'}
    sender.page.route(packet, lambda route: route.fulfill(**refusal))
    sender.drop(write(tmp_path / "A2.svs", 10))
    sender.sees("The role that you act in now may not send files.")
    sender.sees("1 of 2 files have arrived")
    sender.page.unroute(packet)
    sender.press("Continue")
    sender.sees_verified(2)


def test_whoever_pauses_by_keyboard_stands_on_the_button_that_goes_on(sender: Sender, tmp_path: Path) -> None:
    send_some(sender, write(tmp_path / "A0.xml", 10), write(tmp_path / "A1.svs", 32 * MIB))
    sender.page.get_by_role("button", name="Pause").press("Enter")
    expect(sender.page.get_by_role("button", name="Continue")).to_be_focused(timeout=WITHIN_MS)
    sender.line()
    sender.page.keyboard.press("Enter")
    sender.sees_verified(2)


def test_going_back_in_mid_upload_is_warned_of_and_loses_nothing(sender: Sender, tmp_path: Path) -> None:
    slide = write(tmp_path / "A1.svs", 8 * 16 * MIB)
    sender.page.goto(f"{sender.hospital.installation.base_url}/staff/account")
    sender.open()
    warned = []
    sender.page.on("dialog", lambda dialog: warned.append(dialog.type))
    send_some(sender, write(tmp_path / "A0.xml", 1000), slide)
    assert eventually(lambda: sender.files()["A0.xml"]["state"] == "verified", WITHIN_MS / 1000)
    sender.page.go_back()
    expect(sender.page).to_have_url(f"{sender.hospital.installation.base_url}/staff/account")
    assert warned == ["beforeunload"]
    sender.line()
    sender.page.go_forward()
    sender.sees("1 file is not complete.")
    sender.sees("Go on with the same files")  # which moves the place to drop them on
    sender.drop(slide)
    sender.sees_verified(2)
    assert 9 <= sender.parts_taken() <= 9 + 4


def test_after_a_reload_one_button_goes_on_with_the_same_files(sender: Sender, tmp_path: Path) -> None:
    slide = write(tmp_path / "case" / "A1.svs", 8 * 16 * MIB)
    write(tmp_path / "case" / "A0.xml", 1000)
    send_some(sender, slide.parent)
    sender.page.reload()
    sender.line()
    sender.press("Go on with the same files")
    sender.sees_verified(2)
    assert sender.files()["case/A1.svs"]["sha256"] == digest_of(slide)
