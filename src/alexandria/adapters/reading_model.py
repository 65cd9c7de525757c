"""Who reads what together: a model of readers' libraries, tags and citation links.

EASE (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019). Its items x items
inverse is replaced, by the matrix inversion lemma, with one of as many rows as there are readers
and side rows, which a laptop holds. Tags and links stand below the readers as rows of their own,
reduced to their leading directions. To its scores are added those of walks over readers, of tags
and of links, each standardised for each reader; the weights were chosen on a split of the
libraries (docs/evaluation.md).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from alexandria.protocols.readings import Readings

Floats = NDArray[np.float32]

_WEIGHTS = {"ease": 0.132, "walks": 0.124, "tags": 0.065, "links": 0.022, "together": 0.036}
_RIDGE = 100.0
_SIDE_WEIGHT = 4.0
_DIRECTIONS = 400
_POPULARITY = 0.4
"""How far the walks are held back from what all read."""
_READERS_AT_ONCE = 256
_FEWEST_OF_A_TAG = 2


class EaseAndWalks:
    """Memory: some float32 matrices of readers + side rows by items; 1 GB for 4,000 by 17,000."""

    producer = "reading model 1"

    def __init__(self, readings: Readings) -> None:
        self._items = len(readings.tags)
        self._read = _incidence(readings.libraries, self._items)
        self._tags = _tag_matrix(readings.tags)
        self._links = _link_matrix(readings.links, self._items)
        self._reach = (self._links + self._links @ self._links).tocsr()
        self._walk_back = _by_row_sum(self._read.T.tocsr())
        self._together = _unit_rows(self._read.T.tocsr())
        self._popularity = np.maximum(np.asarray(self._read.sum(0)).ravel(), 1) ** _POPULARITY
        self._fit()

    def recommend(self, count: int) -> Iterator[list[tuple[int, float]]]:
        """Give for each reader items that are not theirs with scores from 0 to 1, the best first."""
        for start in range(0, self._read.shape[0], _READERS_AT_ONCE):
            read = self._read[start : start + _READERS_AT_ONCE]
            for reader, scores in enumerate(self._blend(read)):
                own = read.indices[read.indptr[reader] : read.indptr[reader + 1]]
                scores[own] = -np.inf
                yield _best(scores, count, self._items - len(own))

    def _fit(self) -> None:
        side = [_directions(self._tags), _directions(_with_itself(self._links))]
        rows = np.vstack([self._read.toarray(), *(_SIDE_WEIGHT * one for one in side)])
        gram = rows @ rows.T
        gram[np.diag_indices_from(gram)] += _RIDGE
        self._rows = rows
        self._solved = np.linalg.solve(gram, rows)
        # Of the items x items inverse, times the ridge.
        self._diagonal = np.maximum(1 - np.einsum("ij,ij->j", rows, self._solved), 1e-6)

    def _blend(self, read: sparse.csr_matrix) -> Floats:
        """Give scores of shape (readers, items)."""
        scores = np.zeros((read.shape[0], self._items), np.float32)
        for name, weight in _WEIGHTS.items():
            scores += weight * _standardised(getattr(self, f"_by_{name}")(read))
        return scores

    def _by_ease(self, read: sparse.csr_matrix) -> Floats:
        found: Floats = (read @ self._rows.T) @ self._solved / self._diagonal
        return found

    def _by_walks(self, read: sparse.csr_matrix) -> Floats:
        """RP3beta (Paudel et al., TiiS 2017): item to readers to items, held back by popularity."""
        walked = _by_row_sum(read) @ self._walk_back @ _by_row_sum(self._read)
        found: Floats = _dense(walked) / self._popularity
        return found

    def _by_tags(self, read: sparse.csr_matrix) -> Floats:
        return _dense((read @ self._tags) @ self._tags.T)

    def _by_links(self, read: sparse.csr_matrix) -> Floats:
        return _dense(read @ self._reach)

    def _by_together(self, read: sparse.csr_matrix) -> Floats:
        """Items of the same readers, by cosine."""
        return _dense((read @ self._together) @ self._together.T)


def _incidence(rows: Sequence[Sequence[int]], width: int) -> sparse.csr_matrix:
    index = [(row, one) for row, items in enumerate(rows) for one in sorted(set(items))]
    return _matrix(index, (len(rows), width))


def _matrix(index: Sequence[tuple[int, int]], shape: tuple[int, int]) -> sparse.csr_matrix:
    rows, columns = zip(*index, strict=True) if index else ((), ())
    ones = np.ones(len(index), np.float32)
    return sparse.csr_matrix((ones, (rows, columns)), shape)


def _tag_matrix(tags: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    """Give items x tags: rarer tags count more (IDF), each row of length 1."""
    counts = Counter(tag for of in tags for tag in set(of))
    kept = sorted(tag for tag, count in counts.items() if count >= _FEWEST_OF_A_TAG)
    column = {tag: place for place, tag in enumerate(kept)}
    index = [
        (item, column[tag])
        for item, of in enumerate(tags)
        for tag in sorted(set(of))
        if tag in column
    ]
    rarity = np.log(len(tags) / np.array([counts[tag] for tag in kept], np.float32))
    found = _matrix(index, (len(tags), len(kept)))
    return _unit_rows(found @ sparse.diags(rarity)) if kept else found


def _link_matrix(links: Sequence[tuple[int, int]], items: int) -> sparse.csr_matrix:
    """Give items x items, in both directions, by the square roots of both ends' degrees."""
    both = {pair for one, other in links if one != other for pair in ((one, other), (other, one))}
    found = _matrix(sorted(both), (items, items))
    scale = sparse.diags(1 / np.sqrt(np.maximum(np.asarray(found.sum(1)).ravel(), 1)))
    return (scale @ found @ scale).tocsr().astype(np.float32)


def _with_itself(links: sparse.csr_matrix) -> sparse.csr_matrix:
    return _unit_rows((sparse.eye(links.shape[0], dtype=np.float32) + links).tocsr())


def _directions(matrix: sparse.csr_matrix) -> Floats:
    """Give the leading directions of the rows, as rows of a (directions, items) matrix.

    By a randomised range finder with power iterations (Halko, Martinsson and Tropp, SIAM Review
    2011); the seed is fixed, so that the same library gives the same model.
    """
    width = min(_DIRECTIONS, *matrix.shape)
    if width == 0 or matrix.nnz == 0:
        return np.zeros((0, matrix.shape[0]), np.float32)
    random = np.random.default_rng(1)
    start = random.standard_normal((matrix.shape[1], min(width + 20, *matrix.shape)))
    found = matrix @ start.astype(np.float32)
    for _ in range(3):
        found, _r = np.linalg.qr(found)
        back, _r = np.linalg.qr(matrix.T @ found)
        found = matrix @ back
    basis, _r = np.linalg.qr(found)
    left, strength, _right = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    result: Floats = (basis @ left * strength)[:, :width].T
    return np.ascontiguousarray(result)


def _standardised(scores: Floats) -> Floats:
    """Give each row a mean of 0 and a deviation of 1; a row without any score stays 0."""
    deviation = scores.std(axis=1, keepdims=True)
    deviation[deviation == 0] = 1
    found: Floats = (scores - scores.mean(axis=1, keepdims=True)) / deviation
    return found


def _best(scores: Floats, count: int, possible: int) -> list[tuple[int, float]]:
    count = min(count, possible)
    if count <= 0:
        return []
    best = np.argpartition(-scores, count - 1)[:count]
    best = best[np.argsort(-scores[best], kind="stable")]
    top, low = float(scores[best[0]]), float(np.median(scores[np.isfinite(scores)]))
    spread = top - low or 1.0
    return [(int(one), max(0.0, (float(scores[one]) - low) / spread)) for one in best]


def _unit_rows(matrix: Any) -> sparse.csr_matrix:
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    return (sparse.diags(1 / np.maximum(lengths, 1e-9)) @ matrix).tocsr().astype(np.float32)


def _by_row_sum(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    sums = np.maximum(np.asarray(matrix.sum(1)).ravel(), 1)
    return (sparse.diags(1 / sums) @ matrix).tocsr().astype(np.float32)


def _dense(matrix: Any) -> Floats:
    found: Floats = matrix.toarray().astype(np.float32)
    return found
