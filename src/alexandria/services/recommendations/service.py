"""What a reader may want to read next: content, citations and co-reading, each with its reason."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alexandria import cache_keys
from alexandria.db import see_newest
from alexandria.errors import NotFoundError
from alexandria.models import (
    CoReading,
    Interaction,
    QualityScore,
    RecommendationDismissal,
    Resource,
    ResourceAuthor,
)
from alexandria.protocols import Cache, VectorIndex
from alexandria.services.recommendations.co_reading import cited_resources
from alexandria.services.recommendations.profiles import UserProfileService
from alexandria.services.recommendations.reasons import Evidence, Reasons

LARGEST = 100
_RANKED = 200
"""Recommendations that are ranked and cached, so that what a reader opens meanwhile can go."""
_SEEDS = 20
_NEIGHBOURS = 60
"""Of each seed, by meaning."""
_WEIGHTS = {"meaning": 0.5, "citations": 0.2, "readers": 0.3}
_DIVERSITY = 0.3
"""How much likeness to what is chosen already counts against a candidate."""
_NEWEST = 300

Vectors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`score`: from 0 to 1, comparable within one answer. `parts`: what it is the sum of."""

    resource_id: str
    title: str
    authors: list[str]
    year: int | None
    score: float
    reason: str
    parts: dict[str, float] = field(default_factory=dict)


class RecommendationService:
    def __init__(
        self,
        session: Session,
        profiles: UserProfileService,
        vectors: VectorIndex,
        cache: Cache | None,
    ) -> None:
        self._session = session
        self._profiles = profiles
        self._vectors = vectors
        self._cache = cache

    def recommend(self, user_id: str, limit: int) -> list[Recommendation]:
        """Give the best; nothing that is deleted, dismissed, or that the reader has, ever."""
        key = cache_keys.recommendations(user_id)
        compute = partial(self._computed, user_id)
        known = self._cache.get_or_compute(key, compute) if self._cache else compute()
        allowed = self._live([one["resource_id"] for one in known]) - self._excluded(user_id)
        return [Recommendation(**one) for one in known if one["resource_id"] in allowed][:limit]

    def warm(self, user_ids: Iterable[str]) -> int:
        """Have the cache hold what is recommended to these; give how many it did not."""
        if self._cache is None:
            return 0
        return self._cache.warm(
            {cache_keys.recommendations(one): partial(self._computed, one) for one in user_ids}
        )

    def dismiss(self, user_id: str, resource_id: str) -> None:
        """Never recommend the resource to this reader again, until it is undone."""
        if not self._live([resource_id]):
            raise NotFoundError(
                f"There is no resource {resource_id}.", "It may have been deleted; search for it."
            )
        self._session.merge(RecommendationDismissal(user_id=user_id, resource_id=resource_id))
        self._session.flush()
        self._forget(user_id)

    def undo_dismissal(self, user_id: str, resource_id: str) -> None:
        self._session.execute(
            delete(RecommendationDismissal).where(
                RecommendationDismissal.user_id == user_id,
                RecommendationDismissal.resource_id == resource_id,
            )
        )
        self._forget(user_id)

    def _forget(self, user_id: str) -> None:
        if self._cache:
            self._cache.delete(cache_keys.recommendations(user_id))

    def _computed(self, user_id: str) -> list[dict[str, Any]]:
        see_newest(self._session)  # else it could be older than what emptied the cache
        return [asdict(one) for one in self._ranked(user_id)]

    def _ranked(self, user_id: str) -> list[Recommendation]:
        excluded = self._excluded(user_id)
        seeds = self._profiles.preferences(user_id).seeds
        evidence = self._evidence(user_id, seeds, excluded)
        parts = _normalised(evidence)
        live = self._live(parts)
        scores = {one: sum(of.values()) for one, of in parts.items() if one in live}
        best = sorted(scores, key=lambda one: (-scores[one], one))[: 2 * _RANKED]
        chosen = diversified(best, scores, self._vectors.vectors(best), _RANKED)
        words = Reasons(self._session, user_id, seeds).of(chosen, evidence)
        found = self._shown(chosen, scores, words, parts)
        if len(found) < _RANKED:
            found += self._fresh_and_good(excluded | set(chosen), _RANKED - len(found))
        return found

    def _evidence(
        self, user_id: str, seeds: Mapping[str, float], excluded: Collection[str]
    ) -> dict[str, Evidence]:
        found: dict[str, Evidence] = defaultdict(Evidence)
        own = self._vectors.vectors(list(seeds)[:_SEEDS])
        for seed, vector in own.items():
            for one, cosine in self._vectors.search(vector, _NEIGHBOURS, exclude=excluded):
                found[one].near(seed, max(0.0, cosine), seeds[seed])
        ids = list(seeds)
        for citing, cited in cited_resources(self._session, citing=ids):
            found[cited].cited_by.append(citing)
        for citing, cited in cited_resources(self._session, cited=ids):
            found[citing].cites.append(cited)
        co_reading = self._session.get(CoReading, user_id, populate_existing=True)
        for one, score in co_reading.found if co_reading else ():
            found[one].readers = score
        return {one: evidence for one, evidence in found.items() if one not in excluded}

    def _excluded(self, user_id: str) -> set[str]:
        """Give what the reader has, or does not want."""
        has = select(Interaction.resource_id).where(Interaction.user_id == user_id)
        dismissed = select(RecommendationDismissal.resource_id).where(
            RecommendationDismissal.user_id == user_id
        )
        return {*self._session.scalars(has.distinct()), *self._session.scalars(dismissed)}

    def _live(self, resource_ids: Iterable[str]) -> set[str]:
        query = select(Resource.id).where(
            Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None)
        )
        return set(self._session.scalars(query))

    def _fresh_and_good(self, excluded: Collection[str], count: int) -> list[Recommendation]:
        """Fill up by recency and quality: half of the score each."""
        rows = self._session.execute(
            select(Resource.id, QualityScore.overall)
            .outerjoin(QualityScore, QualityScore.resource_id == Resource.id)
            .where(Resource.deleted_at.is_(None))
            .order_by(Resource.created_at.desc(), Resource.id)
            .limit(_NEWEST + len(excluded))
        )
        newest = [(one, overall or 0.0) for one, overall in rows if one not in excluded]
        scores = {
            one: (overall + 1 - place / len(newest)) / 2
            for place, (one, overall) in enumerate(newest)
        }
        best = sorted(scores, key=lambda one: (-scores[one], one))[:count]
        words = dict.fromkeys(best, "New in the library, and its record is good.")
        # Below all that has evidence.
        low = {one: round(scores[one] / 100, 6) for one in best}
        return self._shown(best, low, words, {one: {"fresh": low[one]} for one in best})

    def _shown(
        self,
        ids: Sequence[str],
        scores: Mapping[str, float],
        words: Mapping[str, str],
        parts: Mapping[str, dict[str, float]],
    ) -> list[Recommendation]:
        query = select(Resource.id, Resource.title, Resource.year).where(Resource.id.in_(ids))
        rows = {row.id: row for row in self._session.execute(query)}
        authors: dict[str, list[str]] = defaultdict(list)
        for one, name in self._session.execute(
            select(ResourceAuthor.resource_id, ResourceAuthor.name)
            .where(ResourceAuthor.resource_id.in_(ids))
            .order_by(ResourceAuthor.resource_id, ResourceAuthor.position)
        ):
            authors[one].append(name)
        return [
            Recommendation(
                one,
                rows[one].title,
                authors[one],
                rows[one].year,
                round(scores[one], 6),
                words[one],
                {name: round(part, 6) for name, part in parts[one].items()},
            )
            for one in ids
            if one in rows
        ]


def _normalised(evidence: Mapping[str, Evidence]) -> dict[str, dict[str, float]]:
    """Give each candidate's parts: its share of the greatest of each kind, times the weight."""
    raw: Mapping[str, Any] = {
        "meaning": lambda one: one.meaning,
        "citations": lambda one: float(np.log1p(len(one.cited_by) + len(one.cites))),
        "readers": lambda one: one.readers,
    }
    greatest = {
        name: max((of(one) for one in evidence.values()), default=0.0) for name, of in raw.items()
    }
    return {
        one: {
            name: _WEIGHTS[name] * of(found) / greatest[name]
            for name, of in raw.items()
            if of(found) > 0
        }
        for one, found in evidence.items()
    }


def diversified(
    ids: Sequence[str], scores: Mapping[str, float], vectors: Vectors, count: int
) -> list[str]:
    """Choose one after the other: the best by score less its likeness to those chosen.

    Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998); one without a vector is
    like none.
    """
    if not ids:
        return []
    width = len(next(iter(vectors.values()))) if vectors else 1
    matrix = np.stack([vectors.get(one, np.zeros(width, np.float32)) for one in ids])
    relevance = np.array([scores[one] for one in ids])
    likeness = np.zeros(len(ids))
    left = np.ones(len(ids), np.bool_)
    chosen: list[str] = []
    while len(chosen) < min(count, len(ids)):
        value = (1 - _DIVERSITY) * relevance - _DIVERSITY * likeness * relevance.max()
        best = int(np.argmax(np.where(left, value, -np.inf)))
        left[best] = False
        chosen.append(ids[best])
        likeness = np.maximum(likeness, matrix @ matrix[best])
    return chosen
