"""What of the database is kept: every table, unless it says here why not."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Table

from alexandria.db import Base
from alexandria.models import Credential

_COMPUTED = "computed anew from the resources"
_INDEX = "the keyword index of SQLite, written anew from the resources"

LEFT_OUT: Mapping[str, str] = {
    "ledger": "says what was computed; after a restore nothing is",
    "builds": "says what serves; after a restore nothing is computed",
    "embeddings": _COMPUTED,
    "quality_scores": _COMPUTED,
    "search_documents": _INDEX,
    "search_index": _INDEX,
    "search_index_config": _INDEX,
    "search_index_content": _INDEX,
    "search_index_data": _INDEX,
    "search_index_docsize": _INDEX,
    "search_index_idx": _INDEX,
    "alembic_version": "the manifest names the schema",
}
"""Table to the reason why it is in no backup, and is not taken from one either."""

ROWS: Mapping[str, ColumnElement[bool]] = {
    # Links work once and sessions can be ended: neither may come to life again.
    "credentials": Credential.kind == "token",
}
"""Table to the condition of the rows that are kept."""

CLEARED: Mapping[str, frozenset[str]] = {
    "outbox": frozenset({"claimed_until"}),
    "ingestions": frozenset({"lease_until", "lease_by"}),
    "batches": frozenset({"lease_until"}),
}
"""Table to the columns that say who works on a row at this moment; they are null in a backup."""


def kept_tables() -> list[Table]:
    """Give the tables of a backup, each after those that it refers to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]
