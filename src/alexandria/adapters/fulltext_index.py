"""What the keyword indexes of both databases have in common: a query's way from words to answers."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_match import Asked, Phrase, Reading, Sought, positive
from alexandria.adapters.fulltext_schemas import IndexTable
from alexandria.adapters.fulltext_vocabulary import Vocabulary
from alexandria.adapters.originals import contents, headings, holding, snippets_of
from alexandria.adapters.snippets import Snippets, Wanted
from alexandria.adapters.spelling import Speller
from alexandria.adapters.text_analysis.finding import ExactPhrase
from alexandria.protocols import KeywordQuery

ALL = -1
"""As a limit: none."""
_SAMPLE = 20
"""Texts in which it is looked how a word is written."""

Tables = Callable[[], Sequence[IndexTable]]
Ranked = list[tuple[str, float]]


@dataclass(frozen=True)
class Seen:
    """What is known of an index as long as nothing in it changes."""

    transaction: Any
    table: IndexTable
    vocabulary: Vocabulary
    reading: Reading
    met_exactly: dict[Sought, set[str]] = field(default_factory=dict)
    """A phrase to the resources that have its very words."""


class KeywordIndex(ABC):
    """Implements the reading part of FullTextIndex; takes part in the session's transaction.

    `tables` gives the index that is searched, and after it one that is being built. It is asked in
    each transaction anew, so that no entry misses an index whose building began meanwhile.
    """

    def __init__(self, session: Session, tables: Tables) -> None:
        self._session = session
        self._tables = tables
        self._known: Seen | None = None

    @property
    def name(self) -> str:
        """Of the index that is searched."""
        return self._searched.name

    @property
    def _searched(self) -> IndexTable:
        return self._tables()[0]

    @abstractmethod
    def _look(self, transaction: Any, table: IndexTable) -> Seen:
        """Read what is needed to understand queries."""

    @abstractmethod
    def _holds(self, known: Seen) -> bool:
        """Tell whether in the same transaction what was seen is still so."""

    @abstractmethod
    def _best(self, asked: Asked, limit: int) -> Ranked:
        """Rank what is found, exact phrases by their stems; as if the stems of one word were one."""

    @abstractmethod
    def _number(self, asked: Asked) -> int:
        """Count what is found, exact phrases by their stems."""

    @abstractmethod
    def _having(self, phrases: Sequence[Phrase], limit: int) -> list[str]:
        """Give the resources that have one of the phrases, those first in which it tells most."""

    def search(self, query: KeywordQuery, limit: int) -> Ranked:
        """Give resource ids with BM25 scores, the best (highest) first.

        A query that only excludes, or that holds no letter or digit, finds nothing.
        """
        asked = self._reading().asked(query)
        found = self._best(asked, ALL if asked.exact else limit)
        for phrase in asked.exact:
            met = self._met_exactly(phrase)
            is_excluded = phrase in asked.excluded
            found = [hit for hit in found if (hit[0] in met) != is_excluded]
        return found if limit == ALL else found[:limit]

    def count(self, query: KeywordQuery) -> int:
        """Count all that `search` would find without a limit."""
        asked = self._reading().asked(query)
        return len(self.search(query, ALL)) if asked.exact else self._number(asked)

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

    def weights(self) -> Mapping[str, float]:
        """Give how much a match in each column counts in BM25."""
        return self._seen().table.weights

    def spelled(self, words: Collection[str]) -> Mapping[str, str]:
        """Give for words that no text has, or hardly one, those of the library that are meant."""
        if not self._seen().table.analysed:
            return {}
        speller = Speller(self._reading(), self._vocabulary(), self._texts_with)
        found = ((word, speller.likeliest(word)) for word in dict.fromkeys(words))
        return {word: meant for word, meant in found if meant}

    def _reading(self) -> Reading:
        return self._seen().reading

    def _vocabulary(self) -> Vocabulary:
        return self._seen().vocabulary

    def _seen(self) -> Seen:
        """Give what is known of the index that is searched, if neither it nor our view changed."""
        transaction, known = self._session.get_transaction(), self._known
        if known is None or transaction is not known.transaction or not self._holds(known):
            table = self._searched
            self._known = known = self._look(self._session.get_transaction(), table)
        return known

    def _met_exactly(self, sought: Sought) -> set[str]:
        """Give the resources that have a phrase as it is typed."""
        known = self._seen().met_exactly
        if sought not in known:
            phrase = ExactPhrase(sought.term.words, begun=sought.term.prefix)
            near = self._having(sought.phrases, ALL)
            column = sought.term.column
            known[sought] = holding(self._session, near, phrase, column) if phrase else set(near)
        return known[sought]

    def _texts_with(self, token: str) -> Iterator[str]:
        """Give some titles and abstracts that have a token, or else one content."""
        ids = self._having([Phrase((token,))], _SAMPLE)
        for heading in headings(self._session, ids).values():
            yield f"{heading.title} {heading.abstract}"
        in_headings = [Phrase((token,), column=column) for column in ("title", "abstract")]
        if not self._having(in_headings, 1):
            yield from (content for _, content in contents(self._session, ids[:1]))
