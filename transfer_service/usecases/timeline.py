"""Timeline: all that happened to one packet, as the staff who see it may read it, page by page.

It is the audit log of that packet, told by names instead of ids: every event, every disclosure and every attempt that
was refused. Whoever oversees its releases reads all of it. Depositors and staff of contributing departments read what
became of its files and of the patient's contact, and not whom it went to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from transfer_service.audit.entry import Entry
from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import Actor, Recipient, Staff
from transfer_service.domain.policy import check_may_read_packets, hears_of_releases
from transfer_service.domain.release import Release
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.reach import seen_packet

T = TypeVar("T")

#: The nouns of actions that say nothing of releases.
OF_THE_PACKET = ("packet", "file", "contact", "slide_request")


@dataclass(frozen=True, slots=True, repr=False)
class Moment:
    """One entry, and what its ids stand for. ``staff`` is the member who acted, ``recipients`` whom it concerns.

    ``disclosure`` is as it stands now: of a download its row, of a refusal the row that counts it.
    """

    entry: Entry
    staff: Staff | None
    recipients: tuple[Recipient, ...]
    file: PacketFile | None
    disclosure: Disclosure | None


@dataclass(frozen=True, slots=True, repr=False)
class TimelinePage:
    """The packet, some of its moments, and where the next ones begin. ``is_whole``: whether releases are told of."""

    packet: Packet
    moments: tuple[Moment, ...]
    next_cursor: str | None
    is_whole: bool


@dataclass(frozen=True)
class Timeline:
    """For staff; patients have their own story."""

    database: Database

    def page(
        self, actor: Actor, packet_id: UUID, *, limit: int, cursor: str | None, oldest_first: bool = False
    ) -> TimelinePage:
        """NotAllowed, NotFound, CursorInvalid."""
        staff = check_may_read_packets(actor)
        with self.database.reading() as tx:
            packet = seen_packet(tx, staff, packet_id)
            is_whole = hears_of_releases(staff, packet)
            found = tx.packet_log(
                packet.organization_id,
                packet.id,
                limit=limit,
                cursor=cursor,
                nouns=None if is_whole else OF_THE_PACKET,
                oldest_first=oldest_first,
            )
            moments = tuple(_Names(tx, packet, found.items).moments())
            return TimelinePage(packet, moments, found.next_cursor, is_whole)


class _Names:
    """What the ids in some entries stand for, each looked up once."""

    def __init__(self, tx: Transaction, packet: Packet, entries: list[Entry]) -> None:
        self._tx, self._of, self._entries = tx, packet.organization_id, entries
        self._files = tx.each(PacketFile, self._of, self._ids("file"))
        self._releases = tx.each(Release, self._of, self._ids("release"))
        self._staff = tx.each(Staff, self._of, _uuids(each.actor_id for each in entries if _is_by_staff(each)))
        self._disclosures = tx.each(Disclosure, self._of, self._ids("disclosure"))
        self._refusals = self._refused(packet)
        self._read: dict[tuple[UUID, int], Recipient] = {}

    def moments(self) -> Iterable[Moment]:
        """In the order of the entries."""
        for entry in self._entries:
            yield Moment(
                entry=entry,
                staff=_named_by(entry.actor_id, self._staff) if _is_by_staff(entry) else None,
                recipients=self._recipients(entry),
                file=_named_by(entry.subject.get("file"), self._files),
                disclosure=self._disclosure(entry),
            )

    def _ids(self, name: str) -> set[UUID]:
        return _uuids(entry.subject[name] for entry in self._entries if name in entry.subject)

    def _recipients(self, entry: Entry) -> tuple[Recipient, ...]:
        """The one whom it concerns, or all whom its release names; as the patient read them."""
        release = _named_by(entry.subject.get("release"), self._releases)
        if release is None:
            return ()
        concerned = entry.subject.get("recipient")
        grants = [each for each in release.grants if concerned in {None, str(each.recipient_id)}]
        return tuple(self._version(grant.recipient_id, grant.recipient_version) for grant in grants)

    def _version(self, recipient_id: UUID, version: int) -> Recipient:
        key = (recipient_id, version)
        if key not in self._read:
            self._read[key] = self._tx.recipient_version(self._of, *key)
        return self._read[key]

    def _disclosure(self, entry: Entry) -> Disclosure | None:
        if entry.action == "link.refused":
            return self._refusals.get((entry.subject["link"], entry.facts["code"], entry.at))
        return _named_by(entry.subject.get("disclosure"), self._disclosures)

    def _refused(self, packet: Packet) -> Mapping[tuple[object, ...], Disclosure]:
        """The rows of the refusals among the entries: the last row of a kind counts those beyond it."""
        kinds = {(each.subject["link"], each.facts["code"]) for each in self._entries if each.action == "link.refused"}
        return {
            (link, code, row.started_at): row
            for link, code in kinds
            for row in self._tx.find(
                Disclosure, self._of, packet_id=packet.id, link_id=UUID(str(link)), refused_code=code
            )
        }


def _is_by_staff(entry: Entry) -> bool:
    return entry.actor_kind.startswith("staff:")


def _named_by(id_: str | None, found: Mapping[UUID, T]) -> T | None:
    return found.get(UUID(id_)) if id_ else None


def _uuids(texts: Iterable[str]) -> set[UUID]:
    return {UUID(text) for text in texts}
