"""A file over two gigabytes from a packet's page, over a line that is cut and on a page that is loaded anew."""

import os
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.sender import MIB, Sender, digest_of
from tests.browser.staff import Member, signed_in
from tests.fault_proxy import Fault, FaultProxy
from tests.journey.hospital import Hospital

DOWN = Fault(cut_request_at=0, reset=True)
LARGE = 2_500 * MIB


def large_file(path: Path) -> Path:
    """Holes with stretches of random bytes, quickly made: every part is another one."""
    with path.open("wb") as file:
        file.truncate(LARGE + 12_345)
        for start in range(0, LARGE, 16 * MIB):
            file.seek(start + 1000)
            file.write(os.urandom(65_536))
    return path


def test_two_and_a_half_gigabytes_outlive_a_cut_line_and_a_reload_and_only_what_is_missing_is_sent_again(
    hospital: Hospital, member: Member, chromium: str, browser: Browser, tmp_path: Path
) -> None:
    port = int(hospital.installation.base_url.rpartition(":")[2])
    slide = large_file(tmp_path / "large.ndpi")
    parts = -(-slide.stat().st_size // (16 * MIB))
    with FaultProxy(port) as line:
        rule = f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{line.port}"
        through_the_line = browser.browser_type.launch(executable_path=chromium, args=["--no-sandbox", rule])
        with signed_in(through_the_line, member) as context:
            sender = Sender(context.new_page(), hospital).open()
            sender.drop(slide)
            sender.sees_progress(0.25)
            line.next(then=DOWN)
            sender.sees("No connection. Goes on by itself.")
            line.next()
            sender.sees_progress(0.6)
            sender.page.reload()
            taken = sender.parts_taken()
            assert taken < parts
            sender.sees("1 file is not complete.")
            sender.sees("Go on with the same files")  # which moves the place to drop them on
            sender.drop(slide)
            expect(sender.page.locator("#files")).to_contain_text("Verified: 1 of 1.", timeout=1_800_000)
        through_the_line.close()
    assert sender.files()["large.ndpi"]["sha256"] == digest_of(slide)
    assert parts <= sender.parts_taken() <= parts + 4  # what was being stored when it was asked for may come twice
    slide.unlink()
