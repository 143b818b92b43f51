"""Overview: what waits on whom, and for how long: for staff, over all the packets that they list."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from transfer_service.domain.people import Actor, Department, StaffActor
from transfer_service.domain.policy import check_may_open_packets, check_may_read_packets, sees_departments
from transfer_service.domain.waiting import Awaited
from transfer_service.ports import Database, PacketLine, PacketsAsked, Slice, Waiting, Work

OLDEST = 8
FOUND_AT_MOST = 50


@dataclass(frozen=True, slots=True, repr=False)
class Listed:
    """Packets, and the departments that they are of, by id."""

    lines: Slice[PacketLine]
    departments: dict[UUID, Department]


@dataclass(frozen=True, slots=True, repr=False)
class Board:
    """What waits, by what it waits for; the packets that wait longest; requests for slides without an answer."""

    waiting: dict[Awaited, Waiting]
    longest: Listed
    requests: Waiting


@dataclass(frozen=True)
class Overview:
    """Departments have what they own or contribute to, privacy officers the whole organization."""

    database: Database

    def board(self, actor: Actor, now: datetime) -> Board:
        """At a glance."""
        staff = check_may_read_packets(actor)
        of, seer = staff.organization_id, _seer(staff)
        with self.database.reading() as tx:
            lines = tx.packet_lines(of, seer, PacketsAsked(longest_first=True), now, limit=OLDEST, cursor=None)
            return Board(
                waiting=tx.waiting(of, seer, now),
                longest=_listed(tx, staff, lines),
                requests=tx.slide_requests_waiting(of, sees_departments(staff)),
            )

    def packets(
        self, actor: Actor, asked: PacketsAsked, now: datetime, *, limit: int, cursor: str | None = None
    ) -> Listed:
        """A page of the list. CursorInvalid."""
        staff = check_may_read_packets(actor)
        with self.database.reading() as tx:
            lines = tx.packet_lines(staff.organization_id, _seer(staff), asked, now, limit=limit, cursor=cursor)
            return _listed(tx, staff, lines)

    def numbered(self, actor: Actor, number: str, now: datetime) -> Listed:
        """The newest packets of exactly that record or accession number; case and spaces around it don't matter."""
        staff = check_may_read_packets(actor)
        with self.database.reading() as tx:
            found = tx.packets_numbered(staff.organization_id, _seer(staff), number, now, limit=FOUND_AT_MOST)
            return _listed(tx, staff, Slice(found, None))

    def other_departments(self, actor: Actor) -> list[Department]:
        """Those that may contribute to a packet of the actor's department, by name."""
        staff = check_may_open_packets(actor)
        with self.database.reading() as tx:
            found = tx.find(Department, staff.organization_id)
        return sorted((one for one in found if one.id != staff.department_id), key=lambda one: one.name)


def _seer(staff: StaffActor) -> UUID:
    """As whom the actor lists: their department, or all of the organization."""
    return sees_departments(staff) or staff.organization_id


def _listed(tx: Work, staff: StaffActor, lines: Slice[PacketLine]) -> Listed:
    ids = {line.department_id for line in lines.items}
    return Listed(lines, tx.each(Department, staff.organization_id, ids))
