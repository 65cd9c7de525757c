"""Measuring search on a collection of queries with judged answers, as TREC does.

A collection is a folder with `corpus.jsonl` or `corpus.jsonl.gz` ({id, title, text}),
`queries.jsonl` ({id, text}) and `qrels.tsv` (query_id, doc_id, relevance; with or without a
header line).
"""

import gzip
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

import orjson
from sqlalchemy import insert
from sqlalchemy.orm import Session

from alexandria.db import new_id, release
from alexandria.errors import InvalidInputError
from alexandria.models import Resource
from alexandria.services.embeddings import EmbeddingService
from alexandria.services.search import SearchRequest, SearchService
from alexandria.services.search.request import Mode

_NDCG_DEPTH = 10
_RECALL_DEPTH = 100
_CHUNK = 128
_MODES: tuple[Mode, ...] = ("keyword", "semantic", "hybrid")

Judgements = Mapping[str, Mapping[str, int]]
"""Query id to document id to relevance."""
Progress = Callable[[str, int, int], None]
"""Called with the step's name, how many are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    documents: Sequence[Document]
    queries: Mapping[str, str]
    judgements: Judgements


@dataclass(frozen=True, slots=True)
class Library:
    """A library of its own: an empty, migrated database and the services upon it."""

    session: Session
    search: SearchService
    embeddings: EmbeddingService


OpenLibrary = Callable[[Path], AbstractContextManager[Library]]
"""Opens an empty library in the folder, and closes it at the end."""

Metrics = TypedDict("Metrics", {"ndcg@10": float, "recall@100": float})


class Evaluation(TypedDict):
    dataset: str
    documents: int
    queries: int
    keyword: Metrics
    semantic: Metrics
    hybrid: Metrics


def evaluate_search(dataset: Path, open_library: OpenLibrary, progress: Progress) -> Evaluation:
    """Load the collection into a temporary library and measure each way of searching it.

    Queries without a relevant document are left out: no answer to them is right or wrong.
    """
    collection = read_collection(dataset)
    answerable = {
        query: judged for query, judged in collection.judgements.items() if max(judged.values()) > 0
    }
    with (
        TemporaryDirectory(prefix="alexandria-evaluate-") as folder,
        open_library(Path(folder)) as library,
    ):
        _load(library, collection.documents, progress)
        measured = {
            mode: _measure(library.search, mode, collection.queries, answerable, progress)
            for mode in _MODES
        }
    return Evaluation(
        dataset=dataset.name,
        documents=len(collection.documents),
        queries=len(answerable),
        keyword=measured["keyword"],
        semantic=measured["semantic"],
        hybrid=measured["hybrid"],
    )


def read_collection(folder: Path) -> Collection:
    """Raises InvalidInputError if a file is missing, or is not in the form above."""
    corpus = next(
        (path for name in ("corpus.jsonl.gz", "corpus.jsonl") if (path := folder / name).is_file()),
        folder / "corpus.jsonl",
    )
    queries = {
        str(row["id"]): str(row["text"])
        for row in _json_lines(corpus.parent / "queries.jsonl", "id", "text")
    }
    documents = [
        Document(str(row["id"]), str(row.get("title") or ""), str(row["text"] or ""))
        for row in _json_lines(corpus, "id", "text")
    ]
    return Collection(documents, queries, _judgements(folder / "qrels.tsv", queries))


def ndcg(ranked: Sequence[str], judged: Mapping[str, int], depth: int = _NDCG_DEPTH) -> float:
    """Give nDCG with linear gain, as trec_eval's `ndcg_cut`: rel / log2(rank + 1).

    The ideal is made of all judged documents; unjudged ones count as not relevant.
    """
    gains = [max(0, judged.get(document, 0)) for document in ranked[:depth]]
    ideal = sorted((relevance for relevance in judged.values() if relevance > 0), reverse=True)
    best = _discounted(ideal[:depth])
    return _discounted(gains) / best if best else 0.0


def recall(ranked: Sequence[str], judged: Mapping[str, int], depth: int = _RECALL_DEPTH) -> float:
    """Give the share of the relevant documents (relevance of 1 or more) found up to `depth`."""
    relevant = {document for document, relevance in judged.items() if relevance >= 1}
    return len(relevant.intersection(ranked[:depth])) / len(relevant) if relevant else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def _measure(
    search: SearchService,
    mode: Mode,
    queries: Mapping[str, str],
    judgements: Judgements,
    progress: Progress,
) -> Metrics:
    scores: list[tuple[float, float]] = []
    for query, judged in judgements.items():
        request = SearchRequest(queries[query], mode, limit=_RECALL_DEPTH, facets=False)
        answer = search.search(request)
        ranked = [result["external_id"] or "" for result in answer["results"]]
        scores.append((ndcg(ranked, judged), recall(ranked, judged)))
        progress(mode, len(scores), len(judgements))
    return {
        "ndcg@10": _mean([score for score, _ in scores]),
        "recall@100": _mean([score for _, score in scores]),
    }


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0


def _load(library: Library, documents: Sequence[Document], progress: Progress) -> None:
    done = 0
    for chunk in _chunks(documents, _CHUNK):
        rows = [
            {"id": new_id(), "external_id": one.id, "title": one.title, "abstract": one.text}
            for one in chunk
        ]
        ids = [row["id"] for row in rows]
        library.session.execute(insert(Resource), rows)
        library.search.update_fts5_index(ids)
        library.embeddings.generate_and_store_embeddings(ids)
        release(library.session)
        library.session.expunge_all()
        done += len(chunk)
        progress("load", done, len(documents))


def _chunks(documents: Sequence[Document], size: int) -> Iterator[list[Document]]:
    rest = iter(documents)
    while chunk := list(islice(rest, size)):
        yield chunk


def _json_lines(path: Path, *needed: str) -> Iterator[dict[str, Any]]:
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _json_line(line, f"{path.name}, line {number}", needed)
    except FileNotFoundError as error:
        raise _not_a_collection(f"{path} is missing.") from error


def _json_line(line: bytes, place: str, needed: Sequence[str]) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _not_a_collection(f"{place}: {error}.") from error
    if not isinstance(row, dict) or not row.keys() >= set(needed):
        raise _not_a_collection(f"{place}: an object with {' and '.join(needed)} was expected.")
    return row


def _judgements(path: Path, queries: Mapping[str, str]) -> Judgements:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise _not_a_collection(f"{path} is missing.") from error
    for number, line in enumerate(lines, start=1):
        query, document, relevance = _judgement(line, f"{path.name}, line {number}")
        if relevance is None and number > 1:
            raise _not_a_collection(f"{path.name}, line {number}: the relevance is no integer.")
        if relevance is not None and query in queries:
            found[query][document] = relevance
    if not found:
        raise _not_a_collection(f"{path.name} holds no judgement of a query in queries.jsonl.")
    return found


def _judgement(line: str, place: str) -> tuple[str, str, int | None]:
    match line.split("\t"):
        case [query, document, relevance]:
            number = relevance.strip()
            return query, document, int(number) if number.lstrip("-").isdecimal() else None
        case _:
            raise _not_a_collection(f"{place}: three columns with tabs between were expected.")


def _not_a_collection(what: str) -> InvalidInputError:
    return InvalidInputError(what, "Give a folder with corpus.jsonl, queries.jsonl and qrels.tsv.")
