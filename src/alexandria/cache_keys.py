"""Keys and TTLs of the cache, in one table that services, hooks and RedisCache share."""

import hashlib
from collections.abc import Mapping

import orjson

DEFAULT_TTL = 300
TTL_SECONDS: Mapping[str, int] = {
    "embedding": 3600,
    "quality": 1800,
    "search_query": 300,
    "resource": 600,
}
"""Seconds that a value of each family lives (SPEC 6.3); others live DEFAULT_TTL."""


def family(key: str) -> str:
    """`embedding` of `embedding:3f6c…`, `graph:neighbors` of `graph:neighbors:3f6c…`."""
    head, _, rest = key.partition(":")
    return f"{head}:{rest.partition(':')[0]}" if head == "graph" and rest else head


def embedding(resource_id: str) -> str:
    return f"embedding:{resource_id}"


def quality(resource_id: str) -> str:
    return f"quality:{resource_id}"


def resource(resource_id: str) -> str:
    return f"resource:{resource_id}"


def neighbors(resource_id: str, depth: int) -> str:
    return f"graph:neighbors:{resource_id}:{depth}"


def search_query(parts: Mapping[str, object]) -> str:
    """`parts` holds everything that changes the answer: query, mode, filters, paging."""
    canonical = orjson.dumps(dict(parts), option=orjson.OPT_SORT_KEYS)
    return f"search_query:{hashlib.sha256(canonical).hexdigest()[:32]}"


def recommendations(user_id: str) -> str:
    return f"recommendations:{user_id}"


RECOMMENDATIONS_PATTERN = "recommendations:*"
SEARCH_PATTERN = "search_query:*"
GRAPH_PATTERN = "graph:*"


def stale_after_change(resource_id: str) -> list[str]:
    """The keys and patterns that a change of the resource makes stale (SPEC 5.5)."""
    return [embedding(resource_id), quality(resource_id), resource(resource_id), SEARCH_PATTERN]
