"""Forms on paper and other documents of releases; release for treatment; how a withdrawal was told."""

import sqlalchemy as sa
from alembic import op

from transfer_service.adapters.database.row_security import protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATES = "'requested', 'signed', 'withdrawn'"
MORE_STATES = "'requested', 'awaiting_confirmation', 'signed', 'attested', 'withdrawn'"
BASES, MORE_BASES = "'authorization'", "'authorization', 'treatment'"
MEDIA = "'page', 'paper', 'phone', 'in_person'"
HOW = f"CONSTRAINT ck_releases_medium CHECK (withdrawn_how IN ({MEDIA})), "
COLUMNS = ("attestation", "withdrawn_how", "withdrawn_note")


def upgrade() -> None:
    """Let releases be signed on paper, be for treatment, and be withdrawn by word of mouth."""
    op.add_column(
        "departments", sa.Column("treatment_allowed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    for column in (
        sa.Column("attestation", sa.LargeBinary()),
        sa.Column("withdrawn_how", sa.String(24)),
        sa.Column("withdrawn_note", sa.LargeBinary()),
    ):
        op.add_column("releases", column)
    if _is_postgresql():
        _allow_on_postgresql(MORE_STATES, MORE_BASES)
        op.create_check_constraint(op.f("ck_releases_medium"), "releases", f"withdrawn_how IN ({MEDIA})")
        op.alter_column("releases", "secret_hash", nullable=True)
    else:
        _make_again(*_allowances())
    _create_documents()
    protect("release_documents")


def downgrade() -> None:
    """Documents are lost. What was not signed on the page can't be told in the former words, and is withdrawn."""
    op.drop_table("release_documents")
    op.execute(
        "UPDATE releases SET state = 'withdrawn', withdrawn_by = 'system:operator', withdrawn_at = coalesce("
        "withdrawn_at, requested_at) WHERE state IN ('awaiting_confirmation', 'attested') OR secret_hash IS NULL"
    )
    op.execute("UPDATE releases SET basis = 'authorization' WHERE basis = 'treatment'")
    nobodys = (
        "convert_to('no letter: ' || id::text, 'UTF8')" if _is_postgresql() else "CAST('no letter: ' || id AS BLOB)"
    )
    op.execute(f"UPDATE releases SET secret_hash = {nobodys} WHERE secret_hash IS NULL")  # noqa: S608 - our own words
    if _is_postgresql():
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is altered while rows of it wait to be checked
        op.alter_column("releases", "secret_hash", nullable=False)
        op.drop_constraint(op.f("ck_releases_medium"), "releases", type_="check")
        _allow_on_postgresql(STATES, BASES)
    else:
        _make_again(*((new, former) for former, new in _allowances()))
    for column in COLUMNS:
        op.drop_column("releases", column)
    op.drop_column("departments", "treatment_allowed")


def _allowances() -> list[tuple[str, str]]:
    """What SQLite's own text of the table says before and after."""
    basis = "CONSTRAINT ck_releases_basis CHECK (basis IN ({}))"
    return [
        (f"state IN ({STATES})", f"state IN ({MORE_STATES})"),
        (basis.format(BASES), HOW + basis.format(MORE_BASES)),
        ("secret_hash BLOB NOT NULL", "secret_hash BLOB"),
    ]


def _allow_on_postgresql(states: str, bases: str) -> None:
    for name, column, words in (("releasestate", "state", states), ("basis", "basis", bases)):
        op.drop_constraint(op.f(f"ck_releases_{name}"), "releases", type_="check")
        op.create_check_constraint(op.f(f"ck_releases_{name}"), "releases", f"{column} IN ({words})")


def _make_again(*changes: tuple[str, str]) -> None:
    """SQLite can't change a check. Foreign keys are deferred: what refers to the rows finds them again by the commit.

    So the rows go before their table does, and come back one by one, which is what SQLite counts.
    """
    connection = op.get_bind()
    made = (
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'releases' AND type = :type AND sql IS NOT NULL ORDER BY name"
    )
    (written,) = connection.scalars(sa.text(made), {"type": "table"}).all()
    for former, new in changes:
        if written.count(former) != 1:
            raise RuntimeError("the table of releases is not as the revisions before made it")
        written = written.replace(former, new)
    indexes = connection.scalars(sa.text(made), {"type": "index"}).all()
    for statement in (
        "CREATE TABLE releases_kept AS SELECT * FROM releases",
        "DELETE FROM releases",
        "DROP TABLE releases",
        written,
        "INSERT INTO releases SELECT * FROM releases_kept",
        "DROP TABLE releases_kept",
        *indexes,
    ):
        connection.exec_driver_sql(statement)


def _create_documents() -> None:
    op.create_table(
        "release_documents",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "release_id"],
            ["releases.organization_id", "releases.id"],
            name="fk_release_documents_organization_id_release_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_release_documents_organization_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.CheckConstraint("kind IN ('paper', 'copy')", name=op.f("ck_release_documents_documentkind")),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_release_documents"),
        sa.UniqueConstraint(
            "organization_id", "release_id", "kind", name="uq_release_documents_organization_id_release_id_kind"
        ),
    )


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"
