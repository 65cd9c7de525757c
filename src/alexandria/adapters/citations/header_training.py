"""Trains the model that reads the headers of papers."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alexandria.adapters.citations.header_features import HeaderFeatures
from alexandria.adapters.citations.header_reader import OTHER
from alexandria.adapters.citations.list_training import letters
from alexandria.adapters.citations.sequence_model import train
from alexandria.adapters.citations.words import WordClasses

HEADERS = ("headers-1.crf", "headers-2.crf")
_SETTINGS = (
    {"c1": 0.1, "c2": 0.1, "max_iterations": 100},
    {"c1": 0.5, "c2": 0.3, "max_iterations": 70},
)
_PARTS = (
    ("abstract", "abstract"),
    ("title", "title"),
    ("keywords", "keywords"),
    ("affiliation", "affiliations"),
    ("author", "authors"),
    ("email", "emails"),
)
"""Longer parts first: where one text stands twice, they take their place before others."""

Record = Mapping[str, Any]


def train_headers(records: Sequence[Record], classes: WordClasses, folder: Path) -> None:
    features = HeaderFeatures(classes)
    labelled = [label_header(record) for record in records]
    rows = [(features(lines), labels) for lines, labels in labelled]
    for name, settings in zip(HEADERS, _SETTINGS, strict=True):
        train(rows, folder / name, **settings)


def label_header(record: Record) -> tuple[list[str], list[str]]:
    """Give the lines of a header that are not empty, and what each names."""
    text = record["header_text"]
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    labels = [OTHER] * len(lines)
    for label, start, end in _spans(text, record):
        for i in range(bisect_right(starts, start) - 1, bisect_right(starts, end) - 1 + 1):
            if labels[i] == OTHER:
                labels[i] = label
    kept = [i for i, line in enumerate(lines) if line.strip()]
    return [lines[i] for i in kept], [labels[i] for i in kept]


def _spans(text: str, record: Record) -> Iterator[tuple[str, int, int]]:
    squeezed, places = letters(text)
    taken = [False] * len(squeezed)
    for label, part in _PARTS:
        values = record.get(part) or []
        for value in [values] if isinstance(values, str) else values:
            key, _ = letters(value)
            free = [at for at in _all_places(squeezed, key) if not any(taken[at : at + len(key)])]
            if not free:
                continue
            at = min(free, key=lambda at: _beside(text, places, at, at + len(key)))
            taken[at : at + len(key)] = [True] * len(key)
            yield label, places[at], places[at + len(key) - 1]


def _all_places(text: str, key: str) -> Iterator[int]:
    at = text.find(key) if key else -1
    while at >= 0:
        yield at
        at = text.find(key, at + 1)


def _beside(text: str, places: Sequence[int], start: int, end: int) -> int:
    """Count the sides where more than this stands on the line."""
    first, last = places[start], places[end - 1]
    before = text[text.rfind("\n", 0, first) + 1 : first]
    after = text[last + 1 :].partition("\n")[0]
    return any(map(str.isalnum, before)) + any(map(str.isalnum, after))
