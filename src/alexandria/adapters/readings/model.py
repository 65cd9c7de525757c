"""The model: ways to score, ranked by what a hidden fifth of each library teaches."""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from alexandria.adapters.readings.bases import Bases
from alexandria.adapters.readings.candidates import candidates
from alexandria.adapters.readings.matrices import incidence, link_matrix, tag_matrix
from alexandria.adapters.readings.ranking import Fixed, Ranking, learned
from alexandria.protocols.readings import Readings

_HIDDEN = 0.2
_FEWEST_READERS = 100
"""With fewer, nothing is hidden, and the weights are the fixed ones."""


class ReadingRanker:
    """Memory: 1 GB for 3,300 readers and 17,000 items, most of it blocks and features."""

    producer = "reading model 2"

    def __init__(self, readings: Readings) -> None:
        items = len(readings.tags)
        self._read = incidence(readings.libraries, items)
        self._tags = tag_matrix(readings.tags)
        self._links = link_matrix(readings.links, items)
        self._ranking = self._learned_ranking()
        self._bases = Bases(self._read, self._tags, self._links)

    def recommend(self, count: int) -> Iterator[list[tuple[int, float]]]:
        """Give for each reader items that are not theirs with scores from 0 to 1, the best first.

        A score is the odds by those of the best. Items that share no reader, tag or link with
        those of the reader, however far, are not given, so that there may be fewer than `count`.
        """
        for found in candidates(self._bases, self._read):
            scores = self._ranking.scores(found)
            best = np.argsort(-scores, kind="stable")[:count]
            yield [
                (int(found.items[one]), float(np.exp(scores[one] - scores[best[0]])))
                for one in best
            ]

    def _learned_ranking(self) -> Ranking:
        if self._read.shape[0] < _FEWEST_READERS:
            return Fixed()
        known, hidden = _split(self._read)
        bases = Bases(known, self._tags, self._links)
        features, labels = [], []
        for reader, found in enumerate(candidates(bases, known)):
            apart = hidden.indices[hidden.indptr[reader] : hidden.indptr[reader + 1]]
            if len(apart):
                features.append(found.features)
                labels.append(np.isin(found.items, apart))
        return learned(features, labels)


def _split(read: sparse.csr_matrix) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Hide a random fifth of each reader's items; the seed is fixed. Gives known and hidden."""
    random = np.random.default_rng(1)
    known, hidden = [], []
    for reader in range(read.shape[0]):
        own = random.permutation(read.indices[read.indptr[reader] : read.indptr[reader + 1]])
        apart = round(len(own) * _HIDDEN)
        hidden.append(own[:apart].tolist())
        known.append(own[apart:].tolist())
    return incidence(known, read.shape[1]), incidence(hidden, read.shape[1])
