"""What the worker asks of all organizations at once."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    Result,
    Row,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    tuple_,
)

from transfer_service.adapters.database.mapping import K, Mapper, mapper_of
from transfer_service.adapters.database.overview import SqlOverview
from transfer_service.adapters.database.reminders import is_to_be_reminded_of
from transfer_service.adapters.database.tables import (
    audit_entries,
    audit_heads,
    challenges,
    credentials,
    kept_answers,
    leftovers,
    mail,
    notices,
    packets,
    releases,
    slide_requests,
    webhooks,
)
from transfer_service.adapters.database.tables import packet_files as files
from transfer_service.adapters.database.tables import release_documents as documents
from transfer_service.adapters.database.tenancy import OPTION, TENANT
from transfer_service.domain.document import DocumentKind
from transfer_service.domain.link import Link
from transfer_service.domain.mail import Mail
from transfer_service.domain.packet import FileState, Leftover, Packet, PacketFile, PacketState
from transfer_service.domain.release import Release
from transfer_service.domain.slide_request import SlideRequest
from transfer_service.domain.webhook import Notice, NoticeKind, Webhook
from transfer_service.errors import SealBroken
from transfer_service.ports import Backlog

logger = logging.getLogger(__name__)

BROKEN_ROWS_PASSED = 100
COUNTED_TO = 10_000
ENTRIES_LOOKED_AT = 500
FORGET_AFTER = timedelta(days=1)


class SqlWork(SqlOverview):
    """Implements ``ports.Work``: a transaction, what staff ask of many packets, and the worker's lists."""

    def files_to_verify(self, now: datetime, limit: int) -> list[PacketFile]:
        """Verifying, and leased to nobody at ``now``; the longest waiting first."""
        free = or_(files.c.lease_until.is_(None), files.c.lease_until <= now)
        return self._due(PacketFile, and_(files.c.state == FileState.VERIFYING, free), "completed_at", limit)

    def files_to_carry(self, now: datetime, limit: int) -> list[PacketFile]:
        """Being carried, and leased to nobody at ``now``; the longest not served first."""
        return self._due(PacketFile, and_(_is_being_carried(), files.c.lease_until <= now), "lease_until", limit)

    def packets_to_settle(self, limit: int) -> list[Packet]:
        """Closing, and with every file read back, or one of them rejected; the longest waiting first."""
        decided = or_(_has_file(FileState.REJECTED), not_(_has_file(FileState.VERIFYING, FileState.RECEIVING)))
        return self._due(Packet, and_(packets.c.state == PacketState.CLOSING, decided), "written_at", limit)

    def packets_abandoned(self, written_before: datetime, limit: int) -> list[Packet]:
        """Open or closing, and not written since."""
        unfinished = packets.c.state.in_([PacketState.OPEN, PacketState.CLOSING])
        return self._due(Packet, and_(unfinished, packets.c.written_at < written_before), "written_at", limit)

    def packets_past_retention(self, closed_before: datetime, limit: int) -> list[Packet]:
        """Closed before that; the longest closed first."""
        past = and_(packets.c.state == PacketState.CLOSED, packets.c.closed_at < closed_before)
        return self._due(Packet, past, "closed_at", limit)

    def packets_to_destroy(self, now: datetime, limit: int) -> list[Packet]:
        """Retired, their grace period over, their key or some of their files still there."""
        over = and_(packets.c.destroy_at <= now, packets.c.destroyed_at.is_(None))
        return self._due(Packet, and_(packets.c.state == PacketState.RETIRED, over), "destroy_at", limit)

    def releases_without_copy(self, limit: int) -> list[Release]:
        """Signed, withdrawn since or not, and with no copy kept of the signed form; the longest signed first."""
        its = and_(
            documents.c.organization_id == releases.c.organization_id,
            documents.c.release_id == releases.c.id,
            documents.c.kind == DocumentKind.COPY,
        )
        waits = and_(releases.c.signed_at.is_not(None), not_(exists().where(its)))
        return self._due(Release, waits, "signed_at", limit)

    def file_count(self, packet: Packet) -> int:
        """How many files the packet has."""
        statement = select(func.count()).select_from(files).where(_in(packet))
        return int(self._connection.execute(statement).scalar_one())

    def files_to_let_go(self, packet: Packet, limit: int) -> list[PacketFile]:
        """The packet's files that still refer to an object."""
        return self._due(PacketFile, and_(_in(packet), files.c.object_key.is_not(None)), "created_at", limit)

    def leftovers_due(self, now: datetime, limit: int) -> list[Leftover]:
        """Object keys that may be swept."""
        return self._due(Leftover, leftovers.c.sweep_after <= now, "sweep_after", limit)

    def mail_due(self, now: datetime, limit: int) -> list[Mail]:
        """Mail to send."""
        waits = and_(mail.c.sent_at.is_(None), mail.c.to.is_not(None))
        return self._due(Mail, and_(waits, mail.c.due_at <= now), "due_at", limit)

    def links_to_remind_of(self, now: datetime, ending_by: datetime, issued_by: datetime, limit: int) -> list[Link]:
        """Live at ``now`` and never used, of recipients who want to be reminded and were not; the soonest end first."""
        return self._due(Link, is_to_be_reminded_of(now, ending_by, issued_by), "expires_at", limit)

    def notices_due(self, now: datetime, limit: int) -> list[Notice]:
        """Notices to bring, to receivers that may be called; the longest due first."""
        its = and_(
            webhooks.c.organization_id == notices.c.organization_id, webhooks.c.recipient_id == notices.c.recipient_id
        )
        rested = or_(webhooks.c.resting_until.is_(None), webhooks.c.resting_until <= now)
        may_be_called = exists().where(its, webhooks.c.disabled_at.is_(None), rested)
        return self._due(
            Notice, and_(notices.c.delivered_at.is_(None), notices.c.due_at <= now, may_be_called), "due_at", limit
        )

    def webhooks_that_want(self, kind: NoticeKind) -> list[Webhook]:
        """Every webhook that such notices are to be made for."""
        enabled = self._due(Webhook, webhooks.c.disabled_at.is_(None), "set_at", COUNTED_TO)
        return [webhook for webhook in enabled if webhook.wants(kind)]

    def slide_requests_past(self, before: datetime, limit: int) -> list[SlideRequest]:
        """Answered or taken back before that, or received before it and never answered; the oldest first."""
        columns = slide_requests.c
        unanswered = and_(columns.decided_at.is_(None), columns.received_at < before)
        return self._due(SlideRequest, or_(columns.decided_at < before, unanswered), "received_at", limit)

    def backlog(self, now: datetime) -> Backlog:
        """What waits at ``now``."""
        # What an address refuses says nothing of the post, and goes on being tried beside what waits for it.
        mail_waits = and_(mail.c.sent_at.is_(None), mail.c.refused_at.is_(None), mail.c.made_at <= now)
        return Backlog(
            *self._waiting(
                func.coalesce(files.c.completed_at, files.c.lease_until),  # carried: since it was served last
                or_(files.c.state == FileState.VERIFYING, _is_being_carried()),
            ),
            *self._waiting(mail.c.made_at, mail_waits),
            *self._waiting(notices.c.made_at, and_(notices.c.delivered_at.is_(None), notices.c.made_at <= now)),
            *self._waiting(leftovers.c.sweep_after, leftovers.c.sweep_after <= now),
            audit_entries=self._for_all(select(func.coalesce(func.sum(audit_heads.c.size), 0))).scalar_one(),
        )

    def _waiting(self, since: ColumnElement[datetime], condition: ColumnElement[bool]) -> tuple[int, datetime | None]:
        """How many, up to COUNTED_TO, and the oldest of those."""
        waiting = select(since.label("since")).where(condition).order_by(since).limit(COUNTED_TO).subquery()
        facts = (func.count().label("number"), func.min(waiting.c.since).label("oldest"))
        row = self._for_all(select(*facts).select_from(waiting)).one()
        return row.number, row.oldest

    def _for_all(self, statement: Executable) -> Result[Any]:
        return self._connection.execute(statement, execution_options={OPTION: "the metrics are of everybody's"})

    def request_behind(self, organization_id: UUID, at: datetime) -> str | None:
        """The id of the request that was recorded at that instant, as far as the log's newest entries go."""
        newest = (
            select(audit_entries.c.at, audit_entries.c.request_id)
            .where(audit_entries.c.organization_id == organization_id)
            .order_by(audit_entries.c.seq.desc())
            .limit(ENTRIES_LOOKED_AT)
            .subquery()
        )
        statement = select(newest.c.request_id).where(newest.c.at == at).limit(1)
        found: str | None = self._connection.execute(statement).scalar_one_or_none()
        return found

    def forget(self, now: datetime) -> int:
        """Remove kept answers, challenges, credentials and notices that were over a day or more ago; how many."""
        self._check_changes()
        before = now - FORGET_AFTER
        ended = or_(credentials.c.expires_at <= before, credentials.c.revoked_at <= before)
        return (
            self._forgotten(kept_answers, kept_answers.c.expires_at <= before)
            + self._forgotten(challenges, challenges.c.expires_at <= before)
            + self._forgotten(credentials, ended)
            + self._forgotten(notices, and_(notices.c.delivered_at.is_not(None), notices.c.forget_at <= before))
        )

    def _forgotten(self, table: Table, condition: ColumnElement[bool]) -> int:
        """Without anybody's turn, and without waiting: what somebody is changing is forgotten another day."""
        key = [*table.primary_key.columns]
        free = select(*key).where(condition).with_for_update(skip_locked=True)
        statement = delete(table).where(tuple_(*key).in_(free))
        return self._connection.execute(statement, execution_options={OPTION: "what ended is forgotten"}).rowcount

    def _due(self, kind: type[K], condition: ColumnElement[bool], order: str, limit: int) -> list[K]:
        """What is due, oldest first. A row that does not open is reported and passed over: it stops nobody else."""
        mapper = mapper_of(kind)
        columns = [mapper.table.c[order], *(mapper.table.c[name] for name in mapper.key)]
        statement = select(mapper.table).where(condition).order_by(*columns).limit(limit + BROKEN_ROWS_PASSED)
        due = self._first(mapper, statement, limit)
        if not self.changes or TENANT not in mapper.table.c:
            return due
        # Read again in the turn of the organizations that are meant: another worker may have been faster.
        tenants = {getattr(one, TENANT) for one in due}
        self._take_turn(*map(str, tenants))
        return self._first(mapper, statement.where(mapper.table.c[TENANT].in_(tenants)), limit)

    def _first(self, mapper: Mapper[K], statement: Select[Any], limit: int) -> list[K]:
        rows = self._connection.execute(statement, execution_options={OPTION: "the worker serves every organization"})
        return list(islice(self._that_open(mapper, rows), limit))

    def _that_open(self, mapper: Mapper[K], rows: Iterable[Row[Any]]) -> Iterator[K]:
        for row in rows:
            try:
                yield mapper.from_row(row._asdict(), self._seals)
            except SealBroken:
                logger.exception("A row of %s does not open; the worker passes it over.", mapper.table.name)


def _in(packet: Packet) -> ColumnElement[bool]:
    """Of a file: whether it is in that packet."""
    return and_(files.c.organization_id == packet.organization_id, files.c.packet_id == packet.id)


def _is_being_carried() -> ColumnElement[bool]:
    """What ``PacketFile.is_being_carried`` says of one, for a list."""
    return and_(files.c.state == FileState.RECEIVING, files.c.carried_from.is_not(None))


def _has_file(*states: FileState) -> ColumnElement[bool]:
    """Of a packet: whether it has a file in one of those states."""
    of_packet = and_(files.c.organization_id == packets.c.organization_id, files.c.packet_id == packets.c.id)
    return exists().where(of_packet, files.c.state.in_(states))
