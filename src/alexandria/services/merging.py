"""Two resources that are one: the other goes into the kept one, and comes out again on demand."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import ConflictError, InvalidInputError, NotFoundError
from alexandria.events import outbox
from alexandria.models import (
    ClassificationDecision,
    Ingestion,
    Interaction,
    Merge,
    Resource,
    ResourceFile,
    ResourceRevision,
)
from alexandria.services.fields import FIELDS, read_field
from alexandria.services.ledger import Ledger
from alexandria.services.near_duplicates import SuggestionService
from alexandria.services.resources import ResourceService

_UNITED = ("tags", "subjects", "cites")
"""Lists of which the kept resource gets what it has not."""
_ROWS: Mapping[str, tuple[Any, Any]] = {
    "files": (ResourceFile, ResourceFile.sha256),
    "revisions": (ResourceRevision, ResourceRevision.id),
    "interactions": (Interaction, Interaction.id),
    "ingestions": (Ingestion, Ingestion.id),
    "subjects decided": (ClassificationDecision, ClassificationDecision.category_id),
}
"""Tables whose rows go over, each with what tells the rows of one resource apart."""
_OF_FIELDS = "a field of the resource, which the kept one gets where it has none"
_COMPUTED = "computed anew"
LEFT: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("resource_contents", "resource_authors", "resource_identifiers"),
            *("resource_tags", "resource_subjects", "resource_cites"),
        ),
        _OF_FIELDS,
    ),
    **dict.fromkeys(
        (
            *("embeddings", "passages", "quality_scores", "duplicate_signatures"),
            *("citation_lists", "citations", "graph_nodes", "author_lists", "author_mentions"),
            *("classification_runs", "classification_predictions"),
        ),
        _COMPUTED,
    ),
    "quality_looks": "the kept one is looked at by itself",
    "quality_findings": "what was found of the other is not true of the kept one",
    "recommendation_dismissals": "what was not for a reader was the other, not the kept one",
    "duplicate_dismissals": "what was said of the other is said of the kept one as well",
    "citation_decisions": "what was said of references to the other holds for the kept one",
    "author_decision_mentions": "what was said is of whom the other names, and counts again with it",
    "merges": "tells what was merged into which, whatever becomes of these",
    "outbox": "tells what happened to which, whatever becomes of these",
    "search_documents": _COMPUTED,
}
"""Other tables with rows of a resource, and why those of the other one stay."""


class MergeService:
    def __init__(
        self,
        session: Session,
        resources: ResourceService,
        ledger: Ledger,
        suggestions: SuggestionService,
    ) -> None:
        self._session = session
        self._suggestions = suggestions
        self._resources = resources
        self._ledger = ledger

    def merge(self, kept_id: str, other_id: str) -> Merge:
        """Put the other into the kept resource, and take it out of the library.

        The kept one keeps what it has; fields that it has not are filled, lists are united, and
        files, revisions, interactions and ingestions go over. What the other had stays with it, deleted.
        """
        kept, other = self._pair(kept_id, other_id)
        filled = {
            name: [read_field(kept, name), value] for name, value in _filled(kept, other).items()
        }
        self._resources.update(kept_id, {name: after for name, (_, after) in filled.items()})
        moved = {
            name: self._move(name, other_id, kept_id, self._keys(name, other_id, kept_id))
            for name in _ROWS
        }
        moved["dismissals"] = self._suggestions.carry_dismissals(other_id, kept_id)
        self._resources.delete(other_id)
        self._make_quality_due(kept)
        merge = Merge(kept_id=kept_id, other_id=other_id, filled=filled, moved=moved)
        self._session.add(merge)
        self._session.flush()
        return merge

    def undo(self, merge_id: str) -> Merge:
        """Bring the other resource back with what went over from it.

        A field of the kept one becomes what it was, unless somebody changed it since.
        """
        merge = self._session.get(Merge, merge_id, with_for_update=True, populate_existing=True)
        if merge is None:
            raise NotFoundError(f"There is no merge {merge_id}.", "Look at the resource's history.")
        if merge.undone_at is not None:
            raise ConflictError("This merge is undone already.", "There is nothing left to undo.")
        kept = self._resources.get(merge.kept_id, for_update=True)
        self._resources.restore(merge.other_id)
        self._resources.update(merge.kept_id, _taken_back(kept, merge.filled))
        for name in _ROWS:
            self._move(name, merge.kept_id, merge.other_id, merge.moved.get(name, []))
        self._suggestions.forget_dismissals(merge.moved.get("dismissals", []))
        self._make_quality_due(kept)
        merge.undone_at = now()
        self._session.flush()
        return merge

    def of(self, resource_id: str) -> list[Merge]:
        """Give the merges into a resource, the newest first."""
        query = select(Merge).where(Merge.kept_id == resource_id)
        return list(self._session.scalars(query.order_by(Merge.created_at.desc())))

    def _pair(self, kept_id: str, other_id: str) -> tuple[Resource, Resource]:
        if kept_id == other_id:
            raise InvalidInputError(
                "A resource can't be merged with itself.", "Name another one as `other_id`."
            )
        # Always in one order, so that two merges of one pair don't wait for each other.
        found = {
            one: self._resources.get(one, for_update=True) for one in sorted((kept_id, other_id))
        }
        return found[kept_id], found[other_id]

    def _keys(self, name: str, source: str, target: str) -> list[Any]:
        """Give the keys of the rows that go over: those that the target has not."""
        table, key = _ROWS[name]
        there = set(self._session.scalars(select(key).where(table.resource_id == target)))
        rows = self._session.scalars(select(key).where(table.resource_id == source).order_by(key))
        return [one for one in rows if one not in there]

    def _move(self, name: str, source: str, target: str, keys: list[Any]) -> list[Any]:
        table, key = _ROWS[name]
        if keys:
            rows = (table.resource_id == source, key.in_(keys))
            self._session.execute(update(table).where(*rows).values(resource_id=target))
        return keys

    def _make_quality_due(self, kept: Resource) -> None:
        """Interactions went over, which quality counts, and which profiles are learned from."""
        event_id = outbox.last_event_id(self._session) or 0
        self._ledger.mark(kept, {"interactions"}, event_id)
        self._ledger.mark_readers(kept.id, event_id)


def _filled(kept: Resource, other: Resource) -> dict[str, Any]:
    """Give the fields of the kept resource that the other completes, as they are then."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        ours, theirs = read_field(kept, name), read_field(other, name)
        if name in _UNITED:
            united: Any = list(dict.fromkeys([*ours, *theirs]))
        elif name == "extra":
            united = {**theirs, **ours}
        else:
            united = ours or theirs
        if united != ours:
            found[name] = united
    return found


def _taken_back(kept: Resource, filled: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Give the fields as they were before, where they are still as the merge left them.

    Of a list, what the merge added goes, whatever came or went since.
    """
    found: dict[str, Any] = {}
    for name, (before, after) in filled.items():
        current = read_field(kept, name)
        if name in _UNITED:
            added = set(after) - set(before)
            found[name] = [one for one in current if one not in added]
        elif name == "extra":
            added = after.keys() - before.keys()
            found[name] = {
                key: value
                for key, value in current.items()
                if key not in added or value != after[key]
            }
        elif current == after:
            found[name] = before
    return found
