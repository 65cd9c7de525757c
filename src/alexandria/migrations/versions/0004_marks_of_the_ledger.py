"""How often a row of the ledger was made due by what no revision counts

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "ledger", sa.Column("marks", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
