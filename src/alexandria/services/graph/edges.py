"""The derivation `graph`: which resource cites which, by matching references with resources.

A match is computed from a reference, the nodes of the resources and what people said of it, by the
task of either side; so it is as fresh as the ledger says of both.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session, selectinload

from alexandria.db import now, release
from alexandria.events import SystemEvent, outbox
from alexandria.models import (
    Citation,
    CitationDecision,
    CitationKey,
    GraphKey,
    GraphNode,
    Merge,
    Resource,
)
from alexandria.services.graph.keys import Work, keys_of, work_of
from alexandria.services.graph.lock import lock_graph
from alexandria.services.graph.matching import Match, best_match
from alexandria.services.ledger import Revisions

PRODUCER = "graph rules 1"
MOST_HOLDERS = 60
"""A key that more resources share says nothing: a usual phrase, a usual name in one year."""
_CHUNK = 400
_MOST_TOLD = 200


class GraphEdges:
    """Keeps nodes and edges as the resources and their references are."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def update(self, resource_ids: Collection[str]) -> dict[str, Revisions]:
        """Bring nodes and edges of resources up to date; give the revisions read.

        Looks both ways: what they cite, and whose references they are. Resources that are deleted
        or unknown lose their nodes, and are not in the answer. Emits `graph.edge_added` of each
        resource that cites more, and `graph.cache_invalidated`.
        """
        sources = self._sources(resource_ids)
        release(self._session)
        lock_graph(self._session)
        live = self._live(sources)
        affected = self._cited_by(resource_ids)
        self.forget(set(resource_ids) - live)
        for one in sorted(live):
            affected |= self._store(one, *sources[one])
        own = select(Citation.id).where(Citation.resource_id.in_(sorted(live)))
        affected |= set(self._session.scalars(own))
        self.match(affected)
        return {one: sources[one][1] for one in live}

    def forget(self, resource_ids: Collection[str]) -> None:
        """Take nodes away; their keys go with them, and references to them are unmatched."""
        gone = GraphNode.resource_id.in_(list(resource_ids))
        self._session.execute(delete(GraphNode).where(gone))

    def match(self, citation_ids: Iterable[int]) -> None:
        """Match references anew, and tell what changed."""
        added: Counter[tuple[str, str]] = Counter()
        touched: set[str] = set()
        for chunk in in_chunks(citation_ids):
            rows = self._session.scalars(
                select(Citation)
                .where(Citation.id.in_(chunk))
                .execution_options(populate_existing=True)
            ).all()
            for row, found in self._matches(rows):
                cited, match = found or (None, None)
                if row.cited_id != cited:
                    touched |= {one for one in (row.resource_id, row.cited_id, cited) if one}
                    if cited:
                        added[row.resource_id, cited] += 1
                row.cited_id = cited
                row.score = match.score if match else None
                row.evidence = match.as_dict() if match else None
            self._session.flush()
        self._tell(added, touched)

    def _tell(self, added: Iterable[tuple[str, str]], touched: set[str]) -> None:
        cites: dict[str, list[str]] = {}
        for citing, cited in sorted(added):
            cites.setdefault(citing, []).append(cited)
        for citing, cited_ids in cites.items():
            data = {
                "resource_id": citing,
                "total": len(cited_ids),
                "cited": cited_ids[:_MOST_TOLD],
            }
            outbox.record(self._session, SystemEvent.GRAPH_EDGE_ADDED, data)
        if touched:
            ids = sorted(touched)
            told = {"total": len(ids), "resource_ids": ids[:_MOST_TOLD]}
            outbox.record(self._session, SystemEvent.GRAPH_CACHE_INVALIDATED, told)

    def _sources(self, resource_ids: Collection[str]) -> dict[str, tuple[Resource, Revisions]]:
        found = self._session.scalars(
            select(Resource)
            .where(Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None))
            .options(selectinload(Resource.author_rows), selectinload(Resource.identifier_rows))
            .execution_options(populate_existing=True)
        ).all()
        return {one.id: (one, (one.content_revision, one.metadata_revision)) for one in found}

    def _live(self, resource_ids: Collection[str]) -> set[str]:
        query = select(Resource.id).where(
            Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None)
        )
        return set(self._session.scalars(query))

    def _cited_by(self, resource_ids: Collection[str]) -> set[int]:
        query = select(Citation.id).where(Citation.cited_id.in_(list(resource_ids)))
        return set(self._session.scalars(query))

    def _store(self, resource_id: str, resource: Resource, read: Revisions) -> set[int]:
        """Store a node, unless a newer one is there; give the references that share a key."""
        query = select(GraphNode).where(GraphNode.resource_id == resource_id)
        row = self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            row = GraphNode(resource_id=resource_id)
            self._session.add(row)
        elif row.content_revision > read[0] or row.metadata_revision > read[1]:
            return set()
        row.title, row.authors, row.year = resource.title, resource.authors, resource.year
        own_id = {"id": resource.external_id} if resource.external_id else {}
        names = {name: value for name, value in resource.identifiers.items() if name != "url"}
        row.identifiers = names | own_id
        row.content_revision, row.metadata_revision = read
        row.computed_at = now()
        self._session.flush()
        keys = keys_of(_work(row), cited=True)
        _replace_keys(self._session, GraphKey, "number", {row.number: keys})
        sharing = select(CitationKey.citation_id).where(CitationKey.key.in_(sorted(keys)))
        return set(self._session.scalars(sharing))

    def _matches(
        self, rows: Sequence[Citation]
    ) -> Iterator[tuple[Citation, tuple[str, Match] | None]]:
        works = {row.id: reference_work(row) for row in rows}
        keys = {one: keys_of(work, cited=False) for one, work in works.items()}
        _replace_keys(self._session, CitationKey, "citation_id", keys)
        holders = self._holders({key for own in keys.values() for key in own})
        nodes = self._nodes({number for held in holders.values() for number in held})
        said = self._decisions(rows)
        for row in rows:
            right, wrong = said.get((row.resource_id, row.fingerprint), (None, frozenset()))
            if right:
                yield row, (right, Match(1.0, "person"))
                continue
            numbers = {n for key in keys[row.id] for n in holders.get(key, ())}
            candidates = [
                nodes[n]
                for n in numbers
                if nodes[n][0] != row.resource_id and nodes[n][0] not in wrong
            ]
            yield row, best_match(works[row.id], candidates)

    def _holders(self, keys: set[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for chunk in in_chunks(keys):
            few = (
                select(GraphKey.key)
                .where(GraphKey.key.in_(chunk))
                .group_by(GraphKey.key)
                .having(func.count() <= MOST_HOLDERS)
            )
            query = select(GraphKey.key, GraphKey.number).where(GraphKey.key.in_(few))
            for key, number in self._session.execute(query):
                found.setdefault(key, []).append(number)
        return found

    def _nodes(self, numbers: set[int]) -> dict[int, tuple[str, Work]]:
        found = {}
        for chunk in in_chunks(numbers):
            for row in self._session.scalars(select(GraphNode).where(GraphNode.number.in_(chunk))):
                found[row.number] = (row.resource_id, _work(row))
        return found

    def _decisions(
        self, rows: Sequence[Citation]
    ) -> dict[tuple[str, str], tuple[str | None, frozenset[str]]]:
        """Give what people said: which resource it is, if it is in the library, and which not.

        What was merged stands for what it was merged into.
        """
        said = self._session.scalars(
            select(CitationDecision).where(
                CitationDecision.resource_id.in_({row.resource_id for row in rows})
            )
        ).all()
        if not said:
            return {}
        named = {one.cited_id for one in said}
        merged = select(Merge.other_id, Merge.kept_id).where(
            Merge.other_id.in_(named), Merge.undone_at.is_(None)
        )
        kept = {other: into for other, into in self._session.execute(merged)}  # noqa: C416 (rows)
        nodes = select(GraphNode.resource_id).where(
            GraphNode.resource_id.in_(named | set(kept.values()))
        )
        there = set(self._session.scalars(nodes))
        found: dict[tuple[str, str], tuple[str | None, frozenset[str]]] = {}
        for one in said:
            place = (one.resource_id, one.fingerprint)
            right, wrong = found.get(place, (None, frozenset()))
            cited = kept.get(one.cited_id, one.cited_id)
            if one.is_right and cited in there:
                right = cited
            elif not one.is_right:
                wrong |= {cited}
            found[place] = (right, wrong)
        return found


def reference_work(row: Citation) -> Work:
    """Give what a reference names; what a record names may be the id of the import."""
    names = {
        "doi": row.doi,
        "arxiv": row.arxiv_id,
        "id": row.raw if row.source == "record" else None,
    }
    identifiers = {scheme: value for scheme, value in names.items() if value}
    return work_of(row.title, row.authors, row.year, identifiers)


def damaged_nodes(session: Session) -> set[str]:
    """Give the resources whose node has not the keys that it should have."""
    counts = select(GraphKey.number, func.count()).group_by(GraphKey.number)
    held = {number: count for number, count in session.execute(counts)}  # noqa: C416 (rows)
    rows = session.scalars(select(GraphNode).execution_options(yield_per=_CHUNK))
    return {
        row.resource_id
        for row in rows
        if held.get(row.number, 0) != len(keys_of(_work(row), cited=True))
    }


def _work(row: GraphNode) -> Work:
    return work_of(row.title, row.authors, row.year, row.identifiers)


def _replace_keys(
    session: Session, table: Any, column: str, wanted: Mapping[int, set[int]]
) -> None:
    """Give each owner the keys that are wanted, and no others."""
    owner = getattr(table, column)
    there: dict[int, set[int]] = {one: set() for one in wanted}
    for key, one in session.execute(select(table.key, owner).where(owner.in_(sorted(wanted)))):
        there[one].add(key)
    for one, keys in wanted.items():
        if gone := there[one] - keys:
            session.execute(delete(table).where(owner == one, table.key.in_(gone)))
    new = [{"key": key, column: one} for one, keys in wanted.items() for key in keys - there[one]]
    if new:
        session.execute(insert(table), new)


def in_chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield the ids in order, in lists that fit into one statement."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
