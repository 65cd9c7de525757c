"""The keyword index on SQLite: an FTS5 table in the library's own database and transactions."""

import html
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_match import COLUMNS, match_expression, positive
from alexandria.protocols import KeywordQuery, SearchEntry

_OPEN, _CLOSE = "\x02", "\x03"
"""Stand around a match until the text is escaped; no indexed text holds them."""
_NOT_INDEXED = str.maketrans("", "", f"{_OPEN}{_CLOSE}\x00")
_SNIPPET_CHARACTERS = 300

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


@dataclass(frozen=True, slots=True)
class Schema:
    """How an index is laid out; `weights`: of each of COLUMNS, for BM25."""

    tokenizer: str
    weights: tuple[float, ...]


SCHEMA = "FTS5, schema 1"
"""The schema of an index that is built now; those that serve may be of an older one."""
SCHEMAS: dict[str, Schema] = {
    SCHEMA: Schema("porter unicode61 remove_diacritics 2", (3.0, 1.0, 1.0, 1.0, 1.0)),
}


@dataclass(frozen=True, slots=True)
class IndexTable:
    """One FTS5 table; its row ids are those of `search_documents`."""

    name: str = "search_index"
    schema: str = SCHEMA

    def create(self) -> str:
        tokenizer = SCHEMAS[self.schema].tokenizer
        return (
            f"CREATE VIRTUAL TABLE {self.name} USING fts5("
            f"{', '.join(COLUMNS)}, tokenize = '{tokenizer}')"
        )

    @property
    def rank(self) -> str:
        return f"bm25({', '.join(map(str, SCHEMAS[self.schema].weights))})"


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
        self.snippets = on_table(
            "SELECT documents.resource_id,"
            " snippet(@index, 1, char(2), char(3), '…', 32),"
            " snippet(@index, 3, char(2), char(3), '…', 32),"
            " snippet(@index, -1, char(2), char(3), '…', 32) "
            "FROM search_documents AS documents JOIN @index ON @index.rowid = documents.id "
            "WHERE @index MATCH :match"
            " AND documents.resource_id IN (SELECT value FROM json_each(:ids))"
        )


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
        rows = [{"id": row, **_columns(newest[one])} for one, row in documents.items()]
        self._remove_text(documents.values())  # of new documents too: damage may have left some
        for table in self._tables():
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
        ids = {"ids": json.dumps([entry.resource_id for entry in entries])}
        held = {
            one: tuple(columns) for one, *columns in self._session.execute(_on(self.name).held, ids)
        }
        return {
            entry.resource_id
            for entry in entries
            if held.get(entry.resource_id) != tuple(_columns(entry)[name] for name in COLUMNS)
        }

    def search(self, query: KeywordQuery, limit: int) -> list[tuple[str, float]]:
        """Give resource ids with BM25 scores, the best (highest) first.

        A query that only excludes, or that holds no letter or digit, finds nothing.
        """
        match = match_expression(query)
        if not match:
            return []
        table = self._searched
        asked = {"match": match, "rank": table.rank, "limit": limit}
        found = self._session.execute(_on(table.name).search, asked)
        return [(resource_id, score) for resource_id, score in found]

    def count(self, query: KeywordQuery) -> int:
        """Count all that `search` would find without a limit."""
        match = match_expression(query)
        if not match:
            return 0
        return self._session.scalar(_on(self.name).count, {"match": match}) or 0

    def snippets(self, query: KeywordQuery, resource_ids: Collection[str]) -> Mapping[str, str]:
        """Give escaped HTML with `<mark>` around what matched, for those that match.

        Taken from the abstract or the content, whichever shows more of the query's words; from
        another column where neither matches. About 300 characters at most.
        """
        match = match_expression(positive(query))
        if not match or not resource_ids:
            return {}
        found = self._session.execute(
            _on(self.name).snippets, {"match": match, "ids": json.dumps(list(resource_ids))}
        )
        return {resource_id: _as_html(_best(columns)) for resource_id, *columns in found}

    def _documents(self, ids: dict[str, str]) -> dict[str, int]:
        return {found.resource_id: found.id for found in self._session.execute(_DOCUMENTS, ids)}

    def _remove_text(self, documents: Iterable[int]) -> None:
        if rows := [{"id": document} for document in documents]:
            for table in self._tables():
                self._session.execute(_on(table.name).remove, rows)


def fts5_available(connection: Connection) -> bool:
    """Tell whether this SQLite has FTS5, which some builds leave out."""
    return "fts5" in connection.exec_driver_sql("PRAGMA module_list").scalars().all()


def _columns(entry: SearchEntry) -> dict[str, Any]:
    return {column: getattr(entry, column).translate(_NOT_INDEXED) for column in COLUMNS}


def _best(snippets: Sequence[str]) -> str:
    abstract, content, other = snippets
    best = max((abstract, content), key=_distinct_matches)
    return best if _distinct_matches(best) else other


def _distinct_matches(marked: str) -> int:
    return len({match.lower() for match in re.findall(f"{_OPEN}([^{_CLOSE}]*)", marked)})


def _as_html(marked: str) -> str:
    """Escape the text, turn the marks into tags, and cut it so that every tag is closed."""
    pieces: list[str] = []
    room = _SNIPPET_CHARACTERS
    for piece in re.split(f"({_OPEN}[^{_CLOSE}]*{_CLOSE})", marked):
        inner = piece.strip(_OPEN + _CLOSE)
        shown = inner if len(inner) <= room else inner[:room] + "…"
        escaped = html.escape(shown)
        pieces.append(f"<mark>{escaped}</mark>" if piece.startswith(_OPEN) else escaped)
        room -= len(inner)
        if room <= 0:
            break
    return "".join(pieces)
