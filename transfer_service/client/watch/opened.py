"""Which packets a watcher opened, for which case, and how far each is."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Final

SCHEMA = """
CREATE TABLE packet (
    key TEXT PRIMARY KEY, accession TEXT NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL, id TEXT,
    quiet_since REAL NOT NULL, expected INTEGER);
CREATE INDEX packet_by_accession ON packet (accession, number);
"""
_OF_CASE: Final = "SELECT * FROM packet WHERE accession = ? ORDER BY number DESC"
_UNFINISHED: Final = "SELECT * FROM packet WHERE state != ? ORDER BY quiet_since"


class PacketState(StrEnum):
    """``done``: closed, and the patient asked where that was wanted."""

    OPEN = "open"
    CLOSED = "closed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Opened:
    """One packet: ``key`` names its send journal, ``id`` is the service's, once it has said it.

    ``case`` is the digest of its accession number, ``number`` counts the packets of that case, ``quiet_since_s`` is
    on the system's clock, ``expected`` is the number of slides that the case was last said to have.
    """

    key: str
    case: str
    number: int
    state: PacketState
    id: str | None
    quiet_since_s: float
    expected: int | None


class OpenedPackets:
    """The ledger's packets."""

    def __init__(self, database: sqlite3.Connection, name: Callable[[str], str]) -> None:
        self._database, self._name = database, name

    def of(self, accession: str) -> list[Opened]:
        """The packets of that case, the last one first."""
        return list(self._select(_OF_CASE, self._name(accession.casefold())))

    def unfinished(self) -> list[Opened]:
        """Those for which something is to be done yet."""
        return list(self._select(_UNFINISHED, PacketState.DONE))

    def another(self, accession: str, at_s: float) -> Opened:
        """Another packet of that case, which the service has not heard of yet."""
        number = max((each.number for each in self.of(accession)), default=0) + 1
        key, case = secrets.token_hex(16), self._name(accession.casefold())
        made = Opened(key, case, number, PacketState.OPEN, None, at_s, None)
        self._do("INSERT INTO packet VALUES (?, ?, ?, ?, ?, ?, ?)", *astuple(made))
        return made

    def drop(self, key: str) -> None:
        """Nothing was ever sent in it."""
        self._do("DELETE FROM packet WHERE key = ?", key)

    def known_as(self, key: str, packet_id: str) -> None:
        """The service has said its id."""
        self._do("UPDATE packet SET id = ? WHERE key = ?", packet_id, key)

    def not_quiet(self, key: str, at_s: float) -> None:
        """Something of it is new, or still growing."""
        self._do("UPDATE packet SET quiet_since = ? WHERE key = ?", at_s, key)

    def expects(self, key: str, slides: int | None) -> None:
        """How many slides the case is said to have."""
        self._do("UPDATE packet SET expected = ? WHERE key = ? AND expected IS NOT ?", slides, key, slides)

    def now_is(self, key: str, state: PacketState) -> None:
        """It has come so far."""
        self._do("UPDATE packet SET state = ? WHERE key = ?", state, key)

    def case_of(self, accession: str) -> str:
        """What ``Opened.case`` is for that accession number."""
        return self._name(accession.casefold())

    def _select(self, statement: str, *values: object) -> Iterator[Opened]:
        for row in self._database.execute(statement, values).fetchall():
            key, case, number, state, *rest = row
            yield Opened(key, case, number, PacketState(state), *rest)

    def _do(self, statement: str, *values: object) -> None:
        self._database.execute(statement, values)
