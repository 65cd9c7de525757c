"""EASE with tags and links as rows of their own, without the items x items inverse.

EASE (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019), with side information
below the readers' rows (Jeunen, Van Balen and Goethals, Closed-Form Models for Collaborative
Filtering with Side-Information, RecSys 2020). A reader's scores are x - xP/diag(P) with
P = (R'R + ridge)^-1. Here xP is solved for by conjugate gradients with Jacobi's preconditioner,
and diag(P) is estimated from random signs (Bekas, Kokiopoulou and Saad, An Estimator for the
Diagonal of a Matrix, 2007): only sparse products, and blocks of readers by items.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from alexandria.adapters.readings.matrices import Floats, dense

_TOLERANCE = 3e-3
"""Of the residual's length, by that of the right side."""
_MOST_STEPS = 40
_PROBES = 64


class Ease:
    """`views`: matrices of rows x items, whose rows say which items belong together."""

    def __init__(self, views: Sequence[sparse.csr_matrix], ridge: float) -> None:
        self._rows = sparse.vstack(views).tocsr().astype(np.float32)
        self._columns = self._rows.T.tocsr()
        self._ridge = np.float32(ridge)
        squares = np.asarray(self._rows.multiply(self._rows).sum(0)).ravel()
        self._scale = (squares + ridge).astype(np.float32)[:, None]
        self._diagonal = self._estimated_diagonal()

    def scores(self, read: sparse.csr_matrix) -> Floats:
        """Give scores of shape (readers, items), for items that they don't have."""
        found: Floats = -(self._solved(dense(read.T)) / self._diagonal).T
        return found

    def _estimated_diagonal(self) -> Floats:
        random = np.random.default_rng(1)
        signs = random.choice(np.array([-1, 1], np.float32), (self._rows.shape[1], _PROBES))
        found = (self._solved(signs) * signs).mean(axis=1, keepdims=True)
        # No entry of the inverse's diagonal is below 1 by that of the matrix, nor above 1 / ridge.
        bounded: Floats = np.clip(found, 1 / self._scale, 1 / self._ridge)
        return bounded

    def _solved(self, right: Floats) -> Floats:
        """Solve (R'R + ridge) Y = right for all columns of `right` at once."""
        solution = np.zeros_like(right)
        residual = right.copy()
        away = residual / self._scale
        step = away.copy()
        strength = _columnwise(residual, away)
        bound = _TOLERANCE**2 * np.maximum(_columnwise(right, right), 1e-12)
        for _ in range(_MOST_STEPS):
            if not (_columnwise(residual, residual) > bound).any():
                break
            pushed = self._columns @ (self._rows @ step) + self._ridge * step
            length = strength / np.maximum(_columnwise(step, pushed), 1e-20)
            solution += length * step
            residual -= length * pushed
            away = residual / self._scale
            before, strength = strength, _columnwise(residual, away)
            step = away + step * (strength / np.maximum(before, 1e-20))
        return solution


def _columnwise(one: Floats, other: Floats) -> Floats:
    found: Floats = np.einsum("ij,ij->j", one, other)
    return found
