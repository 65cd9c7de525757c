"""Picks the sample library from an ACL Anthology data set.

The same input gives the same sample: ties are broken by a hash of the paper's id, never by chance.
"""

import argparse
import gzip
import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Paper = dict[str, Any]
Vector = dict[str, float]

SAMPLE = Path(__file__).parent.parent / "src" / "alexandria" / "data" / "sample"

TOPICS = (
    "abusive language",
    "argument",
    "bias",
    "biomedical",
    "clinical",
    "code-switch",
    "commonsense",
    "coreference",
    "dependency parsing",
    "dialect",
    "dialogue",
    "entity linking",
    "event extraction",
    "fact",
    "grammatical error",
    "image",
    "interpret",
    "knowledge graph",
    "language modeling",
    "low-resource",
    "machine translation",
    "metaphor",
    "morpholog",
    "named entity",
    "question answering",
    "question generation",
    "reading comprehension",
    "relation extraction",
    "semantic change",
    "semantic role",
    "sentiment",
    "speech",
    "style transfer",
    "summarization",
    "text classification",
    "text generation",
    "transfer learning",
    "treebank",
    "word embedding",
)
SEEDS_PER_TOPIC = 4
FIRST_YEAR_OF_LICENCE = 2016
# The association's own proceedings. Material of other publishers in the Anthology, such as the
# journal Computational Linguistics (10.1162/coli), stands under narrower licences.
DOI_PREFIX = "10.18653/v1/"
ABSTRACT_CHARACTERS = range(500, 1_600)
LEFTOVER_MARKUP = re.compile(r"[\\$<>{}]")
WORD = re.compile(r"[a-z]{3,}")

ATTRIBUTION = """\
# The sample library

`papers.jsonl` holds the records of {count} papers in computational linguistics, {first} to {last}:
title, abstract, authors, year, venue, pages, DOI and address.

- **Source**: the [ACL Anthology](https://aclanthology.org/), the metadata files of
  `acl-org/acl-anthology` as of February 2021. Each record's `id` is its Anthology id, and its `url`
  leads to the paper.
- **Authors**: as named in each record. The rights in the papers and abstracts stay with their
  authors and publishers.
- **Licence**: [Creative Commons Attribution 4.0 International](https://creativecommons.org/licenses/by/4.0/)
  (CC BY 4.0), which the Anthology states for its material of 2016 and later.
- **Changes**: a selection, made by `tools/build_sample.py`. Runs of white space became one space,
  DOIs are in lower case, addresses have the Anthology's present form, and `language` is `en`
  throughout. Nothing else was altered.
"""


def read_papers(path: Path) -> list[Paper]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def usable(paper: Paper) -> bool:
    abstract = paper.get("abstract") or ""
    return (
        str(paper.get("doi") or "").startswith(DOI_PREFIX)
        and paper["year"] >= FIRST_YEAR_OF_LICENCE
        and paper.get("language") in {None, "eng"}
        and bool(paper.get("authors"))
        and len(abstract) in ABSTRACT_CHARACTERS
        and not LEFTOVER_MARKUP.search(paper["title"] + abstract)
    )


def shuffled(papers: Iterable[Paper]) -> list[Paper]:
    return sorted(papers, key=lambda paper: hashlib.sha256(paper["id"].encode()).digest())


def spread_over_venues(papers: Iterable[Paper]) -> list[Paper]:
    """One paper of each venue first, then a second of each, and so on."""
    turn: Counter[str] = Counter()
    order = []
    for paper in shuffled(papers):
        turn[paper["venue"]] += 1
        order.append((turn[paper["venue"]], paper))
    return [paper for _, paper in sorted(order, key=lambda entry: entry[0])]


def vectors(papers: list[Paper]) -> dict[str, Vector]:
    """Of each paper by id: its words weighted by TF-IDF, of length 1."""
    counts = {
        p["id"]: Counter(WORD.findall(f"{p['title']} {p['abstract']}".lower())) for p in papers
    }
    frequency = Counter(word for words in counts.values() for word in words)
    return {key: _normalised(words, frequency, len(papers)) for key, words in counts.items()}


def _normalised(words: Counter[str], frequency: Counter[str], total: int) -> Vector:
    weights = {word: n * math.log(total / frequency[word]) for word, n in words.items()}
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {word: weight / length for word, weight in weights.items()}


class Index:
    """Finds the paper nearest to another by its words."""

    def __init__(self, papers: list[Paper]) -> None:
        self._vectors = vectors(papers)
        self._postings: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
        for key, vector in self._vectors.items():
            for word, weight in vector.items():
                self._postings[word].append((key, weight))

    def nearest(self, key: str, *, apart_from: Iterable[str]) -> str | None:
        scores: defaultdict[str, float] = defaultdict(float)
        for word, weight in self._vectors[key].items():
            for other, other_weight in self._postings[word]:
                scores[other] += weight * other_weight
        left = scores.keys() - set(apart_from) - {key}
        return max(left, key=lambda other: (scores[other], other), default=None)


def pick(papers: list[Paper]) -> list[Paper]:
    """For each topic some papers of different venues, and with each the one nearest to it."""
    by_id = {paper["id"]: paper for paper in papers}
    index = Index(papers)
    picked: dict[str, Paper] = {}
    for topic in TOPICS:
        about = (p for p in papers if topic in p["title"].lower() and p["id"] not in picked)
        for seed in spread_over_venues(about)[:SEEDS_PER_TOPIC]:
            picked[seed["id"]] = seed
            neighbour = index.nearest(seed["id"], apart_from=picked)
            if neighbour is not None:
                picked[neighbour] = by_id[neighbour]
    return list(picked.values())


def record(paper: Paper) -> Paper:
    # The DOI ends in the Anthology id; the data set's own id is wrong for the volumes of D19.
    anthology_id = paper["doi"].removeprefix(DOI_PREFIX)
    fields = {
        "id": anthology_id,
        "title": " ".join(paper["title"].split()),
        "abstract": " ".join(paper["abstract"].split()),
        "authors": paper["authors"],
        "year": paper["year"],
        "venue": paper["venue"],
        "doi": paper["doi"].lower(),
        "url": f"https://aclanthology.org/{anthology_id}/",
        "pages": paper.get("pages"),
        "language": "en",
    }
    return {name: value for name, value in fields.items() if value}


def write_sample(papers: list[Paper], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    records = sorted((record(paper) for paper in papers), key=lambda fields: fields["id"])
    lines = (json.dumps(fields, ensure_ascii=False) + "\n" for fields in records)
    (folder / "papers.jsonl").write_text("".join(lines), encoding="utf-8")
    years = [paper["year"] for paper in papers]
    text = ATTRIBUTION.format(count=len(papers), first=min(years), last=max(years))
    (folder / "ATTRIBUTION.md").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", type=Path, help="papers.jsonl.gz of the ACL Anthology")
    parser.add_argument("--output", type=Path, default=SAMPLE, help="folder of the sample")
    arguments = parser.parse_args()
    picked = pick([paper for paper in read_papers(arguments.papers) if usable(paper)])
    write_sample(picked, arguments.output)
    venues = len({paper["venue"] for paper in picked})
    print(f"{len(picked)} papers of {venues} venues are in {arguments.output}.")


if __name__ == "__main__":
    main()
