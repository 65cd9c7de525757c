"""Measuring how well names of one person are brought together, on names that people looked at.

A data set is a folder with `variants.jsonl` and `distinct-people.jsonl` (author-names); the papers
whose authors are judged lie in `papers.jsonl.gz` there or in `../acl-anthology`.
"""

import gzip
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson

from alexandria.errors import InvalidInputError
from alexandria.services.authors.clustering import cluster
from alexandria.services.authors.evidence import Frequencies
from alexandria.services.authors.nodes import Mention, nodes_of

Progress = Callable[[str, int, int], None]
Pair = tuple[str, str]

_METRIC = "pairs of names judged one person; precision over the pairs with a name that a curator looked at"


def evaluate_authors(
    dataset: Path, tell: Progress, predictions: Path | None = None
) -> dict[str, Any]:
    """Judge all names of the papers and of the records, and compare with the records.

    The answers are made from the bare names and the papers; the records only measure them.
    Raises InvalidInputError if the folder is no such data set.
    """
    folder = dataset if (dataset / "variants.jsonl").is_file() else dataset / "author-names"
    records = [
        [_nfc(one["canonical"]["full"]), *(_nfc(each["full"]) for each in one["variants"])]
        for one in _lines(folder / "variants.jsonl")
    ]
    distinct = _distinct(folder / "distinct-people.jsonl")
    papers = _papers(folder)
    tell("Names", 0, 2)
    mentions = [
        Mention(str(one["id"]), name, number, names, one.get("venue"), one.get("year"))
        for one in papers
        for names in [tuple(_nfc(name) for name in one["authors"])]
        for number, name in enumerate(names)
    ]
    names = sorted({one.printed for one in mentions} | {name for one in records for name in one})
    people = judge_names(names, mentions)
    tell("Names", 2, 2)
    if predictions is not None:
        lines = (orjson.dumps({"name": name, "person": people[name]}) for name in names)
        predictions.write_bytes(b"\n".join(lines) + b"\n")
    return {"metric": _METRIC, "names": len(names), **measure(people, records, distinct)}


def judge_names(names: Sequence[str], mentions: Iterable[Mention]) -> dict[str, str]:
    """Give for each name its person: that of the most of its works, where it has several."""
    nodes = nodes_of(mentions, others=names)
    found = cluster(nodes, Frequencies.of(node.name for node in nodes))
    largest: dict[str, tuple[int, str]] = {}
    person = {}
    for node in nodes:
        person[node.key] = str(found.of[node.key])
        for printed in node.printed:
            size = (len(node.works), node.key)
            largest[printed] = max(largest.get(printed, size), size)
    return {name: person[key] for name, (_, key) in largest.items()}


def measure(
    people: Mapping[str, str], records: Sequence[Sequence[str]], distinct: Iterable[Pair]
) -> dict[str, Any]:
    """Compare pairs of names; `distinct`: pairs that must not be one person."""
    gold = {pair for one in records for pair in _pairs(one)}
    pairs_apart = [pair for pair in distinct if pair[0] in people and pair[1] in people]
    looked_at = {name for one in records for name in one} | {n for pair in distinct for n in pair}
    of_person: dict[str, list[str]] = defaultdict(list)
    for name, person in people.items():
        of_person[person].append(name)
    predicted = {pair for one in of_person.values() for pair in _pairs(one)}
    right = len(predicted & gold)
    wrong = sum(a in looked_at or b in looked_at for a, b in predicted - gold)
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / len(gold) if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {
        "people": len(of_person),
        "gold_pairs": len(gold),
        "predicted_pairs": len(predicted),
        "author_pairwise_f1": round(f1, 4),
        "author_pairwise_precision": round(precision, 4),
        "author_pairwise_recall": round(recall, 4),
        "distinct_pairs": len(pairs_apart),
        "distinct_pairs_kept_apart": sum(people[a] != people[b] for a, b in pairs_apart),
    }


def _pairs(names: Iterable[str]) -> set[Pair]:
    return set(combinations(sorted(set(names)), 2))


def _distinct(path: Path) -> set[Pair]:
    if not path.is_file():
        return set()
    found = set()
    for one in _lines(path):
        for other in one["distinct_from"]:
            a, b = sorted((_nfc(one["name"]), _nfc(other)))
            found.add((a, b))
    return found


def _papers(folder: Path) -> list[dict[str, Any]]:
    for place in (folder, folder.parent / "acl-anthology"):
        for name in ("papers.jsonl.gz", "papers.jsonl"):
            if (place / name).is_file():
                return _lines(place / name)
    return []


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        raw = path.read_bytes()
        whole = gzip.decompress(raw) if path.suffix == ".gz" else raw
        return [orjson.loads(line) for line in whole.splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise InvalidInputError(
            f"{path} cannot be read: {error}.", "Name a folder with the files of author names."
        ) from error


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)
