"""A watcher over a folder, with a clock of the test's own and a service that is a dictionary."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.client.watch.folder import made
from tests.journey.hospital import a_case, sha256
from transfer_service.client.deposit.scan import LocalFile
from transfer_service.client.deposit.send import Deposited, Receipt
from transfer_service.client.watch.board import Board
from transfer_service.client.watch.cases import Cases
from transfer_service.client.watch.ledger import Ledger
from transfer_service.client.watch.moment import Moment
from transfer_service.client.watch.rule import USUAL_RULE, NamingRule
from transfer_service.client.watch.view import View
from transfer_service.client.watch.watcher import Look, Watcher, WatchOptions

HOUR = 3600.0


class Killed(BaseException):
    """The process ends here."""


class FakeService:
    """Packets by the ledger's key; counts how often each path was sent. Behaves as the real sender is tested to."""

    def __init__(self) -> None:
        self.packets: dict[str, dict[str, str]] = {}
        self.drafts: dict[str, Mapping[str, Any] | None] = {}
        self.closed: list[str] = []
        self.asked: list[str] = []
        self.sent: list[str] = []
        self.fails: list[BaseException] = []
        self.failed: dict[str, str] = {}
        self.dies_after_deposit = False

    def check(self) -> None:
        """All is well."""

    def deposit(self, key: str, draft: Mapping[str, Any] | None, files: Sequence[LocalFile]) -> Deposited:
        self._fail()
        self.drafts.setdefault(key, draft)
        packet = self.packets.setdefault(key, {})
        if key in self.closed:
            return Deposited("id", packet, {file.path: "closed" for file in files if file.path not in packet}, False)
        for file in files:
            if file.path not in packet and file.path not in self.failed:
                packet[file.path] = sha256(file.place.read_bytes())
                self.sent.append(file.path)
        if self.dies_after_deposit:
            raise Killed
        return Deposited(f"id-{key[:4]}", dict(packet), dict(self.failed))

    def close(self, key: str, _draft: Mapping[str, Any] | None, _files: Sequence[LocalFile]) -> Receipt | None:
        self._fail()
        if not self.packets.get(key):
            return None
        self.closed.append(key)
        named = [{"path": path, "sha256": digest} for path, digest in self.packets[key].items()]
        return Receipt(f"id-{key[:4]}", {"files": named}, "", "")

    def forget(self, key: str) -> None:
        """Nothing is kept."""

    def ask(self, packet_id: str) -> None:
        self._fail()
        self.asked.append(packet_id)

    def _fail(self) -> None:
        if self.fails:
            raise self.fails.pop(0)


class Scanner:
    """The folder, the cases, the watcher over them, and what it told."""

    def __init__(self, folder: Path, options: WatchOptions | None = None) -> None:
        self.scans, self.lis = folder / "scans", folder / "lis"
        self.scans.mkdir(exist_ok=True)
        self.lis.mkdir(exist_ok=True)
        self.service, self.told, self.now_s, self._rule = FakeService(), [], 1_000_000.0, NamingRule.of(USUAL_RULE)
        self._ledger_path, self._options = folder / "ledger.sqlite3", options or WatchOptions()
        self.start()

    def start(self) -> None:
        """The process, anew: all that it knows is on disk."""
        self.ledger = Ledger(self._ledger_path)
        self.ledger._database.execute("PRAGMA synchronous = OFF")  # processes are killed here, machines are not
        view, cases = View(self.scans, self._rule, (), self.lis), Cases(self.lis)
        self.watcher = Watcher(view, cases, self.ledger, self.service, Board(self._tell), self._options)

    def restart(self) -> None:
        self.ledger.__exit__(None, None, None)
        self.start()

    def scan(self, *paths: str, data: bytes | None = None) -> None:
        """Files as a scanner writes them, each with bytes of its own."""
        for path in paths:
            made(self.scans, path, data=path.encode() if data is None else data)

    def case(self, accession: str, **beside: Any) -> None:
        value = {"case": {**a_case("ada@patient.test"), "accession_number": accession}, **beside}
        (self.lis / f"{accession}.json").write_text(json.dumps(value))

    def look(self, after_s: float = 0.0) -> Look:
        """Look until nothing is left to be done at once."""
        self.now_s += after_s
        for _ in range(100):
            left = self.watcher.look(Moment(self.now_s, self.now_s))
            if not left.busy:
                return left
        raise AssertionError("it never comes to rest")

    def settle(self) -> Look:
        """Long enough for what is there to be finished."""
        self.look()
        return self.look(60)

    def says(self, path: str) -> str:
        """What was last told of a slide: its state."""
        return next(facts["state"] for event, facts in reversed(self.told) if facts.get("path") == path)

    def why(self, path: str) -> str:
        return next(facts["why"] for event, facts in reversed(self.told) if facts.get("path") == path)

    def packets(self) -> list[list[str]]:
        return [sorted(files) for files in self.service.packets.values()]

    def _tell(self, event: str, words: str, *, loud: bool, **facts: object) -> None:
        assert words
        self.told.append((event, facts | {"loud": loud}))
