"""Resources that a query names by an identifier."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from alexandria.models import Resource, ResourceIdentifier
from alexandria.protocols.identifiers import Mention, find_mentions
from alexandria.services.search.ranking import Hit


@dataclass(frozen=True, slots=True)
class Identified:
    """`resource_ids`: those named; `words`: what else is asked, or all of it if none is named."""

    resource_ids: Sequence[str]
    words: str


def identified(session: Session, query: str) -> Identified:
    """Look up the identifiers in a query; one that no resource has counts as a word."""
    named: list[str] = []
    words, end = "", 0
    for mention in find_mentions(query):
        found = _resources(session, mention)
        named += found
        words += query[end : mention.start] + ("" if found else mention.names[0][1])
        end = mention.end
    return Identified(list(dict.fromkeys(named)), f"{words}{query[end:]}".strip())


def first(hits: Sequence[Hit], named: Sequence[str]) -> list[Hit]:
    """Put the resources that are named before all others."""
    if not named:
        return list(hits)
    best = max((hit.score for hit in hits), default=1.0)
    known = {hit.resource_id: hit for hit in hits}
    leading = [
        replace(known.get(one, Hit(one, best)), score=best, parts={"identifier": (best, 1.0)})
        for one in named
    ]
    return leading + [hit for hit in hits if hit.resource_id not in named]


def _resources(session: Session, mention: Mention) -> list[str]:
    has_one = or_(*(_has(scheme, value) for scheme, value in mention.names))
    query = select(Resource.id).where(has_one, Resource.deleted_at.is_(None))
    return list(session.scalars(query.order_by(Resource.created_at)))


def _has(scheme: str, value: str) -> ColumnElement[bool]:
    stored = and_(ResourceIdentifier.scheme == scheme, ResourceIdentifier.value == value)
    return Resource.id.in_(select(ResourceIdentifier.resource_id).where(stored))
