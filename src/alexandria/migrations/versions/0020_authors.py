"""Authors, where they are named, why names are one person, and what people decided on it

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "authors",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(), nullable=False),
        sa.Column("works", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authors")),
    )
    _index("authors", "sort_name")
    op.create_table(
        "author_lists",
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("content_revision", sa.Integer(), nullable=False),
        sa.Column("metadata_revision", sa.Integer(), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        _refers("author_lists", "resource_id", "resources.id"),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_author_lists")),
    )
    op.create_table(
        "author_mentions",
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("printed", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=True),
        _refers("author_mentions", "resource_id", "author_lists.resource_id"),
        _refers("author_mentions", "author_id", "authors.id", "SET NULL"),
        sa.PrimaryKeyConstraint("resource_id", "position", name=op.f("pk_author_mentions")),
    )
    _index("author_mentions", "name_key")
    _index("author_mentions", "author_id")
    op.create_table(
        "author_name_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "name_key", name=op.f("pk_author_name_keys")),
        sqlite_with_rowid=False,
    )
    _index("author_name_keys", "name_key")
    op.create_table(
        "author_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("second", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        _refers("author_links", "author_id", "authors.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_author_links")),
    )
    _index("author_links", "author_id")
    _decisions()


def _decisions() -> None:
    op.create_table(
        "author_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_author_decisions")),
    )
    op.create_table(
        "author_decision_mentions",
        sa.Column("decision_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("printed", sa.Text(), nullable=False),
        sa.Column("side", sa.Integer(), nullable=False),
        _refers("author_decision_mentions", "decision_id", "author_decisions.id"),
        _refers("author_decision_mentions", "resource_id", "resources.id"),
        sa.PrimaryKeyConstraint(
            *("decision_id", "resource_id", "position"), name=op.f("pk_author_decision_mentions")
        ),
    )
    _index("author_decision_mentions", "resource_id")


def _refers(
    table: str, column: str, target: str, ondelete: str = "CASCADE"
) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete=ondelete)


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
