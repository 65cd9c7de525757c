"""What is like a resource: by meaning, by its most telling words, by shared citations."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.models import Resource, ResourceAuthor
from alexandria.protocols import FullTextIndex, KeywordQuery, Term, VectorIndex
from alexandria.services.resources import ResourceService

Way = Literal["all", "meaning", "words", "citations"]

_WEIGHTS: Mapping[Way, float] = {"meaning": 0.5, "words": 0.3, "citations": 0.2}
_LIST = 200
"""Resources of each way that take part."""
_READ = 60
"""Words of title and abstract that are considered."""
_TELLING = 12
_WORD = re.compile(r"[^\W\d_]{3,}")


class Coupling(Protocol):
    def coupled(self, resource_id: str) -> Sequence[tuple[str, float, object]]:
        """Give resources that share citations with one: id, score, evidence."""


@dataclass(frozen=True, slots=True)
class Similar:
    """`parts`: name to a value from 0 to 1 and its weight; their products add up to `score`."""

    id: str
    title: str
    authors: list[str]
    year: int | None
    score: float
    parts: Mapping[str, tuple[float, float]]


class SimilarService:
    """Without a keyword index, or without `coupling`, the other ways answer alone."""

    def __init__(
        self,
        session: Session,
        resources: ResourceService,
        vectors: VectorIndex,
        fulltext: FullTextIndex | None,
        coupling: Coupling | None = None,
    ) -> None:
        self._session = session
        self._resources = resources
        self._vectors = vectors
        self._fulltext = fulltext
        self._coupling = coupling

    def of(self, resource_id: str, limit: int = 10, by: Way = "all") -> list[Similar]:
        """Give the resources most like it, the best first. Raises NotFoundError.

        `by` one way alone, its value is the score.
        """
        resource = self._resources.get(resource_id)
        parts: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
        ways: Mapping[Way, Callable[[], dict[str, float]]] = {
            "meaning": lambda: self._by_meaning(resource_id),
            "words": lambda: self._by_words(resource),
            "citations": lambda: self._by_citations(resource_id),
        }
        for name, find in ways.items():
            if by not in {"all", name}:
                continue
            weight = _WEIGHTS[name] if by == "all" else 1.0
            for one, value in find().items():
                parts[one][name] = (round(value, 6), weight)
        scores = {
            one: round(sum(value * weight for value, weight in of.values()), 6)
            for one, of in parts.items()
        }
        best = sorted(scores, key=lambda one: (-scores[one], one))
        return self._shown(best, scores, parts)[:limit]

    def _by_meaning(self, resource_id: str) -> dict[str, float]:
        vector = self._vectors.vectors([resource_id]).get(resource_id)
        if vector is None:
            return {}
        near = self._vectors.search(vector, _LIST, exclude=[resource_id])
        return {one: cosine for one, cosine in near if cosine > 0}

    def _by_words(self, resource: Resource) -> dict[str, float]:
        """Ask the keyword index for the words that tell most of the resource, as BM25 has it."""
        text = f"{resource.title} {resource.abstract or ''}".lower()
        words = list(dict.fromkeys(_WORD.findall(text)))[:_READ]
        if self._fulltext is None or not words:
            return {}
        all_of_it = KeywordQuery(any_of=tuple(Term((word,)) for word in words))
        matched = self._fulltext.matches(all_of_it, [resource.id]).get(resource.id, [])
        telling = sorted(matched, key=lambda match: (-match.score, match.word))[:_TELLING]
        if not telling:
            return {}
        query = KeywordQuery(any_of=tuple(Term((match.word,)) for match in telling))
        found = dict(self._fulltext.search(query, _LIST + 1))
        own = found.pop(resource.id, 0.0)
        greatest = max([own, *found.values()])
        return {one: score / greatest for one, score in found.items()} if greatest > 0 else {}

    def _by_citations(self, resource_id: str) -> dict[str, float]:
        if self._coupling is None:
            return {}
        return {one: score for one, score, _ in self._coupling.coupled(resource_id)[:_LIST]}

    def _shown(
        self,
        ids: Sequence[str],
        scores: Mapping[str, float],
        parts: Mapping[str, Mapping[str, tuple[float, float]]],
    ) -> list[Similar]:
        query = select(Resource.id, Resource.title, Resource.year).where(
            Resource.id.in_(ids), Resource.deleted_at.is_(None)
        )
        rows = {row.id: row for row in self._session.execute(query)}
        authors: dict[str, list[str]] = defaultdict(list)
        for one, name in self._session.execute(
            select(ResourceAuthor.resource_id, ResourceAuthor.name)
            .where(ResourceAuthor.resource_id.in_(rows))
            .order_by(ResourceAuthor.resource_id, ResourceAuthor.position)
        ):
            authors[one].append(name)
        return [
            Similar(one, rows[one].title, authors[one], rows[one].year, scores[one], parts[one])
            for one in ids
            if one in rows
        ]
