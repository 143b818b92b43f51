"""What both kinds of database share: an engine with our guard and our errors, and the ways that a kind has of its own.

`sqlite` and `postgresql` have one `Dialect` each; nothing else in this room knows which of them it is on.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError

from transfer_service.adapters.database import tenancy
from transfer_service.errors import PathTaken, Unavailable

logger = logging.getLogger(__name__)

CHANGES = "transaction_changes"
PATHS = ("packet_files.path_index", "uq_packet_files_organization_id_packet_id_path_index")


class ConstraintBroken(AssertionError):
    """The database refused rows that break its rules: a mistake in this program."""


class Dialect(ABC):
    """One database of one kind. ``busy_timeout_s`` is how long one waits for another's transaction."""

    #: What the driver may raise where SQLAlchemy does not see it.
    driver_error: type[Exception]

    def __init__(self, url: URL, busy_timeout_s: float) -> None:
        self.url, self.busy_timeout_s = url, busy_timeout_s

    def engine(self, **options: Any) -> Engine:  # noqa: ANN401 - create_engine's own
        """An engine whose every connection and transaction has our ways, our guard and our errors."""
        chosen = {"pool_timeout": self.busy_timeout_s, **self._options(), **options}
        engine = create_engine(self.url, hide_parameters=True, **chosen)
        event.listen(engine, "connect", self._on_connect)
        event.listen(engine, "begin", self._on_begin)
        event.listen(engine, "handle_error", self._on_error)
        tenancy.guard(engine, self._on_named)
        return engine

    @abstractmethod
    def find(self, *, create: bool) -> None:
        """InstallationDamaged where there is no database and none is to be made."""

    def turn(self) -> AbstractContextManager[None]:
        """Whoever wants to change waits here before the transaction begins. Unavailable."""
        return nullcontext()

    @abstractmethod
    def take_turn(self, connection: Connection, *names: str) -> None:
        """Be alone with what is called so, until the transaction ends. Unavailable where others are for too long."""

    @abstractmethod
    def check_begun(self, connection: Connection) -> None:
        """Unavailable where the database undid the transaction by itself, or will let nothing of it count.

        What came after would be committed on its own, without what came before, or not at all.
        """

    @abstractmethod
    def check_sound(self, engine: Engine) -> None:
        """Return where the database can be worked with. InstallationDamaged, SettingsInvalid, Unavailable."""

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection, in a transaction that may change the schema, alone. Errors as of ``check_sound``."""
        engine = self.engine()
        options = {CHANGES: True, tenancy.OPTION: "the schema is everybody's"}
        try:
            with engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        finally:
            engine.dispose()

    @abstractmethod
    def _options(self) -> dict[str, Any]:
        """What the engine is made with."""

    @abstractmethod
    def _on_connect(self, connection: Any, record: object) -> None:  # noqa: ANN401 - the driver's own
        """Make ready a connection of the driver's."""

    @abstractmethod
    def _on_begin(self, connection: Connection) -> None:
        """Begin the transaction."""

    @abstractmethod
    def _on_named(self, connection: Connection, organization_id: UUID | None) -> None:
        """A statement comes that names this organization; None, that says why it serves all."""

    @abstractmethod
    def _reason(self, error: BaseException | None) -> str:
        """The driver's name for what went wrong: neither statement nor values."""

    def _on_error(self, context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if isinstance(error, IntegrityError):
            raise _integrity_error(self._reason(error.orig)) from None
        if isinstance(error, DBAPIError):
            raise self.unavailable(error.orig) from None

    def unavailable(self, error: BaseException | None) -> Unavailable:
        """What a database error is to everyone above; the log has its name."""
        refused = Unavailable("The database does not answer just now; try again shortly.")
        refused.reason = self._reason(error)
        logger.warning("The database refused: %s", refused.reason)
        return refused


def _integrity_error(reason: str) -> Exception:
    return PathTaken() if any(path in reason for path in PATHS) else ConstraintBroken(reason)
