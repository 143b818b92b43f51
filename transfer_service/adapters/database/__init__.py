"""The database: the one room with SQLAlchemy and Alembic.

database.SqlDatabase      transactions
  transaction, chores     what can be asked and changed in one
    lists, auditing       the selects; the log
      mapping, rows       domain objects as rows and back
        seals, documents  what is sealed, and how it is written down
  tables, column_types    the schema; migrations/ make it
  tenancy                 no statement without its tenant
  row_security            on PostgreSQL: no row without it either
  engine, schema          what both kinds share; the revisions
    sqlite, postgresql    their own ways
"""

from transfer_service.adapters.database.database import SqlDatabase
from transfer_service.adapters.database.schema import downgrade, migrate

__all__ = ["SqlDatabase", "downgrade", "migrate"]
