"""What is ranked for a reader: the best items of a few ways, and what all ways say of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from alexandria.adapters.readings.bases import NAMES, Bases
from alexandria.adapters.readings.matrices import Floats, Numbers

_READERS_AT_ONCE = 128
_SOURCES = {"ease": 200, "joint": 60, "neighbours": 60}
"""Ways to how many of their best items take part."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """For one reader: `items`, and what is known of each, in rows.

    `scores`: a column for each of NAMES, standardised over all items; `facts`: for each its place
    among the candidates, then FACTS.
    """

    items: Numbers
    scores: Floats
    facts: Floats

    @property
    def features(self) -> Floats:
        return np.hstack([self.scores, self.facts])


def candidates(bases: Bases, read: sparse.csr_matrix) -> Iterator[Candidates]:
    """Give each reader's candidates; items that they have, or that nothing speaks for, are none."""
    for start in range(0, read.shape[0], _READERS_AT_ONCE):
        block = read[start : start + _READERS_AT_ONCE]
        scores = bases.scores(block)
        spoken_for = np.zeros(block.shape, np.bool_)
        for one in scores.values():
            spoken_for |= one != 0
        scores = {name: _standardised(one) for name, one in scores.items()}
        for reader in range(block.shape[0]):
            own = block.indices[block.indptr[reader] : block.indptr[reader + 1]]
            possible = spoken_for[reader]
            possible[own] = False
            items = _chosen({name: scores[name][reader] for name in _SOURCES}, possible)
            columns = np.stack([scores[name][reader, items] for name in NAMES], axis=1)
            places = np.argsort(np.argsort(-columns, axis=0, kind="stable"), axis=0)
            facts = bases.facts(block, reader, items)
            yield Candidates(
                items, columns, np.hstack([np.log1p(places).astype(np.float32), facts])
            )


def _chosen(scores: dict[str, Floats], possible: np.ndarray) -> Numbers:
    places = np.flatnonzero(possible)
    found: set[int] = set()
    for name, count in _SOURCES.items():
        if len(places) > count:
            best = np.argpartition(-scores[name][places], count - 1)[:count]
            found.update(places[best].tolist())
        else:
            found.update(places.tolist())
    return np.array(sorted(found), np.int64)


def _standardised(scores: Floats) -> Floats:
    """Give each row a mean of 0 and a deviation of 1; a row without any score stays 0."""
    deviation = scores.std(axis=1, keepdims=True)
    deviation[deviation == 0] = 1
    found: Floats = (scores - scores.mean(axis=1, keepdims=True)) / deviation
    return found
