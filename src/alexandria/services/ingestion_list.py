"""Lists of ingestions, the newest first; the children of a file in its order."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from alexandria.errors import InvalidInputError
from alexandria.models import Ingestion

STATES = ("queued", "running", "completed", "duplicate", "failed")
OUTCOMES = {"completed": "added", "duplicate": "duplicates", "failed": "failed"}
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


def count_children(session: Session, parent_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """Count the children of parents by outcome."""
    found = {parent: dict.fromkeys(OUTCOMES.values(), 0) for parent in parent_ids}
    query = (
        select(Ingestion.parent_id, Ingestion.state, func.count())
        .where(Ingestion.parent_id.in_(list(found)))
        .group_by(Ingestion.parent_id, Ingestion.state)
    )
    for parent, state, count in session.execute(query):
        if parent and state in OUTCOMES:
            found[parent][OUTCOMES[state]] = count
    return found


def files_of_files(session: Session, ids: Iterable[str]) -> dict[str, int]:
    """Give the totals of those that hold others, also of those within them."""
    found: dict[str, int] = {}
    holds = Ingestion.id.in_(list(ids))
    while True:
        query = select(Ingestion.id, Ingestion.total).where(holds, Ingestion.total.is_not(None))
        level = {row.id: row.total or 0 for row in session.execute(query)}
        if not level:
            return found
        found |= level
        holds = Ingestion.parent_id.in_(list(level))


def count_outcomes(session: Session, ingestion_id: str) -> dict[str, int]:
    """Count what became of all that was in a file, and in the files within it."""
    parents = list(files_of_files(session, [ingestion_id]))
    stands_for_itself = or_(Ingestion.total.is_(None), Ingestion.resource_id.is_not(None))
    query = (
        select(Ingestion.state, func.count())
        .where(
            or_(Ingestion.id == ingestion_id, Ingestion.parent_id.in_(parents)), stands_for_itself
        )
        .group_by(Ingestion.state)
    )
    counts = dict.fromkeys(OUTCOMES.values(), 0)
    for state, count in session.execute(query):
        if state in OUTCOMES:
            counts[OUTCOMES[state]] = count
    return counts
