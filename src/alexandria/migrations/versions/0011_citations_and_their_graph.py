"""References as they were read, and the graph that they make

Revision ID: 0011
Revises: 0010
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "citation_lists",
        _id("resource_id"),
        sa.Column("total", sa.Integer(), nullable=False),
        *_computed(),
        _refers("citation_lists", "resource_id", "resources.id"),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_citation_lists")),
    )
    op.create_table(
        "graph_nodes",
        sa.Column("number", sa.Integer(), nullable=False),
        _id("resource_id"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", JSON, nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("identifiers", JSON, nullable=False),
        *_computed(),
        _refers("graph_nodes", "resource_id", "resources.id"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_graph_nodes")),
        sa.UniqueConstraint("resource_id", name=op.f("uq_graph_nodes_resource_id")),
    )
    _keys("graph_keys", "number", "graph_nodes.number")
    op.create_table(
        "citations",
        sa.Column("id", sa.Integer(), nullable=False),
        _id("resource_id"),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("authors", JSON, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("venue", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("volume", "pages", "doi", "arxiv_id", "url")
        ),
        sa.Column("cited_id", sa.String(length=36), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("evidence", JSON, nullable=True),
        _refers("citations", "resource_id", "citation_lists.resource_id"),
        _refers("citations", "cited_id", "graph_nodes.resource_id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citations")),
        sa.UniqueConstraint("resource_id", "fingerprint", name=op.f("uq_citations_resource_id")),
    )
    op.create_index(op.f("ix_citations_cited_id"), "citations", ["cited_id"])
    _keys("citation_keys", "citation_id", "citations.id")
    op.create_table(
        "citation_decisions",
        _id("resource_id"),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        _id("cited_id"),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers("citation_decisions", "resource_id", "resources.id"),
        _refers("citation_decisions", "cited_id", "resources.id"),
        sa.PrimaryKeyConstraint(
            "resource_id", "fingerprint", "cited_id", name=op.f("pk_citation_decisions")
        ),
    )
    op.create_index(op.f("ix_citation_decisions_cited_id"), "citation_decisions", ["cited_id"])


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=36), nullable=False)


def _computed() -> list[sa.Column[Any]]:
    return [
        sa.Column("content_revision", sa.Integer(), nullable=False),
        sa.Column("metadata_revision", sa.Integer(), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
    ]


def _keys(table: str, column: str, target: str) -> None:
    op.create_table(
        table,
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(column, sa.Integer(), autoincrement=False, nullable=False),
        _refers(table, column, target),
        sa.PrimaryKeyConstraint("key", column, name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _refers(
    table: str, column: str, target: str, ondelete: str = "CASCADE"
) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete=ondelete)


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
