"""Row-level security on each tenant's table. On SQLite, which has none, nothing."""

from transfer_service.adapters.database.row_security import expose, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "departments",
    "staff",
    "credentials",
    "recipients",
    "packets",
    "packet_files",
    "parts",
    "assembly_intents",
    "releases",
    "links",
    "challenges",
    "redemptions",
    "disclosures",
    "audit_entries",
    "audit_heads",
    "mail",
)


def upgrade() -> None:
    """Switch it on."""
    protect(*TABLES)


def downgrade() -> None:
    """Switch it off."""
    expose(*TABLES)
