"""The page of one packet as somebody uses it who sends files, and what the service says arrived."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.staff import WITHIN_MS
from tests.journey.hospital import Hospital
from tests.standalone_process import eventually

MIB = 2**20
#: Bytes a second at which nothing large ends before a test is done, in all; a line may go at any speed later.
CRAWL = MIB // 8
PART_ROUTE = "/api/v1/packets/<id:packet_id>/files/<id:file_id>/parts/<part_number:number>"


class Sender:
    """``open`` goes to the page; what is dropped or chosen are places on this machine."""

    def __init__(self, page: Page, hospital: Hospital, packet_id: str | None = None) -> None:
        self.page, self.hospital = page, hospital
        self.packet_id = packet_id or hospital.packet().id
        self._chrome = page.context.new_cdp_session(page)
        page.on("dialog", lambda dialog: dialog.accept())

    def open(self) -> "Sender":
        self.page.goto(f"{self.hospital.installation.base_url}/staff/packets/{self.packet_id}")
        expect(self.page.get_by_role("button", name="Choose files")).to_be_enabled(timeout=WITHIN_MS)
        return self

    # What a person does

    def choose_folder(self, folder: Path) -> None:
        self.page.locator("[data-folder]").set_input_files(str(folder))

    def choose_files(self, files: Sequence[Path]) -> None:
        self.page.locator("[data-files]").set_input_files([str(file) for file in files])

    def drop(self, *places: Path) -> None:
        """From the desktop, as the operating system tells of it."""
        data = {"items": [], "files": [str(place) for place in places], "dragOperationsMask": 1}
        zone = self.page.locator("[data-drop]")
        for kind in ("dragEnter", "dragOver", "drop"):
            zone.scroll_into_view_if_needed()
            box = zone.bounding_box()  # it moves when what stands above it changes
            assert box
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            self._chrome.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def line(self, bytes_per_s: int = -1) -> None:
        """Let what leaves leave no faster, so that a test can do something meanwhile; without a number let it go."""
        limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s}
        self._chrome.send("Network.enable")
        self._chrome.send("Network.emulateNetworkConditions", limits)

    # What a person sees

    @property
    def rows(self) -> Locator:
        return self.page.locator("[data-rows] li")

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).locator("visible=true").first).to_be_visible(timeout=WITHIN_MS)

    def sees_verified(self, files: int) -> None:
        expect(self.page.locator("#files")).to_contain_text(f"Verified: {files} of {files}.", timeout=WITHIN_MS)

    def sees_progress(self, share: float) -> None:
        """At least that share of everything is there."""
        self.page.wait_for_function(
            "share => { const bar = document.querySelector('[data-total]'); return bar.value >= share * bar.max; }",
            arg=share, timeout=WITHIN_MS, polling=100,
        )  # fmt: skip

    # What the service says

    def shown(self) -> Any:
        return self.hospital.coordinator.shown(f"/packets/{self.packet_id}")

    def files(self) -> dict[str, Any]:
        return {file["path"]: file for file in self.shown()["files"]}

    def parts_taken(self) -> int:
        """How many parts the service has taken of this packet's files, the same one twice as two."""
        whole = (line for line in self.hospital.installation.log("serve").splitlines() if line.endswith("}"))
        lines = map(json.loads, whole)
        return sum(
            (line.get("route"), line.get("status"), line.get("packet_id")) == (PART_ROUTE, 204, self.packet_id)
            for line in lines
        )


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def send_some(sender: Sender, *places: Path) -> None:
    """Drop what begins with a small file: it arrives over a line on which nothing large ends before a test is done."""
    sender.line(CRAWL)
    sender.drop(*places)
    assert eventually(lambda: sender.parts_taken() > 0, WITHIN_MS / 1000)
