"""Subjects for a library that has no trained classifier: by the categories' own words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexandria.models import Category

PRODUCER = "category rules 1"
MOST_CONFIDENT = 0.5
"""Nothing was measured in this library, so nothing is claimed to be likelier than not."""
LEAST_CONFIDENT = 0.1
_UNRELATED = 0.1
"""The cosine of texts that have nothing to do with each other is seldom above it."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class CategoryWords:
    id: str
    description: str
    """The text whose meaning is compared."""
    phrases: tuple[str, ...]
    """Name and keywords in all languages, each with spaces around its words."""


def words_of(category: Category) -> CategoryWords:
    parts = [category.name, category.description, ", ".join(category.keywords)]
    others = [
        text
        for words in category.labels.values()
        for text in (words.get("preferred", ""), *words.get("alternative", ()))
    ]
    phrases = tuple(_spaced(one) for one in (category.name, *category.keywords, *others))
    return CategoryWords(category.id, ". ".join(one for one in parts if one), phrases)


def confidences(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    categories: Sequence[CategoryWords],
    meanings: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Give an array of shape (len(texts), len(categories)): half likeness, half words found."""
    likeness = np.clip((vectors @ meanings.T - _UNRELATED) / (1 - _UNRELATED), 0, 1)
    named = np.zeros(likeness.shape)
    for row, text in enumerate(texts):
        spaced = _spaced(text)
        for column, category in enumerate(categories):
            named[row, column] = any(one in spaced for one in category.phrases if one.strip())
    found: NDArray[np.float64] = MOST_CONFIDENT * (likeness + named) / 2
    return found


def _spaced(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "
