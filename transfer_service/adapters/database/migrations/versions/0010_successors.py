"""Successor packets: which packet one starts from, and which file each of its files is carried from."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. No foreign keys: a packet is to stand when its predecessor does not."""
    op.add_column("packets", sa.Column("predecessor_id", sa.Uuid(), nullable=True))
    op.add_column("packet_files", sa.Column("carried_from", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """What was being carried is deposited by hand from then on."""
    op.drop_column("packet_files", "carried_from")
    op.drop_column("packets", "predecessor_id")
