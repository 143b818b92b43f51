"""Members: staff who sign in at the pages; and when a session was last in use."""

import sqlalchemy as sa
from alembic import op

from transfer_service.adapters.database.row_security import expose, protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and add the column: an older version lets nobody in who has it set."""
    op.add_column("credentials", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "members",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("totp_key", sa.LargeBinary(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("invited_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery_hashes", sa.JSON(), nullable=False),
        sa.Column("wrong_answers", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "id"],
            ["staff.organization_id", "staff.id"],
            name="fk_members_organization_id_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_members_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_members"),
        sa.UniqueConstraint("email", name="uq_members_email"),
        sa.UniqueConstraint("secret_hash", name="uq_members_secret_hash"),
    )
    op.create_index("ix_members_organization_id_created_at_id", "members", ["organization_id", "created_at", "id"])
    protect("members")


def downgrade() -> None:
    """Take them away again, and end every session: an older version would take one for a token without end."""
    op.execute("DELETE FROM credentials WHERE used_at IS NOT NULL")
    expose("members")
    op.drop_table("members")
    op.drop_column("credentials", "used_at")
