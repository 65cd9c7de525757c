"""Postings: where a token stands, as the keyword index on PostgreSQL keeps it, and BM25 over them.

A posting packs into bytes how often a token stands in each column of an entry, and the entry's
length; so that a token's postings come as one value, and arrays compute the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexandria.adapters.fulltext_schemas import COLUMNS

_HIT = np.dtype([("document", "<i4"), ("length", "<i4"), ("often", "<u2", (len(COLUMNS),))])
_POSITION_BITS = 29
"""Of 32; the others say in which column it is."""
_MOST_OFTEN = 2**16 - 1
_MOST_TOKENS = 2**_POSITION_BITS - 1
_K1, _B = 1.2, 0.75
"""Of BM25, as in FTS5."""

_LONGEST_KEY = 900
"""Bytes; what an index of PostgreSQL holds is limited to 2,704."""


@dataclass(frozen=True, slots=True)
class Posting:
    term: str
    hit: bytes
    positions: bytes


@dataclass(frozen=True, slots=True)
class Hits:
    """The entries that have a phrase; arrays with a row for each."""

    documents: NDArray[np.int64]
    """Growing."""
    lengths: NDArray[np.float64]
    """In tokens, of all columns."""
    often: NDArray[np.float64]
    """How often in each column; shape (entries, columns)."""

    def within(self, column: str | None) -> "Hits":
        """Give those in one column."""
        if column is None:
            return self
        only = np.zeros_like(self.often)
        only[:, COLUMNS.index(column)] = self.often[:, COLUMNS.index(column)]
        there = only.any(axis=1)
        return Hits(self.documents[there], self.lengths[there], only[there])

    def bm25(self, idf: float, mean_length: float, weights: Sequence[float]) -> NDArray[np.float64]:
        """Give the part of BM25 (Robertson and Zaragoza 2009), columns weighed as in FTS5."""
        frequency = self.often @ np.asarray(weights)
        norm = _K1 * (1 - _B + _B * self.lengths / max(mean_length, 1e-9))
        part: NDArray[np.float64] = idf * frequency * (_K1 + 1) / (frequency + norm)
        return part


def key(token: str) -> str:
    """Give the term of a token: itself, cut where no index could hold it."""
    encoded = token.encode("utf-8", "ignore")
    return encoded[:_LONGEST_KEY].decode("utf-8", "ignore")


def postings(document: int, columns: Mapping[str, str]) -> list[Posting]:
    """Give the postings of an entry in the order of their terms."""
    often: dict[str, list[int]] = {}
    places: dict[str, list[int]] = {}
    length = 0
    for number, name in enumerate(COLUMNS):
        for position, token in enumerate(columns[name].split()[:_MOST_TOKENS]):
            term = key(token)
            often.setdefault(term, [0] * len(COLUMNS))[number] += 1
            places.setdefault(term, []).append(number << _POSITION_BITS | position)
            length += 1
    found = np.empty(1, _HIT)
    made = []
    for term in sorted(often):
        found[0] = (document, length, [min(one, _MOST_OFTEN) for one in often[term]])
        made.append(Posting(term, found.tobytes(), np.array(places[term], "<u4").tobytes()))
    return made


def length(columns: Mapping[str, str]) -> int:
    """Count the tokens of an entry."""
    return sum(len(columns[name].split()) for name in COLUMNS)


def as_hits(packed: bytes) -> Hits:
    """Read the postings of one token or, where a start was looked for, of several."""
    rows = np.frombuffer(packed, _HIT)
    documents, first, which = np.unique(rows["document"], return_index=True, return_inverse=True)
    often = np.zeros((len(documents), len(COLUMNS)))
    np.add.at(often, which, rows["often"])
    return Hits(documents.astype(np.int64), rows["length"][first].astype(np.float64), often)


def shared(several: Sequence[Hits]) -> NDArray[np.int64]:
    """Give the entries that are in all."""
    found = several[0].documents
    for one in several[1:]:
        found = np.intersect1d(found, one.documents, assume_unique=True)
    return found


@dataclass(frozen=True, slots=True)
class Places:
    """Where a token stands; packed: entries, how many positions in each, the positions in turn."""

    documents: bytes
    numbers: bytes
    positions: bytes

    def keys(self) -> NDArray[np.int64]:
        """Give entry and position as one number each."""
        documents = np.frombuffer(self.documents, ">i4").astype(np.int64)
        numbers = np.frombuffer(self.numbers, ">i4")
        positions = np.frombuffer(self.positions, "<u4").astype(np.int64)
        return (np.repeat(documents, numbers) << 32) + positions


def in_a_row(places: Sequence[Places], lengths: Hits) -> Hits:
    """Give where tokens stand next to each other.

    `places`: of each token of the phrase; `lengths`: some hits that tell the lengths of all the
    entries.
    """
    starts: NDArray[np.int64] | None = None
    for step, one in enumerate(places):
        found = one.keys() - step
        starts = np.unique(found) if starts is None else np.intersect1d(starts, found)
    begun = np.empty(0, np.int64) if starts is None else starts
    documents, which = np.unique(begun >> 32, return_inverse=True)
    often = np.zeros((len(documents), len(COLUMNS)))
    np.add.at(often, (which, (begun & (2**32 - 1)) >> _POSITION_BITS), 1)
    rows_of = np.searchsorted(lengths.documents, documents)
    return Hits(documents, lengths.lengths[rows_of], often)


def summed(
    documents: Sequence[NDArray[np.int64]], parts: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Add up what several parts of a query give to each entry."""
    if not documents:
        return np.empty(0, np.int64), np.empty(0)
    every, which = np.unique(np.concatenate(documents), return_inverse=True)
    sums: NDArray[np.float64] = np.bincount(which, np.concatenate(parts)).astype(np.float64)
    return every, sums
