"""Reads from the keyword index on PostgreSQL which entries have a phrase."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_match import Phrase
from alexandria.adapters.fulltext_postgres_statements import on
from alexandria.adapters.fulltext_postings import Hits, Places, as_hits, in_a_row, key, shared
from alexandria.adapters.fulltext_vocabulary import after

_NONE = as_hits(b"")


class PhraseHits:
    """Keeps what it has read; make it anew when the index may have changed."""

    def __init__(self, session: Session, table: str) -> None:
        self._session = session
        self._on = on(table)
        self._tokens: dict[str, Hits] = {}
        self._beginnings: dict[str, Hits] = {}
        self._phrases: dict[Phrase, Hits] = {}

    def __getitem__(self, phrase: Phrase) -> Hits:
        if phrase not in self._phrases:
            self._phrases[phrase] = self._of(phrase)
        return self._phrases[phrase]

    @cached_property
    def _totals(self) -> Sequence[tuple[str, int, int]]:
        rows = self._session.execute(self._on.totals)
        return [(row.language, int(row.documents), int(row.tokens)) for row in rows]

    @property
    def languages(self) -> Mapping[str, int]:
        """Give the languages of the entries with their number."""
        return {language: entries for language, entries, _ in self._totals if entries > 0}

    @property
    def tokens(self) -> int:
        """Count the tokens of all entries."""
        return sum(tokens for _, _, tokens in self._totals)

    def load(self, phrases: Iterable[Phrase]) -> None:
        """Read the tokens of several phrases in one go."""
        wanted = {
            key(token)
            for one in phrases
            for token in (one.tokens[:-1] if one.begun else one.tokens)
        }
        unknown = sorted(wanted - self._tokens.keys())
        if unknown:
            rows = self._session.execute(self._on.hits, {"terms": unknown})
            self._tokens |= dict.fromkeys(unknown, _NONE)
            self._tokens |= {row.term: as_hits(row.hits) for row in rows}

    def count(self, tokens: Sequence[str]) -> Mapping[str, int]:
        """Count the entries that each token is in."""
        terms = {one: key(one) for one in tokens}
        unknown = sorted(set(terms.values()) - self._tokens.keys())
        counted = {term: len(hits.documents) for term, hits in self._tokens.items()}
        if unknown:
            rows = self._session.execute(self._on.count, {"terms": unknown})
            counted |= {row.term: row.documents for row in rows}
        return {one: counted.get(term, 0) for one, term in terms.items()}

    def _of(self, phrase: Phrase) -> Hits:
        self.load([phrase])
        *before, last = map(key, phrase.tokens)
        ending = self._beginning(last) if phrase.begun else self._tokens[last]
        if not before:
            return ending.within(phrase.column)
        documents = shared([*(self._tokens[one] for one in before), ending]).tolist()
        if not documents:
            return _NONE
        places = self._places(before if phrase.begun else [*before, last], documents)
        rows = [places[one] for one in before]
        rows.append(self._beginning_places(last, documents) if phrase.begun else places[last])
        return in_a_row(rows, ending).within(phrase.column)

    def _beginning(self, start: str) -> Hits:
        if start not in self._beginnings:
            bounds = {"low": start, "high": after(start)}
            packed = self._session.scalar(self._on.hits_beginning, bounds)
            self._beginnings[start] = as_hits(packed or b"")
        return self._beginnings[start]

    def _places(self, terms: Sequence[str], documents: Sequence[int]) -> Mapping[str, Places]:
        asked = {"terms": list(dict.fromkeys(terms)), "documents": documents}
        rows = self._session.execute(self._on.places, asked)
        return {row.term: Places(row.documents, row.numbers, row.positions) for row in rows}

    def _beginning_places(self, start: str, documents: Sequence[int]) -> Places:
        asked = {"low": start, "high": after(start), "documents": documents}
        row = self._session.execute(self._on.places_beginning, asked).one()
        return Places(row.documents, row.numbers, row.positions)
