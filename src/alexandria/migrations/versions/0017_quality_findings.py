"""What looking after quality found, and who has seen it

Revision ID: 0017
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "quality_findings",
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("overall", sa.Float(), nullable=False),
        sa.Column("why", JSON, nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("seen_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.id"],
            name=op.f("fk_quality_findings_resource_id_resources"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["seen_by"],
            ["users.id"],
            name=op.f("fk_quality_findings_seen_by_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("resource_id", "kind", name=op.f("pk_quality_findings")),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
