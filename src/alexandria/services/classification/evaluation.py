"""Measuring the classifier on a data set whose subjects are known.

A data set is a folder with one `*.jsonl` or `*.jsonl.gz`: {id, text, label}, or {id, title,
abstract, year, label}.
"""

import gzip
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from alexandria.errors import InvalidInputError
from alexandria.protocols import Embedder
from alexandria.protocols.classification import ClassifierTrainer
from alexandria.services.classification.measures import Probabilities, measure
from alexandria.services.classification.training import Example, answers_of, train_on
from alexandria.services.embeddings import input_text

FOLDS = 5
_SEED = 1
_METRIC = "macro F1 over the labels; ECE: 15 equal bins over the top probability"

Progress = Callable[[str, int, int], None]
Split = tuple[Sequence[Example], Sequence[Example]]
"""What is learned from, what is answered."""


def read_examples(folder: Path) -> tuple[list[Example], dict[str, int]]:
    """Give the examples, and the year of each that has one. Raises InvalidInputError."""
    files = sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")])
    if not files:
        raise InvalidInputError(f"{folder} has no JSON lines.", "Name the folder of a data set.")
    raw = files[0].read_bytes()
    lines = (gzip.decompress(raw) if files[0].suffix == ".gz" else raw).splitlines()
    try:
        records: list[dict[str, Any]] = [orjson.loads(line) for line in lines if line.strip()]
        examples = [_example(one) for one in records]
        years = {str(one["id"]): int(one["year"]) for one in records if one.get("year")}
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            f"{files[0]} is no data set of subjects: {error!r}.",
            "Each line needs id, label, and text or title.",
        ) from error
    return examples, years


def evaluate_classifier(
    dataset: Path,
    trainer: ClassifierTrainer,
    embedder: Embedder,
    tell: Progress,
    *,
    train: Sequence[Path] = (),
    cross_validate: bool = False,
    predictions: Path | None = None,
) -> dict[str, Any]:
    """Train and measure; without `train` on a part of the data set itself.

    That part is what came before the last year, where there are years, else four fifths.
    """
    examples, years = read_examples(dataset)
    if train:
        name = "trained on other data sets"
        splits: list[Split] = [([e for one in train for e in read_examples(one)[0]], examples)]
    elif not cross_validate and len(set(years.values())) > 1:
        last = max(years.values())
        name = f"by year: trained before {last}, measured on {last}"
        splits = [
            (
                [one for one in examples if years.get(one.id, 0) < last],
                [one for one in examples if years.get(one.id, 0) >= last],
            )
        ]
    else:
        folds = list(_folds(examples))
        name = f"{FOLDS}-fold cross-validation, stratified, seed {_SEED}"
        splits = folds if cross_validate else folds[:1]
        name = name if cross_validate else f"one fold of the {name}"
    asked: list[Example] = []
    answers: list[Probabilities] = []
    for number, (learned, rest) in enumerate(splits):
        tell("Training", number, len(splits))
        classifier = train_on(learned, trainer, embedder)
        answers += answers_of(classifier, [one.text for one in rest], embedder)
        asked += rest
    tell("Training", len(splits), len(splits))
    if predictions is not None:
        _write(predictions, asked, answers)
    figures = measure([one.label for one in asked], answers)
    return {
        "split": name,
        "metric": _METRIC,
        "examples": len(asked),
        "labels": len(Counter(one.label for one in asked)),
        **{f"classifier_{key}": round(value, 4) for key, value in figures.items()},
    }


def _example(record: dict[str, Any]) -> Example:
    text = record.get("text") or input_text(record["title"], record.get("abstract") or "")
    return Example(str(record["id"]), text, str(record["label"]))


def _folds(examples: Sequence[Example]) -> Iterator[Split]:
    """Deal the examples of each label out, in an order of chance, but always the same."""
    of_label: dict[str, list[Example]] = defaultdict(list)
    for one in examples:
        of_label[one.label].append(one)
    dealt: dict[str, int] = {}
    chance = random.Random(_SEED)  # noqa: S311 (nothing is to be kept secret)
    for label in sorted(of_label):
        chance.shuffle(of_label[label])
        dealt |= {one.id: number % FOLDS for number, one in enumerate(of_label[label])}
    for fold in range(FOLDS):
        yield (
            [one for one in examples if dealt[one.id] != fold],
            [one for one in examples if dealt[one.id] == fold],
        )


def _write(path: Path, asked: Sequence[Example], answers: Sequence[Probabilities]) -> None:
    lines = (
        orjson.dumps({"id": one.id, "probs": answer})
        for one, answer in zip(asked, answers, strict=True)
    )
    path.write_bytes(b"\n".join(lines) + b"\n")
