"""Which kind of database a URL names."""

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from transfer_service.adapters.database.engine import Dialect
from transfer_service.adapters.database.postgresql import Postgresql
from transfer_service.adapters.database.sqlite import Sqlite
from transfer_service.errors import SettingsInvalid

BUSY_TIMEOUT_S = 5.0


def dialect_of(url: str, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Dialect:
    """The database at ``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME``. SettingsInvalid for any other URL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsInvalid("The database URL can't be read.") from None
    if parsed.drivername == "sqlite" and parsed.database not in {None, "", ":memory:"} and not parsed.query:
        return Sqlite(parsed, busy_timeout_s)
    if parsed.drivername == "postgresql" and parsed.username and parsed.host and parsed.database:
        return Postgresql(parsed.set(drivername="postgresql+psycopg"), busy_timeout_s)
    raise SettingsInvalid(
        "The database URL must be sqlite:/// and the path of a file, or postgresql://USER:PASSWORD@HOST/NAME."
    )
