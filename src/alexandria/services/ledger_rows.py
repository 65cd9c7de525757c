"""What stands in a row of the ledger when a change makes it due."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alexandria.models import LedgerRow, Resource

RESOURCE = "resource"
WITHOUT_REVISION = frozenset({"interactions", "citations"})
"""Inputs that stand beside the resource: their changes leave its revisions as they are."""
_CONTENT = frozenset({"content"})

Claim = tuple[int, int, int]
"""What a row wanted when it was claimed: content revision, metadata revision, marks."""


def new_row(
    derivation: str, resource: Resource, event_id: int, moment: datetime, due_at: datetime
) -> dict[str, Any]:
    return {
        "subject_type": RESOURCE,
        "subject_id": resource.id,
        "derivation": derivation,
        "content_revision": 0,
        "metadata_revision": 0,
        "wanted_content": resource.content_revision,
        "wanted_metadata": resource.metadata_revision,
        "due_at": due_at,
        "stale_since": moment,
        "stale_event": event_id,
    }


def want(row: LedgerRow, resource: Resource, changed: Iterable[str]) -> None:
    """Have the row want the revisions of the resource that changed its inputs."""
    if _CONTENT.intersection(changed):
        row.wanted_content = resource.content_revision
    if not _CONTENT.issuperset(changed):
        row.wanted_metadata = resource.metadata_revision


def wanted(row: LedgerRow) -> Claim:
    return row.wanted_content, row.wanted_metadata, row.marks
