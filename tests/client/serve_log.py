"""What the service's own request log says of a transfer: it names routes, never files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.standalone_process import Standalone

PUT_PART = "/api/v1/packets/<id:packet_id>/files/<id:file_id>/parts/<part_number:number>"
OPEN_PACKET = "/api/v1/packets"
REDEEM = "/api/v1/redeem"
FETCH_FILE = "/api/v1/redeemed/files/<id:file_id>"


@dataclass
class ServeLog:
    """The lines since this was made."""

    installation: Standalone
    start: int = field(init=False)

    def __post_init__(self) -> None:
        self.start = self._path.stat().st_size

    @property
    def _path(self):
        return self.installation.data_dir / "logs" / "serve.log"

    def lines(self, method: str, route: str) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as log:
            log.seek(self.start)
            for text in log.read().splitlines():
                line = json.loads(text) if text.endswith(b"}") else {}
                if (line.get("method"), line.get("route")) == (method, route):
                    yield line

    def adopted(self) -> int:
        """Parts that the service took."""
        return sum(line["status"] == 204 for line in self.lines("PUT", PUT_PART))
