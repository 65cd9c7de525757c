"""The cache in Redis. When Redis is away the cache is empty: it never raises and never waits long."""

import logging
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from alexandria import cache_keys
from alexandria.adapters import cache_codec, cache_scripts
from alexandria.adapters.cache_guard import CircuitBreaker, ThreadState
from alexandria.adapters.cache_names import (
    OWN_PREFIX,
    TRACKED_FAMILIES,
    family_of,
    generation_key,
    is_pattern,
    leases_key,
    live_key,
    spans_families,
)
from alexandria.adapters.cache_restart import greet
from alexandria.adapters.cache_stats import CacheStats
from alexandria.adapters.single_flight import SingleFlight
from alexandria.errors import NotFoundError, UnavailableError

__all__ = ["CacheStats", "RedisCache", "cache_client"]

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
SCAN_BATCH = 1000
_UNAVAILABLE = b"-"
"""A lease that nobody gave: the cache was away at the miss, so the value can't be proven fresh."""

T = TypeVar("T")


def cache_client(url: str, **options: Any) -> redis.Redis:
    """Give a client with short limits; a connection that the server closed is opened again once."""
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        redis_connect_func=greet,
        **options,
    )


class _AwayError(Exception):
    """Redis did not answer, or is not asked for now."""


class RedisCache:
    """JSON values and float32 vectors under the keys of `cache_keys`.

    A `set` after a `get` that found nothing, in the same thread, is dropped if the key was
    invalidated in between: the value may be older than the invalidation. A dict that carries
    `revision: (content, metadata)` never replaces one of a higher revision.

    `epoch` numbers how often an invalidation could not be done, as far as the caller knows (it asks
    the database). Whoever knows of a later one finds nothing from before it, in any process; who
    knows of an earlier one alone finds and stores nothing.
    """

    def __init__(
        self, client: redis.Redis, *, time_scale: float = 1.0, stats: CacheStats | None = None
    ) -> None:
        """Take a client as `cache_client` makes it; `time_scale` shortens every TTL."""
        if client.get_encoder().decode_responses:
            raise ValueError("the cache stores bytes: its client must not decode responses")
        self.stats = stats if stats is not None else CacheStats(client)
        self._client = client
        self._time_scale = time_scale
        self._breaker = CircuitBreaker()
        self._own = ThreadState()
        self._flights = SingleFlight()
        self._read = client.register_script(cache_scripts.READ)
        self._store = client.register_script(cache_scripts.STORE)
        self._delete = client.register_script(cache_scripts.DELETE)
        self._flush = client.register_script(cache_scripts.FLUSH)

    def get(self, key: str, *, epoch: int = 0, asked: str | None = None) -> Any | None:
        """Give the value, or None; `asked`: what to compute it from again, if that is not the key."""
        value = self._get(key, epoch)
        self.stats.record_read(family_of(key), asked or key, found=value is not None)
        return value

    def peek(self, key: str, *, epoch: int = 0) -> Any | None:
        """Give the value without counting the read."""
        return self._get(key, epoch)

    def set(self, key: str, value: Any, ttl: float | None = None, *, epoch: int = 0) -> None:
        """Store the value for `ttl` seconds, or as long as its family's values live.

        Raises TypeError for a value that JSON can't hold.
        """
        self._set(key, value, ttl, epoch)

    def delete(self, key: str) -> int:
        """Delete the key's value; gives how many there were, 0 or 1."""
        self._own.take(key)
        try:
            count = self._ask(lambda: self._delete_now(key))
        except _AwayError:
            self._own.invalidation_failed = True
            return 0
        self.stats.record_invalidation(count, family_of(key))
        return count

    def delete_pattern(self, pattern: str) -> int:
        """Delete the values whose keys match, as Redis matches (`*`, `?`, `[ab]`); gives how many."""
        if not is_pattern(pattern):
            return self.delete(pattern)
        self._own.leases.clear()
        try:
            counts = self._ask(lambda: self._delete_pattern_now(pattern))
        except _AwayError:
            self._own.invalidation_failed = True
            return 0
        for name, count in counts.items():
            self.stats.record_invalidation(count, name)
        return counts.total()

    def get_default_ttl(self, key: str) -> int:
        """Give the seconds that a value under the key lives, before the time scale."""
        return cache_keys.TTL_SECONDS.get(family_of(key), cache_keys.DEFAULT_TTL)

    def invalidation_failed(self) -> bool:
        """Tell whether one that this thread asked for, since it last asked this, was not done.

        Its values may be served as long as nobody begins another epoch.
        """
        failed, self._own.invalidation_failed = self._own.invalidation_failed, False
        return failed

    def get_or_compute(
        self,
        key: str,
        compute: Callable[[], T],
        ttl: float | None = None,
        *,
        epoch: int = 0,
        asked: str | None = None,
    ) -> T:
        """Give the value; if there is none, compute and store it.

        Of the threads that miss at once one computes, the others wait for it. None is not stored.
        """
        found = self.get(key, epoch=epoch, asked=asked)
        if found is not None:
            return cast("T", found)
        value = self._flights.run(
            key,
            look=lambda: self._get(key, epoch),
            compute=compute,
            store=lambda value: self._set(key, value, ttl, epoch),
        )
        self._own.take(key)  # the value came from another thread: no `set` follows here
        return value

    def warm(self, computations: Mapping[str, Callable[[], Any]], *, epoch: int = 0) -> int:
        """Compute and store what has no value, by key; give how many. It counts as no read.

        What can't be computed any more (NotFoundError, UnavailableError) is left out.
        """
        count = 0
        for key, compute in computations.items():
            if self._get(key, epoch) is None:
                with suppress(NotFoundError, UnavailableError):
                    count += self._set(key, compute(), None, epoch)
        return count

    def begin(self, key: str, *, epoch: int = 0) -> None:
        """Note that a value is computed from now on, whether or not there is one already.

        The `set` that follows in this thread is dropped if the key is invalidated before it.
        """
        try:
            reply = self._ask(lambda: self._read_now(key, epoch, lease_always=True))
        except _AwayError:
            reply = [_UNAVAILABLE]
        self._own.keep(key, reply[0])

    def close(self) -> None:
        """Send the last counts; the client stays open, its maker closes it."""
        self.stats.close()

    def _get(self, key: str, epoch: int) -> Any | None:
        self._own.take(key)
        try:
            reply = self._ask(lambda: self._read_now(key, epoch))
        except _AwayError:
            reply = [_UNAVAILABLE]
        if isinstance(reply, bytes):
            return cache_codec.decode(reply)
        self._own.keep(key, reply[0])
        return None

    def _set(self, key: str, value: Any, ttl: float | None, epoch: int) -> bool:
        lease = self._own.take(key)
        if value is None:
            return False
        kind, content = cache_codec.encode(value)
        revision = cache_codec.revision(value)
        milliseconds = self._milliseconds(self.get_default_ttl(key) if ttl is None else ttl)
        arguments = (kind, revision, content, milliseconds, lease)
        try:
            return self._ask(lambda: self._store_now(key, arguments, epoch))
        except _AwayError:
            return False

    def _milliseconds(self, ttl: float) -> int:
        return max(1, round(ttl * self._time_scale * 1000))

    def _ask(self, question: Callable[[], T]) -> T:
        if not self._breaker.allows():
            raise _AwayError
        try:
            answer = question()
        except (redis.ConnectionError, redis.TimeoutError) as error:
            self._breaker.failed(error)
            raise _AwayError from error
        except redis.RedisError as error:
            logger.warning("the cache could not do what was asked: %s", error)
            raise _AwayError from error
        self._breaker.succeeded()
        return answer

    def _read_now(self, key: str, epoch: int, *, lease_always: bool = False) -> Any:
        name = family_of(key)
        keys = [key, generation_key(name), leases_key(name)]
        return self._read(keys=keys, args=[key, os.urandom(8), int(lease_always), epoch])

    def _store_now(self, key: str, arguments: tuple[bytes | int, ...], epoch: int) -> bool:
        tracked = int(family_of(key) in TRACKED_FAMILIES)
        args = [key, *arguments, os.urandom(8), tracked, epoch]
        return bool(self._store(keys=_keys(key), args=args))

    def _delete_now(self, key: str) -> int:
        return cast("int", self._delete(keys=_keys(key), args=[key]))

    def _flush_now(self, name: str) -> int:
        keys = [generation_key(name), leases_key(name), live_key(name)]
        return cast("int", self._flush(keys=keys, args=[os.urandom(8)]))

    def _delete_pattern_now(self, pattern: str) -> Counter[str]:
        name = family_of(pattern)
        if name in TRACKED_FAMILIES and pattern == f"{name}:*":
            return Counter({name: self._flush_now(name)})
        # Leases go first: what is stored before is found by the scan, what comes later is refused.
        self._withdraw_leases(pattern)
        count: Counter[str] = Counter()
        for batch in self._scan(pattern):
            count += self._delete_batch(batch)
        return count

    def _withdraw_leases(self, pattern: str) -> None:
        if not spans_families(pattern):
            self._client.unlink(leases_key(family_of(pattern)))
            return
        for batch in self._scan(leases_key("*")):
            self._client.unlink(*batch)

    def _scan(self, pattern: str) -> Iterator[list[str]]:
        cursor = 0
        while True:
            cursor, found = cast(
                "tuple[int, list[bytes]]", self._client.scan(cursor, pattern, SCAN_BATCH)
            )
            if found:
                yield [key.decode(errors="surrogateescape") for key in found]
            if cursor == 0:
                return

    def _delete_batch(self, keys: list[str]) -> Counter[str]:
        by_family: defaultdict[str, list[str]] = defaultdict(list)
        for key in keys:
            if not key.startswith(OWN_PREFIX):
                by_family[family_of(key)].append(key)
        return Counter(
            {
                name: sum(map(self._delete_now, members))
                if name in TRACKED_FAMILIES
                else self._client.unlink(*members)
                for name, members in by_family.items()
            }
        )


def _keys(key: str) -> list[str]:
    name = family_of(key)
    return [key, generation_key(name), leases_key(name), live_key(name)]
