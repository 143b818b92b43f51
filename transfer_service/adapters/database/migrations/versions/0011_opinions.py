"""Opinions of recipients, and the packets that their files are in."""

import sqlalchemy as sa
from alembic import op

from transfer_service.adapters.database.row_security import protect

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let packets be of a kind, and opinions be kept."""
    op.execute(
        "ALTER TABLE packets ADD COLUMN kind VARCHAR(24) DEFAULT 'case' NOT NULL"
        " CONSTRAINT ck_packets_packetkind CHECK (kind IN ('case', 'opinion'))"
    )
    op.add_column("packets", sa.Column("answers_opinion_id", sa.Uuid(), nullable=True))
    op.create_table(
        "opinions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("packet_id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shared_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'sent')", name=op.f("ck_opinions_opinionstate")),
        _refers("packets", "id"),
        _refers("packets", "packet_id"),
        _refers("releases", "release_id"),
        _refers("recipients", "recipient_id", "recipient_version", key=("id", "version")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_opinions_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_opinions"),
    )
    op.create_index(
        "ix_opinions_organization_id_packet_id_begun_at_id",
        "opinions",
        ["organization_id", "packet_id", "begun_at", "id"],
    )
    op.create_index(
        "ix_opinions_organization_id_release_id_recipient_id",
        "opinions",
        ["organization_id", "release_id", "recipient_id"],
    )
    protect("opinions")


def downgrade() -> None:
    """Opinions are lost. Their files stay, in packets that nobody can tell from others any more."""
    op.drop_table("opinions")
    op.drop_column("packets", "answers_opinion_id")
    op.drop_column("packets", "kind")


def _refers(to: str, *columns: str, key: tuple[str, ...] = ("id",)) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", *columns],
        [f"{to}.organization_id", *(f"{to}.{name}" for name in key)],
        name=f"fk_opinions_organization_id_{'_'.join(columns)}",
        initially="DEFERRED",
        deferrable=True,
    )
