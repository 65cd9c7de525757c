"""Profiles of readers, what comparing them found, what they dismissed, and looks at quality

Revision ID: 0014
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reader_profiles",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("preferences", JSON, nullable=False),
        sa.Column("interactions", sa.Integer(), nullable=False),
        sa.Column("producer", sa.String(length=128), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        _refers("reader_profiles", "user_id", "users.id"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_reader_profiles")),
    )
    op.create_table(
        "co_readings",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("found", JSON, nullable=False),
        sa.Column("producer", sa.String(length=128), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        _refers("co_readings", "user_id", "users.id"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_co_readings")),
    )
    op.create_table(
        "recommendation_dismissals",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _refers("recommendation_dismissals", "user_id", "users.id"),
        _refers("recommendation_dismissals", "resource_id", "resources.id"),
        sa.PrimaryKeyConstraint(
            "user_id", "resource_id", name=op.f("pk_recommendation_dismissals")
        ),
    )
    op.create_index(
        op.f("ix_recommendation_dismissals_resource_id"),
        "recommendation_dismissals",
        ["resource_id"],
    )
    op.create_table(
        "quality_looks",
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("overall", sa.Float(), nullable=False),
        sa.Column("looked_at", MOMENT, nullable=False),
        _refers("quality_looks", "resource_id", "resources.id"),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_quality_looks")),
    )


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete="CASCADE")


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
