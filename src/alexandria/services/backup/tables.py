"""What of the database is kept: every table, unless it says here why not."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Table

from alexandria.db import Base
from alexandria.models import Credential

_COMPUTED = "computed anew from the resources"

LEFT_OUT: Mapping[str, str] = {
    "ledger": "says what was computed; after a restore nothing is",
    "embeddings": _COMPUTED,
    "passages": _COMPUTED,
    "quality_scores": _COMPUTED,
    "duplicate_signatures": _COMPUTED,
    "duplicate_keys": _COMPUTED,
    "duplicate_pairs": _COMPUTED,
    **dict.fromkeys(
        ("citation_lists", "citations", "citation_keys", "graph_nodes", "graph_keys"), _COMPUTED
    ),
    **dict.fromkeys(
        ("authors", "author_lists", "author_mentions", "author_name_keys", "author_links"),
        _COMPUTED,
    ),
    "reader_profiles": "learned anew from the interactions",
    "co_readings": "compared anew from the interactions",
    "quality_looks": "the next look at quality begins anew",
    "classification_runs": _COMPUTED,
    "classification_predictions": _COMPUTED,
    "classifier_trainings": "tells of models that lie beside the library; they are trained anew",
    "file_removals": "names files that nothing refers to, which no backup holds either",
    "cache_epoch": "tells of a cache, which no backup holds",
    "builds": "says what serves; after a restore that is what the settings and the schema name",
    "search_documents": "belongs to the keyword index of SQLite",
    "alembic_version": "the manifest names the schema",
}
"""Table to the reason why it is in no backup, and is not taken from one either."""

KEYWORD_INDEX = "search_index"
"""What the names of the tables of SQLite's keyword indexes begin with: they are left out too."""

ROWS: Mapping[str, ColumnElement[bool]] = {
    # Links work once and sessions can be ended: neither may come to life again.
    "credentials": Credential.kind == "token",
}
"""Table to the condition of the rows that are kept."""

CLEARED: Mapping[str, frozenset[str]] = {
    "outbox": frozenset({"claimed_until"}),
    "ingestions": frozenset({"lease_until", "lease_by"}),
    "batches": frozenset({"lease_until"}),
    "lookups": frozenset({"lease_until", "lease_by"}),
}
"""Table to the columns that say who works on a row at this moment; they are null in a backup."""


def is_kept(name: str) -> bool:
    return name not in LEFT_OUT and not name.startswith(KEYWORD_INDEX)


def kept_tables() -> list[Table]:
    """Give the tables of a backup, each after those that it refers to."""
    return [table for table in Base.metadata.sorted_tables if is_kept(table.name)]
