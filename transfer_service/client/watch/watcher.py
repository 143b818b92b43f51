"""One look after the other: what is finished is put in its packet, and what is quiet is closed.

Nothing is taken for granted between two looks: one that sent or closed something is followed by another at once, so
that what is decided is decided on the folder as it is. What is about to be done is in the ledger before.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from transfer_service.client.failures import ClientFailure, DiskFull, NotSent, RunAgain, TokenRefused, UsageWrong
from transfer_service.client.watch.board import Board
from transfer_service.client.watch.cases import Cases
from transfer_service.client.watch.closing import Closing
from transfer_service.client.watch.copies import Digests
from transfer_service.client.watch.deposits import Sender
from transfer_service.client.watch.judge import Judge
from transfer_service.client.watch.ledger import Ledger
from transfer_service.client.watch.moment import Moment
from transfer_service.client.watch.opened import Opened, PacketState
from transfer_service.client.watch.refusals import Refusals
from transfer_service.client.watch.settling import Settling
from transfer_service.client.watch.standing import COMING, HELD, Standing, State
from transfer_service.client.watch.taking import Taking
from transfer_service.client.watch.view import View


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """``asks``: the patient is asked after closing; ``late_too``: late slides get a packet of their own."""

    settle_for_s: float = 60.0
    close_after_s: float = 7200.0
    asks: bool = False
    late_too: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What one look left: whether something was done, what is still growing, coming, or held for somebody to act."""

    busy: bool
    growing: int
    coming: int
    held: int


class Watcher:
    """Watches one folder; `look` is one look, and whatever is to be done after it."""

    def __init__(
        self, view: View, cases: Cases, ledger: Ledger, sender: Sender, board: Board, options: WatchOptions
    ) -> None:
        self._view, self._cases, self._ledger, self._board, self._sender = view, cases, ledger, board, sender
        self._settling, self._digests, self._refusals = Settling(options.settle_for_s), Digests(), Refusals()
        late_too, asks = options.late_too, options.asks
        self._judge = Judge(ledger, cases, self._settling, self._digests, asks=asks, late_too=late_too)
        self._closing = Closing(ledger, sender, board, cases, close_after_s=options.close_after_s, asks=asks)
        self._taking = Taking(ledger, sender, board, self._judge, self._closing)

    def look(self, now: Moment) -> Look:
        """FolderGone, DiskFull, Unreachable, TokenRefused: nothing is lost, look again later. UsageWrong: mend that."""
        try:
            return self._look(now)
        except sqlite3.OperationalError as error:
            raise DiskFull(f"What is taken can't be remembered here: {error}.") from None

    def _look(self, now: Moment) -> Look:
        standings = self._standings(now)
        self._board.show(standings)
        self._sender.check()
        unfinished, by_case = self._ledger.packets.unfinished(), self._by_case(standings)
        self._closing.forget_all_but(unfinished)
        self._board.forget_packets_but({each.id for each in unfinished if each.id is not None})
        busy = any(self._finish(each, by_case.get(each.case, []), now) for each in unfinished)
        return self._left(busy or self._take(by_case, now), standings, now)

    def _by_case(self, standings: Sequence[Standing]) -> dict[str, list[Standing]]:
        found: dict[str, list[Standing]] = {}
        for each in standings:
            if each.slide.accession is not None:
                found.setdefault(self._case(each), []).append(each)
        return found

    def _case(self, standing: Standing) -> str:
        return self._ledger.packets.case_of(standing.slide.accession or "")

    def _standings(self, now: Moment) -> list[Standing]:
        seen = self._view.look()
        self._cases.look()
        self._settling.look(seen.files, now.steady_s)
        self._ledger.files.forget_all_but(seen.files)
        self._digests.forget_all_but(seen.files)
        return [self._refused_yet(each, now) for each in self._judge.judge(seen.slides, now.steady_s)]

    def _refused_yet(self, standing: Standing, now: Moment) -> Standing:
        """What is ready but was refused lately waits until it is tried again."""
        if standing.state is not State.READY:
            return standing
        why = self._refusals.why(self._case(standing), now.steady_s)
        return replace(standing, state=State.REFUSED, why=why) if why else standing

    def _finish(self, packet: Opened, standings: Sequence[Standing], now: Moment) -> bool:
        if self._refusals.why(packet.key, now.steady_s):
            return False
        try:
            if packet.state is PacketState.CLOSED:
                self._closing.ask(packet)
            elif self._closing.is_due(packet, standings, now):
                self._closing.close(packet, standings)
            else:
                return False
        except (RunAgain, TokenRefused, UsageWrong):
            raise
        except ClientFailure as failure:
            why = self._refusals.add(packet.key, failure, now.steady_s)
            self._board.packet(packet.id or "not opened", "refused", f"not closed: {why}", loud=True)
            return False
        self._refusals.over(packet.key)
        return True

    def _take(self, by_case: Mapping[str, Sequence[Standing]], now: Moment) -> bool:
        """Take what is ready of one case; the folder is looked at again before the next."""
        for case, standings in by_case.items():
            ready = [each.slide for each in standings if each.state is State.READY]
            if ready:
                self._take_of(case, ready[0].accession or "", standings, now)
                return True
        return False

    def _take_of(self, case: str, accession: str, standings: Sequence[Standing], now: Moment) -> None:
        try:
            failed = self._taking.take(accession, standings, now.wall_s)
        except (RunAgain, TokenRefused, UsageWrong):
            raise
        except ClientFailure as failure:
            self._refusals.add(case, failure, now.steady_s)
            return
        if failed:
            self._refusals.add(case, NotSent(files=failed), now.steady_s)
        else:
            self._refusals.over(case)

    def _left(self, busy: bool, standings: Sequence[Standing], now: Moment) -> Look:  # noqa: FBT001 - what it is about
        unfinished = self._ledger.packets.unfinished()
        refused = sum(bool(self._refusals.why(each.key, now.steady_s)) for each in unfinished)
        return Look(
            busy,
            growing=sum(each.state is State.GROWING for each in standings),
            coming=sum(each.state in COMING for each in standings) + len(unfinished),
            held=sum(each.state in HELD for each in standings) + refused,
        )
