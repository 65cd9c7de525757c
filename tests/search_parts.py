"""Small parts to build a searchable library from in tests: each is real, and needs no server."""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from alexandria.adapters.fulltext_postgres import PostgresFullText
from alexandria.adapters.fulltext_sqlite import SqliteFullText
from alexandria.adapters.vector_index import VectorStore
from alexandria.db import LibrarySession, make_engine, new_id
from alexandria.models import (
    Resource,
    ResourceAuthor,
    ResourceContent,
    ResourceIdentifier,
    ResourceSubject,
    ResourceTag,
)
from alexandria.services.embeddings import EmbeddingService
from alexandria.services.evaluation import Library
from alexandria.services.freshness import FreshnessService
from alexandria.services.search import SearchService
from empty_database import put_empty_database


class HashingEmbedder:
    """An Embedder without a model: texts that share groups of three letters are near."""

    def __init__(self, model: str = "hashing 1", dimensions: int = 256) -> None:
        self.model = model
        self.dimensions = dimensions
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts.extend(texts)
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for vector, one in zip(vectors, texts, strict=True):
            for group in _groups_of_three(one):
                vector[zlib.crc32(group.encode()) % self.dimensions] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)


def _groups_of_three(words: str) -> Iterator[str]:
    for word in re.findall(r"\w+", words.lower()):
        padded = f" {word} "
        yield from (padded[start : start + 3] for start in range(len(padded) - 2))


class JsonCache:
    """A Cache in this process that holds what Redis would: JSON, no references."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str, *, asked: str | None = None) -> Any | None:
        del asked
        return self.peek(key)

    def get_or_compute(
        self, key: str, compute: Callable[[], Any], *, asked: str | None = None
    ) -> Any:
        del asked
        if key not in self.values:
            self.set(key, compute())
        return self.peek(key)

    def warm(self, computations: Mapping[str, Callable[[], Any]]) -> int:
        before = len(self.values)
        for key, compute in computations.items():
            self.get_or_compute(key, compute)
        return len(self.values) - before

    def hottest(self, family: str, limit: int) -> list[str]:
        raise NotImplementedError(family, limit)

    def peek(self, key: str) -> Any | None:
        return json.loads(self.values[key]) if key in self.values else None

    def begin(self, key: str) -> None:
        """Nobody else uses it: nothing can come between."""

    def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        self.values[key] = json.dumps(value)

    def delete(self, key: str) -> int:
        return int(self.values.pop(key, None) is not None)

    def delete_pattern(self, pattern: str) -> int:
        return sum(self.delete(key) for key in list(self.values) if fnmatchcase(key, pattern))


@contextmanager
def open_engine(folder: Path, url: str | None = None) -> Iterator[Engine]:
    """Make an empty library's database, in the folder unless its address is given."""
    engine = make_engine(url or f"sqlite:///{folder / 'library.db'}")
    if engine.dialect.name == "sqlite":
        put_empty_database(Path(str(engine.url.database)))
    try:
        yield engine
    finally:
        engine.dispose()


def session_of(engine: Engine) -> LibrarySession:
    return LibrarySession(engine, expire_on_commit=False)


def full_text(session: Session) -> SqliteFullText | PostgresFullText:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return SqliteFullText(session) if is_sqlite else PostgresFullText(session)


@contextmanager
def open_library(folder: Path, url: str | None = None) -> Iterator[Library]:
    """Open an empty library as `evaluate_search` wants it."""
    with open_engine(folder, url) as engine, session_of(engine) as session:
        embedder = HashingEmbedder()
        vectors = VectorStore(embedder.model, embedder.dimensions).bind(session)
        freshness = FreshnessService(session, [], timedelta(0))
        search = SearchService(session, full_text(session), vectors, embedder, None, freshness)
        yield Library(session, search, EmbeddingService(session, embedder))


def add_resource(
    session: Session,
    title: str,
    *,
    content: str = "",
    authors: Sequence[str] = (),
    tags: Sequence[str] = (),
    subjects: Sequence[str] = (),
    doi: str | None = None,
    **columns: Any,
) -> Resource:
    resource = Resource(id=new_id(), title=title, **columns)
    resource.author_rows = [ResourceAuthor(position=i, name=n) for i, n in enumerate(authors)]
    resource.tag_rows = [ResourceTag(position=i, tag=tag) for i, tag in enumerate(tags)]
    resource.subject_rows = [
        ResourceSubject(position=i, subject=one) for i, one in enumerate(subjects)
    ]
    if doi:
        resource.identifier_rows = [ResourceIdentifier(scheme="doi", value=doi)]
    if content:
        resource.body = ResourceContent(text=content, sha256="0" * 64)
    session.add(resource)
    session.flush()
    return resource
