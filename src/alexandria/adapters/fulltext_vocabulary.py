"""The tokens of one FTS5 table, read from its index by the module `fts5vocab`."""

import json
from collections.abc import Collection, Sequence
from functools import cached_property

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_match import Sought
from alexandria.adapters.fulltext_schemas import LANGUAGE_MARK, IndexTable
from alexandria.adapters.text_analysis import DEFAULT, known


class Vocabulary:
    """Reads only the part of the index that it is asked about: all of it may take a second."""

    def __init__(self, session: Session, table: IndexTable) -> None:
        self._session = session
        self._counted: dict[str, int] = {}
        self._name = f"{table.name}_tokens"
        # In `temp` it costs a fifth of a millisecond, and nothing of it is left in the library.
        create = f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{self._name} "
        session.execute(text(f"{create} USING fts5vocab('main', '{table.name}', 'row')"))

    @cached_property
    def entries(self) -> int:
        return self._session.scalar(text("SELECT count(*) FROM search_documents")) or 0

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Give the languages by whose stemmers entries were analysed, the most frequent first."""
        marks = dict(self.beginning(LANGUAGE_MARK))
        ordered = sorted(marks, key=lambda mark: -marks[mark])
        found = dict.fromkeys(known(mark.removeprefix(LANGUAGE_MARK)) for mark in ordered)
        return tuple(found) or (DEFAULT,)

    def documents(self, tokens: Collection[str]) -> dict[str, int]:
        """Count the entries that each token is in."""
        unknown = [one for one in tokens if one not in self._counted]
        if unknown:
            among = "term IN (SELECT value FROM json_each(:tokens))"
            asked = {"tokens": json.dumps(unknown)}
            rows = self._session.execute(self._select("term, doc", among), asked)
            self._counted |= dict.fromkeys(unknown, 0) | {row.term: row.doc for row in rows}
        return {one: self._counted[one] for one in tokens}

    def frequencies(self, words: Sequence[Sought]) -> list[int]:
        """Count the entries that each word is in; of a phrase, those with its rarest token."""
        phrases = [[*one.whole, *(begun[:-1] for begun in one.begun)] for one in words]
        counted = self.documents({t for several in phrases for one in several for t in one})
        return [
            sum(min((counted[token] for token in one), default=0) for one in several)
            for several in phrases
        ]

    def beginning(self, start: str) -> list[tuple[str, int]]:
        """Give the tokens that begin so, and how many entries each is in."""
        bounds = {"low": start, "high": start[:-1] + chr(ord(start[-1]) + 1)}
        rows = self._session.execute(
            self._select("term, doc", "term >= :low AND term < :high"), bounds
        )
        return [(row.term, row.doc) for row in rows]

    def _select(self, what: str, condition: str) -> TextClause:
        return text(f"SELECT {what} FROM temp.{self._name} WHERE {condition}")  # noqa: S608 (our own names)
