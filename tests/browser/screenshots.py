"""``python -m tests.browser.screenshots [NAME ...]``: every place as pictures, in ``screenshots/``, with an index.html.

By day and by night, on a desktop and on a phone, in English and in Spanish; only of places in whose names a NAME is.
"""

import html
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.browser.gallery import Gallery, running_gallery
from tests.browser.place import Place
from tests.browser.places import PLACES
from tests.browser.visit import DESKTOP, PHONE, visiting
from tests.browser_process import ARGUMENTS, chromium_here
from tests.databases import SqliteDatabases
from transfer_service.errors import TransferError

FOLDER = Path(__file__).parents[2] / "screenshots"
LANGUAGES = ("en", "es")
SCHEMES = ("light", "dark")
WINDOWS = {"desktop": DESKTOP, "phone": PHONE}
_STYLE = """
body { font: 14px system-ui, sans-serif; margin: 1rem; background: #888; }
section { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: start; margin-bottom: 2rem; }
h2 { width: 100%; margin: 0; } img { width: 22rem; display: block; } img.phone { width: 9rem; }
"""


def main(*names: str) -> int:
    """Take them all; the exit status says whether all could be."""
    places = [place for place in PLACES if not names or any(name in place.name for name in names)]
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n")
    began_at, failed = time.monotonic(), 0
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        migrated, served = Path(folder) / "migrated", Path(folder) / "served"
        migrated.mkdir(), served.mkdir()
        browser = playwright.chromium.launch(executable_path=chromium_here(), args=ARGUMENTS)
        with running_gallery(served, SqliteDatabases(migrated)) as gallery:
            failed = sum(not _taken(browser, gallery, place) for place in places)
        browser.close()
    (FOLDER / "index.html").write_text(contact_sheet(sorted(FOLDER.glob("*.png"))))
    took = time.monotonic() - began_at
    print(f"{len(places)} places in {took:.0f} s, {failed} of them not reached: {FOLDER}/index.html")
    return int(failed > 0)


def _taken(browser: Browser, gallery: Gallery, place: Place) -> bool:
    """Whether all pictures of a place could be taken."""
    try:
        for language in LANGUAGES:
            with visiting(browser, gallery, place, language) as visit:
                take(visit.page, f"{place.name}.{language}")
    except (Error, TransferError) as error:
        print(f"{place.name}: {str(error).splitlines()[0]}", file=sys.stderr)
        return False
    return True


def take(page: Page, name: str) -> None:
    """The page as it is, in each light and window."""
    for window, size in WINDOWS.items():
        page.set_viewport_size(size)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=FOLDER / f"{name}.{window}.{scheme}.png", full_page=True)


def contact_sheet(pictures: list[Path]) -> str:
    """All pictures on one page, those of a place together."""
    places = sorted({picture.name.split(".")[0] for picture in pictures})
    sections = "\n".join(
        f"<section><h2>{html.escape(place)}</h2>{''.join(_shown(pictures, place))}</section>" for place in places
    )
    return f"<!doctype html>\n<meta charset=utf-8><title>Every page</title><style>{_STYLE}</style>\n{sections}"


def _shown(pictures: list[Path], place: str) -> Iterator[str]:
    for picture in pictures:
        of, language, window, scheme, _ = picture.name.split(".")
        if of == place:
            image = f'<img class="{window}" src="{picture.name}" alt="{language} {window} {scheme}" loading=lazy>'
            yield f'<a href="{picture.name}">{image}</a>'


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
