"""How soon a page can be read and used, for whoever has never been there and has a slow machine.

python -m benchmarks.pages [--runs N]: prints a table, of which docs/benchmarks.md has one.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.gallery import Gallery, running_gallery
from tests.browser.guest import Guest
from tests.browser.place import Place
from tests.browser.places import PLACES
from tests.browser.visit import PHONE
from tests.browser.weight import Scales
from tests.browser_process import ARGUMENTS, chromium_here
from tests.databases import SqliteDatabases

SLOWED = 4
MEASURED = (
    "asker-door",
    "asker-form",
    "patient-start",
    "patient-release-requested",
    "patient-accounting",
    "recipient-start",
    "recipient-files",
    "recipient-opinion",
    "staff-sign-in",
    "staff-overview",
    "staff-packets",
    "staff-packet-closed",
)
# Modules run before DOMContentLoaded; what holds the page up after that for 50 ms or more is a long task.
_TIMES = """() => new Promise((tell) => {
  let last = performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
  new PerformanceObserver((seen) => seen.getEntries().forEach((each) => {
    last = Math.max(last, each.startTime + each.duration);
  })).observe({type: "longtask", buffered: true});
  setTimeout(() => {
    const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
    tell([painted, Math.max(painted, last)]);
  }, 1000);
})"""


def main() -> None:
    """Go to each place, and load it anew some times."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages")
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print("| page | first contentful paint, ms | interactive, ms | sent, KiB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        migrated, served = Path(folder) / "migrated", Path(folder) / "served"
        migrated.mkdir()
        served.mkdir()
        browser = playwright.chromium.launch(executable_path=chromium_here(), args=ARGUMENTS)
        with running_gallery(served, SqliteDatabases(migrated)) as gallery:
            for place in (each for each in PLACES if each.name in MEASURED):
                print(row(place, measured(browser, gallery, place, runs)), flush=True)
        browser.close()


def measured(browser: Browser, gallery: Gallery, place: Place, runs: int) -> list[tuple[float, float, int]]:
    """(first contentful paint, interactive, both in ms; bytes) of each run."""
    with browser.new_context(viewport=PHONE, locale="en") as context:
        page = context.new_page()
        place.reach(Guest(page, gallery))
        scales = Scales(page)
        scales.devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        return [loaded(page, scales) for _ in range(runs)]


def loaded(page: Page, scales: Scales) -> tuple[float, float, int]:
    """Once more, with nothing kept from before."""
    before = scales.received_bytes
    page.goto(page.url.partition("#")[0], wait_until="networkidle")
    painted, interactive = page.evaluate(_TIMES)
    return painted, interactive, scales.received_bytes - before


def row(place: Place, runs: list[Any]) -> str:
    """A line of the table."""
    painted, interactive, sent = (median(each) for each in zip(*runs, strict=True))
    return f"| {place.name} | {painted:.0f} | {interactive:.0f} | {sent / 1024:.1f} |"


if __name__ == "__main__":
    main()
