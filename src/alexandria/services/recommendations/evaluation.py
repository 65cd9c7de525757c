"""Measures the comparison of readers on libraries of which a part is withheld."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from alexandria.errors import InvalidInputError
from alexandria.protocols.readings import LearnReadings, Readings

COUNT = 100
"""Recommendations for each reader."""
_CUT = 20

Progress = Callable[[str, int, int], None]
"""Called with the step's name, how many are done, and how many there are."""


def evaluate_recommendations(
    dataset: Path, learn: LearnReadings, progress: Progress, predictions: Path | None = None
) -> dict[str, Any]:
    """Measure on a folder of `users.jsonl`, `items.jsonl` and `citations.tsv`, plain or gzipped.

    The model knows each reader's `library`, and never `withheld`. Raises InvalidInputError.
    """
    users = [orjson.loads(line) for line in _lines(dataset, "users.jsonl")]
    items = [orjson.loads(line) for line in _lines(dataset, "items.jsonl")]
    place = {item["id"]: row for row, item in enumerate(items)}
    pairs = [line.split("\t") for line in _lines(dataset, "citations.tsv")[1:]]
    by_name = {str(one): row for one, row in place.items()}
    readings = Readings(
        [[place[one] for one in user["library"] if one in place] for user in users],
        [item.get("tags") or [] for item in items],
        [(by_name[a], by_name[b]) for a, b in pairs if a in by_name and b in by_name],
    )
    progress("Learning", 0, 1)
    found: list[list[Any]] = []
    model = learn(readings)
    for ranked in model.recommend(COUNT):
        found.append([items[row]["id"] for row, _ in ranked])
        progress("Recommending", len(found), len(users))
    if predictions:
        rows = [
            {"user": user["user"], "items": ranked}
            for user, ranked in zip(users, found, strict=True)
        ]
        predictions.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return {
        **_measured(users, found),
        "model": model.producer,
        "split": "the folder's own: each reader's `library` is known, `withheld` is never",
        "metric": (
            "of a reader's withheld items the share among the best 20 (100) recommended, and "
            "nDCG@20 with binary gains; the mean over readers with withheld items"
        ),
    }


def _measured(users: Sequence[dict[str, Any]], found: Sequence[list[Any]]) -> dict[str, Any]:
    recall, recall_100, gain = [], [], []
    for user, ranked in zip(users, found, strict=True):
        withheld = set(user["withheld"])
        if not withheld:
            continue
        own = set(user["library"])
        shown = [one for one in ranked if one not in own][:COUNT]
        recall.append(len(withheld.intersection(shown[:_CUT])) / len(withheld))
        recall_100.append(len(withheld.intersection(shown)) / len(withheld))
        ideal = sum(_discount(place) for place in range(min(_CUT, len(withheld))))
        hits = [place for place, one in enumerate(shown[:_CUT]) if one in withheld]
        gain.append(sum(map(_discount, hits)) / ideal)
    if not recall:
        raise InvalidInputError(
            "No reader of this folder has withheld items.", "Give a folder with some."
        )
    return {
        "readers": len(recall),
        "recommendation_recall_at_20": round(float(np.mean(recall)), 4),
        "recommendation_recall_at_100": round(float(np.mean(recall_100)), 4),
        "recommendation_ndcg_at_20": round(float(np.mean(gain)), 4),
    }


def _discount(place: int) -> float:
    return float(1 / np.log2(place + 2))


def _lines(dataset: Path, name: str) -> list[str]:
    """Read a file of the folder, plain or gzipped, without empty lines."""
    for path in (dataset / name, dataset / f"{name}.gz"):
        if path.is_file():
            raw = path.read_bytes()
            text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
            return [line for line in text.split("\n") if line.strip()]
    raise InvalidInputError(
        f"There is no {name} in {dataset}.",
        "Give a folder with users.jsonl, items.jsonl and citations.tsv, plain or gzipped.",
    )
