"""What a page weighs for somebody who has never been there."""

from playwright.sync_api import CDPSession, Page


class Scales:
    """Counts every byte that comes over the line, headers too, with nothing kept from before."""

    def __init__(self, page: Page) -> None:
        self.received_bytes = 0
        self.devtools: CDPSession = page.context.new_cdp_session(page)
        self.devtools.send("Network.enable")
        self.devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self.devtools.on("Network.loadingFinished", self._came)

    def _came(self, event: dict[str, float]) -> None:
        self.received_bytes += int(event["encodedDataLength"])
