"""Names in Redis: the families that keys belong to, and the cache's own bookkeeping keys."""

from alexandria import cache_keys

OTHER = "other"
"""The family of keys that name none."""

TRACKED_FAMILIES = frozenset({"search_query"})
"""Families that go stale together: invalidated by a new generation, in one step of any size.

The names of their living values stand in a sorted set by expiry time, for the count.
"""

STATISTICS_KEY = "cache:statistics"
RUN_KEY = "cache:run"
"""Which run of the server the values are of."""
OWN_PREFIX = "cache:"
"""Keys with it are bookkeeping, which no pattern deletes."""


def family_of(key: str) -> str:
    return cache_keys.family(key) if ":" in key else OTHER


def is_pattern(text: str) -> bool:
    """Whether Redis reads more into the text than its letters."""
    return any(mark in text for mark in "*?[\\")


def spans_families(pattern: str) -> bool:
    """Whether keys of several families may match."""
    return ":" not in pattern or is_pattern(cache_keys.family(pattern))


def generation_key(family: str) -> str:
    return f"cache:generation:{family}"


def leases_key(family: str) -> str:
    return f"cache:leases:{family}"


def live_key(family: str) -> str:
    return f"cache:live:{family}"


def hot_key(family: str, hour: int) -> str:
    """What was read in an hour, with how often; `hour`: hours since 1970."""
    return f"cache:hot:{family}:{hour}"
