"""The parts of the comparison of readers, against what they stand for."""

import numpy as np
import pytest
from scipy import sparse

from alexandria.adapters.readings import ReadingRanker
from alexandria.adapters.readings.ease import Ease
from alexandria.adapters.readings.ranking import Boosted, Fixed
from alexandria.protocols.readings import Readings

_GROUPS, _EACH = 6, 30


def _libraries(readers: int) -> list[list[int]]:
    """Readers of one group of items each, of which they have two thirds."""
    random = np.random.default_rng(4)
    return [
        (reader % _GROUPS * _EACH + random.permutation(_EACH)[:20]).tolist()
        for reader in range(readers)
    ]


def _readings(readers: int) -> Readings:
    items = _GROUPS * _EACH
    return Readings(_libraries(readers), [[f"half {n % 2}"] for n in range(items)], [(0, 1)])


def test_scores_are_those_of_ease_by_its_inverse() -> None:
    random = np.random.default_rng(2)
    read = (random.random((60, 40)) < 0.15).astype(np.float32)
    side = (random.random((15, 40)) < 0.2).astype(np.float32)
    rows, ridge = np.vstack([read, side]), 20.0
    inverse = np.linalg.inv(rows.T @ rows + ridge * np.eye(40))
    model = Ease([sparse.csr_matrix(read), sparse.csr_matrix(side)], ridge)
    expected = -(read @ inverse) / np.diag(inverse)
    found = model.scores(sparse.csr_matrix(read))
    # The diagonal is estimated from random signs, all else is exact but for the tolerance.
    for one, other in zip(found, expected, strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.995


@pytest.mark.parametrize(("readers", "ranking"), [(12, Fixed), (900, Boosted)])
def test_readers_are_given_the_rest_of_their_group(readers: int, ranking: type) -> None:
    readings = _readings(readers)
    model = ReadingRanker(readings)
    assert type(model._ranking) is ranking
    for reader, found in enumerate(model.recommend(10)):
        items = [one for one, _ in found]
        assert {one // _EACH for one in items} == {reader % _GROUPS}
        assert not set(items) & set(readings.libraries[reader])
        scores = [score for _, score in found]
        assert scores == sorted(scores, reverse=True)
        assert scores[0] == 1.0
        assert scores[-1] > 0


@pytest.mark.parametrize(
    ("libraries", "tags", "links", "expected"),
    [
        ([[]], [[], []], [], [[]]),
        ([[0]], [["a"], ["a"], []], [], [[1]]),
        ([[0]], [[], [], []], [(0, 2)], [[2]]),
        ([[0, 1], [0]], [[], [], []], [], [[], [1]]),
    ],
)
def test_nothing_is_given_that_nothing_speaks_for(
    libraries: list[list[int]],
    tags: list[list[str]],
    links: list[tuple[int, int]],
    expected: list[list[int]],
) -> None:
    model = ReadingRanker(Readings(libraries, tags, links))
    assert [[one for one, _ in found] for found in model.recommend(5)] == expected
