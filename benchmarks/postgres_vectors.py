"""How many of the nearest vectors pgvector finds, with filters and without, beside comparing all.

    DATABASE_URL=postgresql+psycopg://... python benchmarks/postgres_vectors.py DATA/ir-npl

For each filter twice: as a search goes, and by the index alone, as in a library that is far larger.
Times are medians in milliseconds, those of the matrix in the process's memory beside them.
"""

import json
import random
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from sqlalchemy import insert, text

from alexandria.adapters import pgvector_index
from alexandria.adapters.vector_index import VectorStore
from alexandria.bootstrap import embedder, open_empty_library
from alexandria.db import new_id, release
from alexandria.models import Resource
from alexandria.services.evaluation import Library, read_collection

QUERIES = 60
SHARES = (None, 0.001, 0.01, 0.1, 0.5)
_INDEX_ALONE = ("enable_seqscan", "enable_bitmapscan", "enable_sort")
_CHUNK = 128


def main(folder: Path) -> None:
    collection = read_collection(folder)
    with TemporaryDirectory() as place, open_empty_library(Path(place)) as library:
        ids = _load(library, [(one.title, one.text) for one in collection.documents])
        vectors = embedder().embed(list(collection.queries.values())[:QUERIES])
        for limit in (10, 1000):
            for share in SHARES:
                for alone in (False, True):
                    print(json.dumps(_measure(library, ids, vectors, limit, share, alone=alone)))


def _load(library: Library, documents: list[tuple[str, str]]) -> list[str]:
    ids: list[str] = []
    for start in range(0, len(documents), _CHUNK):
        rows = [
            {"id": new_id(), "title": title, "abstract": body}
            for title, body in documents[start : start + _CHUNK]
        ]
        made = [row["id"] for row in rows]
        library.session.execute(insert(Resource), rows)
        library.embeddings.generate_and_store_embeddings(made)
        release(library.session)
        library.session.expunge_all()
        ids += made
    library.session.execute(text("ANALYZE embeddings"))
    library.session.commit()
    return ids


def _measure(
    library: Library, ids: list[str], vectors: Any, limit: int, share: float | None, *, alone: bool
) -> dict[str, Any]:
    session, model = library.session, embedder()
    ours = pgvector_index.PgVectorIndex(session, model.model, model.dimensions)
    exact = VectorStore(model.model, model.dimensions).bind(session)
    only = set(random.Random(1).sample(ids, int(share * len(ids)))) if share else None
    exact.search(vectors[0], 1)  # which reads the matrix
    kept = pgvector_index.EXACT_UP_TO
    if alone:
        pgvector_index.EXACT_UP_TO = 0
        for setting in _INDEX_ALONE:
            session.execute(text(f"SET LOCAL {setting} = off"))
    recalls, times, exact_times = [], [], []
    for vector in vectors:
        found, spent = _timed(lambda v=vector: ours.search(v, limit, only=only))
        wanted, exact_spent = _timed(lambda v=vector: exact.search(v, limit, only=only))
        recalls.append(len(found & wanted) / len(wanted))
        times.append(spent)
        exact_times.append(exact_spent)
    session.rollback()
    pgvector_index.EXACT_UP_TO = kept
    return {
        "limit": limit,
        "share": share,
        "by": "index alone" if alone else "as a search goes",
        "recall": round(statistics.mean(recalls), 4),
        "ms": round(statistics.median(times), 1),
        "ms_matrix": round(statistics.median(exact_times), 1),
    }


def _timed(search: Callable[[], list[tuple[str, float]]]) -> tuple[set[str], float]:
    started = perf_counter()
    found = {one for one, _ in search()}
    return found, (perf_counter() - started) * 1000


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
