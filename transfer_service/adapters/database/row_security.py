"""Row-level security: PostgreSQL itself shows and takes no row of a tenant that the transaction has not named.

It stands behind the guard in `tenancy`, which looks into each statement and names what it finds there: by SQL that gets
past the guard nothing is seen. Migrations say ``protect("table")`` for each new table with an organization_id, and
``expose("table")`` where they go back. Migrations that have run must not change, and so neither may what these do.
"""

from alembic import op

#: Holds, until the transaction ends, the organization that was named, or EVERY.
SETTING = "transfer_service.organization"
EVERY = "every"

_NAMED = f"current_setting('{SETTING}', true)"


def protect(*tables: str) -> None:
    """Hold these tables to the organization that was named, for their owner too. On SQLite nothing happens."""
    for table in tables if _is_postgresql() else ():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (organization_id::text = {_NAMED})")
        op.execute(f"CREATE POLICY cross_tenant ON {table} USING ({_NAMED} = '{EVERY}')")


def expose(*tables: str) -> None:
    """Undo ``protect``."""
    for table in tables if _is_postgresql() else ():
        op.execute(f"DROP POLICY cross_tenant ON {table}")
        op.execute(f"DROP POLICY tenant ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"
