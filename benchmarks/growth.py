"""How the parts of a library grow with its size: what a search, a write and the sweeps cost.

    python benchmarks/growth.py --papers FILE.jsonl[.gz] [--sizes 10000 100000] [--json FILE]

Resources are real abstracts, resampled: each is two halves of two abstracts under a title of its own,
so that no two are alike and the words are spread as they are in the real ones. Vectors are those of
2,000 real abstracts with noise, made to length 1: computing them all is another measurement. The
library is SQLite's, in a temporary folder, and is filled by the services themselves.
"""

import argparse
import gzip
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select, update

from alexandria.adapters.vector_index import VectorStore
from alexandria.bootstrap import Services, embedder
from alexandria.db import LibrarySession, make_engine, now
from alexandria.migrations import migrate
from alexandria.models import LedgerRow, OutboxEvent, Resource
from alexandria.protocols.extraction import Record
from alexandria.services.embeddings import store_vectors
from alexandria.services.search import SearchRequest, SearchService

_REAL_VECTORS = 2_000
_BATCH = 500
_TIMES = 15
_NOISE = 0.02
"""Of each dimension; the vectors of near papers differ by more."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    papers = _papers(options.papers)
    report = []
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'library.db'}")
        migrate(engine)
        with LibrarySession(engine, expire_on_commit=False) as session:
            library = _Library(session, papers)
            for size in sorted(options.sizes):
                seconds = library.fill(size)
                row = {"resources": size, **library.measure(), "filled_per_second": seconds}
                row["database_mb"] = (Path(folder) / "library.db").stat().st_size / 1e6
                report.append(row)
                print(json.dumps({k: round(v, 2) for k, v in row.items()}), flush=True)
        engine.dispose()
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def _papers(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        found = [json.loads(line) for line in lines]
    return [one for one in found if len(one.get("abstract") or "") > 200]


class _Library:
    def __init__(self, session: LibrarySession, papers: Sequence[dict[str, Any]]) -> None:
        self._session = session
        self._papers = papers
        self._choose = random.Random(1)
        self._noise = np.random.default_rng(1)
        texts = [f"{one['title']}. {one['abstract']}" for one in papers[:_REAL_VECTORS]]
        self._vectors = embedder().embed(texts)
        self._size = 0

    def fill(self, size: int) -> float:
        """Add resources until there are so many; give how many a second."""
        began, before = time.perf_counter(), self._size
        while self._size < size:
            services = Services(self._session)
            count = min(_BATCH, size - self._size)
            ids = [services.resources.create(next(self._records())).id for _ in range(count)]
            vectors = self._vectors[self._noise.integers(0, len(self._vectors), count)]
            vectors = vectors + self._noise.normal(0, _NOISE, vectors.shape).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            rows = {one: (vector, 1, 1) for one, vector in zip(ids, vectors, strict=True)}
            store_vectors(self._session, embedder().model, rows)
            self._session.commit()
            self._session.expunge_all()
            self._size += count
        # As in a library at rest: all computed, all handed over.
        self._session.execute(update(LedgerRow).values(due_at=None, stale_since=None))
        self._session.execute(update(OutboxEvent).values(handed_over_at=now()))
        self._session.commit()
        return (self._size - before) / (time.perf_counter() - began)

    def _records(self) -> Iterator[Record]:
        first, second = (self._choose.choice(self._papers) for _ in range(2))
        halves = [one["abstract"][: len(one["abstract"]) // 2] for one in (first, second)]
        yield Record(
            title=f"{first['title']} ({self._choose.randrange(10**9)})",
            abstract=" ".join(halves),
            authors=tuple(second.get("authors") or ())[:5],
            year=self._choose.randrange(1990, 2026),
            venue=first.get("venue"),
        )

    def measure(self) -> dict[str, float]:
        model = embedder()
        store = VectorStore(model.model, model.dimensions)
        services = Services(self._session)
        search = SearchService(
            self._session,
            services.fulltext,
            store.bind(self._session),
            model,
            None,
            services.freshness,
        )
        began = time.perf_counter()
        search.search(SearchRequest("first of all", "semantic"))
        report = {"vectors_loaded_seconds": time.perf_counter() - began}
        for mode in ("keyword", "semantic", "hybrid"):
            report[f"{mode}_ms"] = self._median(
                lambda query, mode=mode: search.search(SearchRequest(query, mode))  # type: ignore[misc]
            )
        report["hybrid_without_facets_ms"] = self._median(
            lambda query: search.search(SearchRequest(query, "hybrid", facets=False))
        )
        report["write_ms"] = self._median(self._write)
        report["ledger_sweep_ms"] = self._median(
            lambda _: [services.ledger.overdue(one.name, 100) for one in services.ledger.active]
        )
        report["outbox_look_ms"] = self._median(self._look_for_events)
        report["backlog_ms"] = self._median(lambda _: services.freshness.backlog())
        report["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return report

    def _median(self, act: Callable[[str], object]) -> float:
        """Give milliseconds, the median of runs with titles of real papers as queries."""
        taken = []
        for _ in range(_TIMES):
            query = " ".join(self._choose.choice(self._papers)["title"].split()[:5])
            began = time.perf_counter()
            act(query)
            taken.append((time.perf_counter() - began) * 1000)
        return statistics.median(taken)

    def _write(self, query: str) -> None:
        one = self._session.scalars(
            select(Resource.id).offset(self._choose.randrange(1000)).limit(1)
        ).one()
        Services(self._session).resources.update(one, {"title": f"{query} {self._choose.random()}"})
        self._session.commit()

    def _look_for_events(self, _query: str) -> None:
        waiting = select(OutboxEvent.id).where(
            OutboxEvent.handed_over_at.is_(None),
            OutboxEvent.created_at < now() - timedelta(seconds=2),
        )
        self._session.scalars(waiting.order_by(OutboxEvent.id).limit(200)).all()


if __name__ == "__main__":
    main()
