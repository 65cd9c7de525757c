"""What the tables of vectors have in common: numbers that grow with each write."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from alexandria.models import EmbeddingRow, PassageRow

_TABLES: tuple[Any, ...] = (EmbeddingRow, PassageRow)
_POSTGRES_ORDER_LOCK = 0x0E3B


def next_change(session: Session, model: str | None = None, table: Any = EmbeddingRow) -> int:
    """Give the number of the next write; greater than all committed of the model, or of all.

    On PostgreSQL the caller then holds a lock until its transaction ends.
    """
    if is_postgresql(session):
        # Else a process could see change 8, and later miss change 7 of a slower transaction.
        session.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_ORDER_LOCK})
    newest = select(func.max(table.change))
    if model is not None:
        newest = newest.where(table.model == model)
    return (session.scalar(newest) or 0) + 1


def forget_vectors(session: Session, resource_ids: Collection[str]) -> None:
    """Delete the rows of resources that are gone for good.

    The newest number of a model must not be given twice, or processes would miss what has it next:
    where it goes, another row takes a newer one.
    """
    for table in _TABLES:
        gone = table.resource_id.in_(list(resource_ids))
        for model in session.scalars(select(table.model).where(gone).distinct()).all():
            change = next_change(session, model, table)
            session.execute(delete(table).where(gone, table.model == model))
            newest = select(table.resource_id).where(table.model == model)
            left = session.scalar(newest.order_by(table.change.desc()).limit(1))
            row = (table.resource_id == left, table.model == model)
            session.execute(update(table).where(*row).values(change=change))


def forget_model(session: Session, model: str, limit: int) -> int:
    """Delete rows of a model that no longer serves; give how many."""
    count = 0
    for table in _TABLES:
        rows = select(table.resource_id).where(table.model == model).limit(limit)
        gone = session.execute(
            delete(table).where(table.model == model, table.resource_id.in_(rows.scalar_subquery()))
        )
        count += getattr(gone, "rowcount", 0)
    return count


def is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
