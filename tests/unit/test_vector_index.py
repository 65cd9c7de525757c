from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from alexandria.adapters import vector_index
from alexandria.adapters.vector_index import VectorStore
from alexandria.models import EmbeddingRow
from alexandria.services.embeddings import drop_vectors, store_vectors
from alexandria.services.vector_rows import next_change
from search_parts import add_resource, open_engine, session_of

MODEL, DIMENSIONS = "test 1", 16
Vector = NDArray[np.float32]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as engine:
        yield engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with session_of(engine) as session:
        yield session


@pytest.fixture
def store() -> VectorStore:
    return VectorStore(MODEL, DIMENSIONS)


def direction(*values: float) -> Vector:
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[: len(values)] = values
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


def random_vectors(count: int, seed: int = 1) -> Vector:
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSIONS)).astype(np.float32)
    unit: Vector = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def add(session: Session, *vectors: Vector, model: str = MODEL, revision: int = 1) -> list[str]:
    ids = [add_resource(session, "T").id for _ in vectors]
    put(session, dict(zip(ids, vectors, strict=True)), model, revision)
    return ids


def put(
    session: Session, vectors: dict[str, Vector], model: str = MODEL, revision: int = 1
) -> None:
    store_vectors(
        session, model, {one: (vector, revision, revision) for one, vector in vectors.items()}
    )
    session.commit()


def nearest(store: VectorStore, session: Session, vector: Vector, limit: int = 10) -> list[str]:
    return [one for one, _ in store.bind(session).search(vector, limit)]


def test_an_empty_library_has_no_neighbours(store: VectorStore, session: Session) -> None:
    assert store.bind(session).search(direction(1), 5) == []


def test_gives_exact_cosines_nearest_first(store: VectorStore, session: Session) -> None:
    vectors = random_vectors(300)
    ids = add(session, *vectors)
    wanted = random_vectors(1, seed=2)[0]
    order = np.argsort(-(vectors @ wanted))

    found = store.bind(session).search(3 * wanted, 20)

    assert [one for one, _ in found] == [ids[row] for row in order[:20]]
    assert [score for _, score in found] == pytest.approx((vectors @ wanted)[order[:20]], abs=2e-3)


def test_limits_beyond_what_is_there_give_all(store: VectorStore, session: Session) -> None:
    ids = add(session, direction(1), direction(0, 1))

    assert nearest(store, session, direction(1, 0.1), 100) == ids
    assert nearest(store, session, direction(1), 0) == []


def test_looks_past_the_excluded_and_among_the_allowed(
    store: VectorStore, session: Session
) -> None:
    a, b, c, d = add(session, direction(1), direction(1, 0.1), direction(1, 0.5), direction(0, 1))
    index = store.bind(session)

    assert [one for one, _ in index.search(direction(1), 2, exclude=[a, "unknown"])] == [b, c]
    assert [one for one, _ in index.search(direction(1), 2, only={d, c, "unknown"})] == [c, d]
    assert [one for one, _ in index.search(direction(1), 9, exclude=[c], only={c, d})] == [d]
    assert index.search(direction(1), 9, only=set()) == []


def test_follows_what_changes(store: VectorStore, session: Session) -> None:
    a, b = add(session, direction(1), direction(0, 1))
    assert nearest(store, session, direction(1)) == [a, b]

    put(session, {b: direction(1, 0, 0), a: direction(0, 1)})
    (c,) = add(session, direction(1, 0.2))
    assert nearest(store, session, direction(1)) == [b, c, a]

    drop_vectors(session, [b, "unknown"])
    session.commit()
    assert nearest(store, session, direction(1)) == [c, a]
    assert len(store) == 2

    put(session, {b: direction(1)})
    assert nearest(store, session, direction(1)) == [b, c, a]


def test_only_vectors_of_the_current_model_count(store: VectorStore, session: Session) -> None:
    a, b = add(session, direction(1), direction(0, 1))
    add(session, direction(1), model="another")
    assert nearest(store, session, direction(1)) == [a, b]

    put(session, {b: direction(1)}, model="another")
    assert nearest(store, session, direction(1)) == [a, b]


def test_an_older_vector_never_replaces_a_newer(session: Session) -> None:
    (a,) = add(session, direction(1), revision=3)

    put(session, {a: direction(0, 1)}, revision=2)
    store_vectors(session, MODEL, {a: (direction(0, 1), 4, 2)})
    store_vectors(session, MODEL, {a: (direction(0, 1), 2, 4)})
    row = session.scalars(select(EmbeddingRow)).one()
    assert (row.content_revision, row.metadata_revision) == (3, 3)

    put(session, {a: direction(0, 1)}, revision=3)
    session.refresh(row)
    assert row.vector == direction(0, 1).astype("<f2").tobytes()


def test_a_change_that_is_rolled_back_hides_nothing(
    store: VectorStore, session: Session, engine: Engine
) -> None:
    a, b = add(session, direction(1), direction(0, 1))
    assert nearest(store, session, direction(1)) == [a, b]

    # Given a transaction that looks while it holds a vector of its own, and then fails
    store_vectors(session, MODEL, {b: (direction(1, 0, 0), 2, 2)})
    assert nearest(store, session, direction(0, 1)) == [b, a]
    session.rollback()

    # When another transaction gets the same change number
    with session_of(engine) as other:
        put(other, {a: direction(0, 0, 1)})

    # Then its vector is seen
    assert nearest(store, session, direction(0, 0, 1)) == [a, b]
    assert nearest(store, session, direction(0, 1)) == [b, a]


def test_change_numbers_grow_with_every_write(session: Session) -> None:
    first = next_change(session)
    a, b = add(session, direction(1), direction(0, 1))
    second = next_change(session)
    drop_vectors(session, [a])
    third = next_change(session)
    drop_vectors(session, [a])

    assert first < second < third == next_change(session)
    assert session.scalar(select(EmbeddingRow.change).where(EmbeddingRow.resource_id == b)) == first


def test_starts_anew_when_the_database_is_an_older_one(
    store: VectorStore, session: Session
) -> None:
    a, b = add(session, direction(1), direction(0, 1))
    drop_vectors(session, [b])
    session.commit()
    assert nearest(store, session, direction(1)) == [a]

    session.execute(
        update(EmbeddingRow).values(change=1, vector=direction(1).astype("<f2").tobytes())
    )
    session.commit()
    assert sorted(nearest(store, session, direction(1))) == sorted([a, b])


def test_damaged_vectors_are_left_out(store: VectorStore, session: Session) -> None:
    a, b = add(session, direction(1), direction(0, 1))
    session.execute(
        update(EmbeddingRow).where(EmbeddingRow.resource_id == a).values(vector=b"short")
    )
    session.commit()

    assert nearest(store, session, direction(1)) == [b]


def test_rows_left_behind_are_packed_away(
    store: VectorStore, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "CHUNK", 8)
    vectors = random_vectors(40)
    ids = add(session, *vectors)
    for seed in range(5):
        put(session, dict(zip(ids, random_vectors(40, seed), strict=True)))
        nearest(store, session, direction(1))
    put(session, dict(zip(ids, vectors, strict=True)))

    found = nearest(store, session, vectors[7], 40)

    assert found[0] == ids[7]
    assert sorted(found) == sorted(ids)
    assert len(store._ids) < 80


def test_threads_search_while_vectors_change(
    store: VectorStore, session: Session, engine: Engine
) -> None:
    fixed = add(session, *random_vectors(200))
    moving = add(session, *random_vectors(50, seed=3))
    problems: list[object] = []
    finished: list[bool] = []

    def keep_searching(seed: int) -> None:
        wanted = random_vectors(1, seed)[0]
        while not finished:
            with session_of(engine) as mine:
                found = [one for one, _ in store.bind(mine).search(wanted, 1000)]
                if len(found) != len(set(found)) or not set(fixed) <= set(found):
                    problems.append(found)

    threads = [Thread(target=keep_searching, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for seed in range(15):
        put(session, dict(zip(moving, random_vectors(50, seed), strict=True)))
        drop_vectors(session, moving[:10])
        session.commit()
    finished.append(True)
    for thread in threads:
        thread.join()

    assert not problems
    assert sorted(nearest(store, session, direction(1), 1000)) == sorted(fixed + moving[10:])
