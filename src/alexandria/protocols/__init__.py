"""What services ask of the technologies below them; each is implemented in `alexandria.adapters`."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class Cache(Protocol):
    """A cache that is away answers as if empty; it never raises.

    Values are as JSON has them: a tuple comes back as a list.
    """

    def get(self, key: str, *, asked: str | None = None) -> Any | None:
        """Give the value; `asked`: what to compute it from again, if the key does not say that."""

    def peek(self, key: str) -> Any | None:
        """Give the value without counting the read."""

    def get_or_compute(self, key: str, compute: Callable[[], T], *, asked: str | None = None) -> T:
        """Give the value, or compute and store it, once for all threads that ask meanwhile."""

    def warm(self, computations: Mapping[str, Callable[[], Any]]) -> int:
        """Compute and store what has no value; give how many."""

    def hottest(self, family: str, limit: int) -> list[str]:
        """Give the keys of a family that are read most, or what was `asked` for them."""

    def begin(self, key: str) -> None:
        """Have the `set` that follows dropped if the key is invalidated before it."""

    def set(self, key: str, value: Any, ttl: float | None = None) -> None: ...

    def delete(self, key: str) -> int: ...

    def delete_pattern(self, pattern: str) -> int: ...


class Embedder(Protocol):
    @property
    def model(self) -> str:
        """Name and version, which stand as producer in the ledger."""

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give an array of shape (len(texts), dimensions) whose rows have length 1."""

    def __hash__(self) -> int:
        """Tell it from others, so that what it gave can be kept in memory."""


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """What the keyword index holds of one resource."""

    resource_id: str
    title: str
    abstract: str
    authors: str
    content: str
    terms: str
    """Tags, subjects, venue and identifiers, separated by spaces."""
    language: str | None = None
    """As declared; by its stemmer the words are found."""


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query: a word, a phrase of several words, or the start of a word."""

    words: tuple[str, ...]
    prefix: bool = False
    column: str | None = None
    """`title`, `abstract`, `authors`, `content` or `terms`; None: all of them."""
    exact: bool = False
    """Just these words in this order, not others of the same stems."""


@dataclass(frozen=True, slots=True)
class KeywordQuery:
    any_of: tuple[Term, ...] = ()
    all_of: tuple[Term, ...] = ()
    none_of: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class WordMatch:
    """What one word or phrase of a query adds to the keyword score of a resource."""

    word: str
    fields: Mapping[str, int]
    """Column to how often it stands there."""
    score: float
    """Its part of BM25."""


class FullTextIndex(Protocol):
    """Lives in the same database and transaction as the resources.

    Writes go to the index that is searched, and to one that is being built beside it.
    """

    schema: str
    """Of an index that this version builds."""

    @property
    def name(self) -> str:
        """Of the index that is searched."""

    def create(self, table: str) -> None:
        """Make an empty index of that schema."""

    def drop(self, table: str) -> None: ...

    def put(self, entries: Sequence[SearchEntry]) -> None: ...

    def remove(self, resource_ids: Collection[str]) -> None: ...

    def resource_ids(self) -> set[str]:
        """Give all resources that have an entry."""

    def differing(self, entries: Sequence[SearchEntry]) -> set[str]:
        """Give those of the entries' resources of which the index holds something else."""

    def search(self, query: KeywordQuery, limit: int) -> list[tuple[str, float]]:
        """Give resource ids with BM25 scores, the best (highest) first."""

    def count(self, query: KeywordQuery) -> int:
        """Count all that `search` would find without a limit."""

    def snippets(self, query: KeywordQuery, resource_ids: Collection[str]) -> Mapping[str, str]:
        """Give escaped HTML with `<mark>` around what matched, for those that match."""

    def matches(
        self, query: KeywordQuery, resource_ids: Collection[str]
    ) -> Mapping[str, list[WordMatch]]:
        """Give which words each resource matches; their scores add up to its BM25."""

    def weights(self) -> Mapping[str, float]:
        """Give how much a match in each column counts in BM25."""

    def spelled(self, words: Collection[str]) -> Mapping[str, str]:
        """Give for words that no text has, or hardly one, those of the library that are meant."""


class VectorIndex(Protocol):
    def search(
        self,
        vector: NDArray[np.float32],
        limit: int,
        exclude: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Give resource ids with cosine similarities, the nearest first; of `only` if given."""

    def vectors(self, resource_ids: Collection[str]) -> Mapping[str, NDArray[np.float32]]:
        """Give the vectors, of length 1, of those resources that have one."""


@dataclass(frozen=True, slots=True)
class NearPassage:
    """The passage of a resource that is nearest to a vector: `start` to `end` of its content."""

    resource_id: str
    score: float
    """Cosine."""
    start: int
    end: int
    content_revision: int
    vector: NDArray[np.float32]
    """Of length 1."""


class PassageIndex(Protocol):
    def search(
        self,
        vector: NDArray[np.float32],
        limit: int,
        exclude: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[NearPassage]:
        """Give the nearest passage of each resource, the nearest resource first."""


FileState = Literal["intact", "missing", "damaged"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    path: Path
    sha256: str | None
    """Under which it stands; None for a file that stands elsewhere in the folder."""
    bytes: int
    modified: float
    """Seconds since 1970."""


class FileStore(Protocol):
    """Keeps the original bytes under their SHA-256, whatever their name."""

    def put(self, path: Path) -> str:
        """Take a copy of the file; give its SHA-256 in hex."""

    def put_again(self, source: BinaryIO) -> str:
        """Store what can be read, also over a file that is there and may be damaged."""

    def remove(self, sha256: str, kept: timedelta) -> bool:
        """Remove a file that was not put for so long; tell whether it is gone."""

    def path(self, sha256: str) -> Path:
        """Give the stored file's place; raises NotFoundError if there is none."""

    def intact_path(self, sha256: str) -> Path:
        """Give the place of a file with the bytes that came in.

        Raises NotFoundError and DamagedError.
        """

    def state(self, sha256: str) -> FileState:
        """Read the whole file, and tell how it is."""

    def stored(self) -> Iterator[StoredFile]: ...

    def digest(self, path: Path) -> str | None:
        """Give the SHA-256 of a file that `stored` gave; None if it can't be read."""


class PageSanitiser(Protocol):
    def __call__(self, data: bytes, url: str | None) -> str:
        """Give a whole page without scripts and without anything that it would fetch.

        `url`: where it was saved from; relative links lead from there.
        """


@dataclass(frozen=True, slots=True)
class Fetched:
    path: Path
    url: str
    """The address after all redirects."""
    content_type: str | None
    filename: str | None = None


class WebFetcher(Protocol):
    def fetch(self, url: str, into: Path, accept: str | None = None) -> Fetched:
        """Write the answer's body to the file `into`; `accept`: the media types that are wanted.

        Raises InvalidInputError (an address that may not be fetched), ExtractionError (refused,
        too large), NothingThereError (status 404 or 410) and TransientError (timeout, connection
        lost, status 429 or 5xx, with the `retry_after` of the answer).
        """
