"""Addresses of patients that wait for a second member of staff."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("packets", sa.Column("pending_contact", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take it away again: what waited is to be asked for anew."""
    op.drop_column("packets", "pending_contact")
