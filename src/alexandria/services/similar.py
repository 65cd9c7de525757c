"""What is like a resource: by meaning, by its most telling words, by shared citations."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from alexandria.models import Resource, ResourceAuthor
from alexandria.protocols import FullTextIndex, KeywordQuery, Term, VectorIndex
from alexandria.services.resources import ResourceService

_WEIGHTS = {"meaning": 0.5, "words": 0.3, "citations": 0.2}
WAYS = tuple(_WEIGHTS)
_LIST = 200
"""Resources of each way that take part."""
_READ = 60
"""Words of title and abstract that are considered."""
_TELLING = 12
_WORD = re.compile(r"[^\W\d_]{3,}")


_NAMED = 4
"""Shared words that a reason names."""


class Coupling(Protocol):
    def coupled(self, resource_id: str) -> Sequence[tuple[str, float, Mapping[str, int]]]:
        """Give resources that share citations with one: id, score, evidence.

        Evidence: `shared_references` and `cited_together` to how many works.
        """


@dataclass(frozen=True, slots=True)
class Similar:
    """`parts`: name to a value from 0 to 1 and its weight; their products add up to `score`.

    `reasons`: one sentence for each part, in the same order.
    """

    id: str
    title: str
    authors: list[str]
    year: int | None
    score: float
    parts: Mapping[str, tuple[float, float]]
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class _Found:
    """What each way found: resource id to a value from 0 to 1; and what tells why."""

    values: Mapping[str, Mapping[str, float]]
    telling: Sequence[str]
    """Words that the keyword index was asked for, those that tell most first."""
    evidence: Mapping[str, Mapping[str, int]]


class SimilarService:
    """Without a keyword index, or without `coupling`, the other ways answer alone."""

    def __init__(
        self,
        session: Session,
        resources: ResourceService,
        vectors: VectorIndex,
        fulltext: FullTextIndex,
        coupling: Coupling | None = None,
    ) -> None:
        self._session = session
        self._resources = resources
        self._vectors = vectors
        self._fulltext = fulltext
        self._coupling = coupling

    def of(self, resource_id: str, limit: int = 10, by: str | None = None) -> list[Similar]:
        """Give the resources most like it, the best first; `by` one of WAYS, or all combined.

        By one way alone its value is the score. Raises NotFoundError.
        """
        resource = self._resources.get(resource_id)
        weights = _WEIGHTS if by is None else {by: 1.0}
        found = self._found(resource, weights)
        parts: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
        for name, values in found.values.items():
            for one, value in values.items():
                parts[one][name] = (round(value, 6), weights[name])
        scores = {
            one: round(sum(value * weight for value, weight in of.values()), 6)
            for one, of in parts.items()
        }
        best = sorted(scores, key=lambda one: (-scores[one], one))
        return self._shown(self._live(best)[:limit], scores, parts, found)

    def _found(self, resource: Resource, ways: Collection[str]) -> _Found:
        values: dict[str, Mapping[str, float]] = {}
        telling: list[str] = []
        evidence: dict[str, Mapping[str, int]] = {}
        if "meaning" in ways:
            values["meaning"] = self._by_meaning(resource.id)
        if "words" in ways:
            telling = self._telling(resource)
            values["words"] = self._by_words(resource.id, telling)
        if "citations" in ways and self._coupling is not None:
            coupled = self._coupling.coupled(resource.id)[:_LIST]
            values["citations"] = {one: score for one, score, _ in coupled}
            evidence = {one: of for one, _, of in coupled}
        return _Found(values, telling, evidence)

    def _by_meaning(self, resource_id: str) -> dict[str, float]:
        vector = self._vectors.vectors([resource_id]).get(resource_id)
        if vector is None:
            return {}
        near = self._vectors.search(vector, _LIST, exclude=[resource_id])
        return {one: cosine for one, cosine in near if cosine > 0}

    def _telling(self, resource: Resource) -> list[str]:
        """Give the words that tell most of the resource, as BM25 has it."""
        text = f"{resource.title} {resource.abstract or ''}".lower()
        words = list(dict.fromkeys(_WORD.findall(text)))[:_READ]
        if not words:
            return []
        matched = self._fulltext.matches(_any_of(words), [resource.id]).get(resource.id, [])
        best = sorted(matched, key=lambda match: (-match.score, match.word))
        return [match.word for match in best[:_TELLING]]

    def _by_words(self, resource_id: str, telling: Sequence[str]) -> dict[str, float]:
        if not telling:
            return {}
        found = dict(self._fulltext.search(_any_of(telling), _LIST + 1))
        own = found.pop(resource_id, 0.0)
        greatest = max([own, *found.values()])
        return {one: score / greatest for one, score in found.items()} if greatest > 0 else {}

    def _live(self, ids: Sequence[str]) -> list[str]:
        """Give those that are not deleted, in the same order."""
        query = select(Resource.id).where(Resource.id.in_(ids), Resource.deleted_at.is_(None))
        live = set(self._session.scalars(query))
        return [one for one in ids if one in live]

    def _shown(
        self,
        ids: Sequence[str],
        scores: Mapping[str, float],
        parts: Mapping[str, Mapping[str, tuple[float, float]]],
        found: _Found,
    ) -> list[Similar]:
        query = select(Resource.id, Resource.title, Resource.year).where(Resource.id.in_(ids))
        rows = {row.id: row for row in self._session.execute(query)}
        authors: dict[str, list[str]] = defaultdict(list)
        for one, name in self._session.execute(
            select(ResourceAuthor.resource_id, ResourceAuthor.name)
            .where(ResourceAuthor.resource_id.in_(ids))
            .order_by(ResourceAuthor.resource_id, ResourceAuthor.position)
        ):
            authors[one].append(name)
        words = self._shared_words(ids, found.telling)
        return [
            Similar(
                one,
                rows[one].title,
                authors[one],
                rows[one].year,
                scores[one],
                parts[one],
                _reasons(parts[one], words.get(one, []), found.evidence.get(one, {})),
            )
            for one in ids
        ]

    def _shared_words(self, ids: Sequence[str], telling: Sequence[str]) -> dict[str, list[str]]:
        """Give for each resource which of the telling words it has, the most telling first."""
        if not telling or not ids:
            return {}
        matched = self._fulltext.matches(_any_of(telling), ids)
        return {
            one: sorted({match.word for match in matches}, key=telling.index)
            for one, matches in matched.items()
        }


def _any_of(words: Sequence[str]) -> KeywordQuery:
    return KeywordQuery(any_of=tuple(Term((word,)) for word in words))


def _reasons(
    parts: Mapping[str, tuple[float, float]], words: Sequence[str], evidence: Mapping[str, int]
) -> list[str]:
    """Give one sentence for each part."""
    return [
        _of_citations(evidence)
        if name == "citations"
        else _of_words(words)
        if name == "words"
        else f"Near in meaning: the cosine is {value:.2f}."
        for name, (value, _) in parts.items()
    ]


def _of_words(words: Sequence[str]) -> str:
    named = ", ".join(words[:_NAMED])
    more = len(words) - _NAMED
    return f"Both have the words {named}{f' and {more} more' if more > 0 else ''}."


def _of_citations(evidence: Mapping[str, int]) -> str:
    shared, together = evidence.get("shared_references", 0), evidence.get("cited_together", 0)
    said = [
        text
        for count, text in (
            (shared, f"both cite {shared} {'work' if shared == 1 else 'works'} in common"),
            (together, f"{together} {'work cites' if together == 1 else 'works cite'} both"),
        )
        if count
    ]
    sentence = ", and ".join(said)
    return f"{sentence[:1].upper()}{sentence[1:]}."
