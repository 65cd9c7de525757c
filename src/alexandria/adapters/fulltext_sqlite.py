"""The keyword index on SQLite: an FTS5 table in the library's own database and transactions."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_balance import factors
from alexandria.adapters.fulltext_index import ALL, KeywordIndex, Ranked, Seen, Tables
from alexandria.adapters.fulltext_match import (
    Asked,
    Phrase,
    Reading,
    Sought,
    TypedReading,
    any_of,
)
from alexandria.adapters.fulltext_schemas import COLUMNS, SCHEMA, SCHEMAS, IndexTable
from alexandria.adapters.fulltext_statements import (
    ADD_DOCUMENTS,
    DOCUMENTS,
    REMOVE_DOCUMENTS,
    on,
)
from alexandria.adapters.fulltext_vocabulary import SqliteVocabulary
from alexandria.adapters.matches import occurrences
from alexandria.protocols import KeywordQuery, SearchEntry, WordMatch

__all__ = ["SCHEMA", "SCHEMAS", "IndexTable", "SqliteFullText", "fts5_available"]


def _first_table() -> Sequence[IndexTable]:
    return (IndexTable(),)


class SqliteFullText(KeywordIndex):
    """Implements FullTextIndex; never commits."""

    def __init__(self, session: Session, tables: Tables = _first_table) -> None:
        super().__init__(session, tables)
        self.schema = SCHEMA

    def create(self, table: str) -> None:
        """Make an empty index of the schema of this version."""
        self._session.execute(text(IndexTable(table, self.schema).create()))

    def drop(self, table: str) -> None:
        self._session.execute(text(f"DROP TABLE IF EXISTS {table}"))

    def put(self, entries: Sequence[SearchEntry]) -> None:
        """Replace the entries of these resources; of several for one resource the last counts."""
        newest = {entry.resource_id: entry for entry in entries}
        if not newest:
            return
        self._known = None
        ids = {"ids": json.dumps(list(newest))}
        self._session.execute(ADD_DOCUMENTS, ids)
        documents = self._documents(ids)
        self._remove_text(documents.values())  # of new documents too: damage may have left some
        for table in self._tables():
            rows = [{"id": row, **table.columns(newest[one])} for one, row in documents.items()]
            self._session.execute(on(table.name).add, rows)

    def remove(self, resource_ids: Collection[str]) -> None:
        self._known = None
        ids = {"ids": json.dumps(list(resource_ids))}
        self._remove_text(self._documents(ids).values())
        self._session.execute(REMOVE_DOCUMENTS, ids)

    def resource_ids(self) -> set[str]:
        """Give all resources that have an entry."""
        return set(self._session.scalars(on(self.name).all))

    def differing(self, entries: Sequence[SearchEntry]) -> set[str]:
        """Give those of the entries' resources of which the index holds something else."""
        table = self._searched
        held = self._held([entry.resource_id for entry in entries])
        return {
            entry.resource_id
            for entry in entries
            if held.get(entry.resource_id) != table.columns(entry)
        }

    def matches(
        self, query: KeywordQuery, resource_ids: Collection[str]
    ) -> Mapping[str, list[WordMatch]]:
        """Give which words each resource matches; their scores add up to its BM25."""
        held = self._held(resource_ids) if self._searched.analysed else {}
        documents = self._documents({"ids": json.dumps(list(resource_ids))})
        rows = json.dumps(list(documents.values()))
        found: dict[str, dict[Sought, float]] = {one: {} for one in documents}
        for sought, phrases in self._reading().asked(query).scored():
            scaled = self._factors(sought)
            plain = any_of(phrase for phrase in phrases if phrase not in scaled)
            alone = [(str(phrase), scaled[phrase]) for phrase in phrases if phrase in scaled]
            for match, factor in ((plain, 1.0), *alone):
                parts = self._parts(match, rows)
                for one, row in documents.items():
                    if row in parts:
                        part = parts[row] * factor
                        found[one][sought] = found[one].get(sought, 0.0) + part
        return {
            one: [
                WordMatch(sought.as_typed, occurrences(sought, held.get(one, {})), score)
                for sought, score in scores.items()
            ]
            for one, scores in found.items()
        }

    def _look(self, transaction: Any, table: IndexTable) -> Seen:
        vocabulary = SqliteVocabulary(self._session, table)
        reading = Reading(vocabulary.languages) if table.analysed else TypedReading()
        return Seen(transaction, table, vocabulary, reading)

    def _holds(self, known: Seen) -> bool:
        return known.table == self._searched

    def _number(self, asked: Asked) -> int:
        if not asked.match:
            return 0
        return self._session.scalar(on(self.name).count, {"match": asked.match}) or 0

    def _having(self, phrases: Sequence[Phrase], limit: int) -> list[str]:
        return [one for one, _ in self._ranked(any_of(phrases), limit)]

    def _best(self, asked: Asked, limit: int) -> Ranked:
        too_much: dict[str, float] = defaultdict(float)
        for sought, phrases in asked.scored():
            scaled = self._factors(sought)
            for phrase in scaled.keys() & set(phrases):
                for one, part in self._ranked(str(phrase), ALL):
                    too_much[one] += part * (1 - scaled[phrase])
        if not too_much:
            return self._ranked(asked.match, limit)
        ranked = self._ranked(asked.match, limit if limit == ALL else limit + len(too_much))
        found = [(one, score - too_much.get(one, 0.0)) for one, score in ranked]
        found.sort(key=lambda hit: -hit[1])
        return found if limit == ALL else found[:limit]

    def _factors(self, sought: Sought) -> dict[Phrase, float]:
        if len(sought.whole) < 2 or not self._searched.analysed:
            return {}
        return factors(sought, self._frequency, self._vocabulary().entries)

    def _frequency(self, phrase: Phrase) -> int:
        return self._session.scalar(on(self.name).count, {"match": str(phrase)}) or 0

    def _ranked(self, match: str, limit: int) -> Ranked:
        if not match:
            return []
        table = self._searched
        asked = {"match": match, "rank": table.rank, "limit": limit}
        found = self._session.execute(on(table.name).search, asked)
        return [(resource_id, score) for resource_id, score in found]

    def _parts(self, match: str, rows: str) -> dict[int, float]:
        """Give what a part of a query adds to the scores of these rows."""
        if not match:
            return {}
        table = self._searched
        asked = {"match": match, "rank": table.rank, "rows": rows}
        found = self._session.execute(on(table.name).part, asked)
        return {row.rowid: row.score for row in found}

    def _held(self, resource_ids: Collection[str]) -> dict[str, dict[str, str]]:
        ids = {"ids": json.dumps(list(resource_ids))}
        return {
            one: dict(zip(COLUMNS, columns, strict=True))
            for one, *columns in self._session.execute(on(self.name).held, ids)
        }

    def _documents(self, ids: dict[str, str]) -> dict[str, int]:
        return {found.resource_id: found.id for found in self._session.execute(DOCUMENTS, ids)}

    def _remove_text(self, documents: Iterable[int]) -> None:
        if rows := [{"id": document} for document in documents]:
            for table in self._tables():
                self._session.execute(on(table.name).remove, rows)


def fts5_available(connection: Connection) -> bool:
    """Tell whether this SQLite has FTS5, which some builds leave out."""
    return "fts5" in connection.exec_driver_sql("PRAGMA module_list").scalars().all()
