"""Vector search in PostgreSQL: pgvector's HNSW, and exact where a filter leaves few."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from alexandria.db.pgvector import as_halfvec, of_dimensions, quoted
from alexandria.models import EmbeddingRow

EXACT_UP_TO = 20_000
"""Resources that a filter leaves: all of them are compared, which takes some 20 ms."""
_WIDTH = 100
"""Of the search in the index, at least (`hnsw.ef_search`)."""
_WIDEST = 1000
"""What pgvector allows; from there on the scan goes on by itself, in the order of nearness."""
_LOOKED_AT = 200_000
"""Vectors that a scan looks at before it gives up on finding more that meet a filter."""

Vector = NDArray[np.float32]
_SETTINGS = text(
    "SELECT set_config('hnsw.ef_search', :width, true),"
    " set_config('hnsw.iterative_scan', 'strict_order', true),"
    " set_config('hnsw.max_scan_tuples', :most, true)"
)


class PgVectorIndex:
    """Implements VectorIndex for one session and one model."""

    def __init__(self, session: Session, model: str, dimensions: int) -> None:
        self._session = session
        self._model = model
        self._dimensions = dimensions

    def search(
        self,
        vector: Vector,
        limit: int,
        exclude: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Give resource ids with cosine similarities, the nearest first; `only` of these, if given."""
        if limit <= 0 or not vector.any() or (only is not None and not only):
            return []
        exact = only is not None and len(only) <= EXACT_UP_TO
        if not exact:
            width = min(_WIDEST, max(_WIDTH, limit))
            self._session.execute(_SETTINGS, {"width": str(width), "most": str(_LOOKED_AT)})
        direction = vector / np.linalg.norm(vector)
        asked: dict[str, Any] = {"vector": as_halfvec(direction.tolist()), "limit": limit}
        conditions = [f"model = {quoted(self._model)}", "vector IS NOT NULL"]
        if only is not None:
            conditions.append("resource_id = ANY(:only)")
            asked["only"] = list(only)
        if exclude:
            conditions.append("resource_id <> ALL(:exclude)")
            asked["exclude"] = list(exclude)
        size = self._dimensions
        distance = f"{of_dimensions(size)} <=> CAST(:vector AS halfvec({size}))"
        # An index is for the bare distance alone: a sum with it is computed for each row.
        order = f"({distance}) + 0" if exact else distance
        rows = self._session.execute(
            text(
                f"SELECT resource_id, 1 - ({distance}) AS cosine FROM embeddings"  # noqa: S608 (our own names)
                f" WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit"
            ),
            asked,
        )
        found = [(row.resource_id, float(row.cosine)) for row in rows if np.isfinite(row.cosine)]
        return sorted(found, key=lambda pair: -pair[1])

    def vectors(self, resource_ids: Collection[str]) -> Mapping[str, Vector]:
        """Give the vectors, of length 1, of those resources that have one."""
        rows = self._session.execute(
            select(EmbeddingRow.resource_id, EmbeddingRow.vector).where(
                EmbeddingRow.resource_id.in_(list(resource_ids)),
                EmbeddingRow.model == self._model,
                EmbeddingRow.vector.is_not(None),
            )
        )
        size = 2 * self._dimensions
        return {one: _unit(blob) for one, blob in rows if blob and len(blob) == size}


def _unit(blob: bytes) -> Vector:
    vector = np.frombuffer(blob, "<f2").astype(np.float32)
    unit: Vector = vector / (np.linalg.norm(vector) or 1)
    return unit
