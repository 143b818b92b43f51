"""Where Alembic starts: on the connection, and in the transaction, that ``schema`` made for it.

Offline it writes the SQL of the dialect that the configuration's attributes name.
"""

from alembic import context

from transfer_service.adapters.database.tables import METADATA

if context.is_offline_mode():
    context.configure(dialect_name=context.config.attributes["dialect"], target_metadata=METADATA)
else:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=METADATA,
        render_as_batch=True,
        transactional_ddl=True,
    )
with context.begin_transaction():
    context.run_migrations()
