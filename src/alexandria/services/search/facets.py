"""What a search found, counted by year, author, venue, and so on."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, ColumnElement, String, any_, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from alexandria.models import (
    QualityScore,
    Resource,
    ResourceAuthor,
    ResourceSubject,
    ResourceTag,
)

VALUES_SHOWN = 20
"""Of each facet, the most frequent."""
QUALITIES = (0.8, 0.6, 0.4, 0.2)
"""Each counts the resources of at least this quality."""
_COLUMNS: Mapping[str, InstrumentedAttribute[Any]] = {
    "year": Resource.year,
    "venue": Resource.venue,
    "type": Resource.type,
    "language": Resource.language,
}
_LISTS: Mapping[str, tuple[InstrumentedAttribute[str], InstrumentedAttribute[str]]] = {
    "author": (ResourceAuthor.name, ResourceAuthor.resource_id),
    "subject": (ResourceSubject.subject, ResourceSubject.resource_id),
    "tag": (ResourceTag.tag, ResourceTag.resource_id),
}
NAMES = (*_COLUMNS, *_LISTS, "quality")

Facets = dict[str, list[dict[str, Any]]]


def count(session: Session, resource_ids: Sequence[str]) -> Facets:
    """Give for each facet its most frequent values with counts; years from the newest on."""
    found: Facets = {
        name: _most_frequent(values) for name, values in _columns(session, resource_ids)
    }
    found["year"].sort(key=lambda one: -one["value"])
    for name, (value, resource_id) in _LISTS.items():
        number = func.count(resource_id.distinct())
        query = select(value, number).where(_among(session, resource_id, resource_ids))
        rows = session.execute(
            query.group_by(value).order_by(number.desc(), value).limit(VALUES_SHOWN)
        )
        found[name] = [{"value": one, "count": count} for one, count in rows]
    return found | {"quality": _qualities(session, resource_ids)}


def _columns(session: Session, ids: Sequence[str]) -> Iterable[tuple[str, Counter[Any]]]:
    """Count in one pass over the rows, which is quicker than a statement for each column."""
    query = select(*_COLUMNS.values()).where(_among(session, Resource.id, ids))
    counted: dict[str, Counter[Any]] = {name: Counter() for name in _COLUMNS}
    for row in session.execute(query):
        for name, value in zip(_COLUMNS, row, strict=True):
            if value is not None:
                counted[name][value] += 1
    return counted.items()


def _most_frequent(values: Counter[Any]) -> list[dict[str, Any]]:
    ordered = sorted(values.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return [{"value": value, "count": number} for value, number in ordered[:VALUES_SHOWN]]


def _qualities(session: Session, ids: Sequence[str]) -> list[dict[str, Any]]:
    at_least = [func.count().filter(QualityScore.overall >= least) for least in QUALITIES]
    query = select(*at_least).where(_among(session, QualityScore.resource_id, ids))
    numbers = zip(QUALITIES, session.execute(query).one(), strict=True)
    return [{"value": str(least), "count": number} for least, number in numbers if number]


def _among(
    session: Session, column: InstrumentedAttribute[str], ids: Sequence[str]
) -> ColumnElement[bool]:
    """Compare with all ids as one parameter: thousands of them would take longer than the query."""
    if session.get_bind().dialect.name == "sqlite":
        listed = func.json_each(orjson.dumps(ids).decode()).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(literal(list(ids), ARRAY(String)))
