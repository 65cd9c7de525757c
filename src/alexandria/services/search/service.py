from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import TypedDict

import orjson
from sqlalchemy.orm import Session

from alexandria import cache_keys
from alexandria.db import see_newest
from alexandria.errors import InvalidInputError
from alexandria.protocols import (
    Cache,
    Embedder,
    FullTextIndex,
    KeywordQuery,
    PassageIndex,
    VectorIndex,
)
from alexandria.services.freshness import FreshnessService
from alexandria.services.ledger import Revisions
from alexandria.services.search import facets
from alexandria.services.search.candidates import Candidates
from alexandria.services.search.conditions import Conditions
from alexandria.services.search.entries import entry_for, load_live
from alexandria.services.search.explanation import explain
from alexandria.services.search.identified import identified
from alexandria.services.search.news import found_since
from alexandria.services.search.query import ParsedQuery, parse, with_words
from alexandria.services.search.ranking import Hit
from alexandria.services.search.request import SearchRequest, SearchResponse, SearchResult
from alexandria.services.search.results import page_of


class _Answer(TypedDict):
    """The part of a response that is cached."""

    total: int
    results: list[SearchResult]
    did_you_mean: str | None
    facets: facets.Facets


class SearchService:
    """`cache`: None to cache nothing."""

    def __init__(
        self,
        session: Session,
        fulltext: FullTextIndex,
        vectors: VectorIndex,
        embedder: Embedder,
        cache: Cache | None,
        freshness: FreshnessService,
        passages: PassageIndex | None = None,
    ) -> None:
        self._session = session
        self._fulltext = fulltext
        self._vectors = vectors
        self._embedder = embedder
        self._freshness = freshness
        self._cache = cache
        self._candidates = Candidates(session, fulltext, vectors, embedder, passages)

    def search(self, request: SearchRequest) -> SearchResponse:
        """Answer the query; what was typed never raises."""
        started = perf_counter()
        request = request.cleaned()
        # Read before the results, so that these include at least what it says.
        index = self._freshness.index_state()
        answer, cached = self._cached_answer(request)
        results = self._with_freshness(answer["results"])
        return SearchResponse(
            query=request.query,
            mode=request.mode,
            total=answer["total"],
            took_ms=round((perf_counter() - started) * 1000, 2),
            cached=cached,
            did_you_mean=answer["did_you_mean"],
            index={"complete_through": index["complete_through"], "pending": index["pending"]},
            facets=answer["facets"],
            results=results,
        )

    def found_since(self, request: SearchRequest, moment: datetime) -> list[str]:
        """Give what came in after the moment of what the query finds, the best first."""

        def find() -> list[str]:
            see_newest(self._session)
            return found_since(self._session, self._candidates, request, moment)

        key = self._key(request, since=moment.isoformat())
        return self._cache.get_or_compute(key, find) if self._cache else find()

    def warm(self, asked: Iterable[str]) -> int:
        """Have the cache hold the answers to requests (as JSON); give how many it did not."""
        if self._cache is None:
            return 0
        return self._cache.warm(
            {
                self._key(request): partial(self._newest_answer, request)
                for request in map(_request_of, asked)
                if request is not None
            }
        )

    def update_fts5_index(self, resource_ids: Collection[str]) -> dict[str, Revisions]:
        """Write the keyword index anew for these; give the revisions that it now holds.

        Resources that are deleted or unknown are taken out of it, and are not in the answer.
        """
        # Else an entry of an older text could be written over that of an edit meanwhile.
        live = load_live(self._session, resource_ids, for_update=True)
        self._fulltext.put([entry_for(resource) for resource in live])
        self._fulltext.remove(set(resource_ids) - {resource.id for resource in live})
        return {one.id: (one.content_revision, one.metadata_revision) for one in live}

    def _cached_answer(self, request: SearchRequest) -> tuple[_Answer, bool]:
        if self._cache is None:
            return self._answer(request), False
        computed = False

        def compute() -> _Answer:
            nonlocal computed
            computed = True
            return self._newest_answer(request)

        asked = orjson.dumps(asdict(request)).decode()
        answer = self._cache.get_or_compute(self._key(request), compute, asked=asked)
        return answer, not computed

    def _key(self, request: SearchRequest, **more: str) -> str:
        # Every field changes the answer; white space in the query does not, and is gone by now.
        source = {"model": self._embedder.model, "index": self._fulltext.name}
        return cache_keys.search_query(asdict(request) | source | more)

    def _newest_answer(self, request: SearchRequest) -> _Answer:
        see_newest(self._session)  # else it could be older than what emptied the cache
        return self._answer(request)

    def _answer(self, request: SearchRequest) -> _Answer:
        named = identified(self._session, request.query)
        parsed = parse(named.words)
        filters = request.conditions()
        conditions = Conditions(
            required=filters.required + parsed.conditions.required,
            excluded=parsed.conditions.excluded,
        )
        found = self._candidates.find(request, parsed, conditions, named.resource_ids)
        ids = [hit.resource_id for hit in found.hits]
        snippets = self._fulltext.snippets(parsed.keyword, ids)
        results = page_of(self._session, found.hits, snippets)
        if request.explain:
            self._explain(results, found.hits, parsed.keyword)
        return _Answer(
            total=found.total,
            results=results,
            did_you_mean=self._did_you_mean(request.query, parsed),
            facets=facets.count(self._session, found.ids) if request.facets else {},
        )

    def _explain(
        self, results: Iterable[SearchResult], hits: Iterable[Hit], query: KeywordQuery
    ) -> None:
        scored = {hit.resource_id: hit for hit in hits}
        by_words = [one for one, hit in scored.items() if hit.keyword is not None]
        words = self._fulltext.matches(query, by_words)
        weights = self._fulltext.weights()
        for result in results:
            one = result["id"]
            result["explanation"] = explain(scored[one], words.get(one, []), weights)

    def _did_you_mean(self, query: str, parsed: ParsedQuery) -> str | None:
        meant = self._fulltext.spelled(parsed.plain_words)
        return with_words(query, meant) if meant else None

    def _with_freshness(self, results: Iterable[SearchResult]) -> list[SearchResult]:
        shown: list[SearchResult] = [{**result} for result in results]  # the cache may hold these
        rows = self._freshness.of([result["id"] for result in shown])
        for result in shown:
            result["freshness"] = {
                name: self._freshness.state(row) for name, row in rows[result["id"]].items()
            }
        return shown


def _request_of(asked: str) -> SearchRequest | None:
    """Read a request back; None if another version wrote it."""
    try:
        return SearchRequest(**orjson.loads(asked))
    except (ValueError, TypeError, InvalidInputError):
        return None
