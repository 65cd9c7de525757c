"""How much each way counts: learned on a hidden part of the libraries, where that is enough."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from alexandria.adapters.readings.bases import NAMES
from alexandria.adapters.readings.candidates import Candidates
from alexandria.adapters.readings.matrices import Floats

_FIXED = {
    "ease": 0.28,
    "ease_tags": 1.1,
    "together_spread": 0.25,
    "tags_spread": 0.12,
    "tags": 0.07,
    "walks": 0.05,
    "links_of_links": 0.04,
}
"""Learned, none below 0, on groups of 3 to 80 readers of like libraries (docs/evaluation.md)."""
_FEWEST_FOUND = 2000
"""Hidden items among the candidates, below which weights are not learned but fixed."""


class Ranking(Protocol):
    def scores(self, found: Candidates) -> Floats:
        """Give for each candidate the logarithm of odds, up to a constant for the reader."""


class Fixed:
    """Weights of standardised scores, for libraries of few readers."""

    def __init__(self) -> None:
        self._weights = np.array([_FIXED.get(name, 0.0) for name in NAMES], np.float32)

    def scores(self, found: Candidates) -> Floats:
        weighed: Floats = found.scores @ self._weights
        return weighed


class Boosted:
    """Gradient-boosted trees (Friedman, Annals of Statistics 2001) of all that is known."""

    def __init__(self, features: Floats, hidden: np.ndarray) -> None:
        self._trees = HistGradientBoostingClassifier(
            learning_rate=0.05,
            max_iter=300,
            max_leaf_nodes=15,
            min_samples_leaf=100,
            max_features=0.4,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=1,
        ).fit(features, hidden)

    def scores(self, found: Candidates) -> Floats:
        if len(found.items) == 0:
            return np.zeros(0, np.float32)
        odds: Floats = self._trees.decision_function(found.features)
        return odds


def learned(features: Sequence[Floats], hidden: Sequence[np.ndarray]) -> Ranking:
    """Learn from candidates' features and whether each is among the hidden items."""
    if sum(int(one.sum()) for one in hidden) < _FEWEST_FOUND:
        return Fixed()
    return Boosted(np.concatenate(features), np.concatenate(hidden))
