"""Suggestions of duplicates, and files that go with what is deleted for good

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "duplicate_signatures",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("identifiers", JSON, nullable=False),
        sa.Column("title_sketch", sa.LargeBinary(), nullable=True),
        sa.Column("abstract_sketch", sa.LargeBinary(), nullable=True),
        sa.Column("content_sketch", sa.LargeBinary(), nullable=True),
        sa.Column("content_revision", sa.Integer(), nullable=False),
        sa.Column("metadata_revision", sa.Integer(), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        _refers("duplicate_signatures", "resource_id", "resources.id"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_duplicate_signatures")),
        sa.UniqueConstraint("resource_id", name=op.f("uq_duplicate_signatures_resource_id")),
    )
    op.create_table(
        "duplicate_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _refers("duplicate_keys", "number", "duplicate_signatures.number"),
        sa.PrimaryKeyConstraint("key", "number", name=op.f("pk_duplicate_keys")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_duplicate_keys_number"), "duplicate_keys", ["number"])
    op.create_table(
        "duplicate_pairs",
        *_pair("duplicate_pairs", "duplicate_signatures.resource_id"),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
    )
    op.create_index("ix_duplicate_pairs_score", "duplicate_pairs", ["score", "id"])
    op.create_table(
        "duplicate_dismissals",
        *_pair("duplicate_dismissals", "resources.id"),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    for table in ("duplicate_pairs", "duplicate_dismissals"):
        for column in ("first_id", "second_id"):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_table(
        "file_removals",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_file_removals")),
    )


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete="CASCADE")


def _pair(table: str, target: str) -> list[sa.Column[str] | sa.Constraint]:
    return [
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("first_id", sa.String(length=36), nullable=False),
        sa.Column("second_id", sa.String(length=36), nullable=False),
        _refers(table, "first_id", target),
        _refers(table, "second_id", target),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
