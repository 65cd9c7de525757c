"""Sparse matrices of what readers have, of tags and of links; all float32."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

_FEWEST_OF_A_TAG = 2
_MOST_OF_A_TAG = 0.5
"""A tag that a greater share of the items has tells none from another."""


def incidence(rows: Sequence[Sequence[int]], width: int) -> sparse.csr_matrix:
    """Give rows x width, with 1 where the row has the item."""
    index = [(row, one) for row, items in enumerate(rows) for one in sorted(set(items))]
    return _matrix(index, (len(rows), width))


def tag_matrix(tags: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    """Give items x tags: rarer tags count more (IDF), each row of length 1."""
    counts = Counter(tag for of in tags for tag in set(of))
    most = _MOST_OF_A_TAG * len(tags)
    kept = sorted(tag for tag, count in counts.items() if _FEWEST_OF_A_TAG <= count <= most)
    column = {tag: place for place, tag in enumerate(kept)}
    index = [
        (item, column[tag])
        for item, of in enumerate(tags)
        for tag in sorted(set(of))
        if tag in column
    ]
    rarity = np.log(len(tags) / np.array([counts[tag] for tag in kept], np.float32))
    found = _matrix(index, (len(tags), len(kept)))
    return unit_rows(found @ sparse.diags(rarity)) if kept else found


def link_matrix(links: Sequence[tuple[int, int]], items: int) -> sparse.csr_matrix:
    """Give items x items, in both directions, by the square roots of both ends' degrees."""
    both = {pair for one, other in links if one != other for pair in ((one, other), (other, one))}
    found = _matrix(sorted(both), (items, items))
    scale = sparse.diags(1 / np.sqrt(np.maximum(row_sums(found), 1)))
    return (scale @ found @ scale).tocsr().astype(np.float32)


def with_itself(links: sparse.csr_matrix, share: float = 1.0) -> sparse.csr_matrix:
    """Give each item and `share` of what it is linked with, not scaled."""
    return (sparse.eye(links.shape[0], dtype=np.float32) + share * links).tocsr()


def unit_rows(matrix: Any) -> sparse.csr_matrix:
    lengths = np.sqrt(row_sums(matrix.multiply(matrix)))
    return (sparse.diags(1 / np.maximum(lengths, 1e-9)) @ matrix).tocsr().astype(np.float32)


def by_row_sum(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    return (sparse.diags(1 / np.maximum(row_sums(matrix), 1)) @ matrix).tocsr().astype(np.float32)


def row_sums(matrix: Any) -> Floats:
    sums: Floats = np.asarray(matrix.sum(1)).ravel().astype(np.float32)
    return sums


def dense(matrix: Any) -> Floats:
    found: Floats = matrix.toarray().astype(np.float32)
    return found


def _matrix(index: Sequence[tuple[int, int]], shape: tuple[int, int]) -> sparse.csr_matrix:
    rows, columns = zip(*index, strict=True) if index else ((), ())
    ones = np.ones(len(index), np.float32)
    return sparse.csr_matrix((ones, (rows, columns)), shape)
