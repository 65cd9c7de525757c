"""What a search is asked, and what it answers."""

from dataclasses import dataclass, replace
from typing import Any, Literal, NotRequired, TypedDict, get_args

from alexandria.errors import InvalidInputError
from alexandria.services.search.conditions import (
    Condition,
    Conditions,
    HasAuthor,
    HasSubject,
    HasTag,
    HasValue,
    MinQuality,
    Years,
)
from alexandria.services.search.explanation import Explanation
from alexandria.services.search.query import clean

Mode = Literal["hybrid", "keyword", "semantic"]
Sort = Literal["relevance", "year", "-year", "title", "-title", "created", "-created"]
"""A minus sign turns the order round; resources without a year come last either way."""

MAX_LIMIT = 1000
MAX_OFFSET = 1_000_000
_YEARS = range(-9999, 10_000)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Raises InvalidInputError for a mode, order, page, year or quality that can't be."""

    query: str = ""
    mode: Mode = "hybrid"
    limit: int = 20
    offset: int = 0
    year_from: int | None = None
    year_to: int | None = None
    author: str | None = None
    subject: str | None = None
    tag: str | None = None
    min_quality: float | None = None
    """From 0 to 1."""
    venue: str | None = None
    type: str | None = None
    language: str | None = None
    sort: Sort = "relevance"
    facets: bool = True
    """Count what was found by year, author, and so on."""
    explain: bool = False
    """Say of each result what its score is the sum of."""

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise InvalidInputError(
                f"There is no search mode {self.mode!r}.", f"Use {', '.join(get_args(Mode))}."
            )
        if self.sort not in get_args(Sort):
            raise InvalidInputError(
                f"Results can't be sorted by {self.sort!r}.", f"Use {', '.join(get_args(Sort))}."
            )
        if not (0 <= self.limit <= MAX_LIMIT and 0 <= self.offset <= MAX_OFFSET):
            raise InvalidInputError(
                "There is no such page of results.",
                f"Give a limit from 0 to {MAX_LIMIT} and an offset from 0 to {MAX_OFFSET}.",
            )
        if any(year not in _YEARS for year in (self.year_from, self.year_to) if year is not None):
            raise InvalidInputError("That is no year.", "Give a year of up to four digits.")
        if self.min_quality is not None and not 0 <= self.min_quality <= 1:
            raise InvalidInputError("That is no quality score.", "Give a number from 0 to 1.")

    def cleaned(self) -> "SearchRequest":
        """Give the same request without what no database, model or answer can hold."""
        return replace(
            self,
            query=clean(self.query),
            author=clean(self.author or "") or None,
            subject=clean(self.subject or "") or None,
            tag=clean(self.tag or "") or None,
            venue=clean(self.venue or "") or None,
            type=clean(self.type or "") or None,
            language=clean(self.language or "") or None,
        )

    def conditions(self) -> Conditions:
        """Give the filters beside the query."""
        found: list[Condition] = []
        if self.year_from is not None or self.year_to is not None:
            found.append(Years(self.year_from, self.year_to))
        if self.author:
            found.append(HasAuthor(self.author))
        if self.subject:
            found.append(HasSubject(self.subject))
        if self.tag:
            found.append(HasTag(self.tag))
        if self.min_quality is not None:
            found.append(MinQuality(self.min_quality))
        values = ((name, getattr(self, name)) for name in ("venue", "type", "language"))
        found += [HasValue(name, value) for name, value in values if value]
        return Conditions(required=tuple(found))


class IndexState(TypedDict):
    complete_through: int
    """The largest n such that no event up to n is missing in the keyword index."""
    pending: int


class Scores(TypedDict):
    keyword: float | None
    """BM25."""
    semantic: float | None
    """Cosine."""


class PassageShown(TypedDict):
    start: int
    """Characters of the content, from here up to `end`."""
    end: int
    text: str


class SearchResult(TypedDict):
    id: str
    external_id: str | None
    title: str
    authors: list[str]
    year: int | None
    score: float
    scores: Scores
    snippet: str
    """Escaped HTML with `<mark>` only."""
    passage: PassageShown | None
    """Where the content is nearer to the query than the resource as a whole."""
    quality: float | None
    freshness: dict[str, str]
    """Derivation to `fresh`, `pending`, `stale` or `failed`."""
    explanation: NotRequired[Explanation]
    """If it was asked for."""


class SearchResponse(TypedDict):
    query: str
    mode: str
    total: int
    """Keyword: all that match. Semantic and hybrid: at most the 1000 best of each list."""
    took_ms: float
    cached: bool
    did_you_mean: str | None
    """The query with words that the library has, where it has none or hardly one like those typed."""
    index: IndexState
    facets: dict[str, list[dict[str, Any]]]
    results: list[SearchResult]
