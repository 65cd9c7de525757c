"""The tokens of a keyword index, and how many entries each is in."""

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_match import Sought
from alexandria.adapters.fulltext_schemas import LANGUAGE_MARK, IndexTable
from alexandria.adapters.text_analysis import DEFAULT, known

_LAST_BEFORE_SURROGATES = "\ud7ff"


class Vocabulary(ABC):
    """Reads only the part of the index that it is asked about: all of it may take a second."""

    def __init__(self) -> None:
        self._counted: dict[str, int] = {}

    @cached_property
    @abstractmethod
    def entries(self) -> int: ...

    @cached_property
    @abstractmethod
    def marks(self) -> Mapping[str, int]:
        """Give the languages of the entries, as they are declared or guessed, with their number."""

    @abstractmethod
    def beginning(self, start: str) -> Sequence[str]:
        """Give the tokens that begin so."""

    @abstractmethod
    def _count(self, tokens: Sequence[str]) -> Mapping[str, int]: ...

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Give the languages by whose stemmers entries were analysed, the most frequent first."""
        ordered = sorted(self.marks, key=lambda mark: -self.marks[mark])
        return tuple(dict.fromkeys(map(known, ordered))) or (DEFAULT,)

    def documents(self, tokens: Collection[str]) -> dict[str, int]:
        """Count the entries that each token is in."""
        unknown = [one for one in dict.fromkeys(tokens) if one not in self._counted]
        if unknown:
            self._counted |= dict.fromkeys(unknown, 0) | dict(self._count(unknown))
        return {one: self._counted[one] for one in tokens}

    def frequencies(self, words: Sequence[Sought]) -> list[int]:
        """Count the entries that each word is in; of a phrase, those with its rarest token."""
        phrases = [[*one.whole, *(begun[:-1] for begun in one.begun)] for one in words]
        counted = self.documents({t for several in phrases for one in several for t in one})
        return [
            sum(min((counted[token] for token in one), default=0) for one in several)
            for several in phrases
        ]


class SqliteVocabulary(Vocabulary):
    """Of one FTS5 table, read from its index by the module `fts5vocab`."""

    def __init__(self, session: Session, table: IndexTable) -> None:
        super().__init__()
        self._session = session
        self._name = f"{table.name}_tokens"
        # In `temp` it costs a fifth of a millisecond, and nothing of it is left in the library.
        create = f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{self._name} "
        session.execute(text(f"{create} USING fts5vocab('main', '{table.name}', 'row')"))

    @cached_property
    def entries(self) -> int:
        return self._session.scalar(text("SELECT count(*) FROM search_documents")) or 0

    @cached_property
    def marks(self) -> Mapping[str, int]:
        found = self.documents(self.beginning(LANGUAGE_MARK))
        return {mark.removeprefix(LANGUAGE_MARK): number for mark, number in found.items()}

    def beginning(self, start: str) -> Sequence[str]:
        """Give the tokens that begin so; they are counted on the way."""
        bounds = {"low": start, "high": after(start)}
        rows = self._session.execute(
            self._select("term, doc", "term >= :low AND term < :high"), bounds
        )
        found = {row.term: row.doc for row in rows}
        self._counted |= found
        return list(found)

    def _count(self, tokens: Sequence[str]) -> Mapping[str, int]:
        among = "term IN (SELECT value FROM json_each(:tokens))"
        rows = self._session.execute(
            self._select("term, doc", among), {"tokens": json.dumps(tokens)}
        )
        return {row.term: row.doc for row in rows}

    def _select(self, what: str, condition: str) -> TextClause:
        return text(f"SELECT {what} FROM temp.{self._name} WHERE {condition}")  # noqa: S608 (our own names)


def after(start: str) -> str:
    """Give what stands behind everything that begins so, by the numbers of the characters."""
    last = "\ue000" if start[-1] == _LAST_BEFORE_SURROGATES else chr(ord(start[-1]) + 1)
    return start[:-1] + last
