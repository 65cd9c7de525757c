"""Hits, misses and invalidations of the cache, and what is read most, over all processes."""

import atexit
import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

import redis

from alexandria.adapters.cache_names import OTHER, STATISTICS_KEY, hot_key

FLUSH_SECONDS = 1.0
HOUR_SECONDS = 3600
MOST_HOT = 1000
"""Names kept of each family and hour; the least read go first."""
LEAST_HOT = 3
_MOST_HOT_AT_ONCE = 10_000
"""In one process and second; what comes beyond is counted, but not by name."""

_HITS, _MISSES, _INVALIDATIONS = "hits", "misses", "invalidations"


class CacheStats:
    """Counts in memory; with a client also into Redis, a second later, so that reads stay quick.

    The attributes count what this process did; `snapshot` counts all processes.
    """

    def __init__(self, client: redis.Redis | None = None) -> None:
        self._client = client
        self._reset()
        _living.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._unflushed: Counter[tuple[str, str]] = Counter()
        self._hot: Counter[tuple[str, str]] = Counter()
        self._timer: threading.Timer | None = None

    def record_hit(self, family: str = OTHER) -> None:
        self._count(family, _HITS, 1)

    def record_miss(self, family: str = OTHER) -> None:
        self._count(family, _MISSES, 1)

    def record_invalidation(self, count: int = 1, family: str = OTHER) -> None:
        self._count(family, _INVALIDATIONS, count)

    def record_read(self, family: str, name: str, *, found: bool) -> None:
        """Count a read; `name`: what was read, as `hottest` is to give it."""
        if self._client is not None:
            with self._lock:
                if len(self._hot) < _MOST_HOT_AT_ONCE:
                    self._hot[family, name] += 1
        self._count(family, _HITS if found else _MISSES, 1)

    def hottest(self, family: str, limit: int) -> list[str]:
        """Give what all processes read most in this hour and the last one, the most read first.

        What was read less than LEAST_HOT times is not hot.
        """
        if self._client is None:
            return []
        hour = int(time.time() // HOUR_SECONDS)
        keys = [hot_key(family, hour), hot_key(family, hour - 1)]
        try:
            found = cast("list[tuple[bytes, float]]", self._client.zunion(keys, withscores=True))
        except redis.RedisError:
            return []
        hot = sorted((-reads, name) for name, reads in found if reads >= LEAST_HOT)
        return [name.decode(errors="replace") for _, name in hot[:limit]]

    @property
    def hits(self) -> int:
        return self._sum(_HITS)

    @property
    def misses(self) -> int:
        return self._sum(_MISSES)

    @property
    def invalidations(self) -> int:
        return self._sum(_INVALIDATIONS)

    @property
    def total(self) -> int:
        """Reads, found or not."""
        return self.hits + self.misses

    def hit_rate(self) -> float:
        """Give the share of reads that found a value, 0 to 1; 0 without any read."""
        return _rate(self.hits, self.misses)

    def snapshot(self) -> dict[str, Any]:
        """Give the figures of all processes; those of this one alone while Redis is away."""
        self.flush()
        counts = self._read_shared()
        with self._lock:
            counts = Counter(self._counts) if counts is None else counts + self._unflushed
        families: dict[str, Counter[str]] = {}
        for (family, what), number in counts.items():
            families.setdefault(family, Counter())[what] += number
        total: Counter[str] = sum(families.values(), Counter())
        by_family = {name: _figures(families[name]) for name in sorted(families)}
        return {**_figures(total), "families": by_family}

    def flush(self) -> None:
        """Send what was counted to Redis; what can't be sent is kept for the next time."""
        with self._lock:
            self._timer = None
            counts, self._unflushed = self._unflushed, Counter()
            hot, self._hot = self._hot, Counter()
        if self._client is None or not counts:
            return
        try:
            self._send(self._client, counts, hot)
        except redis.RedisError:
            with self._lock:
                self._unflushed.update(counts)

    def close(self) -> None:
        """Send the rest; the client may be closed afterwards."""
        with self._lock:
            timer = self._timer
        if timer is not None:
            timer.cancel()
            timer.join()
        self.flush()

    def _count(self, family: str, what: str, number: int) -> None:
        if number == 0:
            return
        with self._lock:
            self._counts[family, what] += number
            if self._client is None:
                return
            self._unflushed[family, what] += number
            if self._timer is None:
                self._timer = threading.Timer(FLUSH_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def _sum(self, what: str) -> int:
        with self._lock:
            return sum(number for (_, kind), number in self._counts.items() if kind == what)

    def _send(
        self,
        client: redis.Redis,
        counts: Mapping[tuple[str, str], int],
        hot: Mapping[tuple[str, str], int],
    ) -> None:
        hour = int(time.time() // HOUR_SECONDS)
        with client.pipeline(transaction=True) as pipeline:
            for (family, what), number in counts.items():
                pipeline.hincrby(STATISTICS_KEY, f"{what} {family}", number)
            for (family, name), number in hot.items():
                pipeline.zincrby(hot_key(family, hour), number, name)
            for family in {family for family, _ in hot}:
                pipeline.zremrangebyrank(hot_key(family, hour), 0, -MOST_HOT - 1)
                pipeline.expire(hot_key(family, hour), 2 * HOUR_SECONDS)
            pipeline.execute()

    def _read_shared(self) -> Counter[tuple[str, str]] | None:
        if self._client is None:
            return None
        try:
            found = cast("dict[bytes, bytes]", self._client.hgetall(STATISTICS_KEY))
        except redis.RedisError:
            return None
        counts: Counter[tuple[str, str]] = Counter()
        for name, number in found.items():
            what, _, family = name.decode().partition(" ")
            counts[family, what] = int(number)
        return counts


def _rate(hits: int, misses: int) -> float:
    return hits / (hits + misses) if hits + misses else 0.0


def _figures(counts: Mapping[str, int]) -> dict[str, Any]:
    hits, misses = counts.get(_HITS, 0), counts.get(_MISSES, 0)
    rate = _rate(hits, misses)
    return {
        "hit_rate": rate,
        "hit_rate_percent": round(100 * rate, 2),
        "hits": hits,
        "misses": misses,
        "invalidations": counts.get(_INVALIDATIONS, 0),
        "total": hits + misses,
    }


_living: "weakref.WeakSet[CacheStats]" = weakref.WeakSet()


@atexit.register
def _flush_all() -> None:
    for stats in list(_living):
        stats.flush()


def _start_anew_after_fork() -> None:
    """The parent flushes what it counted, and its timer did not come along."""
    for stats in list(_living):
        stats._reset()  # noqa: SLF001 - a function of this class, for all its objects


os.register_at_fork(after_in_child=_start_anew_after_fork)
