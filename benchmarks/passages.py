"""Whether a sentence from deep inside a long document finds its document.

    python benchmarks/passages.py --data DIR [--sentences 100] [--seed 1] [--json FILE]

DIR holds `thesis-texts`, `full-papers-jats` and `acl-anthology`. The theses and articles go into a
library of their own with 3,000 abstracts. Sentences of 12 to 40 words are taken from between a
fifth and nine tenths of the long texts; of each a third of the words is dropped and the rest
shuffled, and that is searched for.
"""

import argparse
import gzip
import json
import random
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from sqlalchemy import select

from alexandria.adapters.extractors.registry import extract
from alexandria.adapters.passage_index import PassageStore
from alexandria.adapters.vector_index import VectorStore
from alexandria.bootstrap import Services, embedder
from alexandria.db import LibrarySession, make_engine
from alexandria.migrations import migrate
from alexandria.models import Resource
from alexandria.protocols.extraction import Record
from alexandria.services.search import SearchRequest, SearchService
from alexandria.services.search.request import Mode

_OTHERS = 3000
_DROPPED = 1 / 3
_BATCH = 128


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'library.db'}")
        migrate(engine)
        with LibrarySession(engine, expire_on_commit=False) as session:
            report = _measure(session, options)
        engine.dispose()
    for name, value in report.items():
        print(f"{name}: {value:.4g}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _measure(session: LibrarySession, options: argparse.Namespace) -> dict[str, float]:
    services = Services(session)
    long_texts = {
        services.resources.create(record).id: record.text or ""
        for record in _long_documents(options.data)
    }
    for record in _abstracts(options.data):
        services.resources.create(record)
    session.commit()
    ids = list(session.scalars(select(Resource.id)))
    services.search.update_fts5_index(ids)
    for start in range(0, len(ids), _BATCH):
        services.embeddings.generate_and_store_embeddings(ids[start : start + _BATCH])
        session.commit()
    report = {"documents": float(len(ids)), "long_documents": float(len(long_texts))}
    report["seconds_for_passages"] = _embed_passages(session, services, list(long_texts))
    model = embedder()
    search = SearchService(
        session,
        services.fulltext,
        VectorStore(model.model, model.dimensions).bind(session),
        model,
        None,
        services.freshness,
        PassageStore(model.model, model.dimensions).bind(session),
    )
    asked = _sentences(long_texts, options.sentences, random.Random(options.seed))
    for mode in get_args(Mode):
        report |= _found(search, asked, mode)
    return report


def _embed_passages(session: LibrarySession, services: Services, ids: Sequence[str]) -> float:
    began = time.perf_counter()
    waiting = list(ids)
    while waiting:
        done = services.passages.embed_passages(waiting)
        session.commit()
        waiting = [one for one, revisions in done.items() if revisions is None]
    return time.perf_counter() - began


def _found(
    search: SearchService, asked: Sequence[tuple[str, str, str]], mode: Mode
) -> dict[str, float]:
    first = shown = 0
    for resource_id, sentence, question in asked:
        best = search.search(SearchRequest(question, mode, limit=1, facets=False))["results"][0]
        if best["id"] == resource_id:
            first += 1
            passage = best["passage"]
            shown += passage is not None and _share(sentence, passage["text"]) > 1 / 2
    return {f"{mode}_first": first / len(asked), f"{mode}_passage_shown": shown / len(asked)}


def _share(sentence: str, passage: str) -> float:
    """Give the share of the sentence's words that the passage has."""
    words = sentence.split()
    there = set(passage.split())
    return sum(word in there for word in words) / len(words)


def _sentences(
    texts: Mapping[str, str], count: int, chance: random.Random
) -> list[tuple[str, str, str]]:
    """Give ids, sentences, and what of them is searched for."""
    found: list[tuple[str, str, str]] = []
    ids = sorted(texts, key=texts.__getitem__)
    while len(found) < count:
        one = chance.choice(ids)
        sentences = [
            sentence
            for sentence in re.split(r"(?<=[.!?])\s+", " ".join(texts[one].split()))
            if 12 <= len(sentence.split()) <= 40 and _is_prose(sentence)
        ]
        deep = sentences[len(sentences) // 5 : len(sentences) * 9 // 10]
        if deep:
            sentence = chance.choice(deep)
            words = [word for word in sentence.split() if chance.random() > _DROPPED]
            chance.shuffle(words)
            found.append((one, sentence, " ".join(words)))
    return found


def _is_prose(sentence: str) -> bool:
    words = sentence.split()
    return sum(map(str.isalpha, words)) >= 0.8 * len(words)


def _long_documents(data: Path) -> Iterator[Record]:
    for row in _json_lines(data / "thesis-texts" / "theses.jsonl.gz"):
        yield Record(title=row["title"], text=row["text"])
    for path in sorted((data / "full-papers-jats").glob("*.xml")):
        record = extract(path.read_bytes(), filename=path.name, url=None).record
        if record and record.text:
            yield Record(title=record.title, abstract=record.abstract, text=record.text)


def _abstracts(data: Path) -> Iterator[Record]:
    for row in _json_lines(data / "acl-anthology" / "papers.jsonl.gz")[:_OTHERS]:
        yield Record(title=row["title"], abstract=row["abstract"])


def _json_lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
