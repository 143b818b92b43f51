"""The tables. Every tenant's row has ``organization_id`` first in its primary key and in its foreign keys.

So that a row of one organization can't refer to another's, and an update by primary key names its tenant. Columns
that end in ``_index`` are blind indexes; LargeBinary columns named in ``mapping`` as sealed hold ciphertext.
Foreign keys are checked at commit: what is saved together may come in any order.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.sql.schema import SchemaItem

from transfer_service.adapters.database.column_types import Identifiers, Pairs, UtcDateTime, Words, word_of
from transfer_service.domain.document import DocumentKind
from transfer_service.domain.language import Language
from transfer_service.domain.link import Verification
from transfer_service.domain.mail import MailKind
from transfer_service.domain.opinion import OpinionState
from transfer_service.domain.packet import FileKind, FileState, PacketKind, PacketState
from transfer_service.domain.people import CredentialKind, RecipientKind, Role
from transfer_service.domain.release import Basis, Medium, ReleaseState
from transfer_service.domain.slide_request import DeclineReason, SlideRequestState
from transfer_service.domain.waiting import Awaited
from transfer_service.domain.webhook import NoticeKind, Silence

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _refers(to: str, *columns: str, key: tuple[str, ...] = ("id",), on_delete: str | None = None) -> SchemaItem:
    return ForeignKeyConstraint(
        ["organization_id", *columns],
        [f"{to}.organization_id", *(f"{to}.{name}" for name in key)],
        deferrable=True,
        initially="DEFERRED",
        ondelete=on_delete,
    )


def _tenant_table(name: str, *items: SchemaItem, identified: bool = True, with_rowid: bool = True) -> Table:
    identity: list[SchemaItem] = [Column("id", Uuid, primary_key=True)] if identified else []
    table: Table = Table(
        name,
        METADATA,
        Column("organization_id", Uuid, primary_key=True),
        *identity,
        *items,
        ForeignKeyConstraint(["organization_id"], ["organizations.id"], deferrable=True, initially="DEFERRED"),
        info={"tenant": True},
        sqlite_with_rowid=with_rowid,
    )
    return table


organizations = Table(
    "organizations",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("wrapped_records_key", LargeBinary, nullable=False),
)

departments = _tenant_table(
    "departments",
    Column("name", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("takes_requests", Boolean, nullable=False, server_default=false()),
    Column("treatment_allowed", Boolean, nullable=False, server_default=false()),
    Index(None, "organization_id", "created_at", "id"),
)

staff = _tenant_table(
    "staff",
    Column("department_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    _refers("departments", "department_id"),
    UniqueConstraint("organization_id", "department_id", "name"),
    Index(None, "organization_id", "created_at", "id"),
)

members = _tenant_table(
    "members",
    Column("email", Text, nullable=False, unique=True),
    Column("roles", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("totp_key", LargeBinary, nullable=False),
    Column("secret_hash", LargeBinary, unique=True),
    Column("invited_until", UtcDateTime),
    Column("password_hash", Text),
    Column("totp_step", BigInteger, nullable=False),
    Column("recovery_hashes", Words, nullable=False),
    Column("wrong_answers", Integer, nullable=False),
    Column("locked_until", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    _refers("staff", "id"),
    Index(None, "organization_id", "created_at", "id"),
)

credentials = _tenant_table(
    "credentials",
    Column("kind", word_of(CredentialKind), nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("subject_id", Uuid, nullable=False),
    Column("holder_id", Uuid, nullable=False),
    Column("role", word_of(Role)),
    Column("recipient_id", Uuid),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    Index(None, "organization_id", "subject_id"),
    Index(None, "organization_id", "holder_id"),
    Index(None, "expires_at"),
    Index(None, "revoked_at"),
)

recipients = _tenant_table(
    "recipients",
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("organization", Text, nullable=False),
    Column("specialty", Text, nullable=False),
    Column("kind", word_of(RecipientKind), nullable=False),
    Column("credentials", Words, nullable=False),
    Column("accreditations", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("language", String(35)),
    Column("notify", Words(none_as_null=True)),
    Index(None, "organization_id", "created_at", "id"),
)

packets = _tenant_table(
    "packets",
    Column("department_id", Uuid, nullable=False),
    Column("contributing_department_ids", Identifiers, nullable=False),
    Column("state", word_of(PacketState), nullable=False),
    Column("case", LargeBinary, nullable=False),
    Column("record_number_index", LargeBinary, nullable=False),
    Column("accession_number_index", LargeBinary, nullable=False),
    Column("note", LargeBinary),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Uuid, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("case_salt", LargeBinary, nullable=False),
    Column("manifest", LargeBinary),
    Column("closed_at", UtcDateTime),
    Column("retired_at", UtcDateTime),
    Column("destroy_at", UtcDateTime),
    Column("destroyed_at", UtcDateTime),
    Column("pending_contact", LargeBinary),
    Column("predecessor_id", Uuid),
    Column("answers_opinion_id", Uuid),
    Column("kind", word_of(PacketKind), nullable=False, server_default=PacketKind.CASE),
    _refers("departments", "department_id"),
    CheckConstraint("destroyed_at IS NULL OR wrapped_key IS NULL", name="destroyed_has_no_key"),
    Index(None, "organization_id", "created_at", "id"),
    Index(None, "organization_id", "department_id", "created_at", "id"),
    Index(None, "organization_id", "record_number_index"),
    Index(None, "organization_id", "accession_number_index"),
    Index(None, "organization_id", "predecessor_id"),
    Index(None, "state", "written_at"),
    Index(None, "state", "destroy_at"),
)

# What each packet waits for, from when until when, once for each who lists it: its department, those that contribute,
# and its organization, which stands for whoever oversees all. Made of other tables by ``waits``.
waits = _tenant_table(
    "waits",
    Column("packet_id", Uuid, primary_key=True),
    Column("seen_by", Uuid, primary_key=True),
    Column("starts_at", UtcDateTime, primary_key=True),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("awaited", word_of(Awaited), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("state", word_of(PacketState), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    _refers("packets", "packet_id"),
    # Each holds all that a list asks, so that a list reads nothing else.
    Index(
        "ix_waits_newest",
        *("organization_id", "seen_by", "created_at", "packet_id", "state", "awaited", "since", "starts_at", "ends_at"),
    ),
    Index(
        "ix_waits_longest",
        *("organization_id", "seen_by", "awaited", "since", "packet_id", "state", "created_at", "starts_at", "ends_at"),
    ),
    identified=False,
    with_rowid=False,  # or SQLite, which keeps no statistics, reads a whole list to find one packet in its index
)

packet_files = _tenant_table(
    "packet_files",
    Column("packet_id", Uuid, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("path_index", LargeBinary, nullable=False),
    Column("kind", word_of(FileKind), nullable=False),
    Column("media_type", Text),
    Column("size_bytes", BigInteger, nullable=False),
    Column("part_bytes", BigInteger, nullable=False),
    Column("part_count", Integer, nullable=False),
    Column("state", word_of(FileState), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("declared_sha256", String(64)),
    Column("object_key", Text),
    Column("upload_id", Text),
    Column("etag", Text),
    Column("sha256", String(64)),
    Column("crc32", BigInteger),
    Column("rejected_code", Text),
    Column("completed_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("fence", BigInteger, nullable=False),
    Column("streamed", Boolean, nullable=False),
    Column("carried_from", Uuid),
    _refers("packets", "packet_id"),
    CheckConstraint("size_bytes >= 0", name="size_bytes_counted"),
    UniqueConstraint("organization_id", "packet_id", "path_index"),
    Index(None, "organization_id", "packet_id", "created_at", "id"),
    Index("ix_packet_files_by_state", "organization_id", "packet_id", "state", "completed_at", "carried_from"),
    Index(None, "state", "completed_at"),
)

parts = _tenant_table(
    "parts",
    Column("file_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("etag", Text, nullable=False),
    Column("sha256", String(64)),
    Column("header", LargeBinary),
    _refers("packet_files", "file_id", on_delete="CASCADE"),
    identified=False,
)

assembly_intents = _tenant_table(
    "assembly_intents",
    Column("file_id", Uuid, primary_key=True),
    Column("parts", Pairs, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    _refers("packet_files", "file_id", on_delete="CASCADE"),
    identified=False,
)

leftovers = Table(
    "leftovers",
    METADATA,
    Column("object_key", String(255), primary_key=True),
    Column("sweep_after", UtcDateTime, nullable=False),
    Index(None, "sweep_after"),
)

releases = _tenant_table(
    "releases",
    Column("packet_id", Uuid, nullable=False),
    Column("state", word_of(ReleaseState), nullable=False),
    Column("basis", word_of(Basis), nullable=False),
    Column("grants", JSON, nullable=False),
    Column("purpose", LargeBinary, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("form", LargeBinary, nullable=False),
    Column("email", LargeBinary, nullable=False),
    Column("secret_hash", LargeBinary, unique=True),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("requested_by", Uuid, nullable=False),
    Column("wrong_answers", Integer, nullable=False),
    Column("signature", LargeBinary),
    Column("signed_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawn_by", Text),
    Column("typed_code_hash", LargeBinary),
    Column("phone", LargeBinary),
    Column("attestation", LargeBinary),
    Column("withdrawn_how", word_of(Medium)),
    Column("withdrawn_note", LargeBinary),
    Column("tells_of_fetching", Boolean, nullable=False, server_default=false()),
    _refers("packets", "packet_id"),
    Index(None, "organization_id", "packet_id", "requested_at", "id"),
    Index(None, "typed_code_hash", unique=True),
)

release_documents = _tenant_table(
    "release_documents",
    Column("release_id", Uuid, nullable=False),
    Column("kind", word_of(DocumentKind), nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", Uuid),
    _refers("releases", "release_id"),
    UniqueConstraint("organization_id", "release_id", "kind"),
)

links = _tenant_table(
    "links",
    Column("packet_id", Uuid, nullable=False),
    Column("release_id", Uuid, nullable=False),
    Column("recipient_id", Uuid, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("verification", word_of(Verification), nullable=False),
    Column("passcode_salt", LargeBinary),
    Column("passcode_hash", LargeBinary),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("issued_by", Uuid, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("max_redemptions", Integer),
    Column("redemptions", Integer, nullable=False),
    Column("wrong_answers", Integer, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("revoked_by", Text),
    _refers("packets", "packet_id"),
    _refers("releases", "release_id"),
    CheckConstraint("(passcode_salt IS NULL) = (passcode_hash IS NULL)", name="passcode_whole"),
    Index(None, "expires_at"),
    Index(None, "organization_id", "packet_id", "issued_at", "id"),
    Index(None, "organization_id", "release_id"),
)

challenges = _tenant_table(
    "challenges",
    Column("subject_id", Uuid, nullable=False),
    Column("code_hash", LargeBinary),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("wrong_answers", Integer, nullable=False),
    Column("used_at", UtcDateTime),
    Column("voided_at", UtcDateTime),
    Index(None, "organization_id", "subject_id", "made_at"),
    Index(None, "expires_at"),
)

redemptions = _tenant_table(
    "redemptions",
    Column("link_id", Uuid, nullable=False),
    Column("challenge_id", Uuid, nullable=False),
    Column("redeemed_at", UtcDateTime, nullable=False),
    Column("replay_key", LargeBinary),
    Column("replay_body", LargeBinary),
    _refers("links", "link_id"),
    Index(None, "organization_id", "link_id", "redeemed_at", "id"),
)

disclosures = _tenant_table(
    "disclosures",
    Column("packet_id", Uuid, nullable=False),
    Column("release_id", Uuid, nullable=False),
    Column("link_id", Uuid, nullable=False),
    Column("recipient_id", Uuid, nullable=False),
    Column("recipient_version", Integer, nullable=False),
    Column("redemption_id", Uuid),
    Column("file_id", Uuid),
    Column("started_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("bytes_sent", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("spans", Pairs, nullable=False),
    Column("completed_at", UtcDateTime),
    Column("refused_code", Text),
    _refers("packets", "packet_id"),
    _refers("releases", "release_id"),
    _refers("links", "link_id"),
    _refers("recipients", "recipient_id", "recipient_version", key=("id", "version")),
    _refers("redemptions", "redemption_id"),
    Index(None, "organization_id", "started_at", "id"),
    Index(None, "organization_id", "packet_id", "started_at", "id"),
    Index(None, "organization_id", "recipient_id", "started_at", "id"),
    Index(None, "organization_id", "redemption_id", "file_id"),
    # What was refused or did not come whole is rare, and asked for: without this, a page of it reads every row.
    Index(
        "ix_disclosures_not_completed",
        "organization_id",
        "started_at",
        "id",
        sqlite_where=text("completed_at IS NULL"),
        postgresql_where=text("completed_at IS NULL"),
    ),
)

tickets = _tenant_table(
    "tickets",
    Column("session_id", Uuid, nullable=False),
    Column("file_id", Uuid),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    _refers("credentials", "session_id", on_delete="CASCADE"),
    Index(None, "organization_id", "session_id"),
)

receipts = _tenant_table(
    "receipts",
    Column("release_id", Uuid, nullable=False),
    Column("recipient_id", Uuid, nullable=False),
    Column("file_id", Uuid, nullable=False),
    Column("confirmed_at", UtcDateTime, nullable=False),
    _refers("releases", "release_id"),
    UniqueConstraint("organization_id", "release_id", "recipient_id", "file_id"),
)

opinions = _tenant_table(
    "opinions",
    Column("packet_id", Uuid, nullable=False),
    Column("release_id", Uuid, nullable=False),
    Column("recipient_id", Uuid, nullable=False),
    Column("recipient_version", Integer, nullable=False),
    Column("state", word_of(OpinionState), nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("reply", LargeBinary),
    Column("sent_at", UtcDateTime),
    Column("shared_at", UtcDateTime),
    Column("shared_by", Uuid),
    _refers("packets", "id"),
    _refers("packets", "packet_id"),
    _refers("releases", "release_id"),
    _refers("recipients", "recipient_id", "recipient_version", key=("id", "version")),
    Index(None, "organization_id", "packet_id", "begun_at", "id"),
    Index(None, "organization_id", "release_id", "recipient_id"),
)

audit_entries = _tenant_table(
    "audit_entries",
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", JSON, nullable=False),
    Column("packet", String(36)),
    Column("facts", JSON, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("seq >= 1", name="seq_from_one"),
    Index(None, "organization_id", "packet", "seq"),
    Index(None, "organization_id", "action", "seq"),
    identified=False,
    with_rowid=False,
)

audit_heads = _tenant_table(
    "audit_heads",
    Column("size", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    identified=False,
)

mail = _tenant_table(
    "mail",
    Column("to", LargeBinary),
    Column("subject", LargeBinary),
    Column("body", LargeBinary),
    Column("made_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("way", String(24), nullable=False, server_default="email"),
    Column("language", LargeBinary),
    Column("kind", word_of(MailKind)),
    Column("about_id", Uuid),
    Column("refused_at", UtcDateTime),
    CheckConstraint('sent_at IS NULL OR ("to" IS NULL AND subject IS NULL AND body IS NULL)', name="sent_is_wiped"),
    Index(None, "sent_at", "due_at"),
    Index(None, "organization_id", "about_id", "made_at"),
)

webhooks = _tenant_table(
    "webhooks",
    Column("recipient_id", Uuid, primary_key=True),
    Column("url", LargeBinary, nullable=False),
    Column("kinds", Words, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("set_by", Uuid, nullable=False),
    Column("former_secret", LargeBinary),
    Column("former_until", UtcDateTime),
    Column("last_delivered_at", UtcDateTime),
    Column("last_failed_at", UtcDateTime),
    Column("last_failure", Text),
    Column("failures", Integer, nullable=False),
    Column("resting_until", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("disabled_because", word_of(Silence)),
    CheckConstraint("(disabled_at IS NULL) = (disabled_because IS NULL)", name="disabled_for_a_reason"),
    identified=False,
)

notices = _tenant_table(
    "notices",
    Column("recipient_id", Uuid, nullable=False),
    Column("release_id", Uuid, nullable=False),
    Column("packet_id", Uuid, nullable=False),
    Column("kind", word_of(NoticeKind), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("forget_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("delivered_at", UtcDateTime),
    _refers("webhooks", "recipient_id", key=("recipient_id",), on_delete="CASCADE"),
    _refers("releases", "release_id"),
    UniqueConstraint("organization_id", "recipient_id", "release_id", "kind"),
    Index(None, "delivered_at", "due_at"),
    Index(None, "forget_at"),
)

template_approvals = _tenant_table(
    "template_approvals",
    Column("department_id", Uuid, nullable=False),
    Column("template", Text, nullable=False),
    Column("language", word_of(Language), nullable=False),
    Column("template_sha256", String(64), nullable=False),
    Column("approved_by", Uuid, nullable=False),
    Column("approved_at", UtcDateTime, nullable=False),
    Column("approver", Text, nullable=False),
    Column("ended_at", UtcDateTime),
    _refers("departments", "department_id"),
    Index(None, "organization_id", "department_id"),
)

slide_requests = _tenant_table(
    "slide_requests",
    Column("department_id", Uuid, nullable=False),
    Column("state", word_of(SlideRequestState), nullable=False),
    Column("asked", LargeBinary, nullable=False),
    Column("mailbox_index", LargeBinary, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("acknowledged_at", UtcDateTime),
    Column("decided_at", UtcDateTime),
    Column("decided_by", Uuid),
    Column("decline_reason", word_of(DeclineReason)),
    Column("decline_note", LargeBinary),
    Column("packet_id", Uuid),
    _refers("departments", "department_id"),
    _refers("packets", "packet_id"),
    CheckConstraint("(state = 'accepted') = (packet_id IS NOT NULL)", name="accepted_as_a_packet"),
    CheckConstraint("(state = 'declined') = (decline_reason IS NOT NULL)", name="declined_for_a_reason"),
    Index(None, "organization_id", "received_at", "id"),
    Index(None, "organization_id", "department_id", "received_at", "id"),
    Index(None, "organization_id", "mailbox_index", "acknowledged_at"),
    Index(None, "decided_at", "received_at"),
    Index(
        "ix_slide_requests_undecided",
        *("organization_id", "department_id", "received_at"),
        sqlite_where=text("decided_at IS NULL"),
        postgresql_where=text("decided_at IS NULL"),
    ),
)

kept_answers = Table(
    "kept_answers",
    METADATA,
    Column("key", LargeBinary, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "expires_at"),
)

service_keys = Table(
    "service_keys",
    METADATA,
    Column("purpose", String(64), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

TENANT_TABLES = frozenset(table.name for table in METADATA.tables.values() if table.info.get("tenant"))
