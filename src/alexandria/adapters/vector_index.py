"""Exact vector search: one float32 matrix for each process, which follows the table `embeddings`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from alexandria.adapters.vector_changes import CHUNK, changed_since, newest_change
from alexandria.models import EmbeddingRow

_COLUMNS = (EmbeddingRow.resource_id, EmbeddingRow.change, EmbeddingRow.vector)
_GROWTH = 1.5
_MOST_DEAD = 0.25
"""Share of rows without a resource at which the matrix is packed."""

Matrix = NDArray[np.float32]
_Change = tuple[str, int, bytes | None]
"""Resource id, change number, vector."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What one search looks at; later refreshes write only beyond `len(alive)`."""

    matrix: Matrix
    ids: list[str]
    alive: NDArray[np.bool_]


class VectorStore:
    """The vectors of one model in one database; share it among all threads of the process."""

    def __init__(self, model: str, dimensions: int) -> None:
        self._model = model
        self._dimensions = dimensions
        self._lock = Lock()
        self._clear()

    def bind(self, session: Session) -> "MatrixVectorIndex":
        """Give an index that catches up with what is committed before each search."""
        return MatrixVectorIndex(self, session)

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(
        self,
        session: Session,
        vector: Matrix,
        limit: int,
        exclude: Collection[str],
        only: Collection[str] | None,
    ) -> list[tuple[str, float]]:
        with self._lock:
            self._refresh(session)
            seen = _Snapshot(self._matrix[: len(self._ids)], self._ids, self._alive)
            without = self._rows_of(exclude)
            within = None if only is None else self._rows_of(only)
        return _nearest(seen, vector, limit, without, within)

    def vectors(self, session: Session, resource_ids: Collection[str]) -> Mapping[str, Matrix]:
        with self._lock:
            self._refresh(session)
            rows = {one: row for one in resource_ids if (row := self._rows.get(one)) is not None}
            picked = self._matrix[list(rows.values())]
        return dict(zip(rows, picked, strict=True))

    def _clear(self) -> None:
        self._seen = 0
        self._matrix: Matrix = np.empty((0, self._dimensions), np.float32)
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._alive = np.ones(0, np.bool_)

    def _rows_of(self, resource_ids: Collection[str]) -> NDArray[np.intp]:
        rows = [row for one in resource_ids if (row := self._rows.get(one)) is not None]
        return np.array(rows, np.intp)

    def _refresh(self, session: Session) -> None:
        newest = newest_change(session, EmbeddingRow, self._model)
        if newest < self._seen:  # the database was replaced by an older one
            self._clear()
        if newest > self._seen:
            for rows in changed_since(session, EmbeddingRow, _COLUMNS, self._model, self._seen):
                self._take([(row[0], row[1], row[2]) for row in rows])

    def _take(self, rows: list[_Change]) -> None:
        size = self._dimensions * 2
        present = [(one, blob) for one, _, blob in rows if blob and len(blob) == size]
        gone = [self._rows.pop(one) for one, _, _ in rows if one in self._rows]
        self._append([one for one, _ in present], b"".join(blob for _, blob in present))
        # Searches under way hold the old mask, so it is replaced, not changed.
        alive = np.ones(len(self._ids), np.bool_)
        alive[: len(self._alive)] = self._alive
        alive[gone] = False
        self._alive = alive
        self._seen = rows[-1][1]
        if len(self._ids) - len(self._rows) > max(CHUNK, _MOST_DEAD * len(self._ids)):
            self._pack()

    def _append(self, ids: Sequence[str], blobs: bytes) -> None:
        first, end = len(self._ids), len(self._ids) + len(ids)
        if end > len(self._matrix):
            grown = np.empty((max(end, int(end * _GROWTH)), self._dimensions), np.float32)
            grown[:first] = self._matrix[:first]
            self._matrix = grown
        vectors = np.frombuffer(blobs, "<f2").reshape(len(ids), self._dimensions)
        self._matrix[first:end] = _unit(vectors.astype(np.float32))
        self._rows.update(zip(ids, range(first, end), strict=True))
        self._ids.extend(ids)

    def _pack(self) -> None:
        count = len(self._ids)
        self._matrix = self._matrix[:count][self._alive]
        self._ids = [one for one, alive in zip(self._ids, self._alive, strict=True) if alive]
        self._rows = {one: row for row, one in enumerate(self._ids)}
        self._alive = np.ones(len(self._ids), np.bool_)


class MatrixVectorIndex:
    """Implements VectorIndex for one session."""

    def __init__(self, store: VectorStore, session: Session) -> None:
        self._store = store
        self._session = session

    def search(
        self,
        vector: Matrix,
        limit: int,
        exclude: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Give resource ids with cosine similarities, the nearest first; `only` of these, if given.

        Sees what is committed, not what the session's own transaction has written.
        """
        return self._store.nearest(self._session, vector, limit, exclude, only)

    def vectors(self, resource_ids: Collection[str]) -> Mapping[str, Matrix]:
        """Give the vectors, of length 1, of those resources that have one."""
        return self._store.vectors(self._session, resource_ids)


def _nearest(
    seen: _Snapshot,
    vector: Matrix,
    limit: int,
    without: NDArray[np.intp],
    within: NDArray[np.intp] | None,
) -> list[tuple[str, float]]:
    alive = seen.alive.copy()
    alive[without] = False
    rows = np.flatnonzero(alive) if within is None else within[alive[within]]
    whole = len(rows) * 4 > len(alive)
    direction = _unit(vector.astype(np.float32).reshape(1, -1))[0]
    # Picking rows copies them: where most of the matrix counts, multiplying all of it is quicker.
    scores = (seen.matrix @ direction)[rows] if whole else seen.matrix[rows] @ direction
    if 0 < limit < len(rows):
        best = np.argpartition(-scores, limit - 1)[:limit]
    else:
        best = np.arange(max(0, min(limit, len(rows))))
    best = best[np.argsort(-scores[best], kind="stable")]
    return [(seen.ids[rows[one]], float(scores[one])) for one in best]


def _unit(vectors: Matrix) -> Matrix:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float32)
    lengths[lengths == 0] = 1
    unit: Matrix = vectors / lengths
    return unit
