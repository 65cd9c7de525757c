from pydantic import BaseModel


class IndexState(BaseModel):
    complete_through: int
    """No event up to this one is missing in the keyword index."""
    pending: int
    """Resources whose last change is not in the keyword index yet."""


class Scores(BaseModel):
    keyword: float | None
    semantic: float | None


class Facet(BaseModel):
    value: str | int
    count: int


class Passage(BaseModel):
    start: int
    """Characters of the content, from here up to `end`."""
    end: int
    text: str


class SearchHit(BaseModel):
    id: str
    external_id: str | None
    title: str
    authors: list[str]
    year: int | None
    score: float
    scores: Scores
    snippet: str
    """Escaped HTML with `<mark>` around what matched."""
    passage: Passage | None
    """Where the content is nearer to the query than the resource as a whole."""
    quality: float | None
    freshness: dict[str, str]
    """Derivation to state."""


class SearchOut(BaseModel):
    query: str
    mode: str
    total: int
    took_ms: float
    cached: bool
    index: IndexState
    facets: dict[str, list[Facet]]
    results: list[SearchHit]
