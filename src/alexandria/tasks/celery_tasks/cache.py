import logging

from celery import Task

from alexandria import cache_keys
from alexandria.bootstrap import Services, cache
from alexandria.config import get_settings
from alexandria.db import LibrarySession, reading, release
from alexandria.events import SystemEvent, outbox
from alexandria.services.warming import concern_hot
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import ROUTES, celery_app
from alexandria.tasks.queueing import TaskRequest, begin

logger = logging.getLogger(__name__)

_KEYS_TOLD = 20
HOT = "hot"
"""Subject of the task that warms the cache."""
_WARM_AFTER_SECONDS = 10.0
"""A cache that is invalidated all the time, as during an import, is not warmed more often."""


@celery_app.task(
    base=DatabaseTask,
    name="alexandria.tasks.invalidate_cache_task",
    max_retries=3,
    default_retry_delay=5,
)
def invalidate_cache_task(keys: list[str], *, db: LibrarySession) -> dict[str, int]:
    """Delete the keys given, and whatever matches those with a `*`.

    What was dropped is told as `cache.invalidated`; what is read most is computed again soon.
    """
    shared = Services(db).cache
    count = sum(shared.delete_pattern(key) for key in keys)
    logger.info("invalidate_cache_task: %d keys and patterns, %d entries", len(keys), count)
    if count:
        data = {"keys": keys[:_KEYS_TOLD], "total": len(keys), "count": count}
        outbox.record(db, SystemEvent.CACHE_INVALIDATED, data)
    if concern_hot(shared, keys):
        outbox.submit(warming())
    return {"keys": len(keys), "invalidated": count}


@celery_app.task(
    bind=True, base=DatabaseTask, name="alexandria.tasks.warm_cache_task", max_retries=3
)
def warm_cache_task(self: Task, subject: str, *, db: LibrarySession) -> dict[str, int]:
    """Have the cache hold what is read most; give how many values of each family it did not."""
    begin(self, subject)
    release(db)
    with reading() as session:  # it takes no lock that a writer waits for
        counts = Services(session).warming.warm()
    logger.info("warm_cache_task: %s", counts)
    return counts


def warming() -> TaskRequest:
    """Give the request for a task that warms the cache, of which at most one waits."""
    return TaskRequest(
        task=warm_cache_task,
        args=(HOT,),
        countdown=get_settings().scaled(_WARM_AFTER_SECONDS),
        subject=HOT,
        **ROUTES[warm_cache_task.name],
    )


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
