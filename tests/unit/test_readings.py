"""The model of readings: its algebra against the textbook's, and libraries of all sizes."""

import numpy as np
import pytest
from scipy import sparse

from alexandria.adapters.readings import ReadingRanker
from alexandria.adapters.readings.ease import Ease
from alexandria.adapters.readings.ranking import Boosted, Fixed
from alexandria.protocols.readings import Readings

GROUPS = 6
ITEMS = 120


def groups(readers: int, seed: int = 0, tags: bool = False) -> Readings:
    """Readers who read within one of GROUPS groups of items each, which are one after another."""
    random = np.random.default_rng(seed)
    size = ITEMS // GROUPS
    libraries = [
        sorted((reader % GROUPS * size + random.choice(size, 12, replace=False)).tolist())
        for reader in range(readers)
    ]
    named = [[f"tag {item // size}"] if tags else [] for item in range(ITEMS)]
    return Readings(libraries, named, [])


def test_ease_is_that_of_the_inverse() -> None:
    """Steck's closed form: B = I - P diag(1 / diag(P)) with P = (X'X + ridge)^-1."""
    random = np.random.default_rng(0)
    rows = sparse.random_array((40, 30), density=0.2, rng=random, dtype=np.float32).tocsr()
    read = rows[:5]
    inverse = np.linalg.inv((rows.T @ rows).toarray() + 2 * np.eye(30))
    expected = read.toarray() - (read @ inverse) / np.diag(inverse)
    found = Ease([rows], 2.0).scores(read)
    unread = read.toarray() == 0
    assert np.corrcoef(found[unread], np.asarray(expected)[unread])[0, 1] > 0.98


@pytest.mark.parametrize("readers", [1, 2, 12, 240])
def test_what_others_of_the_group_read_comes_first(readers: int) -> None:
    readings = groups(readers, tags=True)
    found = list(ReadingRanker(readings).recommend(8))
    assert len(found) == readers
    for reader, ranked in enumerate(found):
        own = set(readings.libraries[reader])
        items = [item for item, _ in ranked]
        assert len(items) == len(set(items)) == 8
        assert not own.intersection(items)
        assert {item // (ITEMS // GROUPS) for item in items} == {reader % GROUPS}
        scores = [score for _, score in ranked]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_weights_are_learned_where_there_is_enough_and_fixed_where_not() -> None:
    model = ReadingRanker(groups(1100))
    assert isinstance(model._ranking, Boosted)
    assert isinstance(ReadingRanker(groups(120))._ranking, Fixed)


def test_a_reader_of_nothing_and_a_library_without_anything_are_given_nothing() -> None:
    assert list(ReadingRanker(Readings([[]], [[], []], [])).recommend(5)) == [[]]
    assert list(ReadingRanker(Readings([], [], [])).recommend(5)) == []
    assert list(ReadingRanker(Readings([[0, 1]], [["a"], ["a"]], [(0, 1)])).recommend(5)) == [[]]


def test_the_same_readings_give_the_same_answer() -> None:
    first, second = (list(ReadingRanker(groups(1100, seed=1)).recommend(5)) for _ in range(2))
    assert first == second
