"""What a KeywordQuery looks for in the index, and the FTS5 MATCH expression that asks for it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alexandria.adapters.fulltext_schemas import COLUMNS
from alexandria.adapters.text_analysis import (
    Tokens,
    ends_in_one_letter,
    hidden_stems,
    longer_runs,
    start,
    stop_words,
    variants,
)
from alexandria.protocols import KeywordQuery, Term

MAX_TERMS = 256
"""Terms of each kind that count; a pasted page has more, and each costs a look at the index."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens in a row, in one column or, with None, in any; `begun`: the last is only a start."""

    tokens: Tokens
    begun: bool = False
    column: str | None = None

    def __str__(self) -> str:
        """Give the phrase in the language of FTS5."""
        column = f"{self.column} : " if self.column else ""
        return f'{column}"{" ".join(self.tokens)}"{" *" if self.begun else ""}'


@dataclass(frozen=True, slots=True)
class Sought:
    """A word or phrase of a query, and the tokens any of which meet it.

    `whole`: tokens in a row; `begun`: tokens in a row the last of which is only the start of one.
    """

    term: Term
    whole: tuple[Tokens, ...] = ()
    begun: tuple[Tokens, ...] = ()

    @property
    def phrases(self) -> list[Phrase]:
        column = self.term.column if self.term.column in COLUMNS else None
        begun = [Phrase(one, begun=True, column=column) for one in self.begun]
        return begun + [Phrase(one, column=column) for one in self.whole]

    @property
    def as_typed(self) -> str:
        words = " ".join(self.term.words)
        return f"{words}*" if self.term.prefix else words

    @property
    def expression(self) -> str:
        return any_of(self.phrases)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query in the words of one index."""

    required: tuple[Sought, ...] = ()
    wanted: tuple[Sought, ...] = ()
    """What adds to the score, the required terms among it."""
    excluded: tuple[Sought, ...] = ()

    @property
    def match(self) -> str:
        """Give the MATCH expression, or an empty string if the query asks for nothing.

        A required term counts twice in the score beside others: once as a condition, once among
        what is wanted. An exact phrase that is excluded is not: its stems may be those of others.
        """
        if not self.wanted:
            return ""
        found = any_of(phrase for one in self.wanted for phrase in one.phrases)
        required = " AND ".join(one.expression for one in self.required)
        if self.counts_twice:
            found = f"{required} AND {found}"
        elif required:
            found = required
        if none_of := [p for one in self.excluded if not one.term.exact for p in one.phrases]:
            return f"({found}) NOT {any_of(none_of)}"
        return found

    @property
    def exact(self) -> list[Sought]:
        """Give the phrases that are met only by their very words, whose stems alone are indexed."""
        return [one for one in (*self.required, *self.excluded) if one.term.exact]

    def scored(self) -> Iterator[tuple[Sought, list[Phrase]]]:
        """Give what BM25 adds up: each word or phrase, with those of its phrases that count there."""
        yield from ((one, one.phrases) for one in self.required)
        if self.counts_twice or not self.required:
            counted: set[Phrase] = set()
            for one in self.wanted:
                yield one, [phrase for phrase in one.phrases if phrase not in counted]
                counted.update(one.phrases)

    @property
    def counts_twice(self) -> bool:
        """Tell whether required terms do."""
        return bool(self.required) and len(self.wanted) > len(self.required)


class Reading:
    """Reads queries for an index whose texts were analysed, in these languages."""

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = tuple(languages)
        self._read: dict[KeywordQuery, Asked] = {}

    def asked(self, query: KeywordQuery) -> Asked:
        if query not in self._read:
            self._read[query] = self._asked(query)
        return self._read[query]

    def _asked(self, query: KeywordQuery) -> Asked:
        required = self._all(query.all_of)
        small = stop_words(
            [one.words[0].lower() for one in query.any_of if one.words], self.languages
        )
        telling = [one for one in query.any_of if not _is_one_of(one, small)]
        others = self._all(self._parts(telling)) or self._all(self._parts(query.any_of))
        return Asked(
            required,
            tuple(dict.fromkeys((*required, *others))),
            self._all(query.none_of),
        )

    def sought(self, term: Term) -> Sought:
        text = " ".join(term.words)
        if not term.prefix:
            found = variants(text, self.languages)
            # One letter alone stands as a token of its own only where its run ends.
            return Sought(term, begun=found) if ends_in_one_letter(text) else Sought(term, found)
        begun = [start(text, language) for language in self.languages]
        begun = list(dict.fromkeys(one for one in begun if one))
        stems = hidden_stems(begun[0][-1], self.languages) if begun else []
        whole = [(*one[:-1], stem) for one in begun for stem in stems]
        return Sought(term, tuple(whole), tuple(begun))

    def _all(self, terms: Iterable[Term]) -> tuple[Sought, ...]:
        found: dict[tuple[Phrase, ...], Sought] = {}
        for term in terms:
            one = self.sought(term)
            if phrases := tuple(one.phrases):
                found.setdefault(phrases, one)
            if len(found) == MAX_TERMS:
                break
        return tuple(found.values())

    def _parts(self, terms: Iterable[Term]) -> Iterator[Term]:
        """Give the terms, and the parts of those that are sentences without spaces."""
        for term in terms:
            yield term
            for part in longer_runs(" ".join(term.words)):
                yield Term((part,), column=term.column)


class TypedReading(Reading):
    """Reads queries for an index whose tokenizer stems the words itself."""

    def __init__(self) -> None:
        super().__init__(("en",))

    def sought(self, term: Term) -> Sought:
        words = tuple(_clean(" ".join(term.words)).split())
        if not any(map(str.isalnum, "".join(words))):
            return Sought(term)
        return Sought(term, begun=(words,)) if term.prefix else Sought(term, whole=(words,))

    def _parts(self, terms: Iterable[Term]) -> Iterator[Term]:
        return iter(terms)


def positive(query: KeywordQuery) -> KeywordQuery:
    """Give the query without what it excludes."""
    return KeywordQuery(any_of=query.any_of, all_of=query.all_of)


def _is_one_of(term: Term, words: frozenset[str]) -> bool:
    return not term.prefix and len(term.words) == 1 and term.words[0].lower() in words


def any_of(phrases: Iterable[Phrase]) -> str:
    """Give the expression that asks for at least one; an empty one if there is none."""
    either = " OR ".join(map(str, dict.fromkeys(phrases)))
    return either and f"({either})"


def _clean(words: str) -> str:
    """Take out what would end the string or the quotes, and what UTF-8 can't hold."""
    return (
        "".join(" " if one in '"\x00' else one for one in words.lower())
        .encode("utf-8", "ignore")
        .decode()
    )
