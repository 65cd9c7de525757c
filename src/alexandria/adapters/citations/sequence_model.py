"""Conditional random fields over rows of features: one, or several that vote."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import pycrfsuite

Rows = Sequence[Sequence[str]]
_FLOOR = 1e-3
"""A label that one of the models rules out costs no more than this."""
_MARK = ":"
_BEGIN, _END = "begin", "end"


class SequenceModel:
    """Each model gives its best sequence; the one that all find most likely together is taken.

    Measured on reference strings, two models that choose so made fewer errors than the better of
    them alone, and fewer than by averaging the labels one by one. Models may differ in the marks
    of their labels (`mark_edges`); answers come without marks.
    """

    def __init__(self, models: Iterable[bytes | Path]) -> None:
        """Open models from files or memory; raises ValueError for what is no model."""
        self._lock = Lock()  # a tagger holds the sequence it was last given
        self._memory = list(models)
        self._taggers = [_tagger(model) for model in self._memory]
        self._marked = [_by_plain_label(tagger.labels()) for tagger in self._taggers]

    def tag(self, *views: Rows) -> list[str]:
        """Give one label for each row."""
        return self.tag_with_doubt(*views)[0]

    def tag_with_doubt(self, *views: Rows) -> tuple[list[str], list[float]]:
        """Give one label for each row, and how likely each is (0 to 1).

        There is one view of the rows for all models, or one for each.
        """
        if not views[0]:
            return [], []
        items = [pycrfsuite.ItemSequence(rows) for rows in views]
        if len(items) == 1:
            items *= len(self._taggers)
        with self._lock:
            paths = [
                tuple(_plain(label) for label in tagger.tag(each))
                for tagger, each in zip(self._taggers, items, strict=True)
            ]
            likely = {path: self._likelihoods(path) for path in dict.fromkeys(paths)}
        path = max(likely, key=lambda path: sum(map(_log, likely[path])))
        return list(path), likely[path]

    def likelihoods(self, rows: Rows, label: str) -> list[float]:
        """Give for each row how likely the label is (0 to 1)."""
        if not rows:
            return []
        items = pycrfsuite.ItemSequence(rows)
        with self._lock:
            for tagger in self._taggers:
                tagger.set(items)
            return self._likelihoods([label] * len(rows))

    def _likelihoods(self, path: Sequence[str]) -> list[float]:
        """Average over the models, which hold the sequence already."""
        models = list(zip(self._taggers, self._marked, strict=True))
        return [
            sum(
                tagger.marginal(label, i)
                for tagger, marked in models
                for label in marked.get(plain, ())
            )
            / len(models)
            for i, plain in enumerate(path)
        ]


def mark_edges(labels: Sequence[str], plain: str, *, ends: bool = False) -> list[str]:
    """Mark where the run of a label begins, and on request where it ends; `plain` has no marks.

    So the model learns how a part begins, and that it seldom begins twice: 0.951 F1 instead of
    0.940 on reference strings.
    """
    count = len(labels)
    marked = []
    for i, label in enumerate(labels):
        if label == plain:
            marked.append(label)
        elif i == 0 or labels[i - 1] != label:
            marked.append(label + _MARK + _BEGIN)
        elif ends and (i + 1 == count or labels[i + 1] != label):
            marked.append(label + _MARK + _END)
        else:
            marked.append(label)
    return marked


def _plain(label: str) -> str:
    return label.partition(_MARK)[0]


def _by_plain_label(labels: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for label in labels:
        found.setdefault(_plain(label), []).append(label)
    return found


def train(rows: Iterable[tuple[Rows, Sequence[str]]], path: Path, **settings: Any) -> None:
    """Train one model on rows and their labels, and write it to the path.

    Settings are those of CRFsuite's L-BFGS: `c1`, `c2` (weight of the L1 and L2 penalty),
    `max_iterations`. The same rows in the same order give the same file.
    """
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    for items, labels in rows:
        trainer.append(items, labels)
    trainer.set_params(settings)
    trainer.train(str(path))


def _tagger(model: bytes | Path) -> Any:
    tagger = pycrfsuite.Tagger()
    if isinstance(model, bytes):
        tagger.open_inmemory(model)
    else:
        tagger.open(str(model))
    return tagger


def _log(likelihood: float) -> float:
    return math.log(likelihood + _FLOOR)
