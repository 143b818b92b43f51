"""An index of the disclosures that did not come whole, refusals among them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NAME = "ix_disclosures_not_completed"


def upgrade() -> None:
    """Make it; readers and writers of before need not know of it."""
    rare = sa.text("completed_at IS NULL")
    columns = ["organization_id", "started_at", "id"]
    op.create_index(_NAME, "disclosures", columns, sqlite_where=rare, postgresql_where=rare)


def downgrade() -> None:
    """Pages of refusals read every row again."""
    op.drop_index(_NAME, "disclosures")
