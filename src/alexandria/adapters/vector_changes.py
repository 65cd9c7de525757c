"""How a process follows a table of vectors: each write there carries a growing change number."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.db.connection import READ_ONLY

CHUNK = 4096
"""Rows that are read and converted together, where a row holds one vector."""


def newest_change(session: Session, table: Any, model: str) -> int:
    return session.scalar(select(func.max(table.change)).where(table.model == model)) or 0


def changed_since(
    session: Session, table: Any, columns: Sequence[Any], model: str, seen: int, chunk: int = CHUNK
) -> Iterator[Sequence[Any]]:
    """Yield what changed after `seen`, read by a connection of its own.

    The session's transaction may hold vectors that are never committed; the change number that
    they carry would then hide those of the next transaction from this process for ever.
    """
    query = (
        select(*columns)
        .where(table.model == model, table.change > seen)
        .order_by(table.change)
        .execution_options(yield_per=chunk)
    )
    engine = session.get_bind().engine.execution_options(
        **{READ_ONLY: True, "postgresql_readonly": True}
    )
    with engine.connect() as connection:
        yield from connection.execute(query).partitions()
