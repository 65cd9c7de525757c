"""Support vector machines, one for each pair of labels, over a kernel that is given."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import SVC

Matrix = NDArray[np.float32]
Labels = NDArray[np.int64]

NONE = -1
_COST = 0.5
_STEEPNESS = 3.0
_FOLDS = 3
_TEMPERATURES = np.geomspace(0.2, 30, 80)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of each example; arrays of shape (examples,), NONE where nothing is."""

    labels: Labels
    rejected: Labels
    """The label that the example does not belong to."""
    count: int
    """Of different labels."""

    def of(self, rows: Labels) -> "Truth":
        return Truth(self.labels[rows], self.rejected[rows], self.count)

    @property
    def labelled(self) -> Labels:
        return np.flatnonzero(self.labels != NONE)

    def weights(self) -> NDArray[np.float64]:
        """Give what an example of each label counts: all labels together count the same."""
        counts = np.bincount(self.labels[self.labelled], minlength=self.count)
        weights: NDArray[np.float64] = counts.sum() / (self.count * np.maximum(counts, 1))
        return weights


@dataclass(frozen=True, slots=True)
class Machines:
    """One for each pair of labels (0, 1), (0, 2), …; `coefficients`: examples by pairs."""

    coefficients: csr_matrix
    intercepts: Matrix
    labels: int

    def scores(self, kernel: Matrix) -> Matrix:
        """Give an array of shape (texts, labels) for kernel values of shape (texts, examples)."""
        preferences = kernel @ self.coefficients + self.intercepts
        first, second = np.triu_indices(self.labels, 1)
        scores = np.zeros((len(kernel), self.labels), np.float32)
        for_first = -np.logaddexp(0, -_STEEPNESS * preferences)
        for_second = -np.logaddexp(0, _STEEPNESS * preferences)
        for pair in range(len(first)):
            scores[:, first[pair]] += for_first[:, pair]
            scores[:, second[pair]] += for_second[:, pair]
        mean: Matrix = (scores / (self.labels - 1)).astype(np.float32)
        return mean


def solve(kernel: Matrix, truth: Truth) -> Machines:
    """Train; every label must have an example.

    An example that does not belong to a label stands against it in each pair that has the label,
    and says nothing of the other pairs.
    """
    labelled = truth.labelled
    inner = kernel if len(labelled) == len(kernel) else kernel[np.ix_(labelled, labelled)]
    weights = dict(enumerate(truth.weights()))
    machine = SVC(C=_COST, kernel="precomputed", cache_size=500, class_weight=weights)
    trained = machine.fit(inner, truth.labels[labelled])
    sign = -1 if truth.count == 2 else 1  # scikit-learn turns the one machine of two labels round
    intercepts = sign * trained.intercept_
    of = np.repeat(np.arange(truth.count), trained.n_support_)
    rows, columns, values = [], [], []
    for pair, (first, second) in enumerate(combinations(range(truth.count), 2)):
        if np.isin(truth.rejected, (first, second)).any():
            found, coefficients, intercepts[pair] = _solve_pair(kernel, truth, first, second)
        else:
            places = [np.flatnonzero(of == label) for label in (first, second)]
            found = labelled[trained.support_[np.concatenate(places)]]
            parts = (
                trained.dual_coef_[second - 1, places[0]],
                trained.dual_coef_[first, places[1]],
            )
            coefficients = sign * np.concatenate(parts)
        rows.append(found)
        values.append(coefficients)
        columns.append(np.full(len(found), pair))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    shape = (len(kernel), len(columns))
    coefficients = csr_matrix(entries, shape=shape, dtype=np.float32)
    return Machines(coefficients, intercepts.astype(np.float32), truth.count)


def _solve_pair(
    kernel: Matrix, truth: Truth, first: int, second: int
) -> tuple[Labels, NDArray[np.float64], float]:
    """Give support vectors, their coefficients and the intercept of one machine."""
    for_first = (truth.labels == first) | (truth.rejected == second)
    for_second = (truth.labels == second) | (truth.rejected == first)
    rows = np.flatnonzero(for_first | for_second)
    weights = np.ones(len(kernel))
    weights[truth.labelled] = truth.weights()[truth.labels[truth.labelled]]
    machine = SVC(C=_COST, kernel="precomputed", cache_size=500)
    machine.fit(kernel[np.ix_(rows, rows)], for_second[rows], sample_weight=weights[rows])
    return rows[machine.support_], -machine.dual_coef_[0], -float(machine.intercept_[0])


def best_temperature(kernel: Matrix, truth: Truth) -> float:
    """Give what makes the labels likeliest for machines that did not learn from them."""
    labelled = truth.labelled
    labels = truth.labels[labelled]
    scores = _left_out(kernel, truth)[labelled]

    def loss(temperature: float) -> float:
        right = softmax(scores * temperature)[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(right, 1e-9)).mean())

    return float(min(_TEMPERATURES, key=loss))


def _left_out(kernel: Matrix, truth: Truth) -> Matrix:
    """Give the scores of each labelled example by machines that did not learn from it."""
    fold_of = np.full(len(kernel), NONE)
    for label in range(truth.count):
        rows = np.flatnonzero(truth.labels == label)
        fold_of[rows] = np.arange(len(rows)) % _FOLDS  # so that each fold has of each label
    scores = np.zeros((len(kernel), truth.count), np.float32)
    for fold in range(_FOLDS):
        rest, rows = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        machines = solve(kernel[np.ix_(rest, rest)], truth.of(rest))
        scores[rows] = machines.scores(kernel[np.ix_(rows, rest)])
    return scores


def softmax(scores: NDArray[np.generic]) -> NDArray[np.float64]:
    exponents = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = exponents / exponents.sum(axis=1, keepdims=True)
    return shares
