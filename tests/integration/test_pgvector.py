"""What is near is found by pgvector: nearly all of it, also where a filter leaves little."""

from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from alexandria.adapters.pgvector_index import PgVectorIndex
from alexandria.db import LibrarySession, make_engine, new_id
from alexandria.db.pgvector import can_compare, of_dimensions, quoted
from alexandria.services.embeddings import drop_vectors, store_vectors
from alexandria.services.vector_directions import fill_directions
from postgres_server import PostgresServer

MODEL = "a model's: version 1"
DIMENSIONS = 48
COUNT = 4000


@pytest.fixture(scope="module")
def session(postgres: PostgresServer) -> Iterator[Session]:
    """Give a library with vectors that lie in clusters, as texts do."""
    with postgres.database() as url:
        engine = make_engine(url)
        with LibrarySession(engine, expire_on_commit=False) as session:
            random = np.random.default_rng(1)
            centres = random.normal(size=(60, DIMENSIONS))
            vectors = centres[random.integers(60, size=COUNT)]
            vectors = (vectors + 0.5 * random.normal(size=vectors.shape)).astype(np.float32)
            ids = [new_id() for _ in range(COUNT)]
            session.execute(
                text(
                    "INSERT INTO resources (id, title, type, extra, content_revision,"
                    " metadata_revision, created_at, updated_at) SELECT one, 'T', 'document',"
                    " '{}', 1, 1, now(), now() FROM unnest(CAST(:ids AS text[])) AS one"
                ),
                {"ids": ids},
            )
            for start in range(0, COUNT, 500):
                part = range(start, start + 500)
                store_vectors(session, MODEL, {ids[one]: (vectors[one], 1, 1) for one in part})
            session.commit()
            session.execute(text("ANALYZE embeddings"))
            session.commit()
            session.info["all"] = dict(zip(ids, vectors, strict=True))
            yield session
        engine.dispose()


def exact(session: Session, query: np.ndarray, limit: int, among: set[str]) -> list[str]:
    every = session.info["all"]
    cosines = {
        one: float(every[one] @ query / np.linalg.norm(every[one]) / np.linalg.norm(query))
        for one in among
    }
    return sorted(cosines, key=lambda one: -cosines[one])[:limit]


def recall(session: Session, limit: int, share: float | None, *, indexed: bool) -> float:
    every = list(session.info["all"])
    random = np.random.default_rng(2)
    index = PgVectorIndex(session, MODEL, DIMENSIONS)
    if indexed:  # as in a library so large that comparing all takes too long
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
    met = 0
    for one in random.choice(every, 20, replace=False):
        query = session.info["all"][one] + 0.2 * random.normal(size=DIMENSIONS).astype(np.float32)
        only = set(random.choice(every, int(share * COUNT), replace=False)) if share else None
        found = [resource for resource, _ in index.search(query, limit, only=only)]
        wanted = exact(session, query, limit, only or set(every))
        assert len(found) == len(wanted)
        met += len(set(found) & set(wanted)) / len(wanted)
    session.rollback()
    return met / 20


def test_the_index_finds_nearly_all(session: Session) -> None:
    assert can_compare(session)
    assert recall(session, 10, None, indexed=True) >= 0.97
    assert recall(session, 500, None, indexed=True) >= 0.95


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_filter_keeps_the_recall(
    session: Session, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recall(session, 10, share, indexed=False) == 1.0
    monkeypatch.setattr("alexandria.adapters.pgvector_index.EXACT_UP_TO", 0)
    assert recall(session, 10, share, indexed=True) >= 0.97


def test_the_index_is_used(session: Session) -> None:
    session.execute(text("SET LOCAL enable_seqscan = off"))
    literal = "[" + ",".join(["1"] * DIMENSIONS) + "]"
    nearest = f"{of_dimensions(DIMENSIONS)} <=> CAST('{literal}' AS halfvec({DIMENSIONS}))"
    plan = session.scalars(
        text(
            f"EXPLAIN SELECT resource_id FROM embeddings WHERE model = {quoted(MODEL)}"
            f" AND vector IS NOT NULL ORDER BY {nearest} LIMIT 10"
        )
    ).all()
    session.rollback()
    assert "ix_embeddings_direction" in "\n".join(plan)


def test_what_is_excluded_or_taken_away_is_not_found(session: Session) -> None:
    index = PgVectorIndex(session, MODEL, DIMENSIONS)
    query = next(iter(session.info["all"].values()))
    (first, cosine), (second, _) = index.search(query, 2)
    assert cosine == pytest.approx(1, abs=1e-3)
    assert [one for one, _ in index.search(query, 1, exclude=[first])] == [second]
    drop_vectors(session, [first])
    assert [one for one, _ in index.search(query, 1)] == [second]
    assert index.vectors([first, second]).keys() == {second}
    session.rollback()
    assert index.search(query, 5, only=[]) == []
    assert index.search(np.zeros(DIMENSIONS, np.float32), 5) == []
    assert PgVectorIndex(session, "another", DIMENSIONS).search(query, 5) == []


def test_vectors_from_before_are_told_of(session: Session) -> None:
    session.execute(text("UPDATE embeddings SET direction = NULL"))
    query = next(iter(session.info["all"].values()))
    index = PgVectorIndex(session, MODEL, DIMENSIONS)
    assert index.search(query, 5) == []
    assert fill_directions(session) == COUNT
    assert len(index.search(query, 5)) == 5
