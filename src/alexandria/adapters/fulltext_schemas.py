"""How keyword indexes are laid out in SQLite's FTS5."""

from collections.abc import Mapping
from dataclasses import dataclass

from alexandria.adapters.text_analysis import language_of, tokens
from alexandria.protocols import SearchEntry

COLUMNS = ("title", "abstract", "authors", "content", "terms")

LANGUAGE_MARK = "#"
"""Begins the token, among the terms, that says in which language an entry is: `#de`."""
_NOT_INDEXED = str.maketrans("", "", "\x00")


@dataclass(frozen=True, slots=True)
class Schema:
    """`weights`: of each of COLUMNS, for BM25.

    `analysed`: the columns hold tokens of our own analysis, and not the texts themselves.
    """

    tokenizer: str
    weights: tuple[float, ...]
    analysed: bool = False


SCHEMA = "FTS5, schema 2"
"""The schema of an index that is built now; those that serve may be of an older one."""
SCHEMAS: dict[str, Schema] = {
    "FTS5, schema 1": Schema(
        "porter unicode61 remove_diacritics 2", weights=(3.0, 1.0, 1.0, 1.0, 1.0)
    ),
    # `ascii` splits at nothing but ASCII characters, so our tokens stay whole in every script.
    SCHEMA: Schema("ascii tokenchars ''+#''", weights=(3.0, 1.0, 1.0, 1.0, 1.0), analysed=True),
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
        texts = {name: getattr(entry, name) for name in COLUMNS}
        if not self.analysed:
            return {name: text.translate(_NOT_INDEXED) for name, text in texts.items()}
        sample = f"{entry.title} {entry.abstract or entry.content}"
        language = language_of(entry.language, sample)
        found = {name: " ".join(tokens(text, language)) for name, text in texts.items()}
        return found | {"terms": f"{found['terms']} {LANGUAGE_MARK}{language}".lstrip()}

    @property
    def _layout(self) -> Schema:
        return SCHEMAS[self.schema]
