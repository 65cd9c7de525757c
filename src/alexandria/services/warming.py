"""Warming: what is read most stands in the cache before it is asked for again (req. 7.5)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alexandria.db import now
from alexandria.models import Interaction
from alexandria.protocols import Cache

MOST = 50
"""Of each family, in one go."""
_BY_USE = frozenset({"resource", "quality"})
_USED_LATELY = timedelta(days=30)

FAMILIES = (
    "resource",
    "quality",
    "embedding",
    "graph:neighbors",
    "recommendations",
    "search_query",
)

Warm = Callable[[Iterable[str]], int]


class WarmingService:
    """`by_family`: for each of FAMILIES how each family's values come into the cache, from keys without the family.

    Of searches the key does not tell what to compute: there it is the request, as JSON.
    """

    def __init__(self, session: Session, cache: Cache, by_family: Mapping[str, Warm]) -> None:
        self._session = session
        self._cache = cache
        self._by_family = by_family

    def warm(self, limit: int = MOST) -> dict[str, int]:
        """Compute what is read most and has no value; give how many of each family.

        Where little was read yet, as after a start, the resources that people used most in the
        last 30 days fill it up.
        """
        used = self._used_most(limit)
        counts = {}
        for family, warm in self._by_family.items():
            hot = [name.removeprefix(f"{family}:") for name in self._cache.hottest(family, limit)]
            if family in _BY_USE:
                hot = list(dict.fromkeys([*hot, *used]))[:limit]
            counts[family] = warm(hot)
        return counts

    def _used_most(self, limit: int) -> list[str]:
        query = (
            select(Interaction.resource_id)
            .where(Interaction.created_at > now() - _USED_LATELY)
            .group_by(Interaction.resource_id)
            .order_by(func.count().desc(), Interaction.resource_id)
            .limit(limit)
        )
        return list(self._session.scalars(query))


def concern_hot(cache: Cache, keys: Collection[str]) -> bool:
    """Tell whether the keys and patterns match some of what is read most."""
    exact = set(keys)
    patterns = [key for key in keys if "*" in key]
    for family in FAMILIES:
        hot = cache.hottest(family, MOST)
        if hot and f"{family}:*" in exact:
            return True
        if any(one in exact or any(fnmatchcase(one, at) for at in patterns) for one in hot):
            return True
    return False
