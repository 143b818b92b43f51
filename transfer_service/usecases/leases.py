"""Leases: whoever works on a file for long holds a lease on it, with a fence that grows each time.

So a worker that was thought dead can't write its result over its successor's.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from transfer_service.domain.packet import FileState, PacketFile
from transfer_service.domain.people import SystemActor
from transfer_service.ports import Database, Transaction, Work
from transfer_service.usecases.deposit import file_event

_log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has the file now, or nobody is to have it; what this one found out is void."""


@dataclass(frozen=True)
class Leases:
    """Those on files in one ``state``."""

    database: Database
    clock: Callable[[], datetime]
    lease_for: timedelta
    state: FileState

    def claim(self, waiting: Callable[[Work, datetime], list[PacketFile]]) -> PacketFile | None:
        """The first of those that wait, leased to us; None where none does."""
        now = self.clock()
        with self.database.changing() as tx:
            for file in waiting(tx, now):
                claimed = replace(file, lease_until=now + self.lease_for, fence=file.fence + 1)
                tx.keep(claimed)
                return claimed
        return None

    def held(self, tx: Transaction, file: PacketFile) -> PacketFile:
        """The file as it is now, if the lease is still ours. LeaseLost."""
        found = tx.find(PacketFile, file.organization_id, id=file.id)
        if not found or found[0].fence != file.fence or found[0].state is not self.state:
            raise LeaseLost
        return found[0]

    def renewed(self, file: PacketFile) -> PacketFile:
        """Asks the database only once half of the time is over. LeaseLost."""
        now = self.clock()
        if file.lease_until is None or file.lease_until - now > self.lease_for / 2:
            return file
        with self.database.changing() as tx:
            renewed = replace(self.held(tx, file), lease_until=now + self.lease_for)
            tx.keep(renewed)
        return renewed


class Lease:
    """Our hold on a file through a long step: ``keep`` it often."""

    def __init__(self, leases: Leases, file: PacketFile) -> None:
        self._leases, self._file = leases, file

    def keep(self) -> None:
        """LeaseLost where another worker was faster."""
        self._file = self._leases.renewed(self._file)


def reject(tx: Transaction, file: PacketFile, code: str, now: datetime) -> None:
    """The file is none, for that reason: it can be sent again, or deleted."""
    rejected = replace(file, state=FileState.REJECTED, rejected_code=code)
    worker = SystemActor(file.organization_id, "worker")
    tx.save(file_event("file.rejected", worker, rejected, now, code=code), rejected)
    _log.warning("A file is rejected.", extra={"code": code, **file_ids(rejected)})


def file_ids(file: PacketFile) -> dict[str, object]:
    """What a line of the log says of a file."""
    return {"packet_id": file.packet_id, "file_id": file.id}
