"""Review services: their tokens, their links, and their receipts."""

import sqlalchemy as sa
from alembic import op

from transfer_service.adapters.database.row_security import protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS, MORE_KINDS = "'staff', 'patient', 'recipient'", "'staff', 'patient', 'recipient', 'service'"
PROOFS, MORE_PROOFS = "'email_code', 'passcode'", "'email_code', 'passcode', 'service_token'"


def upgrade() -> None:
    """Let credentials be of services, links be verified by their tokens, and receipts be kept."""
    _allow("credentials", "credentialkind", "kind", KINDS, MORE_KINDS)
    _allow("links", "verification", "verification", PROOFS, MORE_PROOFS)
    _create_receipts()
    protect("receipts")


def downgrade() -> None:
    """Services' tokens and receipts are lost. Their links stay, for the accounting's sake: nobody knows a secret."""
    op.drop_table("receipts")
    op.execute("UPDATE links SET verification = 'email_code' WHERE verification = 'service_token'")
    op.execute("DELETE FROM credentials WHERE kind = 'service'")
    _allow("links", "verification", "verification", MORE_PROOFS, PROOFS)
    _allow("credentials", "credentialkind", "kind", MORE_KINDS, KINDS)


def _create_receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "release_id"],
            ["releases.organization_id", "releases.id"],
            name="fk_receipts_organization_id_release_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_receipts_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_receipts"),
        sa.UniqueConstraint(
            "organization_id",
            "release_id",
            "recipient_id",
            "file_id",
            name="uq_receipts_organization_id_release_id_recipient_id_file_id",
        ),
    )


def _allow(table: str, check: str, column: str, former: str, words: str) -> None:
    name = f"ck_{table}_{check}"
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, f"{column} IN ({words})")
    else:
        _make_again(table, f"{column} IN ({former})", f"{column} IN ({words})")


def _make_again(table: str, former: str, check: str) -> None:
    """SQLite can't change a check. Foreign keys are deferred: what refers to the rows finds them again by the commit.

    So the rows go before their table does, and come back one by one, which is what SQLite counts.
    """
    connection = op.get_bind()
    made = "SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type = :type AND sql IS NOT NULL ORDER BY name"
    (written,) = connection.scalars(sa.text(made), {"table": table, "type": "table"}).all()
    if written.count(former) != 1:
        raise RuntimeError(f"the check of {table} is not as the first revision made it")
    indexes = connection.scalars(sa.text(made), {"table": table, "type": "index"}).all()
    for statement in (
        f"CREATE TABLE {table}_kept AS SELECT * FROM {table}",  # noqa: S608 - our own names
        f"DELETE FROM {table}",  # noqa: S608
        f"DROP TABLE {table}",
        written.replace(former, check),
        f"INSERT INTO {table} SELECT * FROM {table}_kept",  # noqa: S608
        f"DROP TABLE {table}_kept",
        *indexes,
    ):
        connection.exec_driver_sql(statement)
