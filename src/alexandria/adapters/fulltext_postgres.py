"""The keyword index on PostgreSQL: tables of postings in the library's own transactions.

It holds the tokens that FTS5 is given on SQLite, and ranks by the same formula.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_balance import factors, idf
from alexandria.adapters.fulltext_index import ALL, KeywordIndex, Ranked, Seen, Tables
from alexandria.adapters.fulltext_match import Asked, Phrase, Reading, Sought
from alexandria.adapters.fulltext_postgres_hits import PhraseHits
from alexandria.adapters.fulltext_postgres_statements import (
    ADD_DOCUMENTS,
    DOCUMENTS,
    LOCK_DOCUMENTS,
    REMOVE_DOCUMENTS,
    RESOURCES,
    on,
)
from alexandria.adapters.fulltext_postings import length, postings, summed
from alexandria.adapters.fulltext_schemas import (
    COLUMNS,
    POSTGRES_SCHEMA,
    IndexTable,
    analysed_columns,
)
from alexandria.adapters.fulltext_vocabulary import Vocabulary, after
from alexandria.adapters.matches import occurrences
from alexandria.protocols import KeywordQuery, SearchEntry, WordMatch

_MOST_TOTALS = 100
"""Rows of deltas, from which on they are summed."""


def _first_table() -> Sequence[IndexTable]:
    return (IndexTable(schema=POSTGRES_SCHEMA),)


class PostgresFullText(KeywordIndex):
    """Implements FullTextIndex; never commits."""

    def __init__(self, session: Session, tables: Tables = _first_table) -> None:
        super().__init__(session, tables)
        self.schema = POSTGRES_SCHEMA

    def create(self, table: str) -> None:
        """Make an empty index of the schema of this version."""
        for statement in on(table).create:
            self._session.execute(statement)

    def drop(self, table: str) -> None:
        self._session.execute(on(table).drop)

    def put(self, entries: Sequence[SearchEntry]) -> None:
        """Replace the entries of these resources; of several for one resource the last counts."""
        newest = {entry.resource_id: entry for entry in entries}
        if not newest:
            return
        self._known = None
        self._session.execute(ADD_DOCUMENTS, {"ids": list(newest)})
        documents = self._documents(newest, locked=True)
        read = {one: analysed_columns(entry) for one, entry in newest.items()}
        for table in self._tables():
            self._replace(table.name, {row: read[one] for one, row in documents.items()})

    def remove(self, resource_ids: Collection[str]) -> None:
        self._known = None
        documents = self._documents(resource_ids, locked=True).values()
        if documents:
            for table in self._tables():
                self._replace(table.name, dict.fromkeys(documents))
            self._session.execute(REMOVE_DOCUMENTS, {"documents": list(documents)})

    def resource_ids(self) -> set[str]:
        """Give all resources that have an entry."""
        return set(self._session.scalars(on(self.name).all))

    def differing(self, entries: Sequence[SearchEntry]) -> set[str]:
        """Give those of the entries' resources of which the index holds something else."""
        held = self._held(self._documents([entry.resource_id for entry in entries]))
        return {
            entry.resource_id
            for entry in entries
            if held.get(entry.resource_id) != analysed_columns(entry)[1]
        }

    def search(self, query: KeywordQuery, limit: int) -> Ranked:
        """Give resource ids with BM25 scores, the best (highest) first."""
        self._known = None  # others' commits are seen within a transaction
        return super().search(query, limit)

    def matches(
        self, query: KeywordQuery, resource_ids: Collection[str]
    ) -> Mapping[str, list[WordMatch]]:
        """Give which words each resource matches; their scores add up to its BM25."""
        documents = self._documents(resource_ids)
        held = self._held(documents)
        scored = [
            (sought, *self._sum([(sought, phrases)]))
            for sought, phrases in self._reading().asked(query).scored()
        ]
        return {
            one: [
                WordMatch(
                    sought.as_typed,
                    occurrences(sought, held.get(one, {})),
                    float(scores[np.searchsorted(found, row)]),
                )
                for sought, found, scores in scored
                if row in found
            ]
            for one, row in documents.items()
        }

    def _look(self, transaction: Any, table: IndexTable) -> Seen:
        hits = PhraseHits(self._session, table.name)
        vocabulary = _Vocabulary(self._session, table.name, hits)
        return _SeenHere(transaction, table, vocabulary, Reading(vocabulary.languages), hits=hits)

    def _holds(self, known: Seen) -> bool:
        """Every search looks anew; what follows it in the transaction is to fit to it."""
        del known
        return True

    @property
    def _hits(self) -> PhraseHits:
        seen = self._seen()
        if not isinstance(seen, _SeenHere):
            raise TypeError(f"{seen} was read by another index")
        return seen.hits

    def _best(self, asked: Asked, limit: int) -> Ranked:
        found, scores = self._sum(list(asked.scored()))
        met = self._meeting(asked, found)
        found, scores = found[met], scores[met]
        order = np.lexsort((found, -scores))
        best = order if limit == ALL else order[:limit]
        return self._named(found[best], scores[best])

    def _number(self, asked: Asked) -> int:
        hits = [self._hits[one].documents for sought in asked.wanted for one in sought.phrases]
        found = np.unique(np.concatenate(hits)) if hits else np.empty(0, np.int64)
        return int(self._meeting(asked, found).sum())

    def _having(self, phrases: Sequence[Phrase], limit: int) -> list[str]:
        parts = [self._part(one, 1.0) for one in phrases]
        found, scores = summed(*zip(*parts, strict=True)) if parts else summed([], [])
        order = np.lexsort((found, -scores))
        best = order if limit == ALL else order[:limit]
        return [one for one, _ in self._named(found[best], scores[best])]

    def _sum(
        self, scored: Sequence[tuple[Sought, Sequence[Phrase]]]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Give the entries that have one of these, and what they add to their scores."""
        self._hits.load(chain.from_iterable(sought.phrases for sought, _ in scored))
        documents, parts = [], []
        for sought, phrases in scored:
            scaled = self._factors(sought)
            for phrase in phrases:
                found, part = self._part(phrase, scaled.get(phrase, 1.0))
                documents.append(found)
                parts.append(part)
        return summed(documents, parts)

    def _part(self, phrase: Phrase, factor: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        hits, vocabulary = self._hits[phrase], self._vocabulary()
        weights = list(self.weights().values())
        mean_length = self._hits.tokens / max(1, vocabulary.entries)
        rarity = idf(len(hits.documents), vocabulary.entries)
        return hits.documents, factor * hits.bm25(rarity, mean_length, weights)

    def _factors(self, sought: Sought) -> Mapping[Phrase, float]:
        if len(sought.whole) < 2:
            return {}
        hits = self._hits
        return factors(sought, lambda one: len(hits[one].documents), self._vocabulary().entries)

    def _meeting(self, asked: Asked, found: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which of the entries have all that is required, and nothing that is excluded."""
        met = np.ones(len(found), np.bool_)
        for sought in asked.required:
            met &= np.isin(found, self._with_one_of(sought))
        for sought in asked.excluded:
            if not sought.term.exact:
                met &= ~np.isin(found, self._with_one_of(sought))
        return met

    def _with_one_of(self, sought: Sought) -> NDArray[np.int64]:
        self._hits.load(sought.phrases)
        return np.concatenate([self._hits[one].documents for one in sought.phrases])

    def _named(self, documents: NDArray[np.int64], scores: NDArray[np.float64]) -> Ranked:
        rows = self._session.execute(RESOURCES, {"documents": documents.tolist()})
        names = {row.id: row.resource_id for row in rows}
        pairs = zip(documents.tolist(), scores.tolist(), strict=True)
        return [(names[one], score) for one, score in pairs if one in names]

    def _documents(self, ids: Collection[str], *, locked: bool = False) -> dict[str, int]:
        query = LOCK_DOCUMENTS if locked else DOCUMENTS
        rows = self._session.execute(query, {"ids": list(ids)})
        return {row.resource_id: row.id for row in rows}

    def _held(self, documents: Mapping[str, int]) -> dict[str, dict[str, str]]:
        rows = self._session.execute(on(self.name).held, {"documents": list(documents.values())})
        held = {row.document: {name: getattr(row, name) for name in COLUMNS} for row in rows}
        return {one: held[row] for one, row in documents.items() if row in held}

    def _replace(
        self, table: str, entries: Mapping[int, tuple[str, Mapping[str, str]] | None]
    ) -> None:
        """Put what is to stand there in the place of what stands there; None: nothing."""
        statements = on(table)
        documents: Counter[str] = Counter()
        tokens: Counter[str] = Counter()
        ids = {"documents": list(entries)}
        for row in self._session.execute(statements.held, ids).all():
            held = {name: getattr(row, name) for name in COLUMNS}
            documents[row.language] -= 1
            tokens[row.language] -= length(held)
            terms = [one.term for one in postings(row.document, held)]
            gone = {"document": row.document, "terms": terms}
            self._session.execute(statements.remove_postings, gone)
        self._session.execute(statements.remove, ids)
        new = {row: entry for row, entry in entries.items() if entry}
        for language, columns in new.values():
            documents[language] += 1
            tokens[language] += length(columns)
        if new:
            self._add(table, new)
        deltas = [
            {"language": one, "documents": documents[one], "tokens": tokens[one]}
            for one in documents
            if documents[one] or tokens[one]
        ]
        if deltas:
            self._session.execute(statements.put_totals, deltas)
            if (self._session.scalar(statements.totals_rows) or 0) > _MOST_TOTALS:
                self._session.execute(statements.sum_totals)

    def _add(self, table: str, entries: Mapping[int, tuple[str, Mapping[str, str]]]) -> None:
        self._session.execute(
            on(table).put,
            [
                {"document": row, "language": language, **columns}
                for row, (language, columns) in entries.items()
            ],
        )
        made = sorted(
            ((one, row) for row, (_, c) in entries.items() for one in postings(row, c)),
            key=lambda pair: (pair[0].term, pair[1]),
        )
        self._session.execute(
            on(table).put_postings,
            {
                "terms": [one.term for one, _ in made],
                "documents": [row for _, row in made],
                "hits": [one.hit for one, _ in made],
                "positions": [one.positions for one, _ in made],
            },
        )


@dataclass(frozen=True)
class _SeenHere(Seen):
    hits: PhraseHits = field(kw_only=True)


class _Vocabulary(Vocabulary):
    def __init__(self, session: Session, table: str, hits: PhraseHits) -> None:
        super().__init__()
        self._session = session
        self._table = table
        self._hits = hits

    @cached_property
    def entries(self) -> int:
        return sum(self.marks.values())

    @cached_property
    def marks(self) -> Mapping[str, int]:
        return self._hits.languages

    def beginning(self, start: str) -> Sequence[str]:
        """Give the tokens that begin so."""
        bounds = {"low": start, "high": after(start)}
        return list(self._session.scalars(on(self._table).beginning, bounds))

    def _count(self, tokens: Sequence[str]) -> Mapping[str, int]:
        return self._hits.count(tokens)
