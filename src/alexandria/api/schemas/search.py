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


class ExplainedWord(BaseModel):
    word: str
    fields: dict[str, int]
    """Field to how often the word stands there."""
    score: float
    """Its part of BM25."""


class ExplainedPart(BaseModel):
    name: str
    """`keyword`, `semantic`, `neighbours`, `awaited` or `identifier`."""
    value: float | None
    """BM25, or cosine."""
    normalised: float
    weight: float
    score: float
    """`normalised` times `weight`."""


class Explanation(BaseModel):
    score: float
    parts: list[ExplainedPart]
    """Their scores add up to the result's."""
    words: list[ExplainedWord]
    """Their scores add up to BM25."""
    field_weights: dict[str, float]
    """Field to how much a match in it counts in BM25."""


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
    explanation: Explanation | None = None
    """Only with `explain=true`."""


class SearchOut(BaseModel):
    query: str
    mode: str
    total: int
    took_ms: float
    cached: bool
    did_you_mean: str | None
    """The query with words that the library has, where it has none or hardly one like those typed."""
    index: IndexState
    facets: dict[str, list[Facet]]
    results: list[SearchHit]
