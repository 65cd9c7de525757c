"""What looking after quality found, kept until somebody has seen it, and who has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import NotFoundError
from alexandria.models import QualityFinding, Resource

DEGRADATION = "degradation"
OUTLIER = "outlier"
_LESS = 0.005
"""So much lower a score must be than when it was seen, to be shown anew."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`why`: sentences. `seen_at` is None while nobody has seen it."""

    resource_id: str
    title: str
    kind: str
    overall: float
    why: list[str]
    found_at: datetime
    seen_at: datetime | None


class QualityReview:
    def __init__(self, session: Session) -> None:
        self._session = session

    def note_falls(self, told: Sequence[Mapping[str, Any]]) -> None:
        """Keep what `QualityMonitor.look_for_degradation` gave; each is a new fall."""
        for one in told:
            fell = f"The overall score fell from {one['before']:.2f} to {one['now']:.2f}."
            self._put(one["resource_id"], DEGRADATION, one["now"], [fell], is_new=True)
        self._session.flush()

    def note_outliers(self, told: Sequence[Mapping[str, Any]]) -> None:
        """Keep what `QualityMonitor.told_outliers` gave, and forget those that are none any more.

        One that was seen is shown anew only when its score is lower than then.
        """
        for one in told:
            self._put(one["resource_id"], OUTLIER, one["overall"], one["why"], is_new=False)
        still = {one["resource_id"] for one in told}
        known = select(QualityFinding).where(QualityFinding.kind == OUTLIER)
        for row in self._session.scalars(known).all():
            if row.resource_id not in still:
                self._session.delete(row)
        self._session.flush()

    def page(self, limit: int, *, seen: bool = False) -> tuple[int, list[Finding]]:
        """Give how many there are, and the newest; of those, the worst first."""
        which = _shown(seen)
        total = self._session.scalar(
            select(func.count()).select_from(QualityFinding).join(Resource).where(*which)
        )
        rows = self._session.execute(
            select(QualityFinding, Resource.title)
            .join(Resource, Resource.id == QualityFinding.resource_id)
            .where(*which)
            .order_by(
                QualityFinding.found_at.desc(),
                QualityFinding.overall,
                QualityFinding.resource_id,
            )
            .limit(limit)
        )
        return total or 0, [
            Finding(
                row.resource_id,
                title,
                row.kind,
                row.overall,
                list(row.why),
                row.found_at,
                row.seen_at,
            )
            for row, title in rows
        ]

    def mark_seen(self, user_id: str, resource_id: str, kind: str) -> None:
        """Take a finding off the list. Raises NotFoundError."""
        row = self._get(resource_id, kind)
        row.seen_at, row.seen_by = row.seen_at or now(), row.seen_by or user_id
        self._session.flush()

    def undo_seen(self, resource_id: str, kind: str) -> None:
        """Put it back. Raises NotFoundError."""
        row = self._get(resource_id, kind)
        row.seen_at = row.seen_by = None
        self._session.flush()

    def mark_all_seen(self, user_id: str) -> int:
        """Take all off the list; give how many there were."""
        query = select(QualityFinding).where(QualityFinding.seen_at.is_(None))
        rows = self._session.scalars(query).all()
        for row in rows:
            row.seen_at, row.seen_by = now(), user_id
        self._session.flush()
        return len(rows)

    def _get(self, resource_id: str, kind: str) -> QualityFinding:
        row = self._session.get(QualityFinding, (resource_id, kind), populate_existing=True)
        if row is None:
            raise NotFoundError(
                f"Nothing of the kind {kind!r} was found of the resource {resource_id}.",
                "It may be none any more; open the list again.",
            )
        return row

    def _put(
        self, resource_id: str, kind: str, overall: float, why: Sequence[str], *, is_new: bool
    ) -> None:
        row = self._session.get(QualityFinding, (resource_id, kind), populate_existing=True)
        if row is None:
            row = QualityFinding(resource_id=resource_id, kind=kind, found_at=now())
            self._session.add(row)
        elif is_new or overall < row.overall - _LESS:
            row.found_at, row.seen_at, row.seen_by = now(), None, None
        elif row.seen_at is not None:
            return  # what was seen stays as it was seen
        row.overall, row.why = overall, list(why)


def _shown(seen: bool) -> tuple[ColumnElement[bool], ...]:
    when = QualityFinding.seen_at
    return Resource.deleted_at.is_(None), when.is_not(None) if seen else when.is_(None)
