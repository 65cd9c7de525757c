import pytest

from alexandria.services.search.ranking import Hit, fuse


def test_half_of_each_normalised_score_counts() -> None:
    hits = fuse(
        keyword=[("both", 12.0), ("words", 7.0), ("last word", 2.0)],
        semantic=[("meaning", 0.9), ("both", 0.5), ("last meaning", 0.1)],
    )

    assert [(hit.resource_id, hit.score) for hit in hits] == [
        ("both", pytest.approx(0.75)),
        ("meaning", pytest.approx(0.5)),
        ("words", pytest.approx(0.25)),
        ("last word", 0.0),
        ("last meaning", 0.0),
    ]
    assert hits[0] == Hit("both", hits[0].score, keyword=12.0, semantic=0.5)
    assert hits[1].keyword is None


def test_one_list_alone_keeps_its_order() -> None:
    ranked = [("a", 3.0), ("b", 2.0), ("c", 1.0)]

    assert [hit.resource_id for hit in fuse(ranked, [])] == ["a", "b", "c"]
    assert [hit.resource_id for hit in fuse([], ranked)] == ["a", "b", "c"]
    assert fuse([], []) == []


def test_equal_scores_count_in_full() -> None:
    hits = fuse([("a", 2.0), ("b", 2.0)], [("c", 0.3)])

    assert {hit.score for hit in hits} == {0.5}
