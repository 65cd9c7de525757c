"""What happens to quality over time, and which resources lie far below the others.

Outliers by the modified z-score: 0.6745 (x - median) / MAD below -3.5 (Iglewicz and Hoaglin, How
to Detect and Handle Outliers, 1993); where more than half are equal, so that MAD is 0, by the mean
absolute deviation instead, as they advise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.models import QualityLook, QualityScore, Resource
from alexandria.services.quality import QualityService
from alexandria.services.quality_rules import WEIGHTS

FEWEST_SCORES = 8
"""With fewer, nothing can be said of what is usual."""
DEGRADATION = 0.05
"""A fall of the overall score, of 0 to 1, that is told of."""
FAR = 3.5
LEAST_BELOW = 0.1
"""So far below the median a score must be, however alike the others are."""
MOST_TOLD = 500
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual of one score in this library."""

    middle: float
    spread: float
    """So many points are one modified standard deviation."""
    count: int

    @property
    def threshold(self) -> float:
        return self.middle - max(FAR * self.spread, LEAST_BELOW)

    def distance(self, score: float) -> float:
        return (self.middle - score) / max(self.spread, LEAST_BELOW / FAR)


class QualityMonitor:
    def __init__(self, session: Session, quality: QualityService) -> None:
        self._session = session
        self._quality = quality

    def outliers(self, limit: int) -> tuple[int, list[dict[str, Any]]]:
        """Give how many lie far below the others, and the furthest of them with why."""
        rows = self._session.execute(
            select(QualityScore, Resource.title)
            .join(Resource, Resource.id == QualityScore.resource_id)
            .where(QualityScore.overall.is_not(None), Resource.deleted_at.is_(None))
        ).all()
        scores = {
            name: [value for row, _ in rows if (value := getattr(row, name)) is not None]
            for name in ("overall", *WEIGHTS)
        }
        known = {name: one for name, of in scores.items() if (one := usual(of))}
        if "overall" not in known:
            return 0, []
        found: list[tuple[float, dict[str, Any]]] = []
        for row, title in rows:
            below = _below(row, known)
            if below:
                entry = {
                    "resource_id": row.resource_id,
                    "title": title,
                    "overall": row.overall,
                    "threshold": known["overall"].threshold,
                    "why": [_sentence(name, getattr(row, name), known[name]) for name in below],
                    "reasons": row.reasons,
                }
                found.append((max(below.values()), entry))
        found.sort(key=lambda item: (item[1]["overall"], -item[0], item[1]["resource_id"]))
        return len(found), [entry for _, entry in found[:limit]]

    def told_outliers(self) -> list[dict[str, Any]]:
        """Give what the events of outliers carry (SPEC 3.2)."""
        names = ("resource_id", "overall", "threshold", "why")
        return [{name: one[name] for name in names} for one in self.outliers(MOST_TOLD)[1]]

    def look_for_degradation(self) -> list[dict[str, Any]]:
        """Give the resources whose score, computed today, fell since the last look; note the look.

        The first look at a resource tells nothing. A fall in small steps is told of once it
        adds up: the score that is compared with stays until it is told of, or exceeded.
        """
        live = list(
            self._session.scalars(
                select(QualityScore.resource_id)
                .join(Resource, Resource.id == QualityScore.resource_id)
                .where(Resource.deleted_at.is_(None))
                .order_by(QualityScore.resource_id)
            )
        )
        told = []
        for start in range(0, len(live), _CHUNK):
            told += self._look(live[start : start + _CHUNK])
            self._session.flush()
            self._session.expunge_all()
        gone = select(Resource.id).where(Resource.deleted_at.is_not(None))
        self._session.execute(delete(QualityLook).where(QualityLook.resource_id.in_(gone)))
        return told

    def _look(self, resource_ids: Sequence[str]) -> list[dict[str, Any]]:
        query = select(QualityLook).where(QualityLook.resource_id.in_(resource_ids))
        looks = {look.resource_id: look for look in self._session.scalars(query)}
        told = []
        for one, today in self._quality.assess_today(resource_ids).items():
            look = looks.get(one)
            if look is None:
                self._session.add(QualityLook(resource_id=one, overall=today))
                continue
            fell = look.overall - today >= DEGRADATION
            if fell:
                told.append({"resource_id": one, "before": look.overall, "now": today})
            if fell or today > look.overall:
                look.overall, look.looked_at = today, now()
        return told


def usual(scores: Sequence[float]) -> Usual | None:
    """Give median and spread; None of fewer than FEWEST_SCORES."""
    if len(scores) < FEWEST_SCORES:
        return None
    middle = median(scores)
    away = [abs(score - middle) for score in scores]
    spread = median(away) / 0.6745 or fmean(away) * 1.253314
    return Usual(middle, spread, len(scores))


def _below(row: QualityScore, known: Mapping[str, Usual]) -> dict[str, float]:
    """Give the scores of a resource that lie far below, the furthest first."""
    found = {
        name: of.distance(score)
        for name, of in known.items()
        if (score := getattr(row, name)) is not None and score < of.threshold
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _sentence(name: str, score: float, of: Usual) -> str:
    what = "The overall score" if name == "overall" else name.capitalize()
    return f"{what} is {score:.2f}; half of {of.count} resources have {of.middle:.2f} or more."
