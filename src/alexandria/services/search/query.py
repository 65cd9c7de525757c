"""The query language: words, "phrases", prefix*, field:value, -excluded, +required.

Anything can be typed: what is no operator counts as words. Words are alternatives, the more of
them match the better; phrases, required words and fields must all be met.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from alexandria.protocols import KeywordQuery, Term
from alexandria.protocols.identifiers import normalise_doi
from alexandria.services.search.conditions import (
    Condition,
    Conditions,
    HasIdentifier,
    HasTag,
    Years,
)

MAX_CHARACTERS = 10_000
"""Of a query; the rest does not count."""

_COLUMNS: Mapping[str, str] = {
    "title": "title",
    "abstract": "abstract",
    "author": "authors",
    "authors": "authors",
    "text": "content",
    "content": "content",
}
_SPOKEN = frozenset({None, "title", "abstract", "content"})
"""Columns whose words tell what the text is about, so that semantic search looks for them too."""

_PART = re.compile(
    r"""
    (?P<sign>(?<!\S)[+-])?
    (?:(?P<field>[A-Za-z]+):(?=\S))?
    (?:(?<!\w)"(?P<phrase>[^"]*)"(?P<open>\*)? | (?P<word>[^\s"]+))
    """,
    re.VERBOSE,
)
_YEARS = re.compile(r"(?=.*\d)(?P<low>\d{1,4})?(?:(?P<to>-|\.\.)(?P<high>\d{1,4})?)?", re.ASCII)
_UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    keyword: KeywordQuery
    conditions: Conditions
    text: str
    """The words as typed, without operators and exclusions: what semantic search embeds."""

    @property
    def wants_words(self) -> bool:
        return bool(self.keyword.any_of or self.keyword.all_of)

    @property
    def plain_words(self) -> list[str]:
        """Give the words that are looked for with all that have their stem."""
        terms = (*self.keyword.any_of, *self.keyword.all_of)
        plain = (term for term in terms if not (term.prefix or term.exact))
        return [word for term in plain for word in term.words]


@dataclass(slots=True)
class _Parts:
    any_of: list[Term] = field(default_factory=list)
    all_of: list[Term] = field(default_factory=list)
    none_of: list[Term] = field(default_factory=list)
    required: list[Condition] = field(default_factory=list)
    excluded: list[Condition] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def take(self, part: re.Match[str]) -> None:
        name = (part["field"] or "").lower()
        value = part["phrase"] if part["word"] is None else part["word"]
        excluded = part["sign"] == "-"
        if condition := _condition(name, value):
            (self.excluded if excluded else self.required).append(condition)
        elif not name or name in _COLUMNS:
            self._take_term(_term(part, value, _COLUMNS.get(name)), part)
        elif part["sign"]:
            self._take_term(Term((name, *value.split())), part)
        else:
            self._take_term(Term((name,)), part)
            self._take_term(_term(part, value, None), part)

    def _take_term(self, term: Term, part: re.Match[str]) -> None:
        if not any(map(str.isalnum, "".join(term.words))):
            return
        if part["sign"] == "-":
            self.none_of.append(term)
            return
        must = part["sign"] or term.column or part["phrase"] is not None
        (self.all_of if must else self.any_of).append(term)
        if term.column in _SPOKEN:
            self.text.extend(term.words)


def parse(query: str) -> ParsedQuery:
    """Understand what was typed; never raises."""
    parts = _Parts()
    for part in _PART.finditer(clean(query)):
        parts.take(part)
    return ParsedQuery(
        keyword=KeywordQuery(tuple(parts.any_of), tuple(parts.all_of), tuple(parts.none_of)),
        conditions=Conditions(tuple(parts.required), tuple(parts.excluded)),
        text=" ".join(parts.text),
    )


def with_words(query: str, others: Mapping[str, str]) -> str:
    """Give the query with other words in place of these."""
    for word, other in others.items():
        typed = re.compile(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", re.IGNORECASE)
        query = other.join(typed.split(query))
    return query


def clean(query: str) -> str:
    """Give the query on one line, without what no database or model can read."""
    return " ".join(_UNREADABLE.sub(" ", query[:MAX_CHARACTERS]).split())


def _term(part: re.Match[str], value: str, column: str | None) -> Term:
    if part["word"] is None:
        begun = part["open"] is not None
        return Term(tuple(value.split()), prefix=begun, column=column, exact=True)
    word = value.rstrip("*")
    return Term((word,), prefix=word != value, column=column)


def _condition(name: str, value: str) -> Condition | None:
    if name == "tag" and value.strip():
        return HasTag(value.strip())
    if name == "doi" and (doi := normalise_doi(value)):
        return HasIdentifier("doi", doi)
    if name == "year" and (years := _YEARS.fullmatch(value)):
        low, high = years["low"], years["high"] if years["to"] else years["low"]
        return Years(int(low) if low else None, int(high) if high else None)
    return None
