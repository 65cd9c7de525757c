"""What pgvector gives to a library on PostgreSQL: the column `embeddings.direction`, indexed by HNSW.

It holds the numbers of `vector` once more, in a form that PostgreSQL can compare. Without pgvector
there is no such column, and each process compares all vectors itself.
"""

import logging
from collections.abc import Sequence
from zlib import crc32

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

logger = logging.getLogger(__name__)

COLUMN = "direction"
_OLDEST = (0, 8)
"""Of pgvector: scans of its index go on until enough is found that meets a filter."""
_HAS_COLUMN = text(
    "SELECT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('embeddings') "
    "AND attname = 'direction' AND NOT attisdropped)"
)
_found: set[str] = set()
"""Databases that have the column; one that has it never loses it."""
_indexed: set[tuple[str, str]] = set()


def make_column(connection: Connection) -> bool:
    """Make the column where pgvector is there or may be installed; tell whether it is there."""
    if connection.dialect.name != "postgresql":
        return False
    if not has_directions(connection):
        version = connection.scalar(
            text("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
        )
        if version is None or tuple(map(int, version.split(".")[:2])) < _OLDEST:
            return False
        try:
            with connection.begin_nested():
                connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
                connection.execute(
                    text(f"ALTER TABLE embeddings ADD COLUMN IF NOT EXISTS {COLUMN} halfvec")
                )
        except ProgrammingError as error:
            logger.warning("pgvector stays unused: %s", error.orig)
    return has_directions(connection)


def can_compare(session: Session) -> bool:
    """Tell whether a session's database can compare vectors."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return on_postgresql and has_directions(session.connection())


def has_directions(connection: Connection) -> bool:
    """Tell whether the database can compare vectors."""
    if connection.dialect.name != "postgresql":
        return False
    url = str(connection.engine.url)
    if url not in _found and connection.scalar(_HAS_COLUMN):
        _found.add(url)
    return url in _found


def make_index(connection: Connection, model: str, dimensions: int) -> None:
    """Index the vectors of a model, unless they are; the caller holds the lock of their writers."""
    made = (str(connection.engine.url), model)
    if made not in _indexed:
        name = f"ix_embeddings_{COLUMN}_{crc32(model.encode()):08x}"
        connection.execute(
            text(
                f"CREATE INDEX IF NOT EXISTS {name} ON embeddings USING hnsw "
                f"(({of_dimensions(dimensions)}) halfvec_cosine_ops) WHERE model = {quoted(model)}"
            )
        )
        _indexed.add(made)


def of_dimensions(dimensions: int) -> str:
    """Give the expression that is indexed."""
    return f"CAST({COLUMN} AS halfvec({dimensions}))"


def quoted(value: str) -> str:
    """Give a string as SQL writes it; the condition of an index must be known to the planner."""
    return "'" + value.replace("'", "''").replace(":", r"\:") + "'"


def as_halfvec(numbers: Sequence[float]) -> str:
    return "[" + ",".join(f"{one:.6g}" for one in numbers) + "]"
