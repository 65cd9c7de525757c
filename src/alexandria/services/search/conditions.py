"""Conditions on the rows of resources: what filters and `field:value` in a query ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from alexandria.models import (
    QualityScore,
    Resource,
    ResourceAuthor,
    ResourceIdentifier,
    ResourceSubject,
    ResourceTag,
)


@dataclass(frozen=True, slots=True)
class Years:
    """From `low` to `high`, both included; None: no bound."""

    low: int | None
    high: int | None

    def clause(self) -> ColumnElement[bool]:
        bounds: list[ColumnElement[bool]] = [Resource.year.is_not(None)]
        if self.low is not None:
            bounds.append(Resource.year >= self.low)
        if self.high is not None:
            bounds.append(Resource.year <= self.high)
        return and_(*bounds)


@dataclass(frozen=True, slots=True)
class HasTag:
    value: str

    def clause(self) -> ColumnElement[bool]:
        return Resource.id.in_(
            select(ResourceTag.resource_id).where(_same(ResourceTag.tag, self.value))
        )


@dataclass(frozen=True, slots=True)
class HasSubject:
    value: str

    def clause(self) -> ColumnElement[bool]:
        return Resource.id.in_(
            select(ResourceSubject.resource_id).where(_same(ResourceSubject.subject, self.value))
        )


@dataclass(frozen=True, slots=True)
class HasAuthor:
    """One author's name holds every word of `name`, in whatever order."""

    name: str

    def clause(self) -> ColumnElement[bool]:
        words = [ResourceAuthor.name.icontains(word, autoescape=True) for word in self.name.split()]
        return Resource.id.in_(select(ResourceAuthor.resource_id).where(*words))


@dataclass(frozen=True, slots=True)
class HasIdentifier:
    scheme: str
    value: str

    def clause(self) -> ColumnElement[bool]:
        return Resource.id.in_(
            select(ResourceIdentifier.resource_id).where(
                ResourceIdentifier.scheme == self.scheme, ResourceIdentifier.value == self.value
            )
        )


@dataclass(frozen=True, slots=True)
class MinQuality:
    """A resource without a score does not meet it."""

    overall: float

    def clause(self) -> ColumnElement[bool]:
        return Resource.id.in_(
            select(QualityScore.resource_id).where(QualityScore.overall >= self.overall)
        )


@dataclass(frozen=True, slots=True)
class HasValue:
    """A column holds just this; `name`: `venue`, `type` or `language`."""

    name: str
    value: str

    def clause(self) -> ColumnElement[bool]:
        return _same(getattr(Resource, self.name), self.value)


@dataclass(frozen=True, slots=True)
class CameAfter:
    """It came into the library after the moment."""

    moment: datetime

    def clause(self) -> ColumnElement[bool]:
        return Resource.created_at > self.moment


Condition = (
    CameAfter | HasValue | Years | HasTag | HasSubject | HasAuthor | HasIdentifier | MinQuality
)


@dataclass(frozen=True, slots=True)
class Conditions:
    required: tuple[Condition, ...] = ()
    excluded: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.required or self.excluded)

    def clauses(self) -> Sequence[ColumnElement[bool]]:
        """Give what a live resource must meet."""
        return [
            Resource.deleted_at.is_(None),
            *(condition.clause() for condition in self.required),
            *(not_(condition.clause()) for condition in self.excluded),
        ]

    def allowed(self, session: Session) -> set[str]:
        return set(session.scalars(select(Resource.id).where(*self.clauses())))


def _same(column: InstrumentedAttribute[str], value: str) -> ColumnElement[bool]:
    return or_(column == value, func.lower(column) == value.lower())
