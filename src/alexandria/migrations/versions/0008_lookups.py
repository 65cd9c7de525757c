"""Look-ups by identifier, and the PMID among the identifiers

Revision ID: 0008
Revises: 0007
"""

import json
import re
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lookups",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=True),
        sa.Column("payload", JSON, nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookups")),
        sa.UniqueConstraint("scheme", "value", name=op.f("uq_lookups_scheme_value")),
    )
    queued = sa.text("state = 'queued'")
    op.create_index(
        "ix_lookups_queued", "lookups", ["due_at"], sqlite_where=queued, postgresql_where=queued
    )
    _name_pmids()


def _name_pmids() -> None:
    """Give the resources whose extra fields hold a PMID that identifier, and have it indexed."""
    connection = op.get_bind()
    found = connection.execute(
        sa.text("SELECT id, extra FROM resources WHERE CAST(extra AS TEXT) LIKE '%\"pmid\"%'")
    ).all()
    pmids = {one: pmid for one, extra in found if (pmid := _pmid(extra))}
    identifiers = sa.table(
        "resource_identifiers", *map(sa.column, ("resource_id", "scheme", "value"))
    )
    rows = [{"resource_id": one, "scheme": "pmid", "value": pmid} for one, pmid in pmids.items()]
    if rows:
        connection.execute(sa.insert(identifiers), rows)
    for one in pmids:
        connection.execute(_make_due(one))


def _pmid(extra: object) -> str | None:
    values = json.loads(extra) if isinstance(extra, str) else extra
    value = values.get("pmid") if isinstance(values, dict) else None
    match = re.fullmatch(r"\s*(?:pmid:?\s*)?0*([1-9]\d{0,8})\s*", str(value), re.IGNORECASE)
    return match.group(1) if match else None


def _make_due(resource_id: str) -> sa.Update:
    moment = sa.DateTime(timezone=True)
    ledger = sa.table(
        "ledger",
        *map(sa.column, ("subject_id", "derivation", "marks")),
        sa.column("due_at", moment),
        sa.column("stale_since", moment),
    )
    now = datetime.now(UTC)
    return (
        sa.update(ledger)
        .where(ledger.c.subject_id == resource_id, ledger.c.derivation == "search")
        .where(ledger.c.due_at.is_(None))
        .values(due_at=now, stale_since=now, marks=ledger.c.marks + 1)
    )


def downgrade() -> None:
    raise NotImplementedError("restore the copy that was made before the migration")
