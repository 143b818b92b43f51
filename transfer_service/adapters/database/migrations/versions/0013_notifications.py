"""What each mail is for and in which language, what became of it, and who wants which."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Beside the column, where SQLite can add it and take it away.
_KIND = """ALTER TABLE mail ADD COLUMN kind VARCHAR(24) CONSTRAINT ck_mail_mailkind
    CHECK (kind IN ('letter', 'code', 'withdrawn', 'expiring', 'fetched'))"""


def upgrade() -> None:
    """Add the columns: what an older version writes has none of them, and is understood."""
    op.add_column("mail", sa.Column("language", sa.LargeBinary(), nullable=True))
    op.execute(_KIND)
    op.add_column("mail", sa.Column("about_id", sa.Uuid(), nullable=True))
    op.add_column("mail", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_mail_organization_id_about_id_made_at", "mail", ["organization_id", "about_id", "made_at"])
    op.create_index("ix_links_expires_at", "links", ["expires_at"])
    op.add_column("recipients", sa.Column("language", sa.String(35), nullable=True))
    op.add_column("recipients", sa.Column("notify", sa.JSON(), nullable=True))
    op.add_column("releases", sa.Column("tells_of_fetching", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take them away again. What was given up goes: before, such mail was dropped."""
    op.drop_column("releases", "tells_of_fetching")
    op.drop_column("recipients", "notify")
    op.drop_column("recipients", "language")
    op.drop_index("ix_links_expires_at", "links")
    op.execute('DELETE FROM mail WHERE "to" IS NULL AND sent_at IS NULL')
    op.drop_index("ix_mail_organization_id_about_id_made_at", "mail")
    for column in ("refused_at", "about_id", "kind", "language"):
        op.drop_column("mail", column)
