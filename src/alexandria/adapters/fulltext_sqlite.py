"""The keyword index on SQLite: an FTS5 table in the library's own database and transactions."""

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_match import Reading, Sought, TypedReading, any_of, positive
from alexandria.adapters.fulltext_schemas import COLUMNS, SCHEMA, SCHEMAS, IndexTable
from alexandria.adapters.fulltext_vocabulary import Vocabulary
from alexandria.adapters.matches import occurrences
from alexandria.adapters.originals import contents, headings, holding, snippets_of
from alexandria.adapters.snippets import Snippets, Wanted
from alexandria.adapters.spelling import Speller
from alexandria.adapters.text_analysis.finding import ExactPhrase
from alexandria.protocols import KeywordQuery, SearchEntry, WordMatch

__all__ = ["SCHEMA", "SCHEMAS", "IndexTable", "SqliteFullText", "fts5_available"]

_ALL = -1
"""As a limit: none."""
_SAMPLE = 3
"""Texts in which it is looked how a word is written."""

_DOCUMENTS = text(
    "SELECT resource_id, id FROM search_documents "
    "WHERE resource_id IN (SELECT value FROM json_each(:ids))"
)
_ADD_DOCUMENTS = text(
    "INSERT INTO search_documents (resource_id) SELECT value FROM json_each(:ids) WHERE TRUE "
    "ON CONFLICT (resource_id) DO NOTHING"
)
_REMOVE_DOCUMENTS = text(
    "DELETE FROM search_documents WHERE resource_id IN (SELECT value FROM json_each(:ids))"
)


class _Statements:
    """The statements on one table."""

    def __init__(self, table: str) -> None:
        def on_table(template: str) -> TextClause:
            return text(template.replace("@index", table))

        self.add = on_table(
            "INSERT INTO @index (rowid, title, abstract, authors, content, terms) "
            "VALUES (:id, :title, :abstract, :authors, :content, :terms)"
        )
        self.remove = on_table("DELETE FROM @index WHERE rowid = :id")
        self.search = on_table(
            "SELECT documents.resource_id, -hits.score FROM ("
            " SELECT rowid AS id, rank AS score FROM @index"
            " WHERE @index MATCH :match AND rank MATCH :rank ORDER BY rank LIMIT :limit"
            ") AS hits JOIN search_documents AS documents ON documents.id = hits.id "
            "ORDER BY hits.score, hits.id"
        )
        self.part = on_table(
            "SELECT rowid, -rank AS score FROM @index WHERE @index MATCH :match AND rank MATCH :rank"
            " AND rowid IN (SELECT value FROM json_each(:rows))"
        )
        self.all = on_table(
            "SELECT documents.resource_id FROM search_documents AS documents"
            " JOIN @index ON @index.rowid = documents.id"
        )
        self.held = on_table(
            "SELECT documents.resource_id, title, abstract, authors, content, terms"
            " FROM search_documents AS documents JOIN @index ON @index.rowid = documents.id"
            " WHERE documents.resource_id IN (SELECT value FROM json_each(:ids))"
        )
        self.count = on_table("SELECT count(*) FROM @index WHERE @index MATCH :match")


_on = lru_cache(maxsize=8)(_Statements)

Tables = Callable[[], Sequence[IndexTable]]


def _first_table() -> Sequence[IndexTable]:
    return (IndexTable(),)


class SqliteFullText:
    """Implements FullTextIndex; takes part in the session's transaction and never commits.

    `tables` gives the index that is searched, and after it one that is being built. It is asked in
    each transaction anew, so that no entry misses an index whose building began meanwhile.
    """

    def __init__(self, session: Session, tables: Tables = _first_table) -> None:
        self._session = session
        self._tables = tables
        self.schema = SCHEMA

    @property
    def name(self) -> str:
        """Of the index that is searched."""
        return self._searched.name

    def create(self, table: str) -> None:
        """Make an empty index of the schema of this version."""
        self._session.execute(text(IndexTable(table, self.schema).create()))

    def drop(self, table: str) -> None:
        self._session.execute(text(f"DROP TABLE IF EXISTS {table}"))

    @property
    def _searched(self) -> IndexTable:
        return self._tables()[0]

    def put(self, entries: Sequence[SearchEntry]) -> None:
        """Replace the entries of these resources; of several for one resource the last counts."""
        newest = {entry.resource_id: entry for entry in entries}
        if not newest:
            return
        ids = {"ids": json.dumps(list(newest))}
        self._session.execute(_ADD_DOCUMENTS, ids)
        documents = self._documents(ids)
        self._remove_text(documents.values())  # of new documents too: damage may have left some
        for table in self._tables():
            rows = [{"id": row, **table.columns(newest[one])} for one, row in documents.items()]
            self._session.execute(_on(table.name).add, rows)

    def remove(self, resource_ids: Collection[str]) -> None:
        ids = {"ids": json.dumps(list(resource_ids))}
        self._remove_text(self._documents(ids).values())
        self._session.execute(_REMOVE_DOCUMENTS, ids)

    def resource_ids(self) -> set[str]:
        """Give all resources that have an entry."""
        return set(self._session.scalars(_on(self.name).all))

    def differing(self, entries: Sequence[SearchEntry]) -> set[str]:
        """Give those of the entries' resources of which the index holds something else."""
        table = self._searched
        held = self._held([entry.resource_id for entry in entries])
        return {
            entry.resource_id
            for entry in entries
            if held.get(entry.resource_id) != table.columns(entry)
        }

    def search(self, query: KeywordQuery, limit: int) -> list[tuple[str, float]]:
        """Give resource ids with BM25 scores, the best (highest) first.

        A query that only excludes, or that holds no letter or digit, finds nothing.
        """
        asked = self._reading().asked(query)
        if not asked.exact:
            return self._ranked(asked.match, limit)
        found = self._ranked(asked.match, _ALL)
        for phrase in asked.exact:
            met = self._met_exactly(phrase)
            is_excluded = phrase in asked.excluded
            found = [hit for hit in found if (hit[0] in met) != is_excluded]
        return found if limit == _ALL else found[:limit]

    def count(self, query: KeywordQuery) -> int:
        """Count all that `search` would find without a limit."""
        asked = self._reading().asked(query)
        if asked.exact:
            return len(self.search(query, _ALL))
        if not asked.match:
            return 0
        return self._session.scalar(_on(self.name).count, {"match": asked.match}) or 0

    def snippets(self, query: KeywordQuery, resource_ids: Collection[str]) -> Mapping[str, str]:
        """Give escaped HTML with `<mark>` around what matched, for those that match.

        The passage of the abstract or the content that shows most of the query's words, the rare
        ones before the frequent; about 300 characters. Of what has neither, the title.
        """
        reading = self._reading()
        wanted = reading.asked(positive(query)).wanted
        if not wanted or not resource_ids:
            return {}
        vocabulary = self._vocabulary()
        weighed = [Wanted(one, 1 / math.log(3 + vocabulary.frequency(one))) for one in wanted]
        return snippets_of(self._session, resource_ids, Snippets(weighed, reading.languages))

    def matches(
        self, query: KeywordQuery, resource_ids: Collection[str]
    ) -> Mapping[str, list[WordMatch]]:
        """Give which words each resource matches; their scores add up to its BM25."""
        held = self._held(resource_ids) if self._searched.analysed else {}
        documents = self._documents({"ids": json.dumps(list(resource_ids))})
        rows = json.dumps(list(documents.values()))
        found: dict[str, dict[Sought, float]] = {one: {} for one in documents}
        for sought, phrases in self._reading().asked(query).scored():
            parts = self._parts(any_of(phrases), rows) if phrases else {}
            for one, row in documents.items():
                if row in parts:
                    found[one][sought] = found[one].get(sought, 0.0) + parts[row]
        return {
            one: [
                WordMatch(sought.as_typed, occurrences(sought, held.get(one, {})), score)
                for sought, score in scores.items()
            ]
            for one, scores in found.items()
        }

    def weights(self) -> Mapping[str, float]:
        """Give how much a match in each column counts in BM25."""
        return self._searched.weights

    def spelled(self, words: Collection[str]) -> Mapping[str, str]:
        """Give for words that no text has, or hardly one, those of the library that are meant."""
        if not self._searched.analysed:
            return {}
        speller = Speller(self._reading(), self._vocabulary(), self._texts_with)
        found = ((word, speller.likeliest(word)) for word in dict.fromkeys(words))
        return {word: meant for word, meant in found if meant}

    def _reading(self) -> Reading:
        return (
            Reading(self._vocabulary().languages()) if self._searched.analysed else TypedReading()
        )

    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self._session, self._searched)

    def _ranked(self, match: str, limit: int) -> list[tuple[str, float]]:
        if not match:
            return []
        table = self._searched
        asked = {"match": match, "rank": table.rank, "limit": limit}
        found = self._session.execute(_on(table.name).search, asked)
        return [(resource_id, score) for resource_id, score in found]

    def _parts(self, match: str, rows: str) -> dict[int, float]:
        """Give what a part of a query adds to the scores of these rows."""
        table = self._searched
        asked = {"match": match, "rank": table.rank, "rows": rows}
        found = self._session.execute(_on(table.name).part, asked)
        return {row.rowid: row.score for row in found}

    def _met_exactly(self, sought: Sought) -> set[str]:
        """Give the resources that have a phrase as it is typed."""
        phrase = ExactPhrase(sought.term.words, begun=sought.term.prefix)
        near = [one for one, _ in self._ranked(sought.expression, _ALL)]
        return holding(self._session, near, phrase, sought.term.column) if phrase else set(near)

    def _texts_with(self, token: str) -> Iterator[str]:
        """Give some texts that have a token."""
        ids = [one for one, _ in self._ranked(f'"{token}"', _SAMPLE)]
        for heading in headings(self._session, ids).values():
            yield f"{heading.title} {heading.abstract}"
        yield from (content for _, content in contents(self._session, ids))

    def _held(self, resource_ids: Collection[str]) -> dict[str, dict[str, str]]:
        ids = {"ids": json.dumps(list(resource_ids))}
        return {
            one: dict(zip(COLUMNS, columns, strict=True))
            for one, *columns in self._session.execute(_on(self.name).held, ids)
        }

    def _documents(self, ids: dict[str, str]) -> dict[str, int]:
        return {found.resource_id: found.id for found in self._session.execute(_DOCUMENTS, ids)}

    def _remove_text(self, documents: Iterable[int]) -> None:
        if rows := [{"id": document} for document in documents]:
            for table in self._tables():
                self._session.execute(_on(table.name).remove, rows)


def fts5_available(connection: Connection) -> bool:
    """Tell whether this SQLite has FTS5, which some builds leave out."""
    return "fts5" in connection.exec_driver_sql("PRAGMA module_list").scalars().all()
