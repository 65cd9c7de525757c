"""The orders in which results can be asked for; what lacks the value comes last."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from alexandria.models import Resource
from alexandria.services.search.ranking import Hit

_CHUNK = 5000
"""Ids in one statement; databases bound the number of parameters."""

_SORT_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "relevance": Resource.id.expression,
    "year": Resource.year.expression,
    "title": func.lower(Resource.title),
    "created": Resource.created_at.expression,
}


def sql_order(sort: str) -> Sequence[ColumnElement[Any]]:
    column = _SORT_COLUMNS[sort.removeprefix("-")]
    if sort.startswith("-"):
        return column.desc().nulls_last(), Resource.id.desc()
    return column.nulls_last(), Resource.id.expression


def in_order(session: Session, hits: Sequence[Hit], sort: str) -> list[Hit]:
    """Give the hits that are not deleted, in the order asked for; equal ones stay as they are."""
    values = _values(session, [hit.resource_id for hit in hits], sort.removeprefix("-"))
    live = [hit for hit in hits if hit.resource_id in values]
    if sort == "relevance":
        return live
    known = [hit for hit in live if values[hit.resource_id] is not None]
    known.sort(key=lambda hit: values[hit.resource_id], reverse=sort.startswith("-"))
    return known + [hit for hit in live if values[hit.resource_id] is None]


def _values(session: Session, ids: Sequence[str], sort: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(Resource.id, _SORT_COLUMNS[sort]).where(
            Resource.id.in_(ids[start : start + _CHUNK]), Resource.deleted_at.is_(None)
        )
        found.update((one, value) for one, value in session.execute(query))
    return found
