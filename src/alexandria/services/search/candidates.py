"""Which resources answer a query, in what order, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.models import Resource
from alexandria.protocols import (
    Embedder,
    FullTextIndex,
    KeywordQuery,
    NearPassage,
    PassageIndex,
    VectorIndex,
)
from alexandria.services.search.conditions import Conditions
from alexandria.services.search.identified import first
from alexandria.services.search.ordering import in_order, sql_order
from alexandria.services.search.query import ParsedQuery
from alexandria.services.search.ranking import (
    LIST_SIZE,
    REFINED,
    Hit,
    Passage,
    Ranked,
    Vectors,
    by_keyword,
    by_meaning,
    fuse,
    refine,
)
from alexandria.services.search.request import Mode, SearchRequest

_ALL = 2**31 - 1
_TEXT_CHARACTERS = 2000
"""Of a query that are embedded; models read less than that."""


@dataclass(frozen=True, slots=True)
class Found:
    hits: list[Hit]
    """Of one page."""
    total: int
    ids: Sequence[str] = ()
    """Of all pages, if facets are asked for."""


class Candidates:
    """Reads the indexes; without a keyword index only meaning and conditions can be asked for."""

    def __init__(
        self,
        session: Session,
        fulltext: FullTextIndex,
        vectors: VectorIndex,
        embedder: Embedder,
        passages: PassageIndex | None,
    ) -> None:
        self._session = session
        self._fulltext = fulltext
        self._vectors = vectors
        self._passages = passages
        self._embedder = embedder

    def find(
        self,
        request: SearchRequest,
        parsed: ParsedQuery,
        conditions: Conditions,
        named: Sequence[str] = (),
    ) -> Found:
        """`named`: resources that the query names by an identifier; they come first."""
        if not parsed.wants_words and not named:
            return self._listed(request, parsed, conditions)
        mode = request.mode if parsed.text else "keyword"
        all_wanted = request.facets or request.sort != "relevance" or conditions or named
        if mode == "keyword" and not all_wanted:
            return self._best_by_words(request, parsed.keyword)
        # Conditions come first, so that a rare kind of resource is not cut off with the list.
        allowed = conditions.allowed(self._session) if conditions else None
        ranked = self._ranked(mode, parsed, allowed) if parsed.wants_words else []
        leading = [one for one in named if allowed is None or one in allowed]
        hits = in_order(self._session, first(ranked, leading), request.sort)
        ids = [hit.resource_id for hit in hits]
        return Found(hits[request.offset : request.offset + request.limit], len(hits), ids)

    def _matching(self, query: KeywordQuery, limit: int = _ALL) -> list[tuple[str, float]]:
        return self._fulltext.search(query, limit)

    def _best_by_words(self, request: SearchRequest, query: KeywordQuery) -> Found:
        end = request.offset + request.limit
        found = self._matching(query, end)
        total = len(found) if len(found) < end else self._fulltext.count(query)
        return Found(by_keyword(found[request.offset :]), total)

    def _ranked(self, mode: Mode, parsed: ParsedQuery, allowed: set[str] | None) -> list[Hit]:
        if mode == "keyword":
            return by_keyword(self._by_words(parsed.keyword, allowed, _ALL))
        query = self._embedder.embed([parsed.text[:_TEXT_CHARACTERS]])[0]
        near, passages = self._by_meaning(query, parsed.keyword, allowed)
        if mode == "semantic":
            return near
        joined = fuse(by_keyword(self._by_words(parsed.keyword, allowed, LIST_SIZE)), near)
        best = joined[:REFINED]
        vectors = dict(self._vectors.vectors([hit.resource_id for hit in best]))
        vectors |= {
            one.resource_id: passages[one.resource_id].vector for one in best if one.passage
        }
        return refine(joined, vectors, query)

    def _by_words(self, query: KeywordQuery, allowed: set[str] | None, limit: int) -> Ranked:
        if allowed is None:
            return self._matching(query, limit)
        return [hit for hit in self._matching(query) if hit[0] in allowed][:limit]

    def _by_meaning(
        self, query: Vectors, words: KeywordQuery, allowed: set[str] | None
    ) -> tuple[list[Hit], dict[str, NearPassage]]:
        """Rank by the best of a resource's own vector and its passages'; give these as well."""
        if words.all_of:
            met = {one for one, _ in self._matching(KeywordQuery(all_of=words.all_of))}
            allowed = met if allowed is None else allowed & met
        excluded = self._excluded(words)
        scores = dict(self._vectors.search(query, LIST_SIZE, excluded, allowed))
        nearer: dict[str, NearPassage] = {}
        if self._passages:
            for found in self._passages.search(query, LIST_SIZE, excluded, allowed):
                if found.score > scores.get(found.resource_id, -1.0):
                    nearer[found.resource_id] = found
                    scores[found.resource_id] = found.score
        ranked = sorted(scores.items(), key=lambda pair: -pair[1])[:LIST_SIZE]
        places = {
            one: Passage(near.start, near.end, near.content_revision)
            for one, near in nearer.items()
        }
        return by_meaning(ranked, places), nearer

    def _excluded(self, query: KeywordQuery) -> set[str]:
        return {
            one for term in query.none_of for one, _ in self._matching(KeywordQuery(all_of=(term,)))
        }

    def _listed(self, request: SearchRequest, parsed: ParsedQuery, conditions: Conditions) -> Found:
        """List what meets the conditions; the newest first, unless another order is asked for."""
        sort = "-created" if request.sort == "relevance" else request.sort
        ids = select(Resource.id).where(*conditions.clauses()).order_by(*sql_order(sort))
        page = slice(request.offset, request.offset + request.limit)
        excluded = self._excluded(parsed.keyword)
        if excluded or request.facets:
            kept = [one for one in self._session.scalars(ids) if one not in excluded]
            return Found([Hit(one, 0.0) for one in kept[page]], len(kept), kept)
        total = select(func.count()).select_from(Resource).where(*conditions.clauses())
        found = self._session.scalars(ids.limit(request.limit).offset(request.offset))
        return Found([Hit(one, 0.0) for one in found], self._session.scalar(total) or 0)
