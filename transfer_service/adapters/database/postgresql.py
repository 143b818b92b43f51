"""PostgreSQL's ways: its connections, its transactions, who waits for whom, and the tenant that its row security needs.

A transaction that changes takes its organization's turn (an advisory lock that ends with it) at the first statement
that names the organization, and reads at READ COMMITTED: whatever it reads from then on was committed before its turn,
and nobody changes it until it ends. Hospitals don't wait for each other. One that reads has a snapshot: REPEATABLE
READ, READ ONLY. See docs/decisions/0007.

Sources: PostgreSQL's manual, 13.3.5 "Advisory Locks", 5.8 "Row Security Policies", 34.1.2 "Parameter Key Words".
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import PendingRollbackError

from transfer_service.adapters.database import tenancy
from transfer_service.adapters.database.engine import CHANGES, Dialect
from transfer_service.adapters.database.postgresql_checks import HELP, PHRASES, check_migrated, check_server
from transfer_service.adapters.database.row_security import EVERY, SETTING
from transfer_service.errors import SettingsInvalid, Unavailable

POOL_SIZE = 8
POOL_OVERFLOW = 24
#: No statement of ours takes that long; one that does is given up, and so is a transaction that is forgotten open.
STATEMENT_TIMEOUT_S = 60
SCHEMA = "the schema"

_CONNECTING: dict[str, Any] = {
    "application_name": "transfer-service",
    "sslmode": "verify-full",  # unless the URL says otherwise, as the settings do for this very machine
    "target_session_attrs": "read-write",  # a standby may lag behind: what it shows may be over
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_CHANGING = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_NAME = f"SELECT set_config('{SETTING}', %(name)s, true)"
_TURN = "SELECT pg_advisory_xact_lock(%(key)s::bigint)"
_TURN_AND_NAME = f"{_TURN}, set_config('{SETTING}', %(name)s, true)"
_OURS = {tenancy.OPTION: "names the tenant"}
_NAMED, _HELD = "named", "held"


class Postgresql(Dialect):
    """A database on a PostgreSQL server, 15 or later."""

    driver_error = psycopg.Error

    def engine(self, **options: Any) -> Engine:  # noqa: ANN401 - create_engine's own
        """As of every dialect; and it knows again what an undone savepoint made the server forget."""
        engine = super().engine(**options)
        event.listen(engine, "rollback_savepoint", _forget)
        return engine

    def find(self, *, create: bool) -> None:
        """Whoever runs the server made it."""

    def take_turn(self, connection: Connection, *names: str) -> None:
        """One after another in an order of their own, so that two who want the same don't wait for each other."""
        for name in sorted({*names} - connection.info[_HELD]):
            connection.exec_driver_sql(_TURN, {"key": _key(name)}, execution_options=_OURS)
            connection.info[_HELD].add(name)

    def check_begun(self, connection: Connection) -> None:
        """A statement that failed, or a connection that broke, leaves a transaction of which nothing counts."""
        try:
            status = connection.connection.driver_connection.info.transaction_status  # type: ignore[union-attr] # psycopg's
        except PendingRollbackError:
            status = TransactionStatus.UNKNOWN
        if status is not TransactionStatus.INTRANS:
            raise Unavailable("The database undid the transaction; try again shortly.")

    def check_sound(self, engine: Engine) -> None:
        """SettingsInvalid, InstallationDamaged: what an operator has to set right first. Unavailable."""
        with _helped(), engine.connect() as connection, connection.begin():
            check_server(connection)
            check_migrated(connection)

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """However long it takes, and alone: of two that migrate at once, the second finds nothing to do."""
        with _helped(), super().migrating() as connection:
            check_server(connection)
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0", execution_options=_OURS)
            self.take_turn(connection, SCHEMA)
            yield connection

    def _options(self) -> dict[str, Any]:
        timeouts = {
            "lock_timeout": self.busy_timeout_s,
            "statement_timeout": STATEMENT_TIMEOUT_S,
            "idle_in_transaction_session_timeout": STATEMENT_TIMEOUT_S,
        }
        settings = " ".join(f"-c {name}={max(1, int(seconds * 1000))}" for name, seconds in timeouts.items())
        connecting = {name: value for name, value in _CONNECTING.items() if name not in self.url.query}
        return {
            "pool_size": POOL_SIZE,
            "max_overflow": POOL_OVERFLOW,
            "connect_args": connecting | {"options": settings},
        }

    def _on_connect(self, connection: "psycopg.Connection[Any]", record: object) -> None:  # noqa: ARG002 - SQLAlchemy's
        connection.autocommit = True  # we say BEGIN ourselves, as it is to be

    def _on_begin(self, connection: Connection) -> None:
        _forget(connection)
        changes = connection.get_execution_options().get(CHANGES)
        connection.exec_driver_sql(_CHANGING if changes else _READING, execution_options=_OURS)

    def _on_named(self, connection: Connection, organization_id: UUID | None) -> None:
        name = EVERY if organization_id is None else str(organization_id)
        named, held = connection.info[_NAMED], connection.info[_HELD]
        if name not in {EVERY, *held} and connection.get_execution_options().get(CHANGES):
            connection.exec_driver_sql(_TURN_AND_NAME, {"key": _key(name), "name": name}, execution_options=_OURS)
            held.add(name)
        elif name != named:
            connection.exec_driver_sql(_NAME, {"name": name}, execution_options=_OURS)
        connection.info[_NAMED] = name

    def _reason(self, error: BaseException | None) -> str:
        if isinstance(error, psycopg.IntegrityError):
            return f"{type(error).__name__} {error.diag.constraint_name}"  # the message would tell values
        said = str(error) if isinstance(error, psycopg.OperationalError) and error.sqlstate is None else ""
        return next((phrase for phrase in PHRASES if phrase in said), type(error).__name__)


def _forget(connection: Connection, *_: object) -> None:
    """Nothing is named and no turn taken, as far as anybody knows. To take one again that is held does no harm."""
    connection.info.update({_NAMED: None, _HELD: set[str]()})


@contextmanager
def _helped() -> Iterator[None]:
    """At the start, what only an operator can set right is not called a passing trouble."""
    try:
        yield
    except Unavailable as error:
        if error.reason in HELP:
            raise SettingsInvalid(HELP[error.reason], field="database_url") from None
        raise


def _key(name: str) -> int:
    """A name's advisory lock: 64 bits of a hash. Two names of one key would only wait for each other."""
    digest = hashlib.sha256(b"transfer-service\x00" + name.encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
