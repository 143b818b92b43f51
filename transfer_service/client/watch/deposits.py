"""Where a watcher's slides go: the packets of a service, through `deposit.send` and its journals."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from transfer_service.client.deposit.journal import Journal
from transfer_service.client.deposit.release import Wish, ask_patient
from transfer_service.client.deposit.scan import Contents, LocalFile
from transfer_service.client.deposit.send import Deposited, Receipt, SendOptions, deposit_files, send_packet
from transfer_service.client.failures import Refused
from transfer_service.client.progress import Progress
from transfer_service.client.service import Service

Draft = Mapping[str, Any] | None
_NOTHING_IN_IT: Final = "packet_empty"


class Sender(Protocol):
    """What the watcher asks for; ``key`` is the packet's in the ledger, and the draft opens it where it is not yet."""

    def check(self) -> None:
        """Whether the token is taken, and what will be asked makes sense, before anything is sent. UsageWrong."""

    def deposit(self, key: str, draft: Draft, files: Sequence[LocalFile]) -> Deposited:
        """Put the files in the packet, which stays open."""

    def close(self, key: str, draft: Draft, files: Sequence[LocalFile]) -> Receipt | None:
        """Close it once all is verified; None where the service has nothing of it.

        ``files`` are those that are still here: a rejected one is sent again.
        """

    def forget(self, key: str) -> None:
        """Nothing more is done with that packet."""

    def ask(self, packet_id: str) -> None:
        """Ask the patient to release it."""


class Deposits:
    """The real one. ``connect`` gives the service with the token of that moment; ``wish`` what the patient is asked."""

    def __init__(
        self,
        connect: Callable[[], Service],
        folder: Path,
        options: SendOptions,
        wish: Callable[[Service], Wish | None],
        progress: Progress,
    ) -> None:
        self._connect, self._folder, self._options = connect, folder, options
        self._wish, self._progress = wish, progress
        self._checked = False

    def check(self) -> None:
        """See `Sender`."""
        if not self._checked:
            service = self._connect()
            service.get("/packets?limit=1")
            self._wish(service)
            self._checked = True

    def deposit(self, key: str, draft: Draft, files: Sequence[LocalFile]) -> Deposited:
        """See `Sender`."""
        service, contents = self._connect(), Contents(tuple(files))
        with self._journal(service, key) as journal:
            return deposit_files(service, contents, draft, journal, self._options, self._progress)

    def close(self, key: str, draft: Draft, files: Sequence[LocalFile]) -> Receipt | None:
        """See `Sender`."""
        service, contents = self._connect(), Contents(tuple(files))
        with self._journal(service, key) as journal:
            if journal.packet_id is None:
                return None
            try:
                return send_packet(service, contents, draft, journal, self._options, self._progress)
            except Refused as refused:
                if refused.word == _NOTHING_IN_IT:
                    return None
                raise

    def forget(self, key: str) -> None:
        """See `Sender`."""
        with self._journal(self._connect(), key) as journal:
            path = journal.path
        path.unlink(missing_ok=True)

    def ask(self, packet_id: str) -> None:
        """See `Sender`."""
        service = self._connect()
        wish = self._wish(service)
        if wish is not None:
            ask_patient(service, packet_id, wish)

    def _journal(self, service: Service, key: str) -> Journal:
        return Journal.of(service.base_url, self._folder, key)
