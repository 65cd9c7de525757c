"""The citation graph: its edges kept, its questions answered."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import rustworkx as rx
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from alexandria import cache_keys
from alexandria.db import now, see_newest
from alexandria.errors import InvalidInputError, NotFoundError
from alexandria.models import Citation, CitationDecision, OutboxEvent, Resource
from alexandria.protocols import Cache
from alexandria.services.graph.edges import GraphEdges
from alexandria.services.graph.lock import lock_graph
from alexandria.services.ledger import Revisions

DEEPEST = 3
MOST_NEIGHBORS = 500
_CHUNK = 500
_MOST_COUPLED = 50
_MOST_CITING = 1_000
"""Of those who cite one work, that are looked at for what they cite besides."""


@dataclass(frozen=True, slots=True)
class Citations:
    """`total`: references of the resource; `matched`: works of the library that it cites."""

    total: int
    matched: int
    cited_by: int
    references: Sequence[Citation]
    citing: Sequence[Citation]


class GraphService:
    def __init__(self, session: Session, cache: Cache | None = None) -> None:
        self._session = session
        self._cache = cache
        self._edges = GraphEdges(session)

    def add_citation_edges(self, resource_ids: Collection[str]) -> dict[str, Revisions]:
        """Match what resources cite, and who cites them; give the revisions that were read."""
        return self._edges.update(resource_ids)

    def citations_of(self, resource_id: str) -> Citations:
        """Give the references of a resource in order, and those by which others cite it."""
        self._require(resource_id)
        out = self._session.scalars(
            select(Citation)
            .where(Citation.resource_id == resource_id)
            .order_by(Citation.position, Citation.id)
        ).all()
        citing = self._session.scalars(
            select(Citation)
            .where(Citation.cited_id == resource_id)
            .order_by(Citation.resource_id, Citation.position)
        ).all()
        return Citations(
            total=len(out),
            matched=len({one.cited_id for one in out if one.cited_id}),
            cited_by=len({one.resource_id for one in citing}),
            references=out,
            citing=citing,
        )

    def neighbors(self, resource_id: str, depth: int = 1) -> dict[str, Any]:
        """Give what cites or is cited, over at most `depth` edges: nodes with distance, and edges.

        At most MOST_NEIGHBORS nodes, the nearest; `complete` says whether these are all.
        """
        if not 1 <= depth <= DEEPEST:
            raise InvalidInputError(f"A depth of {depth} is not given.", f"Use 1 to {DEEPEST}.")
        self._require(resource_id)
        compute = partial(self._neighbors, resource_id, depth)
        key = cache_keys.neighbors(resource_id, depth)
        return self._cache.get_or_compute(key, compute) if self._cache else compute()

    def warm(self, asked: Iterable[str]) -> int:
        """Have the cache hold neighbours (`ID:DEPTH`); give how many it did not."""
        computations = {
            cache_keys.neighbors(one, int(depth)): partial(self._neighbors, one, int(depth))
            for one, depth in (text.split(":") for text in asked)
        }
        return self._cache.warm(computations) if self._cache else 0

    def _neighbors(self, resource_id: str, depth: int) -> dict[str, Any]:
        see_newest(self._session)  # else it could be older than what emptied the cache
        self._require(resource_id)
        distances, complete = self._reach(resource_id, depth)
        titles = self.titles(distances)
        return {
            "resource_id": resource_id,
            "depth": depth,
            "complete": complete,
            "nodes": [{"id": one, "distance": distances[one], **titles[one]} for one in distances],
            "edges": self._edges_among(distances),
        }

    def path(self, start: str, end: str) -> list[dict[str, Any]]:
        """Give the shortest way between two resources, whichever way the citations on it go.

        Raises NotFoundError if there is none.
        """
        self._require(start)
        self._require(end)
        graph, numbers, ids = self._whole()
        found: Mapping[int, Sequence[int]] = {}
        if start in numbers and end in numbers:
            found = rx.dijkstra_shortest_paths(
                graph.to_undirected(), numbers[start], numbers[end], default_weight=1.0
            )
        if start != end and (end not in numbers or numbers[end] not in found):
            raise NotFoundError("No citations connect the two.", "Look at their neighbours.")
        way = [start] if start == end else [ids[n] for n in found[numbers[end]]]
        titles = self.titles(way)
        return [{"id": one, **titles[one]} for one in way]

    def influential(self, limit: int = 20) -> dict[str, Any]:
        """Give the works with the highest PageRank (damping 0.85) among the citations here.

        `event_id`: the newest event that the figures include.
        """
        see_newest(self._session)
        event_id = self._session.scalar(select(func.max(OutboxEvent.id))) or 0
        graph, _, ids = self._whole()
        ranks = rx.pagerank(graph, alpha=0.85) if ids else {}
        best = sorted(ranks.items(), key=lambda pair: (-pair[1], ids[pair[0]]))[:limit]
        titles = self.titles([ids[number] for number, _ in best])
        items = [
            {
                "id": ids[number],
                **titles[ids[number]],
                "rank": round(rank, 6),
                "cited_by": graph.in_degree(number),
            }
            for number, rank in best
        ]
        return {"total": len(ids), "event_id": event_id, "items": items}

    def coupled(self, resource_id: str) -> list[tuple[str, float, dict[str, int]]]:
        """Give resources that share citations with one: id, score from 0 to 1, evidence.

        `shared_references`: works that both cite (bibliographic coupling, Kessler 1963);
        `cited_together`: works that cite both (co-citation, Small 1973). The score is the larger
        of the two cosines (Salton): count / sqrt(degree * degree).
        """
        cited = self._ends(Citation.cited_id, Citation.resource_id == resource_id)
        citing = self._ends(Citation.resource_id, Citation.cited_id == resource_id)
        shared = self._counts(Citation.resource_id, Citation.cited_id, cited)
        together = self._counts(Citation.cited_id, Citation.resource_id, citing[:_MOST_CITING])
        shared.pop(resource_id, None)
        together.pop(resource_id, None)
        degrees_out = self._counts(Citation.resource_id, Citation.resource_id, list(shared))
        degrees_in = self._counts(Citation.cited_id, Citation.cited_id, list(together))
        found = []
        for one in shared.keys() | together.keys():
            scores = [
                count / (own * theirs) ** 0.5
                for count, own, theirs in (
                    (shared.get(one, 0), len(cited), degrees_out.get(one, 0)),
                    (together.get(one, 0), len(citing), degrees_in.get(one, 0)),
                )
                if count
            ]
            evidence = {
                "shared_references": shared.get(one, 0),
                "cited_together": together.get(one, 0),
            }
            found.append((one, round(min(1.0, max(scores)), 4), evidence))
        return sorted(found, key=lambda each: (-each[1], each[0]))[:_MOST_COUPLED]

    def decide(self, resource_id: str, citation_id: int, cited_id: str, *, right: bool) -> Citation:
        """Keep that a reference is, or is not, this resource; no computation overrules it.

        Raises NotFoundError, and InvalidInputError for a resource said to cite itself.
        """
        self._require(resource_id)
        lock_graph(self._session)
        row = self._session.get(Citation, citation_id, populate_existing=True)
        if row is None or row.resource_id != resource_id:
            raise NotFoundError("This resource has no such reference.", "Read its citations anew.")
        self._require(cited_id)
        if cited_id == resource_id:
            raise InvalidInputError("A resource does not cite itself.", "Name another one.")
        mine = (
            CitationDecision.resource_id == resource_id,
            CitationDecision.fingerprint == row.fingerprint,
        )
        replaced = or_(CitationDecision.cited_id == cited_id, CitationDecision.is_right)
        self._session.execute(delete(CitationDecision).where(*mine, replaced))
        self._session.add(
            CitationDecision(
                resource_id=resource_id,
                fingerprint=row.fingerprint,
                cited_id=cited_id,
                is_right=right,
                created_at=now(),
            )
        )
        self._session.flush()
        self._edges.match([row.id])
        return row

    def cited_by(self, resource_ids: Sequence[str]) -> dict[str, int]:
        """Count for each resource those that cite it; one that none cites is left out."""
        return self._counts(Citation.cited_id, Citation.cited_id, resource_ids)

    def titles_in(self, found: Citations) -> dict[str, dict[str, Any]]:
        """Give title and year of all resources that the citations name."""
        rows = (*found.references, *found.citing)
        named = {one.resource_id for one in rows} | {one.cited_id for one in rows if one.cited_id}
        return self.titles(named)

    def titles(self, resource_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Give title and year of resources."""
        ordered = sorted(resource_ids)
        found = {}
        for at in range(0, len(ordered), _CHUNK):
            query = select(Resource.id, Resource.title, Resource.year).where(
                Resource.id.in_(ordered[at : at + _CHUNK])
            )
            for one, title, year in self._session.execute(query):
                found[one] = {"title": title, "year": year}
        return found

    def _require(self, resource_id: str) -> None:
        query = select(Resource.id).where(Resource.id == resource_id, Resource.deleted_at.is_(None))
        if self._session.scalar(query) is None:
            raise NotFoundError(
                f"There is no resource {resource_id}.", "It may have been deleted; search for it."
            )

    def _reach(self, start: str, depth: int) -> tuple[dict[str, int], bool]:
        distances = {start: 0}
        frontier, complete = [start], True
        for distance in range(1, depth + 1):
            found = {
                one
                for at in range(0, len(frontier), _CHUNK)
                for one in self._adjacent(frontier[at : at + _CHUNK])
            }
            frontier = sorted(found - distances.keys())
            room = MOST_NEIGHBORS - len(distances)
            complete = complete and len(frontier) <= room
            frontier = frontier[:room]
            distances |= dict.fromkeys(frontier, distance)
        return distances, complete

    def _adjacent(self, ids: Sequence[str]) -> set[str]:
        cited = self._ends(Citation.cited_id, Citation.resource_id.in_(ids))
        return {*cited, *self._ends(Citation.resource_id, Citation.cited_id.in_(ids))}

    def _ends(self, column: Any, condition: Any) -> list[str]:
        query = select(column).where(condition, Citation.cited_id.is_not(None)).distinct()
        return sorted(self._session.scalars(query))

    def _counts(self, column: Any, given: Any, ids: Sequence[str]) -> dict[str, int]:
        """Count the edges of each `column` whose `given` end is one of the ids."""
        edges = select(Citation.resource_id, Citation.cited_id).where(
            Citation.cited_id.is_not(None)
        )
        found: dict[str, int] = {}
        for at in range(0, len(ids), _CHUNK):
            edge = edges.where(given.in_(ids[at : at + _CHUNK])).distinct().subquery()
            query = select(edge.c[column.key], func.count()).group_by(edge.c[column.key])
            for one, count in self._session.execute(query):
                found[one] = found.get(one, 0) + count
        return found

    def _edges_among(self, ids: Collection[str]) -> list[dict[str, Any]]:
        ordered = sorted(ids)
        found: dict[tuple[str, str], float] = {}
        for at in range(0, len(ordered), _CHUNK):
            query = select(Citation.resource_id, Citation.cited_id, Citation.score).where(
                Citation.resource_id.in_(ordered[at : at + _CHUNK]), Citation.cited_id.is_not(None)
            )
            for citing, cited, score in self._session.execute(query):
                if cited in ids and cited is not None and score is not None:
                    found[citing, cited] = max(score, found.get((citing, cited), 0.0))
        return [
            {"citing": a, "cited": b, "score": score} for (a, b), score in sorted(found.items())
        ]

    def _whole(self) -> tuple[rx.PyDiGraph[str, None], dict[str, int], list[str]]:
        """Give the graph of what cites or is cited; the numbers of its ids, and the other way."""
        query = select(Citation.resource_id, Citation.cited_id)
        edges = self._session.execute(query.where(Citation.cited_id.is_not(None)).distinct()).all()
        ids = sorted({one for edge in edges for one in edge})
        numbers = {one: number for number, one in enumerate(ids)}
        graph: rx.PyDiGraph[str, None] = rx.PyDiGraph()
        graph.add_nodes_from(ids)
        graph.add_edges_from_no_data([(numbers[a], numbers[b]) for a, b in edges])
        return graph, numbers, ids
