"""What a watcher remembers: on disk before anything leaves, so that what kill -9 ends is not done twice.

One SQLite database for each pair of service and folder, like the journals of `deposit.journal` and as silent: paths and
accession numbers stand in it as digests under a random number of its own. Its lock keeps a second watcher out.
"""

import os
import secrets
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from transfer_service.client.failures import InUse, UsageWrong
from transfer_service.client.locked_database import Damaged, locked_database
from transfer_service.client.state import state_folder, state_name
from transfer_service.client.watch import opened, taken

FOLDER: Final = "watch"
_VERSION: Final = 1
_SCHEMA: Final = f"""{opened.SCHEMA}{taken.SCHEMA}
CREATE TABLE secret (nonce BLOB NOT NULL);
PRAGMA user_version = 1;
"""
_DAMAGED: Final = (
    "Without it all that is in the folder would be sent again: restore it from a backup, or move what was sent out of "
    "the folder and delete it."
)


class Ledger:
    """``with Ledger.of(base_url, folder) as ledger``. InUse while another watcher has it open; UsageWrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._database = locked_database(path, _SCHEMA, _VERSION)
        except InUse:
            raise InUse("Another packet watch is at work on this folder.") from None
        except Damaged:
            raise UsageWrong(f"{path}, which says what was taken, is damaged.", advice=_DAMAGED) from None
        self._nonce = self._secret()
        self.files = taken.TakenFiles(self._database, self.name)
        self.packets = opened.OpenedPackets(self._database, self.name)

    @classmethod
    def of(cls, base_url: str, folder: Path) -> Self:
        """The ledger of that folder at that service."""
        return cls(state_folder(FOLDER) / f"{state_name(base_url, os.path.normcase(folder.resolve()))}.sqlite3")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def name(self, text: str) -> str:
        """What stands in the ledger for a path or an accession number."""
        return sha256(self._nonce + text.encode("utf-8", "surrogatepass")).hexdigest()

    def _secret(self) -> bytes:
        found = self._database.execute("SELECT nonce FROM secret").fetchone()
        if found is None:
            found = (secrets.token_bytes(32),)
            self._database.execute("INSERT INTO secret VALUES (?)", found)
        return bytes(found[0])
