"""What the looks at quality found, kept until somebody has seen it or it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.errors import NotFoundError
from alexandria.models import QualityFinding, QualityScore, Resource
from alexandria.services.quality_monitoring import DEGRADATION
from alexandria.services.quality_rules import WEIGHTS

DEGRADED = "degradation"
OUTLIER = "outlier"
_LOW = 0.5
"""Dimensions below this are named among the reasons."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`words`: what was found, and what is amiss, in sentences. `overall`: the score by now."""

    resource_id: str
    kind: str
    title: str
    words: list[str]
    overall: float | None
    found_at: datetime
    seen_at: datetime | None


class QualityReview:
    def __init__(self, session: Session) -> None:
        self._session = session

    def note_degradations(self, found: Sequence[Mapping[str, Any]]) -> None:
        """Keep what fell, each as `look_for_degradation` gives it; forget what rose again.

        A further fall has to be seen anew, and counts from where the first one began.
        """
        for row, overall in self._rows(DEGRADED):
            if overall is not None and overall >= row.details["before"]:
                self._session.delete(row)
        self._session.flush()
        known = {row.resource_id: row for row, _ in self._rows(DEGRADED)}
        for one in found:
            old = known.get(one["resource_id"])
            before = old.details["before"] if old and old.seen_at is None else one["before"]
            self._keep(old, DEGRADED, one["resource_id"], one["now"], {"before": before})
        self._session.flush()

    def note_outliers(self, found: Sequence[Mapping[str, Any]], *, all_of_them: bool) -> None:
        """Keep the outliers, each as `told_outliers` gives it.

        What is none any more is forgotten, if these are `all_of_them`. One that was seen has to
        be seen anew only after its score fell by DEGRADATION.
        """
        known = {row.resource_id: row for row, _ in self._rows(OUTLIER)}
        for one in found:
            row = known.pop(one["resource_id"], None)
            details = {"threshold": one["threshold"], "why": one["why"]}
            if row is None or (row.seen_at and row.score - one["overall"] >= DEGRADATION):
                self._keep(row, OUTLIER, one["resource_id"], one["overall"], details)
            else:
                row.details = details
        if all_of_them and known:
            self._session.execute(
                delete(QualityFinding).where(
                    QualityFinding.kind == OUTLIER, QualityFinding.resource_id.in_(known)
                )
            )
        self._session.flush()

    def list(self, limit: int, *, seen: bool = False) -> tuple[int, Sequence[Finding]]:
        """Give how many of live resources are seen, or not yet; and the newest of them."""
        state = QualityFinding.seen_at
        live = (
            select(QualityFinding, Resource.title, QualityScore)
            .join(Resource, Resource.id == QualityFinding.resource_id)
            .outerjoin(QualityScore, QualityScore.resource_id == QualityFinding.resource_id)
            .where(Resource.deleted_at.is_(None), state.is_not(None) if seen else state.is_(None))
        )
        total = self._session.scalar(select(func.count()).select_from(live.subquery())) or 0
        newest = live.order_by(
            QualityFinding.found_at.desc(), QualityFinding.resource_id, QualityFinding.kind
        ).limit(limit)
        rows = self._session.execute(newest)
        return total, [_finding(row, title, score) for row, title, score in rows]

    def mark(self, resource_id: str, kind: str, *, seen: bool) -> None:
        """Say that it was seen, or take that back. Raises NotFoundError."""
        row = self._session.get(QualityFinding, (resource_id, kind), populate_existing=True)
        if row is None:
            raise NotFoundError(
                "Nothing is found of this resource any more.", "Look at the list anew."
            )
        row.seen_at = now() if seen else None
        self._session.flush()

    def _rows(self, kind: str) -> Sequence[tuple[QualityFinding, float | None]]:
        query = (
            select(QualityFinding, QualityScore.overall)
            .outerjoin(QualityScore, QualityScore.resource_id == QualityFinding.resource_id)
            .where(QualityFinding.kind == kind)
        )
        return [(row, overall) for row, overall in self._session.execute(query)]

    def _keep(
        self,
        row: QualityFinding | None,
        kind: str,
        resource_id: str,
        score: float,
        details: dict[str, Any],
    ) -> None:
        if row is None:
            row = QualityFinding(resource_id=resource_id, kind=kind)
            self._session.add(row)
        row.score, row.details = score, details
        row.found_at, row.seen_at = now(), None


def _finding(row: QualityFinding, title: str, score: QualityScore | None) -> Finding:
    if row.kind == DEGRADED:
        words = [f"The score fell from {row.details['before']:.2f} to {row.score:.2f}."]
    else:
        words = list(row.details["why"])
    return Finding(
        row.resource_id,
        row.kind,
        title,
        words + (_amiss(score) if score else []),
        score.overall if score else None,
        row.found_at,
        row.seen_at,
    )


def _amiss(score: QualityScore) -> list[str]:
    """Give the sentences of the dimensions that are low, the lowest first."""
    scores = {name: value for name in WEIGHTS if (value := getattr(score, name)) is not None}
    low = sorted((name for name in scores if scores[name] < _LOW), key=lambda one: scores[one])
    return [sentence for name in low for sentence in score.reasons.get(name, ())]
