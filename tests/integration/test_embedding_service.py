from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from alexandria import cache_keys
from alexandria.db import now
from alexandria.models import EmbeddingRow, Resource
from alexandria.services.embeddings import EmbeddingService
from search_parts import HashingEmbedder, JsonCache, add_resource, open_engine, session_of


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as engine:
        yield engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with session_of(engine) as session:
        yield session


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def cache() -> JsonCache:
    return JsonCache()


@pytest.fixture
def service(session: Session, embedder: HashingEmbedder, cache: JsonCache) -> EmbeddingService:
    return EmbeddingService(session, embedder, cache)


def rows(session: Session) -> dict[str, EmbeddingRow]:
    return {row.resource_id: row for row in session.scalars(select(EmbeddingRow))}


def test_embeds_title_and_abstract(
    service: EmbeddingService, session: Session, embedder: HashingEmbedder
) -> None:
    one = add_resource(session, "Parsing", abstract="With grammars.", content="Not this.")

    assert service.generate_and_store_embedding(one.id) == (1, 1)

    assert embedder.texts == ["Parsing. With grammars."]
    assert service.get_embedding(one.id) == pytest.approx(
        embedder.embed(["Parsing. With grammars."])[0].tolist(), abs=1e-3
    )


def test_embeds_the_lead_of_the_content_where_there_is_no_abstract(
    service: EmbeddingService, session: Session, embedder: HashingEmbedder
) -> None:
    ids = [
        add_resource(session, "Parsing", content="w" * 5_000).id,
        add_resource(session, "Parsing", content="parsing  is hard").id,
        add_resource(session, "Parsing", abstract="").id,
    ]

    service.generate_and_store_embeddings(ids)

    assert sorted(embedder.texts) == sorted(
        [f"Parsing. {'w' * 1500}", "parsing  is hard", "Parsing"]
    )


def test_many_are_embedded_in_one_batch_with_their_revisions(
    service: EmbeddingService, session: Session, embedder: HashingEmbedder
) -> None:
    a = add_resource(session, "A", content_revision=3, metadata_revision=2)
    b = add_resource(session, "B")

    assert service.generate_and_store_embeddings([a.id, b.id, "unknown"]) == {
        a.id: (3, 2),
        b.id: (1, 1),
    }
    session.commit()

    row = rows(session)[a.id]
    assert (row.content_revision, row.metadata_revision, row.model) == (3, 2, "hashing 1")
    assert len(row.vector or b"") == embedder.dimensions * 2
    assert service.generate_and_store_embeddings([]) == {}


def test_no_transaction_is_open_while_the_model_runs(session: Session) -> None:
    states: list[bool] = []

    class WatchingEmbedder(HashingEmbedder):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            states.append(session.in_transaction())
            return super().embed(texts)

    one = add_resource(session, "A")
    EmbeddingService(session, WatchingEmbedder()).generate_and_store_embedding(one.id)

    assert states == [False]


def test_what_changes_while_the_model_runs_wins(session: Session, engine: Engine) -> None:
    one, gone = add_resource(session, "old"), add_resource(session, "gone")

    class SlowEmbedder(HashingEmbedder):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if "old" in texts:
                with session_of(engine) as other:
                    changed = other.get_one(Resource, one.id)
                    changed.title, changed.metadata_revision = "new", 2
                    other.get_one(Resource, gone.id).deleted_at = now()
                    other.commit()
                    EmbeddingService(other, HashingEmbedder()).generate_and_store_embedding(one.id)
                    other.commit()
            return super().embed(texts)

    service = EmbeddingService(session, SlowEmbedder())
    assert service.generate_and_store_embeddings([one.id, gone.id]) == {one.id: (1, 1)}
    session.commit()

    assert rows(session)[one.id].metadata_revision == 2
    assert gone.id not in rows(session)


def test_a_deleted_resource_loses_its_vector(
    service: EmbeddingService, session: Session, cache: JsonCache
) -> None:
    one = add_resource(session, "A")
    service.generate_and_store_embedding(one.id)
    one.deleted_at = now()

    assert service.generate_and_store_embedding(one.id) is None

    assert rows(session)[one.id].vector is None
    assert cache.values == {}
    assert service.get_embedding(one.id) is None


def test_a_deleted_resource_has_no_embedding_even_before_it_is_taken_away(
    session: Session, embedder: HashingEmbedder
) -> None:
    one = add_resource(session, "A")
    service = EmbeddingService(session, embedder)
    service.generate_and_store_embedding(one.id)
    assert service.get_embedding(one.id) is not None

    one.deleted_at = now()
    session.flush()
    assert service.get_embedding(one.id) is None


def test_text_without_words_gets_no_vector(
    service: EmbeddingService, session: Session, embedder: HashingEmbedder
) -> None:
    one = add_resource(session, " ")

    assert service.generate_and_store_embedding(one.id) == (1, 1)
    assert service.get_embedding(one.id) is None
    assert embedder.texts == []


def test_an_embedding_is_cached_with_its_revision(
    service: EmbeddingService, session: Session, cache: JsonCache
) -> None:
    one = add_resource(session, "A", metadata_revision=4)
    service.generate_and_store_embedding(one.id)
    key = cache_keys.embedding(one.id)
    stored = service.get_embedding(one.id)
    assert (cache.get(key) or {})["revision"] == [1, 4]

    cache.delete(key)
    assert service.get_embedding(one.id) == stored
    assert (cache.get(key) or {})["vector"] == stored

    cache.set(key, (cache.get(key) or {}) | {"vector": [1.0]})
    assert service.get_embedding(one.id) == [1.0]


def test_a_vector_of_another_model_is_none(
    service: EmbeddingService, session: Session, cache: JsonCache
) -> None:
    one = add_resource(session, "A")
    service.generate_and_store_embedding(one.id)

    other = EmbeddingService(session, HashingEmbedder("hashing 2"), cache)

    assert other.get_embedding(one.id) is None
    other.generate_and_store_embedding(one.id)
    assert other.get_embedding(one.id) is not None
    assert service.get_embedding("unknown") is None
