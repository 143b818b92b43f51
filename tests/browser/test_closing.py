"""When a packet closes: by a button, or by itself, and then not without anything that was chosen."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.sender import CRAWL, MIB, Sender, write
from tests.browser.staff import WITHIN_MS
from tests.standalone_process import eventually

#: "late.svs" comes only when the page says so, and "gone.svs" never: as from a share that is slow or gone.
SHARE = """() => {
  const { webkitGetAsEntry } = DataTransferItem.prototype;
  const coming = new Promise((come) => { window.come = come; });
  DataTransferItem.prototype.webkitGetAsEntry = function () {
    const entry = webkitGetAsEntry.call(this);
    const file = entry.file.bind(entry);
    entry.file = async (found, failed) => {
      if (entry.name === "gone.svs") return failed(new DOMException("gone", "NotReadableError"));
      if (entry.name === "late.svs") await coming;
      return file(found, failed);
    };
    return entry;
  };
}"""


def closes_itself(sender: Sender) -> None:
    sender.page.get_by_label("Close the packet by itself").check()


def is_closed(sender: Sender) -> bool:
    return eventually(lambda: sender.shown()["state"] == "closed", WITHIN_MS / 1000)


def test_two_quick_clicks_close_a_packet_once(sender: Sender, tmp_path: Path) -> None:
    sender.drop(write(tmp_path / "A1.svs", 1000))
    sender.sees_verified(1)
    sender.page.get_by_role("button", name="Close the packet").dblclick()
    sender.sees("What is in the packet can not change any more.")
    expect(sender.page.locator("#receipt")).to_be_visible()
    sender.page.go_back()
    sender.sees("What is in the packet can not change any more.")
    entries = sender.hospital.privacy_officer.items(f"/audit?packet={sender.packet_id}")
    assert [entry["action"] for entry in entries].count("packet.closed") == 1


def test_a_packet_closes_by_itself_after_its_page_was_shut(sender: Sender, tmp_path: Path) -> None:
    sender.line(CRAWL)
    sender.drop(write(tmp_path / "A1.svs", 2 * 16 * MIB))
    closes_itself(sender)
    sender.line()
    sender.page.wait_for_function("() => !document.querySelector('[data-uploader]')", timeout=WITHIN_MS)
    sender.page.close()
    assert eventually(lambda: sender.shown()["state"] == "closed")


def test_a_packet_does_not_close_by_itself_before_what_was_dropped_last_is_there(
    sender: Sender, tmp_path: Path
) -> None:
    sender.page.evaluate(SHARE)
    sender.line(CRAWL)
    sender.drop(write(tmp_path / "A1.svs", 16 * MIB))
    closes_itself(sender)
    sender.drop(write(tmp_path / "late.svs", 1000))
    sender.sees("Looking at what you chose")
    sender.line()
    sender.sees_verified(1)
    assert sender.shown()["state"] == "open"
    sender.page.evaluate("() => window.come()")
    assert is_closed(sender)
    assert set(sender.files()) == {"A1.svs", "late.svs"}


def test_a_packet_does_not_close_by_itself_without_what_could_not_be_read(sender: Sender, tmp_path: Path) -> None:
    sender.page.evaluate(SHARE)
    sender.line(CRAWL)
    sender.drop(write(tmp_path / "A1.svs", 16 * MIB), write(tmp_path / "gone.svs", 10))
    closes_itself(sender)
    sender.line()
    sender.sees("Could not be read: gone.svs")
    sender.sees_verified(1)
    expect(sender.page.locator("[data-status]")).to_contain_text("Some files were not sent", timeout=WITHIN_MS)
    assert sender.shown()["state"] == "open"


def test_a_packet_closes_by_itself_once_what_failed_is_removed(sender: Sender, tmp_path: Path) -> None:
    sender.line(CRAWL)
    sender.choose_files([write(tmp_path / "back\\slash.svs", 10), write(tmp_path / "A1.svs", 16 * MIB)])
    closes_itself(sender)
    sender.line()
    sender.sees_verified(1)
    sender.rows.filter(has_text="slash.svs").get_by_role("button", name="Remove").click()
    assert is_closed(sender)
    assert set(sender.files()) == {"A1.svs"}


def test_a_packet_does_not_close_by_itself_when_all_that_is_sent_is_removed(sender: Sender, tmp_path: Path) -> None:
    sender.choose_files([write(tmp_path / "A1.svs", 10)])
    sender.sees_verified(1)
    sender.open()
    sender.line(CRAWL)
    sender.choose_files([write(tmp_path / "wrong.svs", 64 * MIB)])
    closes_itself(sender)
    sender.rows.get_by_role("button", name="Remove").click()
    sender.line()
    assert eventually(lambda: set(sender.files()) == {"A1.svs"}, WITHIN_MS / 1000)
    expect(sender.page.get_by_label("Close the packet by itself")).to_be_hidden()
    assert sender.shown()["state"] == "open"


def test_why_a_packet_does_not_close_by_itself_stays_to_be_read(sender: Sender, tmp_path: Path) -> None:
    sender.hospital.coordinator.did(
        f"/packets/{sender.packet_id}/files", {"path": "earlier.svs", "size": 10, "transport": "gateway"}
    )
    sender.line(CRAWL)
    sender.drop(write(tmp_path / "A1.svs", 16 * MIB))
    closes_itself(sender)
    sender.line()
    sender.sees("Not every file is complete, so the packet was not closed.")
    sender.page.wait_for_timeout(1000)
    sender.sees("Not every file is complete, so the packet was not closed.")
