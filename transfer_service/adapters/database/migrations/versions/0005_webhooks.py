"""Webhooks of review services, and the notices that wait to go there."""

import sqlalchemy as sa
from alembic import op

from transfer_service.adapters.database.row_security import protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhooks",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failure", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("resting_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_because", sa.String(24), nullable=True),
        sa.CheckConstraint(
            "(disabled_at IS NULL) = (disabled_because IS NULL)", name=op.f("ck_webhooks_disabled_for_a_reason")
        ),
        sa.CheckConstraint(
            "disabled_because IN ('gone', 'given_up', 'token_revoked')", name=op.f("ck_webhooks_silence")
        ),
        _of_an_organization("webhooks"),
        sa.PrimaryKeyConstraint("organization_id", "recipient_id", name="pk_webhooks"),
    )
    op.create_table(
        "notices",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("packet_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "recipient_id"],
            ["webhooks.organization_id", "webhooks.recipient_id"],
            name="fk_notices_organization_id_recipient_id",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "release_id"],
            ["releases.organization_id", "releases.id"],
            name="fk_notices_organization_id_release_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.CheckConstraint(
            "kind IN ('release.released', 'release.withdrawn', 'release.expiring')", name=op.f("ck_notices_noticekind")
        ),
        _of_an_organization("notices"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_notices"),
        sa.UniqueConstraint(
            "organization_id",
            "recipient_id",
            "release_id",
            "kind",
            name="uq_notices_organization_id_recipient_id_release_id_kind",
        ),
    )
    op.create_index("ix_notices_delivered_at_due_at", "notices", ["delivered_at", "due_at"])
    op.create_index("ix_notices_forget_at", "notices", ["forget_at"])
    protect("webhooks", "notices")


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("notices")
    op.drop_table("webhooks")


def _of_an_organization(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id"],
        ["organizations.id"],
        name=f"fk_{table}_organization_id",
        initially="DEFERRED",
        deferrable=True,
    )
