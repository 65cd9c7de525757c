"""What a reader prefers, learned from what they did."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.events import EventPriority, SystemEvent, outbox
from alexandria.models import (
    Interaction,
    ReaderProfile,
    Resource,
    ResourceAuthor,
    ResourceSubject,
    ResourceTag,
    User,
)
from alexandria.services.profile_ledger import ProfileLedger

PRODUCER = "reader profile 1"

SEEDS = 50
"""Resources that a profile keeps, those that say most of the reader."""
_NAMES = 30
_SHOWN = 8
"""Of each kind, to the reader."""
_LATEST = 2000
"""Interactions that are read, the newest."""
_WEIGHTS = {"view": 1.0, "download": 2.0, "save": 3.0}
_NEUTRAL_RATING = 2.5
_HALF_LIFE_DAYS = 180.0
_LEARNED = (
    ("tags", ResourceTag, ResourceTag.tag),
    ("subjects", ResourceSubject, ResourceSubject.subject),
    ("authors", ResourceAuthor, ResourceAuthor.name),
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """`seeds`: resource id to a weight of at most 1, the best first."""

    seeds: Mapping[str, float]
    tags: Mapping[str, float] = field(default_factory=dict)
    subjects: Mapping[str, float] = field(default_factory=dict)
    authors: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, dict[str, float]]:
        return {
            name: dict(getattr(self, name)) for name in ("seeds", "tags", "subjects", "authors")
        }


@dataclass(frozen=True, slots=True)
class Learned:
    """What a profile holds, of each kind what counts most first.

    `resources`: ids and titles. `included` of the reader's `interactions` are in it;
    `computed_at`: None before the first profile, when all of them are read as they are.
    """

    resources: Sequence[tuple[str, str]]
    subjects: Sequence[str]
    tags: Sequence[str]
    authors: Sequence[str]
    included: int
    interactions: int
    computed_at: datetime | None


class UserProfileService:
    def __init__(self, session: Session, ledger: ProfileLedger) -> None:
        self._session = session
        self._ledger = ledger

    def preferences(self, user_id: str) -> Preferences:
        """Give what was learned of the reader, or, before the first time, what there is to learn.

        Resources that are deleted since count no more.
        """
        row = self._session.get(ReaderProfile, user_id, populate_existing=True)
        if row is None:
            return self._learn(user_id)
        known = Preferences(**row.preferences)
        live = set(
            self._session.scalars(
                select(Resource.id).where(
                    Resource.id.in_(known.seeds), Resource.deleted_at.is_(None)
                )
            )
        )
        return Preferences(
            {one: weight for one, weight in _in_order(known.seeds).items() if one in live},
            _in_order(known.tags),
            _in_order(known.subjects),
            _in_order(known.authors),
        )

    def learned(self, user_id: str) -> Learned:
        """Give what was learned in words that a reader can check."""
        row = self._session.get(ReaderProfile, user_id, populate_existing=True)
        total = self._session.scalar(select(func.count()).where(Interaction.user_id == user_id))
        known = self.preferences(user_id)
        best = list(known.seeds)[:_SHOWN]
        query = select(Resource.id, Resource.title).where(Resource.id.in_(best))
        titles = {row.id: row.title for row in self._session.execute(query)}
        return Learned(
            [(one, titles[one]) for one in best if one in titles],
            list(known.subjects)[:_SHOWN],
            list(known.tags)[:_SHOWN],
            list(known.authors)[:_SHOWN],
            row.interactions if row else total or 0,
            total or 0,
            row.computed_at if row else None,
        )

    def _update_learned_preferences(self, user_id: str) -> bool:
        """Learn the reader's profile anew; False if it is fresh, or the reader unknown."""
        marks = self._ledger.wanted(user_id)
        if marks is None or self._session.get(User, user_id) is None:
            return False
        total = self._session.scalar(select(func.count()).where(Interaction.user_id == user_id))
        interactions = total or 0
        values: dict[str, Any] = {
            "preferences": self._learn(user_id).as_dict(),
            "interactions": interactions,
            "producer": PRODUCER,
            "computed_at": now(),
        }
        self._session.merge(ReaderProfile(user_id=user_id, **values))
        data = {"user_id": user_id, "interactions": interactions}
        outbox.record(self._session, SystemEvent.USER_PROFILE_UPDATED, data, EventPriority.LOW)
        self._ledger.learned(user_id, interactions, PRODUCER, marks)
        return True

    def _learn(self, user_id: str) -> Preferences:
        rows = self._session.execute(
            select(
                Interaction.resource_id,
                Interaction.interaction_type,
                Interaction.rating,
                Interaction.created_at,
            )
            .join(Resource, Resource.id == Interaction.resource_id)
            .where(Interaction.user_id == user_id, Resource.deleted_at.is_(None))
            .order_by(Interaction.id.desc())
            .limit(_LATEST)
        )
        weights = weigh((tuple(row) for row in rows), now())
        best = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:SEEDS]
        seeds = {one: round(weight / best[0][1], 4) for one, weight in best}
        found = {name: self._names(seeds, table, column) for name, table, column in _LEARNED}
        return Preferences(seeds, **found)

    def _names(self, seeds: Mapping[str, float], table: Any, column: Any) -> dict[str, float]:
        """Give the names that the seeds share most, each to the sum of their weights."""
        sums: dict[str, float] = defaultdict(float)
        query = select(table.resource_id, column).where(table.resource_id.in_(seeds))
        for one, name in self._session.execute(query):
            sums[name] += seeds[one]
        best = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:_NAMES]
        return {name: round(weight, 4) for name, weight in best}


def _in_order(weights: Mapping[str, float]) -> dict[str, float]:
    """Give the greatest first: JSON of PostgreSQL keeps no order."""
    return dict(sorted(weights.items(), key=lambda item: (-item[1], item[0])))


def weigh(interactions: Iterable[tuple[Any, ...]], moment: datetime) -> dict[str, float]:
    """Give resources to how much the reader cares for them, where that is more than nothing.

    Each of `interactions`: resource id, type, rating from 1 to 5 or None, time. A save counts
    three views; a rating what it is above 2.5, so that a bad one takes away; all of it half as
    much after 180 days.
    """
    weights: dict[str, float] = defaultdict(float)
    for resource_id, kind, rating, created_at in interactions:
        worth = _WEIGHTS.get(kind) or 2 * ((rating or _NEUTRAL_RATING) - _NEUTRAL_RATING)
        days = max(0.0, (moment - created_at).total_seconds() / 86_400)
        weights[resource_id] += worth * 0.5 ** (days / _HALF_LIFE_DAYS)
    return {one: weight for one, weight in weights.items() if weight > 0}
