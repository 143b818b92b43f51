"""The facts that decide what packets wait for, read for many at once in a few statements. Nothing is opened for it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, ScalarSelect, Select, Table, exists, func, select

from transfer_service.adapters.database.tables import (
    links,
    opinions,
    packets,
    recipients,
    redemptions,
    release_documents,
    releases,
)
from transfer_service.adapters.database.tables import packet_files as files
from transfer_service.domain.document import DocumentKind
from transfer_service.domain.opinion import OpinionState
from transfer_service.domain.packet import FileState, PacketKind, PacketState
from transfer_service.domain.people import RecipientKind
from transfer_service.domain.release import ReleaseState
from transfer_service.domain.waiting import FileFacts, LinkFacts, OpinionFacts, PacketFacts, ReleaseFacts

UNFINISHED = frozenset({PacketState.OPEN, PacketState.CLOSING})
Rows = dict[UUID, list[Row[Any]]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A packet's facts, and who lists it."""

    facts: PacketFacts
    seen_by: frozenset[UUID]


def facts_of(
    connection: Connection, organization_id: UUID, packet_ids: Collection[UUID], wrong_answers: int
) -> dict[UUID, Seen]:
    """Of those of these that are cases. A link is locked after so many ``wrong_answers``."""
    found = {row.id: row for row in connection.execute(_packets(organization_id, packet_ids))}
    unfinished = [id_ for id_, row in found.items() if row.state in UNFINISHED]
    closed = [id_ for id_, row in found.items() if row.state is PacketState.CLOSED]
    of_files = _files_of(connection, organization_id, unfinished) if unfinished else {}
    of_closed = _Closed(connection, organization_id, closed, wrong_answers) if closed else None
    return {
        id_: Seen(
            PacketFacts(
                state=row.state,
                opened_at=row.created_at,
                closed_at=row.closed_at,
                retired_at=row.retired_at,
                files=of_files.get(id_, FileFacts()),
                **(of_closed.of(id_) if of_closed and row.state is PacketState.CLOSED else {}),
            ),
            frozenset({organization_id, row.department_id, *row.contributing_department_ids}),
        )
        for id_, row in found.items()
    }


def _packets(organization_id: UUID, packet_ids: Collection[UUID]) -> Select[Any]:
    columns = packets.c
    return select(
        *(columns.id, columns.department_id, columns.contributing_department_ids, columns.state),
        *(columns.created_at, columns.closed_at, columns.retired_at),
    ).where(columns.organization_id == organization_id, columns.id.in_(packet_ids), columns.kind == PacketKind.CASE)


def _files_of(connection: Connection, organization_id: UUID, packet_ids: Collection[UUID]) -> dict[UUID, FileFacts]:
    """Each asked of the index by the packet and a state: a packet has thousands of files, and changes with each."""
    mine = packets.c.organization_id == organization_id
    its = (mine, files.c.organization_id == organization_id, files.c.packet_id == packets.c.id)
    receiving = (*its, files.c.state == FileState.RECEIVING)

    def completed(which: Any, state: FileState) -> ScalarSelect[Any]:  # noqa: ANN401 - an aggregate
        return select(which(files.c.completed_at)).where(*its, files.c.state == state).scalar_subquery()

    statement = select(
        packets.c.id,
        packets.c.created_at,
        exists().where(*its, files.c.state == FileState.REJECTED).label("rejected"),
        completed(func.min, FileState.REJECTED).label("rejected_at"),
        completed(func.min, FileState.VERIFYING).label("verifying_at"),
        completed(func.max, FileState.VERIFIED).label("verified_at"),
        exists().where(*receiving, files.c.carried_from.is_(None)).label("receiving"),
        exists().where(*receiving, files.c.carried_from.is_not(None)).label("carried"),
    ).where(mine, packets.c.id.in_(packet_ids))
    return {row.id: _file_facts(row) for row in connection.execute(statement)}


def _file_facts(row: Row[Any]) -> FileFacts:
    """A file whose source ended while it was carried is rejected without ever having been complete."""
    rejected_at = (row.rejected_at or row.created_at) if row.rejected else None
    return FileFacts(rejected_at, row.verifying_at, row.verified_at, bool(row.receiving), bool(row.carried))


class _Closed:
    """What there is of some closed packets."""

    def __init__(
        self, connection: Connection, organization_id: UUID, packet_ids: Collection[UUID], wrong_answers: int
    ) -> None:
        self._connection, self._organization_id = connection, organization_id
        self._wrong_answers = wrong_answers
        self._releases = self._of(releases, packet_ids, *_RELEASE)
        self._opinions = self._of(opinions, packet_ids, *_OPINION) if self._releases else {}
        self._links = self._links_of(packet_ids) if self._releases else {}
        every = [release for some in self._releases.values() for release in some]
        self._services = self._named_services(every)
        self._scanned = self._scans_of([it.id for it in every if it.state is ReleaseState.AWAITING_CONFIRMATION])
        self._succeeded = self._successors_of(packet_ids)

    def of(self, packet_id: UUID) -> dict[str, Any]:
        """Of one of them, as ``PacketFacts`` names it."""
        return {
            "succeeded_at": self._succeeded.get(packet_id),
            "releases": tuple(map(self._release, self._releases.get(packet_id, ()))),
            "links": tuple(map(self._link, self._links.get(packet_id, ()))),
            "opinions": tuple(map(_opinion, self._opinions.get(packet_id, ()))),
        }

    def _release(self, row: Row[Any]) -> ReleaseFacts:
        named = [(UUID(grant["recipient_id"]), grant["recipient_version"]) for grant in row.grants]
        return ReleaseFacts(
            id=row.id,
            state=row.state,
            basis=row.basis,
            recipients=tuple(recipient_id for recipient_id, _ in named),
            services=frozenset(each[0] for each in named if each in self._services),
            requested_at=row.requested_at,
            signed_at=row.signed_at,
            expires_at=row.expires_at,
            withdrawn_at=row.withdrawn_at,
            scanned_at=self._scanned.get(row.id),
        )

    def _link(self, row: Row[Any]) -> LinkFacts:
        is_used_up = row.max_redemptions is not None and row.redemptions >= row.max_redemptions
        return LinkFacts(
            release_id=row.release_id,
            recipient_id=row.recipient_id,
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            redeemed_at=row.redeemed_at,
            spent=is_used_up or row.wrong_answers >= self._wrong_answers,
        )

    def _of(self, table: Table, packet_ids: Collection[UUID], *names: str) -> Rows:
        columns = [table.c[name] for name in ("packet_id", *names)]
        mine = (table.c.organization_id == self._organization_id, table.c.packet_id.in_(packet_ids))
        return _by_packet(self._connection.execute(select(*columns).where(*mine)))

    def _links_of(self, packet_ids: Collection[UUID]) -> Rows:
        mine = links.c.organization_id == self._organization_id
        of_link = (redemptions.c.organization_id == self._organization_id, redemptions.c.link_id == links.c.id)
        first = select(func.min(redemptions.c.redeemed_at)).where(mine, *of_link).scalar_subquery()
        columns = [*(links.c[name] for name in ("packet_id", *_LINK)), first.label("redeemed_at")]
        return _by_packet(self._connection.execute(select(*columns).where(mine, links.c.packet_id.in_(packet_ids))))

    def _named_services(self, found: Iterable[Row[Any]]) -> set[tuple[UUID, int]]:
        """Recipients, in the version that a release names, whom the patient read of as a service."""
        ids = {UUID(grant["recipient_id"]) for release in found for grant in release.grants}
        if not ids:
            return set()
        columns = recipients.c
        statement = select(columns.id, columns.version).where(
            columns.organization_id == self._organization_id,
            columns.id.in_(ids),
            columns.kind == RecipientKind.SERVICE,
        )
        return {(row.id, row.version) for row in self._connection.execute(statement)}

    def _scans_of(self, release_ids: Collection[UUID]) -> dict[UUID, datetime]:
        if not release_ids:
            return {}
        columns = release_documents.c
        statement = select(columns.release_id, columns.made_at).where(
            columns.organization_id == self._organization_id,
            columns.release_id.in_(release_ids),
            columns.kind == DocumentKind.PAPER,
        )
        return {row.release_id: row.made_at for row in self._connection.execute(statement)}

    def _successors_of(self, packet_ids: Collection[UUID]) -> dict[UUID, datetime]:
        columns = packets.c
        statement = (
            select(columns.predecessor_id, func.min(columns.created_at).label("first_at"))
            .where(
                columns.organization_id == self._organization_id,
                columns.predecessor_id.in_(packet_ids),
                columns.state != PacketState.RETIRED,
            )
            .group_by(columns.predecessor_id)
        )
        return {row.predecessor_id: row.first_at for row in self._connection.execute(statement)}


_RELEASE = ("id", "state", "basis", "grants", "requested_at", "signed_at", "expires_at", "withdrawn_at")
_OPINION = ("release_id", "recipient_id", "state", "sent_at", "shared_at")
_LINK = (
    *("release_id", "recipient_id", "issued_at", "expires_at", "revoked_at"),
    *("redemptions", "max_redemptions", "wrong_answers"),
)


def _opinion(row: Row[Any]) -> OpinionFacts:
    return OpinionFacts(row.release_id, row.recipient_id, row.sent_at, row.shared_at)


def _by_packet(found: Iterable[Row[Any]]) -> Rows:
    rows: Rows = defaultdict(list)
    for row in found:
        if getattr(row, "state", None) is not OpinionState.DRAFT:
            rows[row.packet_id].append(row)
    return rows
