"""Lists of ingestions, the newest first; the children of a file in its order."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.errors import InvalidInputError
from alexandria.models import Ingestion

STATES = ("queued", "running", "completed", "duplicate", "failed")
LARGEST_PAGE = 500
LONGEST_CURSOR = 12


@dataclass(frozen=True, slots=True)
class IngestionListRequest:
    state: str | None = None
    parent_id: str | None = None
    limit: int = 50
    cursor: str | None = None


def list_ingestions(
    session: Session, request: IngestionListRequest
) -> tuple[int, list[Ingestion], str | None]:
    """Give how many there are, one page of them, and the cursor of the next."""
    if request.state is not None and request.state not in STATES:
        raise InvalidInputError(
            f"There is no state {request.state!r}.", f"Use one of: {', '.join(STATES)}."
        )
    offset = _offset(request.cursor)
    query = select(Ingestion).where(Ingestion.parent_id == request.parent_id)
    if request.state:
        query = query.where(Ingestion.state == request.state)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (
        (Ingestion.position,) if request.parent_id else (Ingestion.created_at.desc(), Ingestion.id)
    )
    limit = max(1, min(request.limit, LARGEST_PAGE))
    rows = list(session.scalars(query.order_by(*order).offset(offset).limit(limit)))
    after = offset + len(rows)
    return total, rows, str(after) if after < total else None


def _offset(cursor: str | None) -> int:
    if cursor and not (cursor.isdecimal() and len(cursor) <= LONGEST_CURSOR):
        raise InvalidInputError("This cursor is none of ours.", "Start again without a cursor.")
    return int(cursor or 0)
