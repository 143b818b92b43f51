"""Addresses of patients that wait for a second member of staff; letters found by a typed code; codes sent by SMS."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("packets", sa.Column("pending_contact", sa.LargeBinary(), nullable=True))
    op.add_column("releases", sa.Column("typed_code_hash", sa.LargeBinary(), nullable=True))
    op.add_column("releases", sa.Column("phone", sa.LargeBinary(), nullable=True))
    op.add_column("mail", sa.Column("way", sa.String(24), nullable=False, server_default="email"))
    op.create_index("ix_releases_typed_code_hash", "releases", ["typed_code_hash"], unique=True)


def downgrade() -> None:
    """Take them away again: what waited is to be asked for anew, and typed codes open nothing any more."""
    op.drop_index("ix_releases_typed_code_hash", "releases")
    op.execute("DELETE FROM mail WHERE way <> 'email'")
    op.drop_column("mail", "way")
    op.drop_column("releases", "phone")
    op.drop_column("releases", "typed_code_hash")
    op.drop_column("packets", "pending_contact")
