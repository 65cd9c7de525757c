import logging

from alexandria import cache_keys
from alexandria.bootstrap import cache
from alexandria.db import LibrarySession
from alexandria.events import SystemEvent, outbox
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import celery_app

logger = logging.getLogger(__name__)


@celery_app.task(
    base=DatabaseTask,
    name="alexandria.tasks.invalidate_cache_task",
    max_retries=3,
    default_retry_delay=5,
)
def invalidate_cache_task(keys: list[str], *, db: LibrarySession) -> dict[str, int]:
    """Delete the keys given, and whatever matches those with a `*`."""
    del db
    count = sum(cache().delete_pattern(key) for key in keys)
    logger.info("invalidate_cache_task: %d keys and patterns, %d entries", len(keys), count)
    return {"keys": len(keys), "invalidated": count}


@celery_app.task(base=DatabaseTask, name="alexandria.tasks.cleanup_expired_cache")
def cleanup_expired_cache(*, db: LibrarySession) -> int:
    """Drop answers that a new day makes stale (SPEC 6.4); give how many.

    Redis drops what is past its TTL by itself. Left are the answers that rank by age, and those
    made before the nightly comparison of readers.
    """
    total = 0
    for pattern in (cache_keys.SEARCH_PATTERN, cache_keys.RECOMMENDATIONS_PATTERN):
        count = cache().delete_pattern(pattern)
        data = {"pattern": pattern, "count": count}
        outbox.record(db, SystemEvent.CACHE_INVALIDATED, data)
        total += count
    logger.info("cleanup_expired_cache: %d entries", total)
    return total
