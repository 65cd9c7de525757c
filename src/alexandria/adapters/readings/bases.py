"""The ways to score items for readers, whose scores a ranking then weighs."""

import numpy as np
from scipy import sparse

from alexandria.adapters.readings.ease import Ease
from alexandria.adapters.readings.matrices import (
    Floats,
    by_row_sum,
    dense,
    row_sums,
    unit_rows,
    with_itself,
)

_READER_DAMPING = -0.25
"""A reader's row counts by this power of how many items they have."""
_TAG_WEIGHT = 3.0
_LINK_WEIGHT = 2.0
_RIDGE = 100.0
_RIDGE_OF_READERS = 30.0
_RIDGE_OF_LINKS = 60.0
_WALK_POPULARITY = 0.4
_NEIGHBOUR_POPULARITY = 0.3
_TASTE_POWER = 4
"""Readers of like tags count by this power of the cosine, so that the nearest decide."""
_SPREAD = 0.5
"""So much of an item's neighbours by links stands in for it."""
_LINKS_BESIDE_TAGS = 0.7

NAMES = (
    "ease",
    "ease_tags",
    "ease_links",
    "ease_readers",
    "tags",
    "tags_spread",
    "together_spread",
    "joint",
    "neighbours",
    "taste",
    "walks",
    "links",
    "links_of_links",
)
FACTS = ("popularity", "tag_count", "degree", "library", "linked")


class Bases:
    """All ways, fitted on `read` (readers x items), `tags` (items x tags), `links` (items x items).

    Memory: the sparse matrices, and for each block of readers a dense one by items for each way.
    """

    def __init__(
        self, read: sparse.csr_matrix, tags: sparse.csr_matrix, links: sparse.csr_matrix
    ) -> None:
        readers, items = read.shape
        self._read, self._tags, self._links = read, tags, links
        self._popularity: Floats = np.maximum(row_sums(read.T), 1).astype(np.float32)
        self._tag_count = row_sums(tags != 0)
        self._degree = row_sums(links != 0)
        self._bipartite(readers, items)
        self._fit_ease()

    def _bipartite(self, readers: int, items: int) -> None:
        sizes = np.maximum(row_sums(self._read), 1)
        # A reader of few items says more of each of them.
        rarity = sparse.diags(np.log1p(items / sizes).astype(np.float32))
        together = unit_rows((self._read.T @ rarity).tocsr())
        spread = with_itself(self._links, _SPREAD)
        self._together_spread = unit_rows((spread @ together).tocsr())
        self._tags_spread = unit_rows((spread @ self._tags).tocsr())
        linked = unit_rows(with_itself(self._links))
        self._joint = unit_rows(
            sparse.hstack([together, self._tags, _LINKS_BESIDE_TAGS * linked]).tocsr()
        )
        self._rarity = sparse.diags(np.log1p(readers / self._popularity).astype(np.float32))
        self._readers = unit_rows((self._read @ self._rarity).tocsr())
        self._tastes = unit_rows((self._read @ self._tags).tocsr())
        self._walk_out = by_row_sum(self._read)
        self._walk_back = by_row_sum(self._read.T.tocsr())

    def _fit_ease(self) -> None:
        sizes = np.maximum(row_sums(self._read), 1)
        damping = sparse.diags(((sizes / 20) ** _READER_DAMPING).astype(np.float32))
        readers = (damping @ self._read).tocsr()
        tags = _TAG_WEIGHT * self._tags.T
        links = _LINK_WEIGHT * unit_rows(with_itself(self._links))
        self._ease = Ease([readers, tags, links], _RIDGE)
        self._ease_tags = Ease([readers, tags], _RIDGE)
        self._ease_links = Ease([readers, links], _RIDGE_OF_LINKS)
        self._ease_readers = Ease([readers], _RIDGE_OF_READERS)

    def scores(self, read: sparse.csr_matrix) -> dict[str, Floats]:
        """Give for each of NAMES scores of shape (readers, items), not standardised."""
        links = read @ self._links
        tastes = dense(unit_rows(read @ self._tags) @ self._tastes.T) ** _TASTE_POWER
        near = unit_rows(read @ self._rarity) @ self._readers.T
        return {
            "ease": self._ease.scores(read),
            "ease_tags": self._ease_tags.scores(read),
            "ease_links": self._ease_links.scores(read),
            "ease_readers": self._ease_readers.scores(read),
            "tags": _likeness(read, self._tags),
            "tags_spread": _likeness(read, self._tags_spread),
            "together_spread": _likeness(read, self._together_spread),
            "joint": _likeness(read, self._joint),
            "neighbours": dense(near @ self._read) / self._popularity**_NEIGHBOUR_POPULARITY,
            "taste": np.asarray(tastes @ self._read, np.float32),
            "walks": self._walked(read),
            "links": dense(links),
            "links_of_links": dense(links @ self._links),
        }

    def _walked(self, read: sparse.csr_matrix) -> Floats:
        """RP3beta (Paudel et al., TiiS 2017): item to readers to items, held back by popularity."""
        found = dense(by_row_sum(read) @ self._walk_back @ self._walk_out)
        walked: Floats = found / self._popularity**_WALK_POPULARITY
        return walked

    def facts(self, read: sparse.csr_matrix, reader: int, items: np.ndarray) -> Floats:
        """Give for one reader of `read` and some items FACTS, of shape (items, facts)."""
        own = read.indices[read.indptr[reader] : read.indptr[reader + 1]]
        linked = row_sums(self._links[items][:, own] != 0)
        size = np.full(len(items), len(own), np.float32)
        return np.stack(
            [
                self._popularity[items],
                self._tag_count[items],
                self._degree[items],
                size,
                linked,
            ],
            axis=1,
        )


def _likeness(read: sparse.csr_matrix, vectors: sparse.csr_matrix) -> Floats:
    """Give each item's cosines with the reader's items, added up."""
    return dense((read @ vectors) @ vectors.T)
