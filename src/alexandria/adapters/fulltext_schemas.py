"""How keyword indexes are laid out."""

from collections.abc import Mapping
from dataclasses import dataclass

from alexandria.adapters.text_analysis import language_of, tokens
from alexandria.protocols import SearchEntry

COLUMNS = ("title", "abstract", "authors", "content", "terms")

_WEIGHTS = (3.0, 1.0, 1.0, 1.0, 1.0)
LANGUAGE_MARK = "#"
"""Begins the token, among the terms, that says in which language an entry is: `#de`."""
_NOT_INDEXED = str.maketrans("", "", "\x00")


@dataclass(frozen=True, slots=True)
class Schema:
    """`tokenizer`: of FTS5; `weights`: of each of COLUMNS, for BM25.

    `analysed`: the columns hold tokens of our own analysis, and not the texts themselves.
    """

    tokenizer: str
    weights: tuple[float, ...]
    analysed: bool = False


SCHEMA = "FTS5, schema 2"
"""The schema of an index that is built now; those that serve may be of an older one."""
POSTGRES_SCHEMA = "postings, schema 1"
"""The same on PostgreSQL."""
SCHEMAS: dict[str, Schema] = {
    "FTS5, schema 1": Schema("porter unicode61 remove_diacritics 2", weights=_WEIGHTS),
    # `ascii` splits at nothing but ASCII characters, so our tokens stay whole in every script.
    SCHEMA: Schema("ascii tokenchars ''+#''", weights=_WEIGHTS, analysed=True),
    POSTGRES_SCHEMA: Schema("", weights=_WEIGHTS, analysed=True),
}


@dataclass(frozen=True, slots=True)
class IndexTable:
    """One FTS5 table; its row ids are those of `search_documents`."""

    name: str = "search_index"
    schema: str = SCHEMA

    def create(self) -> str:
        return (
            f"CREATE VIRTUAL TABLE {self.name} USING fts5("
            f"{', '.join(COLUMNS)}, tokenize = '{self._layout.tokenizer}')"
        )

    @property
    def rank(self) -> str:
        return f"bm25({', '.join(map(str, self._layout.weights))})"

    @property
    def weights(self) -> Mapping[str, float]:
        return dict(zip(COLUMNS, self._layout.weights, strict=True))

    @property
    def analysed(self) -> bool:
        return self._layout.analysed

    def columns(self, entry: SearchEntry) -> dict[str, str]:
        """Give what the table holds of an entry."""
        if self.analysed:
            return analysed_columns(entry)[1]
        return {name: getattr(entry, name).translate(_NOT_INDEXED) for name in COLUMNS}

    @property
    def _layout(self) -> Schema:
        return SCHEMAS[self.schema]


def analysed_columns(entry: SearchEntry) -> tuple[str, dict[str, str]]:
    """Give the language of an entry, and its tokens in each column, with spaces between."""
    language = language_of(entry.language, f"{entry.title} {entry.abstract or entry.content}")
    found = {name: " ".join(tokens(getattr(entry, name), language)) for name in COLUMNS}
    return language, found | {"terms": f"{found['terms']} {LANGUAGE_MARK}{language}".lstrip()}
