"""Categories keep the concept of a thesaurus that they stand for, and its words in many languages

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    # Not as a batch: SQLite would drop the table, and with it what refers to its rows.
    op.add_column("categories", sa.Column("uri", sa.Text(), nullable=True))
    op.add_column("categories", sa.Column("language", sa.Text(), nullable=True))
    op.add_column(
        "categories", sa.Column("labels", JSON, nullable=False, server_default=sa.text("'{}'"))
    )
    op.create_index(op.f("ix_categories_uri"), "categories", ["uri"], unique=True)


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
