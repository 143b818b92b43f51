"""What a PostgreSQL server has to be before it is worked with, and what to tell the operator where it is not."""

from sqlalchemy import Connection, text

from transfer_service.adapters.database import tenancy
from transfer_service.adapters.database.tables import TENANT_TABLES
from transfer_service.errors import InstallationDamaged, SettingsInvalid

OLDEST = 15

_USER_WRONG = "The database server does not accept this user with this password: check database_url."
_CERTIFICATE_WRONG = (
    "The database server's certificate can't be verified: name the authority that signed it in database_url with "
    "?sslmode=verify-full&sslrootcert=/path/to/ca.pem, and the host as the certificate does."
)
#: What libpq says where there is no connection, and so no SQLSTATE; and what it means. A server may speak other
#: languages: then there is no help, and the database is unavailable.
HELP = {
    "password authentication failed": _USER_WRONG,
    "no password supplied": _USER_WRONG,
    "authentication failed for user": _USER_WRONG,
    '" does not exist': (
        "The database server knows no such user or database: docs/postgresql.md has the two statements that make them."
    ),
    "no pg_hba.conf entry": "The database server lets nobody in from here so, or not without TLS: see its pg_hba.conf.",
    "is not permitted to log in": "This user may not log in to the database server: ALTER ROLE … LOGIN.",
    "server does not support SSL": (
        "The database server speaks no TLS, and beyond this machine nothing is sent in the clear: set ssl = on there."
    ),
    "certificate verify failed": _CERTIFICATE_WRONG,
    "server certificate for": _CERTIFICATE_WRONG,
    "root certificate file": _CERTIFICATE_WRONG,
}
PHRASES = (
    *HELP,
    "too many clients",
    "remaining connection slots",
    "the database system is",
    "read-only",
    "hot standby",
)

_SERVER = text(
    "SELECT current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS commits,"
    " (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS is_above_rows"
)
_MIGRATED = text("SELECT to_regclass('alembic_version') IS NOT NULL")
_UNPROTECTED = text(
    "SELECT count(*) FROM pg_class WHERE relname = ANY(:tables) AND relkind = 'r'"
    " AND relnamespace = current_schema()::regnamespace AND NOT row_security_active(oid)"
)
_LOOKING = {tenancy.OPTION: "the server is looked at"}


def check_server(connection: Connection) -> None:
    """SettingsInvalid for a server or a user that nothing should be entrusted to."""
    major = int((connection.dialect.server_version_info or (0,))[0])
    found = connection.execute(_SERVER, execution_options=_LOOKING).one()
    if major < OLDEST:
        _refuse(f"The database server is PostgreSQL {major}; {OLDEST} is the oldest that will do.")
    if found.encoding != "UTF8":
        _refuse("The database is not in UTF8: make it with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.")
    if found.commits == "off":
        _refuse("The server has synchronous_commit = off: what was acknowledged could be lost. Set it to on.")
    if found.is_above_rows:
        _refuse(
            "The database user is a superuser or has BYPASSRLS, to whom row-level security does not apply: make a user "
            "of the service's own, as docs/postgresql.md says."
        )


def check_migrated(connection: Connection) -> None:
    """InstallationDamaged where the tables are not there, or not all are protected from statements without a tenant."""
    if not connection.execute(_MIGRATED, execution_options=_LOOKING).scalar_one():
        raise InstallationDamaged("The database has no tables yet: run transfer-service migrate first.")
    tables = {"tables": sorted(TENANT_TABLES)}
    if connection.execute(_UNPROTECTED, tables, execution_options=_LOOKING).scalar_one():
        raise InstallationDamaged("Row-level security is off on some tables: run transfer-service migrate.")


def _refuse(help_: str) -> None:
    raise SettingsInvalid(help_, field="database_url")
