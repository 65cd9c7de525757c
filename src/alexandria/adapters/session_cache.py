"""The cache as one session may see it: nothing from before a write that the session sees."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, SessionTransaction

from alexandria.adapters.redis_cache import RedisCache
from alexandria.models import CacheEpoch

T = TypeVar("T")


class SessionCache:
    """Asks the database once in each transaction how many invalidations could not be done.

    So what a cache missed while it was away, or frozen, is never served afterwards, whichever
    process reads: the count is of the same transaction as what the session reads.
    """

    def __init__(self, session: Session, cache: RedisCache) -> None:
        self._session = session
        self._cache = cache
        self._transaction: SessionTransaction | None = None
        self._known_epoch = 0

    def get(self, key: str, *, asked: str | None = None) -> Any | None:
        return self._cache.get(key, epoch=self._epoch(), asked=asked)

    def peek(self, key: str) -> Any | None:
        return self._cache.peek(key, epoch=self._epoch())

    def get_or_compute(self, key: str, compute: Callable[[], T], *, asked: str | None = None) -> T:
        return self._cache.get_or_compute(key, compute, epoch=self._epoch(), asked=asked)

    def begin(self, key: str) -> None:
        self._cache.begin(key, epoch=self._epoch())

    def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        self._cache.set(key, value, ttl, epoch=self._epoch())

    def delete(self, key: str) -> int:
        return self._told(self._cache.delete(key))

    def delete_pattern(self, pattern: str) -> int:
        return self._told(self._cache.delete_pattern(pattern))

    def warm(self, computations: Mapping[str, Callable[[], Any]]) -> int:
        return self._cache.warm(computations, epoch=self._epoch())

    def hottest(self, family: str, limit: int) -> list[str]:
        return self._cache.stats.hottest(family, limit)

    def _told(self, count: int) -> int:
        if self._cache.invalidation_failed():
            begin_epoch(self._session)
            self._transaction = None
        return count

    def _epoch(self) -> int:
        transaction = self._session.get_transaction()
        if transaction is None or transaction is not self._transaction:
            self._known_epoch = self._session.scalar(select(CacheEpoch.epoch)) or 0
            self._transaction = self._session.get_transaction()
        return self._known_epoch


def begin_epoch(session: Session) -> None:
    """Make all values stale for who reads after the commit; a restored database counts on, too."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    new = insert(CacheEpoch).values(id=1, epoch=time.time_ns() // 1_000_000)
    later = case(
        (CacheEpoch.epoch < new.excluded.epoch, new.excluded.epoch), else_=CacheEpoch.epoch + 1
    )
    session.execute(new.on_conflict_do_update(index_elements=["id"], set_={"epoch": later}))
