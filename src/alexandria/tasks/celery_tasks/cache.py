import logging

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


@celery_app.task(base=DatabaseTask, name="alexandria.tasks.clean_up_cache_task")
def clean_up_cache_task(*, db: LibrarySession) -> int:
    """Drop all search results, most of which nobody asks for again (SPEC 6.4)."""
    count = cache().delete_pattern("search_query:*")
    logger.info("clean_up_cache_task: %d entries", count)
    outbox.record(db, SystemEvent.CACHE_INVALIDATED, {"pattern": "search_query:*", "count": count})
    return count
