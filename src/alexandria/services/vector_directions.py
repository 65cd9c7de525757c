"""Keeps what pgvector compares in step with the stored vectors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from alexandria.db.pgvector import as_halfvec, has_directions, make_column, make_index

_ROWS_AT_ONCE = 500
_SET = text(
    "UPDATE embeddings SET direction = CAST(:direction AS halfvec) "
    "WHERE resource_id = :id AND model = :model AND change = :change"
)
_MISSING = text(
    "SELECT resource_id, model, change, vector FROM embeddings "
    "WHERE vector IS NOT NULL AND direction IS NULL AND length(vector) > 0 "
    "AND length(vector) % 2 = 0 LIMIT :limit"
)


def set_directions(
    session: Session, model: str, change: int, vectors: Mapping[str, NDArray[np.float32]]
) -> None:
    """Tell pgvector of vectors that were just written with this change."""
    connection = session.connection()
    if not vectors or not has_directions(connection):
        return
    make_index(connection, model, len(next(iter(vectors.values()))))
    session.execute(
        _SET,
        [
            {
                "id": one,
                "model": model,
                "change": change,
                "direction": as_halfvec(vector.astype(np.float16).tolist()),
            }
            for one, vector in vectors.items()
        ],
    )


def fill_directions(session: Session) -> int:
    """Tell pgvector of all vectors that it was not told of; commits on the way. Gives how many."""
    if not make_column(session.connection()):
        return 0
    session.commit()
    count = 0
    while rows := session.execute(_MISSING, {"limit": _ROWS_AT_ONCE}).all():
        session.execute(_SET, [_as_told(row) for row in rows])
        session.commit()
        count += len(rows)
    models = session.execute(
        text(
            "SELECT DISTINCT model, vector_dims(direction) FROM embeddings WHERE direction IS NOT NULL"
        )
    )
    for model, dimensions in models.all():
        make_index(session.connection(), model, dimensions)
    session.commit()
    return count


def _as_told(row: Any) -> dict[str, Any]:
    numbers = np.frombuffer(row.vector, "<f2").astype(np.float32)
    if not np.isfinite(numbers).all():  # damaged: the doctor sees to it
        numbers = np.zeros_like(numbers)
    told = as_halfvec(numbers.tolist())
    return {"id": row.resource_id, "model": row.model, "change": row.change, "direction": told}
