"""Lists of resources: filters, order, and paging by cursor."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from alexandria.db.base import UtcDateTime
from alexandria.errors import InvalidInputError
from alexandria.models import Resource, ResourceAuthor, ResourceSubject, ResourceTag

LARGEST_PAGE = 200

_ORDERS: Mapping[str, tuple[InstrumentedAttribute[Any], bool]] = {
    "created": (Resource.created_at, False),
    "-created": (Resource.created_at, True),
    "updated": (Resource.updated_at, False),
    "-updated": (Resource.updated_at, True),
    "title": (Resource.title, False),
    "-title": (Resource.title, True),
}


@dataclass(frozen=True, slots=True)
class ListRequest:
    year_from: int | None = None
    year_to: int | None = None
    author: str | None = None
    tag: str | None = None
    subject: str | None = None
    external_id: str | None = None
    deleted: bool = False
    """Those that were deleted, and no others."""
    sort: str = "-created"
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    total: int
    items: list[Resource]
    next_cursor: str | None


def list_resources(session: Session, request: ListRequest) -> Page:
    """Give one page; the cursor stays right while resources come and go."""
    if request.sort not in _ORDERS:
        raise InvalidInputError(
            f"There is no order {request.sort!r}.", f"Use one of: {', '.join(_ORDERS)}."
        )
    column, descending = _ORDERS[request.sort]
    conditions = _conditions(request)
    total = session.scalar(select(func.count()).select_from(Resource).where(*conditions)) or 0
    limit = max(1, min(request.limit, LARGEST_PAGE))
    query = _with_lists(select(Resource)).where(*conditions)
    if request.cursor:
        query = query.where(_after(column, *_decode(request.cursor, column), descending))
    order = (column.desc(), Resource.id.desc()) if descending else (column, Resource.id)
    rows = list(session.scalars(query.order_by(*order).limit(limit + 1)))
    items = rows[:limit]
    more = len(rows) > limit
    cursor = _encode(getattr(items[-1], column.key), items[-1].id) if more else None
    return Page(total, items, cursor)


def matching_ids(session: Session, request: ListRequest) -> list[str]:
    """Give the ids of all resources that the filters let through, whatever the page."""
    query = select(Resource.id).where(*_conditions(request)).order_by(Resource.id)
    return list(session.scalars(query))


def _with_lists(query: Select[Resource]) -> Select[Resource]:
    return query.options(
        selectinload(Resource.author_rows),
        selectinload(Resource.identifier_rows),
        selectinload(Resource.tag_rows),
        selectinload(Resource.subject_rows),
    )


def _conditions(request: ListRequest) -> list[ColumnElement[bool]]:
    gone = Resource.deleted_at.is_not(None)
    found: list[ColumnElement[bool]] = [gone if request.deleted else ~gone]
    if request.year_from is not None:
        found.append(Resource.year >= request.year_from)
    if request.year_to is not None:
        found.append(Resource.year <= request.year_to)
    if request.external_id:
        found.append(Resource.external_id == request.external_id)
    for value, relation, column in (
        (request.author, Resource.author_rows, ResourceAuthor.name),
        (request.tag, Resource.tag_rows, ResourceTag.tag),
        (request.subject, Resource.subject_rows, ResourceSubject.subject),
    ):
        if value:
            found.append(relation.any(column == value))
    return found


def _after(
    column: InstrumentedAttribute[Any], value: Any, resource_id: str, descending: bool
) -> ColumnElement[bool]:
    if descending:
        return or_(column < value, and_(column == value, Resource.id < resource_id))
    return or_(column > value, and_(column == value, Resource.id > resource_id))


def _encode(value: Any, resource_id: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([value, resource_id])).decode().rstrip("=")


def _decode(cursor: str, column: InstrumentedAttribute[Any]) -> tuple[Any, str]:
    try:
        match orjson.loads(base64.urlsafe_b64decode(cursor + "=" * 3)):
            case [str(value), str(resource_id)]:
                is_moment = isinstance(column.type, UtcDateTime)
                return (_moment(value) if is_moment else value), resource_id
    except (binascii.Error, ValueError):
        pass  # refused below, with all else that is no cursor
    raise InvalidInputError("This cursor is none of ours.", "Start again without a cursor.")


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment
