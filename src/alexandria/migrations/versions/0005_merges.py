"""Merges of resources, which can be undone

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "merges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kept_id", sa.String(length=36), nullable=False),
        sa.Column("other_id", sa.String(length=36), nullable=False),
        sa.Column("filled", JSON, nullable=False),
        sa.Column("moved", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["resources.id"],
                name=op.f(f"fk_merges_{column}_resources"),
                ondelete="CASCADE",
            )
            for column in ("kept_id", "other_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    for column in ("kept_id", "other_id"):
        op.create_index(op.f(f"ix_merges_{column}"), "merges", [column])


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
