"""What each packet waits for, kept so that lists and figures of many packets are read from one index.

What is there already comes in by what its packet's state alone says; the worker makes it exact in its first round.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from transfer_service.adapters.database.row_security import expose, protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

AT_ONCE = 500
EVER = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
AWAITED = (
    *("rejected_file", "files", "carrying", "verification", "close", "confirmation", "sharing", "link", "release"),
    *("signature", "redemption", "opinion", "nothing", "ended"),
)
BY_STATE = {
    "open": ("files", "created_at"),
    "closing": ("verification", "written_at"),
    "closed": ("release", "closed_at"),
    "retired": ("ended", "retired_at"),
}
_FILES = "ix_packet_files_by_state"
_FILES_COLUMNS = ["organization_id", "packet_id", "state", "completed_at", "carried_from"]
_SUCCESSORS = "ix_packets_organization_id_predecessor_id"
_NEWEST = ("organization_id", "seen_by", "created_at", "packet_id", "state", "awaited", "since", "starts_at", "ends_at")
_LONGEST = (
    "organization_id",
    "seen_by",
    "awaited",
    "since",
    "packet_id",
    "state",
    "created_at",
    "starts_at",
    "ends_at",
)
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table and the indexes that it is made by, and fill it."""
    _make_table()
    op.create_index("ix_waits_newest", "waits", _NEWEST)
    op.create_index("ix_waits_longest", "waits", _LONGEST)
    op.create_index(_FILES, "packet_files", _FILES_COLUMNS)
    op.create_index(_SUCCESSORS, "packets", ["organization_id", "predecessor_id"])
    undecided = sa.text("decided_at IS NULL")
    op.create_index(
        "ix_slide_requests_undecided",
        "slide_requests",
        ["organization_id", "department_id", "received_at"],
        sqlite_where=undecided,
        postgresql_where=undecided,
    )
    protect("waits")
    _fill()  # last: PostgreSQL alters no table on which deferred constraints still wait


def downgrade() -> None:
    """Nothing is lost: it is made of what stays."""
    op.drop_index("ix_slide_requests_undecided", "slide_requests")
    op.drop_index(_SUCCESSORS, "packets")
    op.drop_index(_FILES, "packet_files")
    expose("waits")
    op.drop_table("waits")


def _make_table() -> None:
    op.create_table(
        "waits",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("packet_id", sa.Uuid(), nullable=False),
        sa.Column("seen_by", sa.Uuid(), nullable=False),
        sa.Column("starts_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("awaited", sa.String(24), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.CheckConstraint(_one_of("awaited", AWAITED), name=op.f("ck_waits_awaited")),
        sa.CheckConstraint(_one_of("state", BY_STATE), name=op.f("ck_waits_packetstate")),
        sa.ForeignKeyConstraint(
            ["organization_id", "packet_id"],
            ["packets.organization_id", "packets.id"],
            name="fk_waits_organization_id_packet_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_waits_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("organization_id", "packet_id", "seen_by", "starts_at", name="pk_waits"),
        sqlite_with_rowid=False,
    )


def _one_of(column: str, words: Any) -> str:  # noqa: ANN401 - any strings
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _fill() -> None:
    if op.get_context().as_sql:
        return  # the worker's first round makes them all
    columns: list[sa.ColumnClause[Any]] = [
        *(sa.column(name, sa.Uuid()) for name in ("organization_id", "id", "department_id")),
        sa.column("contributing_department_ids", sa.JSON()),
        *(sa.column(name, sa.String()) for name in ("state", "kind")),
        *(sa.column(name, _INSTANT) for name in ("created_at", "written_at", "closed_at", "retired_at")),
    ]
    packets = sa.table("packets", *columns)
    waits = sa.table("waits", *_wait_columns())
    connection = op.get_bind()
    found = connection.execute(sa.select(packets).where(packets.c.kind == "case"))
    for some in found.mappings().partitions(AT_ONCE):
        rows = [row for packet in some for row in _rows(packet)]
        connection.execute(sa.insert(waits), rows)


def _wait_columns() -> Iterator[sa.ColumnClause[Any]]:
    yield from (sa.column(name, sa.Uuid()) for name in ("organization_id", "packet_id", "seen_by"))
    yield from (sa.column(name, sa.String()) for name in ("awaited", "state"))
    yield from (sa.column(name, _INSTANT) for name in ("starts_at", "ends_at", "since", "created_at"))


def _rows(packet: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - a row
    awaited, since = BY_STATE[packet["state"]]
    contributors = map(UUID, packet["contributing_department_ids"])
    for seen_by in {packet["organization_id"], packet["department_id"], *contributors}:
        yield {
            "organization_id": packet["organization_id"],
            "packet_id": packet["id"],
            "seen_by": seen_by,
            "starts_at": EVER,
            "ends_at": NEVER,
            "awaited": awaited,
            "since": packet[since] or packet["created_at"],
            "state": packet["state"],
            "created_at": packet["created_at"],
        }
