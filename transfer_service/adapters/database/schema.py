"""The schema's revisions: bringing a database up to ours, and telling whether it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, select, table

from transfer_service.adapters.database.dialects import dialect_of

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
    """Bring the database to our schema (a SQLite file is made where there is none); all in one transaction, or nothing.

    Safe to run again, and by two at once: the second waits and finds nothing to do. Raises Unavailable where the
    database stays locked or does not answer, InstallationDamaged where its file can't be opened, SettingsInvalid where
    its server or user will not do.
    """
    dialect = dialect_of(url, busy_timeout_s)
    dialect.find(create=True)
    with dialect.migrating() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str = "base") -> None:
    """Take the schema back to an older revision. What the newer one kept beyond it is lost."""
    with dialect_of(url).migrating() as connection:
        command.downgrade(_config(connection), revision)
