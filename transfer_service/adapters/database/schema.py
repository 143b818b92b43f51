"""The schema's revisions: bringing a database up to ours, and telling whether it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, select, table

from transfer_service.adapters.database.engine import CHANGES, database_file, make_engine, secure_file
from transfer_service.adapters.database.tenancy import OPTION

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = table("alembic_version", column("version_num"))


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def head_revision() -> str:
    """The revision that this program's tables are of."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - the package ships its revisions
    return head


def revision_of(connection: Connection) -> str | None:
    """The revision that the database is of. Unavailable where it has none of our tables."""
    revision: str | None = connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
    return revision


def migrate(url: str, *, busy_timeout_s: float = 30.0, revision: str = "head") -> None:
    """Make the database where there is none, and bring it to our schema; all in one transaction, or nothing.

    Safe to run again, and by two at once: the second waits and finds nothing to do. Raises Unavailable where the
    database stays locked, InstallationDamaged where its file can't be opened.
    """
    secure_file(database_file(url), create=True)
    engine = make_engine(url, busy_timeout_s=busy_timeout_s)
    options = {CHANGES: True, OPTION: "the schema is everybody's"}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            command.upgrade(_config(connection), revision)
    finally:
        engine.dispose()


def downgrade(url: str, revision: str = "base") -> None:
    """Take the schema back to an older revision. What the newer one kept beyond it is lost."""
    engine = make_engine(url)
    options = {CHANGES: True, OPTION: "the schema is everybody's"}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            command.downgrade(_config(connection), revision)
    finally:
        engine.dispose()
