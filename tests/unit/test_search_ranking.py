import numpy as np
import pytest

from alexandria.services.search.ranking import (
    REFINED,
    Passage,
    by_keyword,
    by_meaning,
    fuse,
    refine,
)


def test_each_normalised_score_counts_by_its_weight() -> None:
    hits = fuse(
        by_keyword([("both", 12.0), ("words", 7.0), ("last word", 2.0)]),
        by_meaning([("meaning", 0.9), ("both", 0.5), ("last meaning", 0.1)]),
    )

    assert [(hit.resource_id, hit.score) for hit in hits] == [
        ("both", pytest.approx(0.4 + 0.3)),
        ("meaning", pytest.approx(0.6)),
        ("words", pytest.approx(0.2)),
        ("last word", 0.0),
        ("last meaning", 0.0),
    ]
    assert (hits[0].keyword, hits[0].semantic) == (12.0, 0.5)
    assert hits[0].parts == {"keyword": (1.0, 0.4), "semantic": (pytest.approx(0.5), 0.6)}
    assert hits[1].keyword is None


def test_one_list_alone_keeps_its_order() -> None:
    ranked = [("a", 3.0), ("b", 2.0), ("c", 1.0)]

    assert [hit.resource_id for hit in fuse(by_keyword(ranked), [])] == ["a", "b", "c"]
    assert [hit.resource_id for hit in fuse([], by_meaning(ranked))] == ["a", "b", "c"]
    assert fuse([], []) == []


def test_equal_scores_count_in_full() -> None:
    hits = fuse(by_keyword([("a", 2.0), ("b", 2.0)]), by_meaning([("c", 0.3)]))

    assert {hit.resource_id: hit.score for hit in hits} == {"a": 0.4, "b": 0.4, "c": 0.6}


def test_the_passage_stays_with_its_hit() -> None:
    place = Passage(10, 20, 1)

    (hit,) = fuse([], by_meaning([("a", 0.9)], {"a": place}))

    assert hit.passage == place


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def test_what_is_like_the_best_rises_and_the_parts_add_up() -> None:
    query = unit(1, 0, 0)
    vectors = {
        "best": unit(1, 0.6, 0),
        "alike": unit(0.8, 0.62, 0),
        "other": unit(0.9, 0, 0.5),
        "far": unit(0.1, 0, 1),
    }
    near = sorted(((one, float(v @ query)) for one, v in vectors.items()), key=lambda p: -p[1])
    hits = fuse(by_keyword([("best", 9.0), ("far", 1.0)]), by_meaning(near))
    assert [hit.resource_id for hit in hits][:2] == ["best", "other"]

    refined = refine(hits, vectors, query)

    assert [hit.resource_id for hit in refined] == ["best", "alike", "other", "far"]
    for hit in refined:
        assert sum(value * weight for value, weight in hit.parts.values()) == pytest.approx(
            hit.score
        )
    assert {hit.resource_id: hit.semantic for hit in refined} == dict(near)


def test_what_comes_after_the_best_stays_behind_them_in_its_order() -> None:
    rng = np.random.default_rng(1)
    names = [f"r{number}" for number in range(REFINED + 50)]
    vectors = {one: unit(*rng.standard_normal(8)) for one in names}
    query = unit(*rng.standard_normal(8))
    near = sorted(((one, float(v @ query)) for one, v in vectors.items()), key=lambda p: -p[1])
    hits = fuse([], by_meaning(near))

    refined = refine(hits, vectors, query)

    scores = [hit.score for hit in refined]
    assert scores == sorted(scores, reverse=True)
    assert {hit.resource_id for hit in refined[:REFINED]} == {one for one, _ in near[:REFINED]}
    assert [hit.resource_id for hit in refined[REFINED:]] == [one for one, _ in near[REFINED:]]


@pytest.mark.parametrize("known", [0, 1])
def test_without_vectors_to_compare_the_order_stays(known: int) -> None:
    hits = fuse(by_keyword([("a", 2.0), ("b", 1.0)]), [])
    vectors = {hit.resource_id: unit(1, 0) for hit in hits[:known]}

    refined = refine(hits, vectors, unit(1, 0))

    assert [hit.resource_id for hit in refined] == ["a", "b"]
    assert refine([], vectors, unit(1, 0)) == []


def test_a_hit_without_a_vector_is_ordered_by_its_words_alone() -> None:
    hits = fuse(
        by_keyword([("words", 5.0), ("a", 1.0)]), by_meaning([("a", 0.9), ("b", 0.5), ("c", 0.1)])
    )
    vectors = {"a": unit(1, 0), "b": unit(0.5, 1), "c": unit(0, 1)}

    first = refine(hits, vectors, unit(1, 0))[0]

    assert (first.resource_id, first.score) == ("words", 1.0)
    assert first.parts == {"keyword": (1.0, 0.4), "awaited": (1.0, 0.6)}
