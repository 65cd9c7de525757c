"""The comparison of readers: a bounded task over the whole library, run once a night."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from alexandria.db import now
from alexandria.models import (
    Citation,
    CoReading,
    Interaction,
    Resource,
    ResourceSubject,
    ResourceTag,
    User,
)
from alexandria.protocols.readings import LearnReadings, Readings
from alexandria.services.recommendations.profiles import weigh

logger = logging.getLogger(__name__)

KEPT = 100
"""Resources that are kept for each reader."""
MOST_READERS = 4000
"""The most active ones; the time grows with the square of their number, the memory with theirs
times MOST_ITEMS."""
MOST_ITEMS = 20_000
"""The resources that most readers have, then the newest."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`found`: reader to resource ids and scores from 0 to 1, the best first."""

    found: Mapping[str, Sequence[tuple[str, float]]]
    producer: str


class CoReadingService:
    def __init__(self, session: Session, learn: LearnReadings) -> None:
        self._session = session
        self._learn = learn

    def compare(self) -> Comparison:
        """Compare all readers. It only reads, and takes minutes: no writer should wait for it."""
        libraries = self._libraries()
        if not libraries:
            return Comparison({}, "")
        items = self._items(libraries)
        place = {one: row for row, one in enumerate(items)}
        readers = sorted(libraries)
        model = self._learn(
            Readings(
                [[place[one] for one in libraries[who] if one in place] for who in readers],
                self._tags(place),
                self._links(place),
            )
        )
        return Comparison(
            {
                who: [(items[row], round(score, 4)) for row, score in found]
                for who, found in zip(readers, model.recommend(KEPT), strict=True)
            },
            model.producer,
        )

    def keep(self, comparison: Comparison) -> int:
        """Put it in the place of the last one; give for how many readers."""
        self._session.execute(delete(CoReading))
        known = set(self._session.scalars(select(User.id).where(User.id.in_(comparison.found))))
        for who in sorted(known):
            best = [list(one) for one in comparison.found[who]]
            self._session.add(
                CoReading(user_id=who, found=best, producer=comparison.producer, computed_at=now())
            )
        self._session.flush()
        return len(known)

    def _libraries(self) -> dict[str, list[str]]:
        """Give what each of the most active readers cares for."""
        active = (
            select(Interaction.user_id)
            .group_by(Interaction.user_id)
            .order_by(func.count().desc(), Interaction.user_id)
            .limit(MOST_READERS)
        )
        rows = defaultdict(list)
        for user_id, *done in self._session.execute(
            select(
                Interaction.user_id,
                Interaction.resource_id,
                Interaction.interaction_type,
                Interaction.rating,
                Interaction.created_at,
            )
            .join(Resource, Resource.id == Interaction.resource_id)
            .where(Interaction.user_id.in_(active), Resource.deleted_at.is_(None))
        ):
            rows[user_id].append(tuple(done))
        moment = now()
        found = {who: sorted(weigh(done, moment)) for who, done in rows.items()}
        return {who: library for who, library in found.items() if library}

    def _items(self, libraries: Mapping[str, Sequence[str]]) -> list[str]:
        counts: dict[str, int] = defaultdict(int)
        for library in libraries.values():
            for one in library:
                counts[one] += 1
        read = sorted(counts, key=lambda one: (-counts[one], one))[:MOST_ITEMS]
        newest = self._session.scalars(
            select(Resource.id)
            .where(Resource.deleted_at.is_(None))
            .order_by(Resource.created_at.desc(), Resource.id)
            .limit(MOST_ITEMS)
        )
        return list(dict.fromkeys([*read, *newest]))[:MOST_ITEMS]

    def _tags(self, place: Mapping[str, int]) -> list[list[str]]:
        tags: list[list[str]] = [[] for _ in place]
        for table, column in (
            (ResourceTag, ResourceTag.tag),
            (ResourceSubject, ResourceSubject.subject),
        ):
            rows: Any = self._session.execute(select(table.resource_id, column))
            for one, name in rows:
                if one in place:
                    tags[place[one]].append(name)
        return tags

    def _links(self, place: Mapping[str, int]) -> list[tuple[int, int]]:
        return [
            (place[citing], place[cited])
            for citing, cited in cited_resources(self._session)
            if citing in place and cited in place
        ]


def cited_resources(
    session: Session, citing: Sequence[str] | None = None, cited: Sequence[str] | None = None
) -> list[tuple[str, str]]:
    """Give who cites whom, by the edges of the citation graph; live resources only."""
    source, target = aliased(Resource), aliased(Resource)
    query = (
        select(Citation.resource_id, target.id)
        .join(source, source.id == Citation.resource_id)
        .join(target, target.id == Citation.cited_id)
        .where(source.deleted_at.is_(None), target.deleted_at.is_(None), source.id != target.id)
        .distinct()
    )
    if citing is not None:
        query = query.where(source.id.in_(citing))
    if cited is not None:
        query = query.where(target.id.in_(cited))
    return sorted((one, other) for one, other in session.execute(query))
