"""A library without resources begins with the keyword index of our own text analysis

One with resources goes on with the index that it has, until the new one is built beside it.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SCHEMA_2 = (
    "CREATE VIRTUAL TABLE search_index USING fts5(title, abstract, authors, content, terms, "
    "tokenize = 'ascii tokenchars ''+#''')"
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite" or _in_use():
        return
    op.execute("DROP TABLE search_index")
    op.execute(SCHEMA_2)
    op.execute(
        "UPDATE builds SET version = 'FTS5, schema 2', producer = 'FTS5, schema 2' "
        "WHERE derivation = 'search' AND place = 'search_index'"
    )


def _in_use() -> bool:
    used = sa.text(
        "SELECT EXISTS (SELECT 1 FROM resources) OR EXISTS (SELECT 1 FROM search_documents) OR NOT "
        "EXISTS (SELECT 1 FROM builds WHERE place = 'search_index' AND state = 'serving')"
    )
    return bool(op.get_bind().scalar(used))


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
