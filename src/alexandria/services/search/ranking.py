"""How two ranked lists become one: `docs/decisions/0003-ranking.md` has what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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


Parts = Mapping[str, tuple[float, float]]
"""What a score is the sum of: name to a value and its weight, which are multiplied."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` orders; `keyword` (BM25) and `semantic` (cosine) are None where a list lacks it.

    `parts`: what the score is the sum of, by name: a normalised score and its weight.
    """

    resource_id: str
    score: float
    keyword: float | None = None
    semantic: float | None = None
    passage: Passage | None = None
    """Where the text is nearer to the query than the resource as a whole."""
    parts: Parts = field(default_factory=dict, compare=False)


def by_keyword(found: Ranked) -> list[Hit]:
    return [Hit(one, score, keyword=score, parts={"keyword": (score, 1.0)}) for one, score in found]


def by_meaning(found: Ranked, passages: Mapping[str, Passage] | None = None) -> list[Hit]:
    passages = passages or {}
    return [
        Hit(one, score, None, score, passages.get(one), {"semantic": (score, 1.0)})
        for one, score in found
    ]


def fuse(keyword: Sequence[Hit], semantic: Sequence[Hit]) -> list[Hit]:
    """Add each list's score, normalised to 0 to 1 and weighted; what a list lacks scores 0 there."""
    words = {hit.resource_id: hit.keyword or 0.0 for hit in keyword}
    near = {hit.resource_id: hit for hit in semantic}
    left = _normalised(words)
    right = _normalised({one: hit.semantic or 0.0 for one, hit in near.items()})
    hits = []
    for one in words | near:
        found = near.get(one)
        parts = {
            "keyword": (left.get(one, 0.0), 1 - _MEANING),
            "semantic": (right.get(one, 0.0), _MEANING),
        }
        hits.append(
            Hit(
                one,
                _sum(parts),
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
    What has no vector yet counts by its words alone.
    """
    first = hits[:REFINED]
    known = [hit.resource_id for hit in first if hit.resource_id in vectors]
    again = {hit.resource_id: _awaited(hit) for hit in first if hit.resource_id not in vectors}
    if len(known) > 1:
        again |= _by_feedback(first, known, vectors, query)
    ordered = [
        replace(hit, score=_sum(parts), parts=parts)
        for hit in first
        for parts in (again.get(hit.resource_id, hit.parts),)
    ]
    ordered.sort(key=lambda hit: -hit.score)
    return ordered + _below(ordered[-1].score, hits[REFINED:]) if ordered else []


def _awaited(hit: Hit) -> Parts:
    """Give what counts until the meaning is computed: new resources must not stand behind for it."""
    words, _ = hit.parts.get("keyword", (0.0, 0.0))
    return {"keyword": (words, 1 - _MEANING), "awaited": (words, _MEANING)}


def _by_feedback(
    first: Sequence[Hit], known: Sequence[str], vectors: Mapping[str, Vectors], query: Vectors
) -> dict[str, Parts]:
    matrix = np.stack([vectors[one] for one in known])
    cosines: list[float] = (matrix @ _moved(query, matrix)).tolist()
    near = _normalised(dict(zip(known, cosines, strict=True)))
    again: dict[str, Parts] = {
        hit.resource_id: {**hit.parts, "semantic": (near[hit.resource_id], _MEANING)}
        for hit in first
        if hit.resource_id in near
    }
    shared = _neighbours_scores(matrix, [_sum(again[one]) for one in known])
    for one, score in zip(known, shared, strict=True):
        own = _scaled(again[one], 1 - _NEIGHBOURS_WEIGHT)
        again[one] = {**own, "neighbours": (score, _NEIGHBOURS_WEIGHT)}
    return again


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
        replace(hit, score=hit.score * factor, parts=_scaled(hit.parts, factor)) for hit in hits
    ]


def _sum(parts: Parts) -> float:
    return sum(value * weight for value, weight in parts.values())


def _scaled(parts: Parts, factor: float) -> Parts:
    return {name: (value, weight * factor) for name, (value, weight) in parts.items()}


def _normalised(scores: Mapping[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if low == high:
        return dict.fromkeys(scores, 1.0)
    return {one: (score - low) / (high - low) for one, score in scores.items()}
