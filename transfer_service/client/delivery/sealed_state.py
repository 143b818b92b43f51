"""What a run of `fetch` leaves for the next one: sealed under a key that only the link's secret makes.

Without the link, which the person gives again, the file tells nothing but its size and when it was written.
"""

import json
import os
from pathlib import Path
from typing import Any, Final

from transfer_service.client.delivery.link_url import LinkUrl
from transfer_service.client.state import make_private, state_folder, state_name
from transfer_service.errors import SealBroken
from transfer_service.sealing.messages import open_message, seal_message

FOLDER: Final = "fetch"
_CONTEXT: Final = b"transfer-service/packet-fetch-state/v1"


class SealedState:
    """The state of fetching one link into one folder."""

    def __init__(self, link: LinkUrl, folder: Path) -> None:
        self._key = link.key("state")
        name = state_name(link.key("name").reveal().hex(), os.path.normcase(folder.resolve()))
        self.path = state_folder(FOLDER) / f"{name}.sealed"

    def load(self) -> dict[str, Any]:
        """What was saved last; empty where there is nothing that opens."""
        try:
            found: dict[str, Any] = json.loads(open_message(self._key, _CONTEXT, self.path.read_bytes()))
        except (FileNotFoundError, SealBroken):
            return {}
        return found

    def save(self, **facts: object) -> None:
        """Put these in the place of what was saved, and on disk before going on."""
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        make_private(fresh)
        with fresh.open("wb") as file:
            file.write(seal_message(self._key, _CONTEXT, json.dumps(facts).encode()))
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self.path)  # noqa: PTH105 - the words of its promise: atomic, also where something is there
