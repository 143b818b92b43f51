"""One transaction: reading and changing in the domain's words. A change is written with its audit entry, or not."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import Connection, Select, delete, insert, select

from transfer_service.adapters.database import auditing, cursors, lists, packet_logs
from transfer_service.adapters.database.accounting import asked_for
from transfer_service.adapters.database.engine import Dialect
from transfer_service.adapters.database.mapping import K, Mapper, mapper_of
from transfer_service.adapters.database.seals import Seals
from transfer_service.adapters.database.tables import (
    audit_entries,
    departments,
    organizations,
    service_keys,
)
from transfer_service.adapters.database.tenancy import OPTION
from transfer_service.adapters.database.waits import Touched, Waits
from transfer_service.adapters.database.writing import is_row, organization_of, write_all
from transfer_service.audit.entry import Entry, Event, Head
from transfer_service.domain.accounting import AccountQuery
from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.mail import KeptAnswer
from transfer_service.domain.member import Member
from transfer_service.domain.people import Department, Organization, Recipient
from transfer_service.domain.release import Release
from transfer_service.errors import NotFound
from transfer_service.ports import Bookkeeping, Keyring, S, Slice, T, Tenanted

_BOOKKEEPING = get_args(Bookkeeping)


class SqlTransaction:
    """Implements ``ports.Transaction`` on one connection, inside a transaction that somebody else ends."""

    def __init__(
        self, connection: Connection, dialect: Dialect, keyring: Keyring, *, changes: bool, wrong_answers: int
    ) -> None:
        self._connection, self._dialect = connection, dialect
        self._seals = Seals(keyring, self._wrapped_records_key)
        self.waits, self._touched = Waits(connection, wrong_answers), Touched()
        self.changes = changes

    def savepoint(self) -> AbstractContextManager[Any]:
        """A part of the transaction that can be undone on its own. Unavailable."""
        self._dialect.check_begun(self._connection)
        return self._connection.begin_nested()

    def settle(self) -> None:
        """At the end, before it is committed: what the changed packets wait for from now on."""
        for organization_id, packet_ids in self._touched.taken():
            self.waits.keep(organization_id, packet_ids)

    def save(self, event: Event, *things: Organization | Tenanted | Bookkeeping) -> None:
        """Write the things and the event's audit entry. ValueError where they are of two organizations."""
        self._check_changes()
        for thing in things:
            if organization_of(thing) not in {None, event.organization_id}:
                raise ValueError("the event and what it is about are of two organizations")
        with self.savepoint():
            self._write(things)
            auditing.append(self._connection, event)

    def keep(self, *things: Bookkeeping) -> None:
        """Write bookkeeping. TypeError for anything whose change has to be recorded."""
        self._check_bookkeeping(things)
        with self.savepoint():
            self._write(things)

    def drop(self, *things: Bookkeeping) -> None:
        """Remove bookkeeping; content where it is gone already."""
        self._check_bookkeeping(things)
        with self.savepoint():
            self._touched.note(things)
            for thing in things:
                mapper = mapper_of(type(thing))
                self._connection.execute(delete(mapper.table).where(*is_row(mapper, thing)))

    def get(self, kind: type[T], organization_id: UUID, id: UUID) -> T:  # noqa: A002 - the port's name
        """The one of that id in that organization; NotFound. TypeError for parts: they have no id of their own."""
        mapper = mapper_of(kind)
        if len(mapper.key) > 2 and not mapper.versioned:  # noqa: PLR2004 - organization and id
            raise TypeError(f"a {kind.__name__} has no id of its own")
        statement = lists.selected(mapper, organization_id).where(mapper.table.c[mapper.id_column] == id)
        return self._one(mapper, self._locked(statement))

    def each(self, kind: type[T], organization_id: UUID, ids: Collection[UUID]) -> dict[UUID, T]:
        """Those of these ids that are in that organization, by id."""
        mapper = mapper_of(kind)
        column = mapper.table.c[mapper.id_column]
        statement = lists.selected(mapper, organization_id).where(column.in_(ids))
        return {getattr(one, mapper.id_column): one for one in self._all(mapper, statement)}

    def find(self, kind: type[T], organization_id: UUID, **equals: object) -> list[T]:
        """All whose fields equal what is given, oldest first."""
        mapper = mapper_of(kind)
        statement = lists.narrowed(
            lists.selected(mapper, organization_id), mapper, organization_id, equals, self._seals
        )
        return self._all(mapper, lists.oldest_first(statement, mapper))

    def page(
        self, kind: type[T], organization_id: UUID, *, limit: int, cursor: str | None, **equals: object
    ) -> Slice[T]:
        """The same, newest first, in pages. CursorInvalid."""
        mapper = mapper_of(kind)
        statement = lists.narrowed(
            lists.selected(mapper, organization_id), mapper, organization_id, equals, self._seals
        )
        return self._page(mapper, statement, limit, cursor)

    def recipient_version(self, organization_id: UUID, recipient_id: UUID, version: int) -> Recipient:
        """The recipient as the patient read it; NotFound."""
        mapper = mapper_of(Recipient)
        columns = mapper.table.c
        statement = select(mapper.table).where(
            columns.organization_id == organization_id, columns.id == recipient_id, columns.version == version
        )
        return self._one(mapper, statement)

    def by_secret(self, kind: type[S], secret_hash: bytes) -> S:
        """The one whose secret it is, in whatever organization; NotFound."""
        return self._by_secret(kind, "secret_hash", secret_hash)

    def by_typed_code(self, typed_code_hash: bytes) -> Release:
        """The one whose letter's code it is, in whatever organization; NotFound."""
        return self._by_secret(Release, "typed_code_hash", typed_code_hash)

    def by_email(self, email: str) -> Member:
        """The one who signs in by that address, in whatever organization; NotFound."""
        return self._by_secret(Member, "email", email)

    def _by_secret(self, kind: type[S], column: str, known: bytes | str) -> S:
        mapper = mapper_of(kind)
        columns, is_its = mapper.table.c, mapper.table.c[column] == known
        if not self.changes:
            return self._one(mapper, _named_by_it(select(mapper.table).where(is_its)))
        whose = self._connection.execute(
            _named_by_it(select(columns.organization_id).where(is_its))
        ).scalar_one_or_none()
        if whose is None:
            raise NotFound
        # Read once its organization is named: what was there before our turn may be over.
        return self._one(mapper, self._locked(select(mapper.table).where(columns.organization_id == whose, is_its)))

    def organization(self, id: UUID) -> Organization:  # noqa: A002 - the port's name
        """NotFound."""
        return self._one(mapper_of(Organization), select(organizations).where(organizations.c.id == id))

    def organizations(self) -> list[Organization]:
        """All of them."""
        mapper = mapper_of(Organization)
        return self._all(mapper, lists.oldest_first(select(organizations), mapper))

    def open_departments(self, department_id: UUID | None = None) -> list[Department]:
        """Those of whatever organization that take requests from anybody, by name; or the one of that id."""
        columns = departments.c
        statement = select(departments).where(columns.takes_requests)
        if department_id is not None:
            statement = statement.where(columns.id == department_id)
        public = statement.order_by(columns.name, columns.id).execution_options(**{OPTION: "that they do is public"})
        return self._all(mapper_of(Department), public)

    def disclosures(
        self, organization_id: UUID, query: AccountQuery, *, limit: int, cursor: str | None
    ) -> Slice[Disclosure]:
        """The organization's disclosures that are asked for, newest first. CursorInvalid."""
        mapper = mapper_of(Disclosure)
        statement = asked_for(lists.selected(mapper, organization_id), organization_id, query, self._seals)
        return self._page(mapper, statement, limit, cursor, of_few=query.record_number is not None)

    def audit_head(self, organization_id: UUID) -> Head:
        """Where the organization's log ends; NotFound."""
        return auditing.head_of(self._connection, organization_id)

    def audit_entries(self, organization_id: UUID, after: int = 0) -> Iterator[Entry]:
        """The log from entry ``after`` + 1 on, in order, while the transaction lasts."""
        return auditing.entries_after(self._connection, organization_id, after)

    def audit_page(
        self,
        organization_id: UUID,
        *,
        limit: int,
        cursor: str | None,
        action: str | None = None,
        packet: UUID | None = None,
    ) -> Slice[Entry]:
        """The log, newest first, in pages. CursorInvalid."""
        statement = select(audit_entries).where(audit_entries.c.organization_id == organization_id)
        if action is not None:
            statement = statement.where(audit_entries.c.action == action)
        if packet is not None:
            statement = statement.where(audit_entries.c.packet == str(packet))
        statement = lists.newest_first(statement, "audit_entries", [audit_entries.c.seq], limit, cursor)
        entries = [auditing.entry_of(row._asdict()) for row in self._connection.execute(statement)]
        more = cursors.encoded("audit_entries", [entries[limit - 1].seq]) if len(entries) > limit else None
        return Slice(entries[:limit], more)

    def packet_log(
        self,
        organization_id: UUID,
        packet_id: UUID,
        *,
        limit: int,
        cursor: str | None,
        nouns: Collection[str] | None = None,
        oldest_first: bool = False,
    ) -> Slice[Entry]:
        """What the log has of one packet, in pages. CursorInvalid."""
        look = packet_logs.Look(organization_id, packet_id, nouns, oldest_first=oldest_first)
        return packet_logs.page(self._connection, look, limit, cursor)

    def kept_answer(self, key: bytes) -> KeptAnswer | None:
        """The answer kept for that caller and key."""
        mapper = mapper_of(KeptAnswer)
        self._take_turn(f"the answer kept under {key.hex()}")
        found = self._all(mapper, select(mapper.table).where(mapper.table.c.key == key))
        return found[0] if found else None

    def service_key(self, purpose: str) -> bytes | None:
        """A wrapped key of the installation."""
        self._take_turn(f"the {purpose} key")
        statement = select(service_keys.c.wrapped).where(service_keys.c.purpose == purpose)
        wrapped: bytes | None = self._connection.execute(statement).scalar_one_or_none()
        return wrapped

    def add_service_key(self, purpose: str, wrapped: bytes) -> None:
        """Keep a new wrapped key of the installation; an older one of that purpose is never replaced."""
        self._check_changes()
        self._connection.execute(insert(service_keys), {"purpose": purpose, "wrapped": wrapped})

    def _write(self, things: Sequence[object]) -> None:
        self._touched.note(things)
        write_all(self._connection, self._seals, things)

    def _take_turn(self, *names: str) -> None:
        """What no organization's turn covers: whoever changes and finds nothing there is the one who may add it."""
        if self.changes:
            self._dialect.take_turn(self._connection, *names)

    def _check_changes(self) -> None:
        if not self.changes:
            raise TypeError("this transaction only reads")
        self._dialect.check_begun(self._connection)

    def _check_bookkeeping(self, things: tuple[object, ...]) -> None:
        self._check_changes()
        for thing in things:
            if not isinstance(thing, _BOOKKEEPING):
                raise TypeError(f"a change of a {type(thing).__name__} is recorded: save it with its event")

    def _wrapped_records_key(self, organization_id: UUID) -> bytes:
        statement = select(organizations.c.wrapped_records_key).where(organizations.c.id == organization_id)
        wrapped: bytes | None = self._connection.execute(statement).scalar_one_or_none()
        if wrapped is None:
            raise NotFound
        return wrapped

    def _locked(self, statement: Select[Any]) -> Select[Any]:
        return statement.with_for_update() if self.changes else statement

    def _all(self, mapper: Mapper[K], statement: Select[Any]) -> list[K]:
        return [mapper.from_row(row._asdict(), self._seals) for row in self._connection.execute(statement)]

    def _one(self, mapper: Mapper[K], statement: Select[Any]) -> K:
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            raise NotFound
        return mapper.from_row(row._asdict(), self._seals)

    def _page(
        self, mapper: Mapper[K], statement: Select[Any], limit: int, cursor: str | None, *, of_few: bool = False
    ) -> Slice[K]:
        name, columns = mapper.table.name, [mapper.table.c[column] for column in mapper.order]
        found = self._connection.execute(lists.newest_first(statement, name, columns, limit, cursor, of_few=of_few))
        rows = [row._asdict() for row in found]
        more = None
        if len(rows) > limit:
            more = cursors.encoded(name, [rows[limit - 1][column] for column in mapper.order])
        return Slice([mapper.from_row(row, self._seals) for row in rows[:limit]], more)


def _named_by_it(statement: Select[Any]) -> Select[Any]:
    return statement.execution_options(**{OPTION: "a secret names its own tenant"})
