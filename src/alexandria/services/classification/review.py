"""Where predictions are unsure, and a person's word helps most; and what stands in a category."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from alexandria.errors import InvalidInputError
from alexandria.models import (
    Category,
    ClassificationDecision,
    ClassificationPrediction,
    ClassificationRun,
    Resource,
    ResourceSubject,
)

UNSURE = 0.6
"""A resource is shown if its likeliest category is less likely than this,"""
CLOSE = 0.1
"""or if the second comes closer than this."""
LARGEST_PAGE = 100
_RULES = "category rules"
_WORDS = ((0.8, "very likely"), (0.6, "likely"), (0.4, "may well be"), (0.2, "possible"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A category that was predicted and nobody decided on."""

    category_id: str
    name: str
    confidence: float

    @property
    def words(self) -> str:
        return next((words for least, words in _WORDS if self.confidence >= least), "unlikely")


@dataclass(frozen=True, slots=True)
class Unsure:
    resource: Resource
    candidates: Sequence[Candidate]
    """The likeliest first."""
    margin: float
    """By how much the first is likelier than the second, or than nothing."""
    producer: str

    @property
    def by_rules(self) -> bool:
        return self.producer.startswith(_RULES)


@dataclass(frozen=True, slots=True)
class ReviewPage:
    total: int
    items: Sequence[Unsure]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Belonging:
    """A resource in a category. `confidence` None: it is confirmed."""

    resource: Resource
    confidence: float | None


class ReviewService:
    def __init__(self, session: Session) -> None:
        self._session = session

    def page(self, limit: int = 20, cursor: str | None = None) -> ReviewPage:
        """Give resources whose subject is unsure and that have none confirmed, the least sure first.

        The cursor stays right while others are answered. Raises InvalidInputError for one that is
        none.
        """
        waiting = _waiting().subquery()
        unsure = select(waiting).where(or_(waiting.c.best < UNSURE, waiting.c.margin < CLOSE))
        total = self._session.scalar(select(func.count()).select_from(unsure.subquery())) or 0
        if cursor:
            margin, last = _read_cursor(cursor)
            after = and_(waiting.c.margin == margin, waiting.c.resource_id > last)
            unsure = unsure.where(or_(waiting.c.margin > margin, after))
        ordered = unsure.order_by(waiting.c.margin, waiting.c.resource_id).limit(limit + 1)
        rows = self._session.execute(ordered).all()
        shown = rows[:limit]
        more = len(rows) > limit
        return ReviewPage(
            total,
            self._items([(row.resource_id, row.margin) for row in shown]),
            f"{shown[-1].margin!r}_{shown[-1].resource_id}" if more else None,
        )

    def _items(self, rows: Sequence[tuple[str, float]]) -> list[Unsure]:
        ids = [resource_id for resource_id, _ in rows]
        candidates = self._candidates(ids)
        resources = {
            one.id: one
            for one in self._session.scalars(select(Resource).where(Resource.id.in_(ids)))
        }
        runs = self._session.scalars(
            select(ClassificationRun).where(ClassificationRun.resource_id.in_(ids))
        )
        producers = {run.resource_id: run.producer for run in runs}
        return [
            Unsure(resources[one], candidates[one], margin, producers.get(one, ""))
            for one, margin in rows
        ]

    def _candidates(self, ids: Collection[str]) -> dict[str, list[Candidate]]:
        query = _open(select(ClassificationPrediction, Category.name)).where(
            ClassificationPrediction.resource_id.in_(ids)
        )
        order = ClassificationPrediction.confidence.desc(), ClassificationPrediction.category_id
        found: dict[str, list[Candidate]] = {}
        for row, name in self._session.execute(query.order_by(*order)):
            candidate = Candidate(row.category_id, name, row.confidence)
            found.setdefault(row.resource_id, []).append(candidate)
        return found

    def counts(self) -> dict[str, tuple[int, int]]:
        """Give by category how many resources are confirmed in it, and how many predicted."""
        confirmed = self._count(
            select(Category.id, func.count(func.distinct(Resource.id)))
            .join(ResourceSubject, _names())
            .join(Resource, Resource.id == ResourceSubject.resource_id)
            .where(Resource.deleted_at.is_(None))
            .group_by(Category.id)
        )
        predicted = self._count(_open(select(Category.id, func.count())).group_by(Category.id))
        return {
            one: (confirmed.get(one, 0), predicted.get(one, 0)) for one in {*confirmed, *predicted}
        }

    def resources_in(self, category_id: str, limit: int, offset: int) -> list[Belonging]:
        """Give the resources of a category: those confirmed by title, then the likeliest."""
        confirmed = (
            select(Resource.id, literal(2.0).label("confidence"), Resource.title)
            .join(ResourceSubject, ResourceSubject.resource_id == Resource.id)
            .join(Category, _names())
            .where(Resource.deleted_at.is_(None), Category.id == category_id)
            .distinct()
        )
        predicted = _open(
            select(Resource.id, ClassificationPrediction.confidence, Resource.title)
        ).where(Category.id == category_id)
        both = union_all(confirmed, predicted).subquery()
        rows = self._session.execute(
            select(both.c.id, both.c.confidence)
            .order_by(both.c.confidence.desc(), both.c.title, both.c.id)
            .limit(limit)
            .offset(offset)
        ).all()
        ids = [one for one, _ in rows]
        found = {
            one.id: one
            for one in self._session.scalars(select(Resource).where(Resource.id.in_(ids)))
        }
        return [
            Belonging(found[one], None if confidence > 1 else confidence)
            for one, confidence in rows
        ]

    def _count(self, query: Select[*tuple[Any, ...]]) -> dict[str, int]:
        return {row[0]: row[1] for row in self._session.execute(query)}


def _names(category: type[Category] = Category) -> ColumnElement[bool]:
    """Whether a subject names the category, in whatever case."""
    subject = ResourceSubject.subject
    return or_(subject == category.name, func.lower(subject) == func.lower(category.name))


def _open(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Take from the predictions those that nobody decided on, of resources that are there."""
    prediction = ClassificationPrediction
    decided = (
        select(ClassificationDecision.category_id)
        .where(
            ClassificationDecision.resource_id == prediction.resource_id,
            ClassificationDecision.category_id == prediction.category_id,
        )
        .exists()
    )
    is_subject = (
        select(ResourceSubject.resource_id)
        .where(ResourceSubject.resource_id == prediction.resource_id, _names())
        .exists()
    )
    return (
        query.select_from(prediction)
        .join(Resource, Resource.id == prediction.resource_id)
        .join(Category, Category.id == prediction.category_id)
        .where(Resource.deleted_at.is_(None), ~decided, ~is_subject)
    )


def _waiting() -> Select[*tuple[Any, ...]]:
    """Give resource_id, best and margin of each resource without a confirmed category."""
    prediction = ClassificationPrediction
    place = func.row_number().over(
        partition_by=prediction.resource_id,
        order_by=(prediction.confidence.desc(), prediction.category_id),
    )
    ranked = _open(
        select(prediction.resource_id, prediction.confidence, place.label("place"))
    ).subquery()
    other = aliased(Category)
    has_one = (
        select(ResourceSubject.resource_id)
        .join(other, _names(other))
        .where(ResourceSubject.resource_id == ranked.c.resource_id)
        .exists()
    )
    best = func.max(case((ranked.c.place == 1, ranked.c.confidence), else_=0.0))
    second = func.max(case((ranked.c.place == 2, ranked.c.confidence), else_=0.0))
    return (
        select(ranked.c.resource_id, best.label("best"), (best - second).label("margin"))
        .where(~has_one)
        .group_by(ranked.c.resource_id)
    )


def _read_cursor(cursor: str) -> tuple[float, str]:
    margin, _, last = cursor.partition("_")
    try:
        return float(margin), last
    except ValueError as error:
        raise InvalidInputError(
            "This cursor is none of ours.", "Start again without a cursor."
        ) from error
