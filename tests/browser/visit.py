"""Going to a place, and all that the browser noticed on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, ViewportSize

from tests.browser.gallery import Gallery
from tests.browser.guest import Guest
from tests.browser.place import Place

DESKTOP, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)

_SHIFT = """() => new Promise((tell) => {
  let shift = 0;
  const observer = new PerformanceObserver((seen) => seen.getEntries().forEach((each) => {
    if (!each.hadRecentInput) shift += each.value;
  }));
  observer.observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => setTimeout(() => tell(shift), 30));
})"""


@dataclass
class Visit:
    """``said``: on the browser's console, but for what a page's own status makes it say.

    ``shift``: by how much of the window what was seen has moved since, but for what somebody's own click has moved
    (https://wicg.github.io/layout-instability/).
    """

    place: Place
    page: Page
    said: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    documents: list[Response] = field(default_factory=list)
    shift: float = 0

    @property
    def document(self) -> Response:
        """The page itself, as it was answered."""
        return self.documents[-1]

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def watch(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108 - Playwright marks it
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        is_of_the_page = message.location["url"].partition("#")[0] == self.page.url.partition("#")[0]
        if not (is_of_the_page and message.text.startswith("Failed to load resource")):
            self.said.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.documents.append(response)


@contextmanager
def visiting(browser: Browser, gallery: Gallery, place: Place, language: str = "en") -> Iterator[Visit]:
    """Be there, in a browser of one's own."""
    with browser.new_context(viewport=DESKTOP, locale=language) as context:
        visit = Visit(place, context.new_page())
        visit.watch()
        place.reach(Guest(visit.page, gallery))
        visit.page.wait_for_load_state("load")
        visit.shift = visit.page.evaluate(_SHIFT)
        yield visit
