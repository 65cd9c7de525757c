"""What a trained classifier is to the services."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Classifier(Protocol):
    @property
    def name(self) -> str:
        """What it is and of which version, with a hash of what it learned."""

    @property
    def labels(self) -> Sequence[str]: ...

    def probabilities(self, texts: Sequence[str], vectors: Vectors) -> NDArray[np.float64]:
        """Give an array of shape (len(texts), len(labels)) whose rows add up to 1.

        `vectors`: the embeddings of the texts, one a row.
        """

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""


class ClassifierTrainer(Protocol):
    def train(
        self,
        texts: Sequence[str],
        vectors: Vectors,
        labels: Sequence[str],
        rejected: Collection[int] = (),
    ) -> Classifier:
        """Train on examples, one label each; a text with several stands here several times.

        `rejected`: the places of texts that do not belong to the label that stands at them.

        Raises InvalidInputError with fewer than two labels, or fewer than FEWEST of one.
        """

    def load(self, path: Path) -> Classifier | None:
        """Read a file that `save` wrote; None if it is missing, damaged or of another version."""
