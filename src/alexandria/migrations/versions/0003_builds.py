"""Models and keyword indexes that are built beside those that serve

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ONE_OF_EACH = sa.text("state IN ('serving', 'building')")
INDEX_THAT_SERVES = """
INSERT INTO builds (derivation, version, producer, place, state, started_at)
VALUES ('search', 'FTS5, schema 1', 'FTS5, schema 1', 'search_index', 'serving', CURRENT_TIMESTAMP)
"""
MODEL_THAT_SERVES = """
INSERT INTO builds (derivation, version, producer, state, started_at)
SELECT 'embedding', model, model, 'serving', CURRENT_TIMESTAMP
FROM embeddings GROUP BY model ORDER BY count(*) DESC LIMIT 1
"""


def upgrade() -> None:
    op.create_table(
        "builds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("derivation", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("producer", sa.String(length=128), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_builds")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_builds_derivation_state",
        "builds",
        ["derivation", "state"],
        unique=True,
        sqlite_where=ONE_OF_EACH,
        postgresql_where=ONE_OF_EACH,
    )
    with op.batch_alter_table("embeddings") as embeddings:
        embeddings.drop_index(op.f("ix_embeddings_change"))
        embeddings.drop_constraint(op.f("pk_embeddings"), type_="primary")
        embeddings.create_primary_key(op.f("pk_embeddings"), ["resource_id", "model"])
    op.create_index("ix_embeddings_model_change", "embeddings", ["model", "change"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(INDEX_THAT_SERVES)
    op.execute(MODEL_THAT_SERVES)


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
