"""What a watcher tells: a line for a slide when its standing changes, and for each packet what becomes of it."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

from transfer_service.client.printable import printable
from transfer_service.client.progress import Silence
from transfer_service.client.watch.standing import DONE, HELD, Standing, State

#: Of these so many are named at one look; the others are counted.
MOST_NAMED: Final = 200
_MANY: Final = frozenset({State.GROWING, State.WAITING, State.UNMATCHED})


class Tell(Protocol):
    """Where it is told: an event with its facts, or the same as a sentence; ``loud`` is for somebody to act on."""

    def __call__(self, event: str, words: str, *, loud: bool, **facts: object) -> None:
        """Tell it."""


class Board:
    """Remembers what it told, so that nothing is told twice while it stays as it is."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: dict[str, tuple[State, str]] = {}
        self._packets: dict[str, tuple[str, bool]] = {}
        self._trouble = ""

    def show(self, standings: Iterable[Standing]) -> None:
        """Tell what changed since the last look; what is gone is forgotten, and what was done before is no news."""
        told, self._told, news = self._told, {}, Counter[State]()
        for each in standings:
            before, now = told.get(each.slide.name), (each.state, each.why)
            self._told[each.slide.name] = now
            if now == before or each.state is State.READY or (before is None and each.state in DONE):
                continue
            news[each.state] += 1
            if each.state not in _MANY or news[each.state] <= MOST_NAMED:
                self._say(each.slide.name, *now)
        for state in sorted(_MANY):
            if (more := news[state] - MOST_NAMED) > 0:
                words = f"{state}: {more} more. packet watch DIR --try names every file."
                self._tell("slides", words, loud=state in HELD, state=state, more=more)

    def now(self, names: Iterable[str], state: State, why: str = "") -> None:
        """These slides have come so far."""
        for name in names:
            if self._told.get(name) != (state, why):
                self._told[name] = (state, why)
                self._say(name, state, why)

    def packet(self, packet_id: str, state: str, words: str, *, loud: bool = False) -> None:
        """A packet has come so far."""
        if self._packets.get(packet_id) == (words, loud):
            return
        self._packets[packet_id] = (words, loud)
        self._tell("packet", f"Packet {packet_id}: {words}", loud=loud, packet_id=packet_id, state=state, why=words)

    def forget_packets_but(self, packet_ids: set[str]) -> None:
        """The others are done."""
        self._packets = {each: told for each, told in self._packets.items() if each in packet_ids}

    def trouble(self, code: str, words: str) -> None:
        """Nothing can be done for now; told once, until it is `over`."""
        if self._trouble != code:
            self._trouble = code
            self._tell("trouble", f"{words} It is tried again.", loud=True, code=code, why=words)

    def over(self) -> None:
        """All is well again."""
        if self._trouble:
            self._trouble = ""
            self._tell("trouble_over", "All is well again.", loud=True)

    def _say(self, name: str, state: State, why: str) -> None:
        words = f"{state}: {printable(name)}" + (f": {printable(why)}" if why else "")
        self._tell("slide", words, loud=state in HELD, path=name, state=state, why=why)


class Meanwhile(Silence):
    """Progress where nobody watches: only that one waits, once."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def waiting(self, why: str, for_s: float) -> None:  # noqa: ARG002 - it waits for ever
        """Told once, until it is over."""
        self._board.trouble("unreachable", why)
