"""Finished slides are put in the packet of their case, which is opened for the first of them."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from transfer_service.client.deposit.scan import LocalFile
from transfer_service.client.deposit.send import Deposited
from transfer_service.client.watch.board import Board
from transfer_service.client.watch.closing import Closing, files_in
from transfer_service.client.watch.deposits import Sender
from transfer_service.client.watch.judge import COPY, Judge
from transfer_service.client.watch.ledger import Ledger
from transfer_service.client.watch.opened import Opened, PacketState
from transfer_service.client.watch.slides import Slide
from transfer_service.client.watch.standing import Standing, State

#: After so many slides the folder is looked at again.
MOST_AT_ONCE: Final = 16


class Taking:
    """Puts what is ready in its packet."""

    def __init__(self, ledger: Ledger, sender: Sender, board: Board, judge: Judge, closing: Closing) -> None:
        self._ledger, self._sender, self._board, self._judge, self._closing = ledger, sender, board, judge, closing

    def take(self, accession: str, standings: Sequence[Standing], wall_s: float) -> dict[str, str]:
        """Send what is ready of a case, some of it where that is much; why, by path, for what could not be."""
        packets = self._ledger.packets.of(accession)
        ready = [each for each in standings if each.state is State.READY]
        slides = self._originals([each.slide for each in ready], packets)[:MOST_AT_ONCE]
        if not slides:
            return {}
        packet = self._open(accession, packets, wall_s)
        self._ledger.files.begin(packet.key, slides)
        self._board.now((slide.name for slide in slides), State.SENDING)
        files = [*files_in(packet, standings, self._ledger), *(file for slide in slides for file in slide.files)]
        deposited = self._sender.deposit(packet.key, _draft(ready, packet, packets), _once(files))
        if not deposited.is_open:  # by a run that was killed before it knew, or by hand
            self._closing.close(packet, standings)
            return {}
        return self._took(packet, slides, deposited)

    def _originals(self, slides: Sequence[Slide], packets: Sequence[Opened]) -> list[Slide]:
        """Those that are no copies of others; what was begun comes first, so that it is never taken for one.

        A copy of what is only about to be sent waits for the next look: that may yet fail.
        """
        sent, coming, originals = self._judge.pool(packets), self._judge.pool(packets), []
        for (is_new, _), slide in sorted(
            (((self._is_new(slide), slide.name), slide) for slide in slides), key=itemgetter(0)
        ):
            if is_new and sent.has(slide):
                self._ledger.files.copied(packets[0].key, slide)
                self._board.now([slide.name], State.COPY, COPY)
            elif not (is_new and coming.has(slide)):
                coming.add(slide)
                originals.append(slide)
        return originals

    def _is_new(self, slide: Slide) -> bool:
        return all(self._ledger.files.find(file.path) is None for file in slide.files)

    def _open(self, accession: str, packets: Sequence[Opened], wall_s: float) -> Opened:
        if packets and packets[0].state is PacketState.OPEN:
            return packets[0]
        return self._ledger.packets.another(accession, wall_s)

    def _took(self, packet: Opened, slides: Sequence[Slide], deposited: Deposited) -> dict[str, str]:
        self._ledger.packets.known_as(packet.key, deposited.packet_id)
        self._ledger.files.took(packet.key, deposited.digests)
        if packet.id is None:
            self._board.packet(deposited.packet_id, "open", "opened.")
        whole = [slide.name for slide in slides if not any(file.path in deposited.failed for file in slide.files)]
        self._board.now(whole, State.TAKEN)
        return dict(deposited.failed)


def _once(files: Sequence[LocalFile]) -> tuple[LocalFile, ...]:
    return tuple({file.path: file for file in files}.values())


def _draft(ready: Sequence[Standing], packet: Opened, packets: Sequence[Opened]) -> Mapping[str, Any] | None:
    """The case; a later packet of it says which it comes after. The same for each try, or it would open two."""
    case = next((each.case for each in ready if each.case is not None), None)
    if case is None:
        return None
    before = next((each for each in packets if each.number == packet.number - 1), None)
    if before is None:
        return case.draft
    said = f"{case.draft['note']}\n" if case.draft.get("note") else ""
    return {**case.draft, "note": f"{said}Slides that came after packet {before.id} was closed."}
