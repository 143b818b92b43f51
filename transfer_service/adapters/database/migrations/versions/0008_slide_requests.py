"""Requests for slides, and which departments take them."""

import sqlalchemy as sa
from alembic import op

from transfer_service.adapters.database.row_security import protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = "slide_requests"


def upgrade() -> None:
    """Make the table, and the department's switch: off."""
    op.add_column("departments", sa.Column("takes_requests", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        TABLE,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("mailbox_index", sa.LargeBinary(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decline_reason", sa.String(24), nullable=True),
        sa.Column("decline_note", sa.LargeBinary(), nullable=True),
        sa.Column("packet_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(state = 'accepted') = (packet_id IS NOT NULL)", name=op.f("ck_slide_requests_accepted_as_a_packet")
        ),
        sa.CheckConstraint(
            "(state = 'declined') = (decline_reason IS NOT NULL)", name=op.f("ck_slide_requests_declined_for_a_reason")
        ),
        sa.CheckConstraint(
            "state IN ('received', 'accepted', 'declined', 'withdrawn')",
            name=op.f("ck_slide_requests_sliderequeststate"),
        ),
        sa.CheckConstraint(
            "decline_reason IN ('unclear', 'elsewhere', 'unproved', 'duplicate', 'other')",
            name=op.f("ck_slide_requests_declinereason"),
        ),
        _refers("departments", "department_id"),
        _refers("packets", "packet_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_slide_requests_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_slide_requests"),
        sa.UniqueConstraint("secret_hash", name="uq_slide_requests_secret_hash"),
    )
    for columns in (
        ("organization_id", "received_at", "id"),
        ("organization_id", "department_id", "received_at", "id"),
        ("organization_id", "mailbox_index", "acknowledged_at"),
        ("decided_at", "received_at"),
    ):
        op.create_index(f"ix_{TABLE}_{'_'.join(columns)}", TABLE, list(columns))
    protect(TABLE)


def downgrade() -> None:
    """Requests are lost, and which departments took them."""
    op.drop_table(TABLE)
    op.drop_column("departments", "takes_requests")


def _refers(to: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{to}.organization_id", f"{to}.id"],
        name=f"fk_{TABLE}_organization_id_{column}",
        initially="DEFERRED",
        deferrable=True,
    )
