"""Packets are closed when nothing more comes, and the patient is asked where that is wanted."""

from collections.abc import Mapping, Sequence
from typing import Final

from transfer_service.client.deposit.case import Case
from transfer_service.client.deposit.scan import LocalFile
from transfer_service.client.deposit.send import Receipt
from transfer_service.client.failures import ClientFailure, IntegrityBroken
from transfer_service.client.watch.board import Board
from transfer_service.client.watch.cases import Cases
from transfer_service.client.watch.deposits import Sender
from transfer_service.client.watch.ledger import Ledger
from transfer_service.client.watch.moment import Moment
from transfer_service.client.watch.opened import Opened, PacketState
from transfer_service.client.watch.standing import COMING, Standing, State
from transfer_service.client.watch.taken import FileState

#: While a slide of the case stands so, its packet stays open.
_OPEN_FOR: Final = COMING | {State.CHANGED, State.REFUSED}


class Closing:
    """Closes what is due. ``close_after_s``: a packet is quiet when nothing of its case changed for so long."""

    def __init__(
        self, ledger: Ledger, sender: Sender, board: Board, cases: Cases, *, close_after_s: float, asks: bool
    ) -> None:
        self._ledger, self._sender, self._board, self._cases = ledger, sender, board, cases
        self._close_after_s, self._asks = close_after_s, asks
        self._looks: dict[str, int] = {}

    def is_due(self, packet: Opened, standings: Sequence[Standing], now: Moment) -> bool:
        """Whether it is to be closed now; notes meanwhile whether it is quiet."""
        expected = self._expected(packet, standings)
        quiet = self._is_quiet(packet, standings, now)
        if any(each.state in _OPEN_FOR for each in standings):
            return False
        if expected is None:
            return quiet
        there = self._ledger.files.slides(packet.key)
        if there < expected and packet.id is not None:
            words = f"{there} of {expected} slides are there."
            self._board.packet(packet.id, "incomplete", words, loud=quiet)
        return there >= expected

    def close(self, packet: Opened, standings: Sequence[Standing]) -> None:
        """Close it; what the service never got of it is forgotten, and it too where that is all."""
        files = files_in(packet, standings, self._ledger)
        case = self._case(standings)
        receipt = self._sender.close(packet.key, case.draft if case else None, files)
        if receipt is None:
            self._check(packet, {})
            self._ledger.files.settle(packet.key)
            self._ledger.packets.drop(packet.key)
        else:
            self._closed(packet, receipt)
        self._sender.forget(packet.key)

    def ask(self, packet: Opened) -> None:
        """Ask the patient."""
        if packet.id is not None and self._asks:
            self._sender.ask(packet.id)
            self._board.packet(packet.id, "asked", "the patient was asked to release it.")
        self._ledger.packets.now_is(packet.key, PacketState.DONE)

    def forget_all_but(self, packets: Sequence[Opened]) -> None:
        """Keep in memory only these."""
        self._looks = {each.key: self._looks[each.key] for each in packets if each.key in self._looks}

    def _expected(self, packet: Opened, standings: Sequence[Standing]) -> int | None:
        """As the case says now, or said when it was last there."""
        case = self._case(standings)
        if case is None:
            return packet.expected
        self._ledger.packets.expects(packet.key, case.expected_slides)
        return case.expected_slides

    def _case(self, standings: Sequence[Standing]) -> Case | None:
        try:
            return self._cases.of(standings[0].slide.accession or "") if standings else None
        except ClientFailure:
            return None

    def _is_quiet(self, packet: Opened, standings: Sequence[Standing], now: Moment) -> bool:
        look = hash(tuple((file.path, file.stamp) for each in standings for file in each.slide.files))
        moved = self._looks.get(packet.key, look) != look or any(each.state in COMING for each in standings)
        self._looks[packet.key] = look
        if moved:
            self._ledger.packets.not_quiet(packet.key, now.wall_s)
        return not moved and now.wall_s - packet.quiet_since_s >= self._close_after_s

    def _closed(self, packet: Opened, receipt: Receipt) -> None:
        named = {file["path"]: file["sha256"] for file in receipt.manifest["files"]}
        self._check(packet, named)
        self._ledger.files.took(packet.key, named)
        self._ledger.files.settle(packet.key)
        self._ledger.packets.known_as(packet.key, receipt.packet_id)
        self._ledger.packets.now_is(packet.key, PacketState.CLOSED if self._asks else PacketState.DONE)
        slides = self._ledger.files.slides(packet.key)
        self._board.packet(receipt.packet_id, "closed", f"closed with {slides} slides, {len(named)} files.")

    def _check(self, packet: Opened, named: Mapping[str, str]) -> None:
        """IntegrityBroken unless the service names everything that was taken, as it was."""
        received = {(self._ledger.name(path), digest) for path, digest in named.items()}
        wrong = {(name, digest) for name, _, digest in self._ledger.files.sent(packet.key)} - received
        if wrong:
            raise IntegrityBroken(f"The service has not what was taken, or not as it was: {len(wrong)} files.")


def files_in(packet: Opened, standings: Sequence[Standing], ledger: Ledger) -> list[LocalFile]:
    """What the packet has of files that are still here, as they were taken."""
    return [
        file
        for each in standings
        for file in each.slide.files
        if (known := ledger.files.find(file.path)) is not None
        and (known.packet, known.state, known.stamp) == (packet.key, FileState.TAKEN, file.stamp)
    ]
