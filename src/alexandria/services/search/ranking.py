"""How two ranked lists become one: `docs/decisions/0003-ranking.md` has what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Ranked = Sequence[tuple[str, float]]
Vectors = NDArray[np.float32]

LIST_SIZE = 1000
"""Resources of each list that take part."""
REFINED = 200
"""The best of the joined list, which `refine` orders anew."""

_MEANING = 0.6
"""Weight of the semantic list; the rest is the keyword list's."""
_FEEDBACK = 2
"""Resources, the best of the joined list, that move the query towards themselves."""
_FEEDBACK_WEIGHT = 0.5
_NEIGHBOURS = 5
_NEIGHBOURS_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters of a resource's content, from `start` up to `end`, of a content revision."""

    start: int
    end: int
    content_revision: int


@dataclass(frozen=True, slots=True)
class Parts:
    """What a score of hybrid search is the sum of, each with its weight applied."""

    keyword: float = 0.0
    semantic: float = 0.0
    neighbours: float = 0.0

    def __mul__(self, factor: float) -> "Parts":
        return Parts(self.keyword * factor, self.semantic * factor, self.neighbours * factor)

    @property
    def sum(self) -> float:
        return self.keyword + self.semantic + self.neighbours


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` orders; `keyword` (BM25) and `semantic` (cosine) are None where a list lacks it."""

    resource_id: str
    score: float
    keyword: float | None = None
    semantic: float | None = None
    passage: Passage | None = None
    """Where the text is nearer to the query than the resource as a whole."""
    parts: Parts | None = None
    """Of hybrid search."""


def by_keyword(found: Ranked) -> list[Hit]:
    return [Hit(one, score, keyword=score) for one, score in found]


def by_meaning(found: Ranked, passages: Mapping[str, Passage] | None = None) -> list[Hit]:
    passages = passages or {}
    return [Hit(one, score, semantic=score, passage=passages.get(one)) for one, score in found]


def fuse(keyword: Sequence[Hit], semantic: Sequence[Hit]) -> list[Hit]:
    """Add each list's score, normalised to 0 to 1 and weighted; what a list lacks scores 0 there."""
    words = {hit.resource_id: hit.keyword or 0.0 for hit in keyword}
    near = {hit.resource_id: hit for hit in semantic}
    left = _normalised(words)
    right = _normalised({one: hit.semantic or 0.0 for one, hit in near.items()})
    hits = []
    for one in words | near:
        parts = Parts(
            keyword=(1 - _MEANING) * left.get(one, 0.0), semantic=_MEANING * right.get(one, 0.0)
        )
        found = near.get(one)
        hits.append(
            Hit(
                one,
                parts.sum,
                keyword=words.get(one),
                semantic=found.semantic if found else None,
                passage=found.passage if found else None,
                parts=parts,
            )
        )
    return sorted(hits, key=lambda hit: -hit.score)


def refine(hits: Sequence[Hit], vectors: Mapping[str, Vectors], query: Vectors) -> list[Hit]:
    """Order the first REFINED of the joined list anew; the others follow as they were.

    `vectors`: one of length 1 for each resource that has one; `query`: of length 1.

    The query moves half-way towards the best (pseudo-relevance feedback: Rocchio, "Relevance
    Feedback in Information Retrieval", 1971), and what they are compared with again is that.
    Then a score is shared with the nearest among the hits (score regularisation: Diaz,
    "Regularizing Ad Hoc Retrieval Scores", CIKM 2005): papers on one subject stand together.
    """
    first = [hit for hit in hits[:REFINED] if hit.parts]
    known = [hit for hit in first if hit.resource_id in vectors]
    if len(known) <= 1:
        return list(hits)
    matrix = np.stack([vectors[hit.resource_id] for hit in known])
    nearness = _normalised(
        dict(zip((hit.resource_id for hit in known), matrix @ _moved(query, matrix), strict=True))
    )
    again = {
        hit.resource_id: replace(
            hit.parts, semantic=_MEANING * float(nearness.get(hit.resource_id, 0.0))
        )
        for hit in first
        if hit.parts
    }
    shared = _neighbours_scores(matrix, [again[hit.resource_id].sum for hit in known])
    for hit, score in zip(known, shared, strict=True):
        own = again[hit.resource_id] * (1 - _NEIGHBOURS_WEIGHT)
        again[hit.resource_id] = replace(own, neighbours=_NEIGHBOURS_WEIGHT * score)
    ordered = [
        replace(hit, score=again[hit.resource_id].sum, parts=again[hit.resource_id])
        for hit in first
    ]
    ordered.sort(key=lambda hit: -hit.score)
    return ordered + _below(ordered[-1].score, hits[REFINED:])


def _moved(query: Vectors, best: Vectors) -> Vectors:
    weights = 1 / np.arange(1, min(_FEEDBACK, len(best)) + 1, dtype=np.float32)
    centre = weights @ best[: len(weights)]
    length = np.linalg.norm(centre) or 1
    moved: Vectors = (1 - _FEEDBACK_WEIGHT) * query + _FEEDBACK_WEIGHT * centre / length
    return moved


def _neighbours_scores(matrix: Vectors, scores: Sequence[float]) -> list[float]:
    """Give for each row the mean score of the rows nearest to it, weighted by their cosine."""
    cosines = np.maximum(matrix @ matrix.T, 0)
    np.fill_diagonal(cosines, 0)
    count = min(_NEIGHBOURS, len(matrix) - 1)
    nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    weights = np.take_along_axis(cosines, nearest, axis=1)
    total = weights.sum(axis=1)
    means = (weights * np.asarray(scores)[nearest]).sum(axis=1) / np.where(total == 0, 1, total)
    found: list[float] = means.tolist()
    return found


def _below(ceiling: float, hits: Sequence[Hit]) -> list[Hit]:
    """Scale the scores so that none is above the ceiling."""
    best = max((hit.score for hit in hits), default=0.0)
    if best <= ceiling:
        return list(hits)
    factor = max(0.0, ceiling) / best
    return [
        replace(hit, score=hit.score * factor, parts=hit.parts * factor if hit.parts else None)
        for hit in hits
    ]


def _normalised(scores: Mapping[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if low == high:
        return dict.fromkeys(scores, 1.0)
    return {one: (score - low) / (high - low) for one, score in scores.items()}
