"""Trains the models that take printed references apart."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alexandria.adapters.citations.alignment import OTHER, label_tokens
from alexandria.adapters.citations.phrases import Phrases
from alexandria.adapters.citations.reference_features import ReferenceFeatures
from alexandria.adapters.citations.sequence_model import mark_edges, train
from alexandria.adapters.citations.tokens import tokenize
from alexandria.adapters.citations.words import WordClasses, word_form

PLAIN, FULL, NAMES = "references-plain.crf", "references-full.crf", "names.tsv"
_SETTINGS = {"c1": 0.5, "c2": 0.03, "max_iterations": 60}
"""More iterations, or a weaker penalty, fit the noise of the data."""
_NAMED = {
    "journal": "venue",
    "booktitle": "venue",
    "publisher": "publisher",
    "place": "place",
}

Record = Mapping[str, Any]
"""`raw`, and the parts of it as printed."""


def train_references(records: Sequence[Record], classes: WordClasses, folder: Path) -> None:
    """Write two models, one without and one with word lists, and the names that they know."""
    names = Phrases.learn(name for record in records for name in _names(record))
    names.save(folder / NAMES)
    features = ReferenceFeatures(classes, names)
    plain = _rows(records, features, 0)
    full = _rows(records, features, 1)
    train(
        ((rows, mark_edges(labels, OTHER, ends=True)) for rows, labels in plain),
        folder / PLAIN,
        **_SETTINGS,
    )
    train(((rows, mark_edges(labels, OTHER)) for rows, labels in full), folder / FULL, **_SETTINGS)


def _rows(
    records: Iterable[Record], features: ReferenceFeatures, view: int
) -> Iterator[tuple[list[list[str]], list[str]]]:
    for record in records:
        tokens = tokenize(record["raw"])
        views = features(record["raw"], tokens, _names(record))
        yield views[view], label_tokens(record["raw"], tokens, record)


def _names(record: Record) -> list[tuple[str, list[str]]]:
    return [
        (kind, [word_form(token.text) for token in tokenize(value) if token.text[0].isalnum()])
        for part, kind in _NAMED.items()
        if (value := record.get(part))
    ]
