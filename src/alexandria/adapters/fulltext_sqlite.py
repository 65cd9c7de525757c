"""The keyword index on SQLite: an FTS5 table in the library's own database and transactions."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_balance import factors
from alexandria.adapters.fulltext_match import (
    Asked,
    Reading,
    Sought,
    TypedReading,
    any_of,
    positive,
)
from alexandria.adapters.fulltext_schemas import COLUMNS, SCHEMA, SCHEMAS, IndexTable
from alexandria.adapters.fulltext_statements import (
    ADD_DOCUMENTS,
    DOCUMENTS,
    REMOVE_DOCUMENTS,
    on,
)
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
_SAMPLE = 20
"""Texts in which it is looked how a word is written."""

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
        self._known: _Seen | None = None

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

    def search(self, query: KeywordQuery, limit: int) -> list[tuple[str, float]]:
        """Give resource ids with BM25 scores, the best (highest) first.

        A query that only excludes, or that holds no letter or digit, finds nothing.
        """
        asked = self._reading().asked(query)
        found = self._balanced(asked, _ALL if asked.exact else limit)
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
        return self._session.scalar(on(self.name).count, {"match": asked.match}) or 0

    def snippets(self, query: KeywordQuery, resource_ids: Collection[str]) -> Mapping[str, str]:
        """Give escaped HTML with `<mark>` around what matched, for those that match.

        The passage of the abstract or the content that shows most of the query's words, the rare
        ones before the frequent; about 300 characters. Of what has neither, the title.
        """
        reading = self._reading()
        wanted = reading.asked(positive(query)).wanted
        if not wanted or not resource_ids:
            return {}
        frequencies = self._vocabulary().frequencies(wanted)
        weighed = [
            Wanted(one, 1 / math.log(3 + number))
            for one, number in zip(wanted, frequencies, strict=True)
        ]
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
            scaled = self._factors(sought)
            plain = any_of(phrase for phrase in phrases if phrase not in scaled)
            for phrase in (plain, *(phrase for phrase in phrases if phrase in scaled)):
                parts = self._parts(phrase, rows)
                for one, row in documents.items():
                    if row in parts:
                        part = parts[row] * scaled.get(phrase, 1.0)
                        found[one][sought] = found[one].get(sought, 0.0) + part
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
        return self._seen().reading

    def _vocabulary(self) -> Vocabulary:
        return self._seen().vocabulary

    def _seen(self) -> "_Seen":
        """Give what is known of the index that is searched, if neither it nor our view changed."""
        table = self._searched
        at = (self._session.get_transaction(), table.name)
        if self._known is None or self._known.at != at or at[0] is None:
            vocabulary = Vocabulary(self._session, table)
            reading = Reading(vocabulary.languages) if table.analysed else TypedReading()
            self._known = _Seen(at, vocabulary, reading)
        return self._known

    def _balanced(self, asked: Asked, limit: int) -> list[tuple[str, float]]:
        """Rank as if the stems of one word were one."""
        too_much: dict[str, float] = defaultdict(float)
        for sought, phrases in asked.scored():
            scaled = self._factors(sought)
            for phrase in scaled.keys() & set(phrases):
                for one, part in self._ranked(phrase, _ALL):
                    too_much[one] += part * (1 - scaled[phrase])
        if not too_much:
            return self._ranked(asked.match, limit)
        ranked = self._ranked(asked.match, limit if limit == _ALL else limit + len(too_much))
        found = [(one, score - too_much.get(one, 0.0)) for one, score in ranked]
        found.sort(key=lambda hit: -hit[1])
        return found if limit == _ALL else found[:limit]

    def _factors(self, sought: Sought) -> dict[str, float]:
        if len(sought.whole) < 2 or not self._searched.analysed:
            return {}
        return factors(sought, self._frequency, self._vocabulary().entries)

    def _frequency(self, phrase: str) -> int:
        return self._session.scalar(on(self.name).count, {"match": phrase}) or 0

    def _ranked(self, match: str, limit: int) -> list[tuple[str, float]]:
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

    def _met_exactly(self, sought: Sought) -> set[str]:
        """Give the resources that have a phrase as it is typed."""
        known = self._seen().met_exactly
        if sought not in known:
            phrase = ExactPhrase(sought.term.words, begun=sought.term.prefix)
            near = [one for one, _ in self._ranked(sought.expression, _ALL)]
            column = sought.term.column
            known[sought] = holding(self._session, near, phrase, column) if phrase else set(near)
        return known[sought]

    def _texts_with(self, token: str) -> Iterator[str]:
        """Give some titles and abstracts that have a token, or else one content."""
        ids = [one for one, _ in self._ranked(f'"{token}"', _SAMPLE)]
        for heading in headings(self._session, ids).values():
            yield f"{heading.title} {heading.abstract}"
        in_headings = any_of(f'{column} : "{token}"' for column in ("title", "abstract"))
        if not self._ranked(in_headings, 1):
            yield from (content for _, content in contents(self._session, ids[:1]))

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


@dataclass(frozen=True)
class _Seen:
    at: tuple[Any, str]
    """The transaction, and the table."""
    vocabulary: Vocabulary
    reading: Reading
    met_exactly: dict[Sought, set[str]] = field(default_factory=dict)
    """A phrase to the resources that have its very words."""


def fts5_available(connection: Connection) -> bool:
    """Tell whether this SQLite has FTS5, which some builds leave out."""
    return "fts5" in connection.exec_driver_sql("PRAGMA module_list").scalars().all()
