"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "organizations",
    "departments",
    "staff",
    "credentials",
    "recipients",
    "packets",
    "packet_files",
    "parts",
    "assembly_intents",
    "leftovers",
    "releases",
    "links",
    "challenges",
    "redemptions",
    "disclosures",
    "audit_entries",
    "audit_heads",
    "mail",
    "kept_answers",
    "service_keys",
)

# Entries only ever come after the last one. SQLite's REPLACE deletes without a trigger's knowing, and would pass
# but for the first; the table has no rowid, by which a REPLACE could otherwise aim at a row.
SQLITE_APPEND_ONLY = (
    """
    CREATE TRIGGER audit_entries_insert BEFORE INSERT ON audit_entries
    WHEN NEW.seq <> 1 + (SELECT coalesce(max(seq), 0) FROM audit_entries WHERE organization_id = NEW.organization_id)
    BEGIN SELECT RAISE(ABORT, 'the audit log is appended to, one by one'); END
    """,
    """
    CREATE TRIGGER audit_entries_update BEFORE UPDATE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_entries_delete BEFORE DELETE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
)
POSTGRESQL_APPEND_ONLY = (
    """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
    """,
    """
    CREATE TRIGGER audit_entries_change BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()
    """,
    """
    CREATE TRIGGER audit_entries_truncate BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
)


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def upgrade() -> None:
    """Create every table, and make the audit log append-only."""
    _create_organizations()
    _create_departments()
    _create_staff()
    _create_credentials()
    _create_recipients()
    _create_packets()
    _create_packet_files()
    _create_parts()
    _create_assembly_intents()
    _create_leftovers()
    _create_releases()
    _create_links()
    _create_challenges()
    _create_redemptions()
    _create_disclosures()
    _create_audit_entries()
    _create_audit_heads()
    _create_mail()
    _create_kept_answers()
    _create_service_keys()
    for statement in POSTGRESQL_APPEND_ONLY if _is_postgresql() else SQLITE_APPEND_ONLY:
        op.execute(statement)


def downgrade() -> None:
    """Drop everything, the audit log too."""
    for name in reversed(TABLES):
        op.drop_table(name)
    if _is_postgresql():
        op.execute("DROP FUNCTION refuse_audit_change")


def _create_organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped_records_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )


def _create_departments() -> None:
    op.create_table(
        "departments",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_departments_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_departments"),
    )
    op.create_index(
        "ix_departments_organization_id_created_at_id", "departments", ["organization_id", "created_at", "id"]
    )


def _create_staff() -> None:
    op.create_table(
        "staff",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            name="fk_staff_organization_id_department_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_staff_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_staff"),
        sa.UniqueConstraint(
            "organization_id", "department_id", "name", name="uq_staff_organization_id_department_id_name"
        ),
    )
    op.create_index("ix_staff_organization_id_created_at_id", "staff", ["organization_id", "created_at", "id"])


def _create_credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(24)),
        sa.Column("recipient_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_credentials_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_credentials"),
        sa.UniqueConstraint("secret_hash", name="uq_credentials_secret_hash"),
        sa.CheckConstraint("kind IN ('staff', 'patient', 'recipient')", name=op.f("ck_credentials_credentialkind")),
        sa.CheckConstraint(
            "role IN ('depositor', 'coordinator', 'privacy_officer', 'admin')", name=op.f("ck_credentials_role")
        ),
    )
    op.create_index("ix_credentials_expires_at", "credentials", ["expires_at"])
    op.create_index("ix_credentials_organization_id_holder_id", "credentials", ["organization_id", "holder_id"])
    op.create_index("ix_credentials_organization_id_subject_id", "credentials", ["organization_id", "subject_id"])
    op.create_index("ix_credentials_revoked_at", "credentials", ["revoked_at"])


def _create_recipients() -> None:
    op.create_table(
        "recipients",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("specialty", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("credentials", sa.JSON(), nullable=False),
        sa.Column("accreditations", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_recipients_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", "version", name="pk_recipients"),
        sa.CheckConstraint("kind IN ('person', 'service')", name=op.f("ck_recipients_recipientkind")),
    )
    op.create_index(
        "ix_recipients_organization_id_created_at_id", "recipients", ["organization_id", "created_at", "id"]
    )


def _create_packets() -> None:
    op.create_table(
        "packets",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("contributing_department_ids", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("case", sa.LargeBinary(), nullable=False),
        sa.Column("record_number_index", sa.LargeBinary(), nullable=False),
        sa.Column("accession_number_index", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("case_salt", sa.LargeBinary(), nullable=False),
        sa.Column("manifest", sa.LargeBinary()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.Column("destroy_at", sa.DateTime(timezone=True)),
        sa.Column("destroyed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("destroyed_at IS NULL OR wrapped_key IS NULL", name=op.f("ck_packets_destroyed_has_no_key")),
        sa.ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            name="fk_packets_organization_id_department_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_packets_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_packets"),
        sa.CheckConstraint("state IN ('open', 'closing', 'closed', 'retired')", name=op.f("ck_packets_packetstate")),
    )
    op.create_index(
        "ix_packets_organization_id_accession_number_index", "packets", ["organization_id", "accession_number_index"]
    )
    op.create_index("ix_packets_organization_id_created_at_id", "packets", ["organization_id", "created_at", "id"])
    op.create_index(
        "ix_packets_organization_id_department_id_created_at_id",
        "packets",
        ["organization_id", "department_id", "created_at", "id"],
    )
    op.create_index(
        "ix_packets_organization_id_record_number_index", "packets", ["organization_id", "record_number_index"]
    )
    op.create_index("ix_packets_state_destroy_at", "packets", ["state", "destroy_at"])
    op.create_index("ix_packets_state_written_at", "packets", ["state", "written_at"])


def _create_packet_files() -> None:
    op.create_table(
        "packet_files",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("packet_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("path_index", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("media_type", sa.Text()),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("part_bytes", sa.BigInteger(), nullable=False),
        sa.Column("part_count", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_sha256", sa.String(64)),
        sa.Column("object_key", sa.Text()),
        sa.Column("upload_id", sa.Text()),
        sa.Column("etag", sa.Text()),
        sa.Column("sha256", sa.String(64)),
        sa.Column("crc32", sa.BigInteger()),
        sa.Column("rejected_code", sa.Text()),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("streamed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_packet_files_size_bytes_counted")),
        sa.ForeignKeyConstraint(
            ["organization_id", "packet_id"],
            ["packets.organization_id", "packets.id"],
            name="fk_packet_files_organization_id_packet_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_packet_files_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_packet_files"),
        sa.UniqueConstraint(
            "organization_id", "packet_id", "path_index", name="uq_packet_files_organization_id_packet_id_path_index"
        ),
        sa.CheckConstraint("kind IN ('slide', 'radiology', 'report', 'other')", name=op.f("ck_packet_files_filekind")),
        sa.CheckConstraint(
            "state IN ('receiving', 'verifying', 'verified', 'rejected')", name=op.f("ck_packet_files_filestate")
        ),
    )
    op.create_index(
        "ix_packet_files_organization_id_packet_id_created_at_id",
        "packet_files",
        ["organization_id", "packet_id", "created_at", "id"],
    )
    op.create_index("ix_packet_files_state_completed_at", "packet_files", ["state", "completed_at"])


def _create_parts() -> None:
    op.create_table(
        "parts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("header", sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ["organization_id", "file_id"],
            ["packet_files.organization_id", "packet_files.id"],
            name="fk_parts_organization_id_file_id",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_parts_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "file_id", "number", name="pk_parts"),
    )


def _create_assembly_intents() -> None:
    op.create_table(
        "assembly_intents",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "file_id"],
            ["packet_files.organization_id", "packet_files.id"],
            name="fk_assembly_intents_organization_id_file_id",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_assembly_intents_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "file_id", name="pk_assembly_intents"),
    )


def _create_leftovers() -> None:
    op.create_table(
        "leftovers",
        sa.Column("object_key", sa.String(255), nullable=False),
        sa.Column("sweep_after", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("object_key", name="pk_leftovers"),
    )
    op.create_index("ix_leftovers_sweep_after", "leftovers", ["sweep_after"])


def _create_releases() -> None:
    op.create_table(
        "releases",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("packet_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("basis", sa.String(24), nullable=False),
        sa.Column("grants", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("wrong_answers", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary()),
        sa.Column("signed_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_by", sa.Text()),
        sa.ForeignKeyConstraint(
            ["organization_id", "packet_id"],
            ["packets.organization_id", "packets.id"],
            name="fk_releases_organization_id_packet_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_releases_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_releases"),
        sa.UniqueConstraint("secret_hash", name="uq_releases_secret_hash"),
        sa.CheckConstraint("state IN ('requested', 'signed', 'withdrawn')", name=op.f("ck_releases_releasestate")),
        sa.CheckConstraint("basis IN ('authorization')", name=op.f("ck_releases_basis")),
    )
    op.create_index(
        "ix_releases_organization_id_packet_id_requested_at_id",
        "releases",
        ["organization_id", "packet_id", "requested_at", "id"],
    )


def _create_links() -> None:
    op.create_table(
        "links",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("packet_id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("verification", sa.String(24), nullable=False),
        sa.Column("passcode_salt", sa.LargeBinary()),
        sa.Column("passcode_hash", sa.LargeBinary()),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("max_redemptions", sa.Integer()),
        sa.Column("redemptions", sa.Integer(), nullable=False),
        sa.Column("wrong_answers", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.Text()),
        sa.CheckConstraint("(passcode_salt IS NULL) = (passcode_hash IS NULL)", name=op.f("ck_links_passcode_whole")),
        sa.ForeignKeyConstraint(
            ["organization_id", "packet_id"],
            ["packets.organization_id", "packets.id"],
            name="fk_links_organization_id_packet_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "release_id"],
            ["releases.organization_id", "releases.id"],
            name="fk_links_organization_id_release_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_links_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_links"),
        sa.UniqueConstraint("secret_hash", name="uq_links_secret_hash"),
        sa.CheckConstraint("verification IN ('email_code', 'passcode')", name=op.f("ck_links_verification")),
    )
    op.create_index(
        "ix_links_organization_id_packet_id_issued_at_id", "links", ["organization_id", "packet_id", "issued_at", "id"]
    )
    op.create_index("ix_links_organization_id_release_id", "links", ["organization_id", "release_id"])


def _create_challenges() -> None:
    op.create_table(
        "challenges",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong_answers", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("voided_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_challenges_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_challenges"),
    )
    op.create_index("ix_challenges_expires_at", "challenges", ["expires_at"])
    op.create_index(
        "ix_challenges_organization_id_subject_id_made_at", "challenges", ["organization_id", "subject_id", "made_at"]
    )


def _create_redemptions() -> None:
    op.create_table(
        "redemptions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("challenge_id", sa.Uuid(), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replay_key", sa.LargeBinary()),
        sa.Column("replay_body", sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name="fk_redemptions_organization_id_link_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_redemptions_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_redemptions"),
    )
    op.create_index(
        "ix_redemptions_organization_id_link_id_redeemed_at_id",
        "redemptions",
        ["organization_id", "link_id", "redeemed_at", "id"],
    )


def _create_disclosures() -> None:
    op.create_table(
        "disclosures",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("packet_id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_version", sa.Integer(), nullable=False),
        sa.Column("redemption_id", sa.Uuid()),
        sa.Column("file_id", sa.Uuid()),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bytes_sent", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("refused_code", sa.Text()),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name="fk_disclosures_organization_id_link_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "packet_id"],
            ["packets.organization_id", "packets.id"],
            name="fk_disclosures_organization_id_packet_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "recipient_id", "recipient_version"],
            ["recipients.organization_id", "recipients.id", "recipients.version"],
            name="fk_disclosures_organization_id_recipient_id_recipient_version",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "redemption_id"],
            ["redemptions.organization_id", "redemptions.id"],
            name="fk_disclosures_organization_id_redemption_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "release_id"],
            ["releases.organization_id", "releases.id"],
            name="fk_disclosures_organization_id_release_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_disclosures_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_disclosures"),
    )
    op.create_index(
        "ix_disclosures_organization_id_packet_id_started_at_id",
        "disclosures",
        ["organization_id", "packet_id", "started_at", "id"],
    )
    op.create_index(
        "ix_disclosures_organization_id_recipient_id_started_at_id",
        "disclosures",
        ["organization_id", "recipient_id", "started_at", "id"],
    )
    op.create_index(
        "ix_disclosures_organization_id_redemption_id_file_id",
        "disclosures",
        ["organization_id", "redemption_id", "file_id"],
    )
    op.create_index(
        "ix_disclosures_organization_id_started_at_id", "disclosures", ["organization_id", "started_at", "id"]
    )


def _create_audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.JSON(), nullable=False),
        sa.Column("packet", sa.String(36)),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_audit_entries_seq_from_one")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_audit_entries_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "seq", name="pk_audit_entries"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_audit_entries_organization_id_action_seq", "audit_entries", ["organization_id", "action", "seq"]
    )
    op.create_index(
        "ix_audit_entries_organization_id_packet_seq", "audit_entries", ["organization_id", "packet", "seq"]
    )


def _create_audit_heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_audit_heads_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", name="pk_audit_heads"),
    )


def _create_mail() -> None:
    op.create_table(
        "mail",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to", sa.LargeBinary()),
        sa.Column("subject", sa.LargeBinary()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            'sent_at IS NULL OR ("to" IS NULL AND subject IS NULL AND body IS NULL)', name=op.f("ck_mail_sent_is_wiped")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_mail_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_mail"),
    )
    op.create_index("ix_mail_sent_at_due_at", "mail", ["sent_at", "due_at"])


def _create_kept_answers() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_kept_answers"),
    )
    op.create_index("ix_kept_answers_expires_at", "kept_answers", ["expires_at"])


def _create_service_keys() -> None:
    op.create_table(
        "service_keys",
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", name="pk_service_keys"),
    )
