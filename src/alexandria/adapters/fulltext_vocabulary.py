"""The tokens of one FTS5 table, read from its index by the module `fts5vocab`."""

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_match import Sought
from alexandria.adapters.fulltext_schemas import LANGUAGE_MARK, IndexTable
from alexandria.adapters.text_analysis import DEFAULT, known


class Vocabulary:
    """Reads only the part of the index that it is asked about: all of it may take a second."""

    def __init__(self, session: Session, table: IndexTable) -> None:
        self._session = session
        self._name = f"{table.name}_tokens"
        # In `temp` it costs a fifth of a millisecond, and nothing of it is left in the library.
        create = f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{self._name} "
        session.execute(text(f"{create} USING fts5vocab('main', '{table.name}', 'row')"))

    def languages(self) -> tuple[str, ...]:
        """Give the languages by whose stemmers entries were analysed, the most frequent first."""
        marks = dict(self.beginning(LANGUAGE_MARK))
        ordered = sorted(marks, key=lambda mark: -marks[mark])
        found = dict.fromkeys(known(mark.removeprefix(LANGUAGE_MARK)) for mark in ordered)
        return tuple(found) or (DEFAULT,)

    def documents(self, token: str) -> int:
        """Count the entries that a token is in."""
        found = self._session.scalar(self._select("doc", "term = :token"), {"token": token})
        return found or 0

    def frequency(self, sought: Sought) -> int:
        """Count the entries that a word is in; of a phrase, those with the rarest of its tokens."""
        return sum(min(map(self.documents, one)) for one in sought.whole) + sum(
            min(map(self.documents, one[:-1]), default=0) for one in sought.begun
        )

    def beginning(self, start: str) -> list[tuple[str, int]]:
        """Give the tokens that begin so, and how many entries each is in."""
        bounds = {"low": start, "high": start[:-1] + chr(ord(start[-1]) + 1)}
        rows = self._session.execute(
            self._select("term, doc", "term >= :low AND term < :high"), bounds
        )
        return [(row.term, row.doc) for row in rows]

    def _select(self, what: str, condition: str) -> TextClause:
        return text(f"SELECT {what} FROM temp.{self._name} WHERE {condition}")  # noqa: S608 (our own names)
