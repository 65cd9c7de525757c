"""How often a task began and did not end: one that kills its worker each time is recognised.

The count is kept in the broker's Redis. Losing it with Redis only means to count anew.
"""

import logging
from collections.abc import Iterable

import redis
from celery import Task

from alexandria.bootstrap import broker_client
from alexandria.errors import AlexandriaError

logger = logging.getLogger(__name__)

MOST_DELIVERIES = 5
_KEPT_SECONDS = 24 * 3600


class PoisonTaskError(AlexandriaError):
    title = "The worker died each time"


def begin(task: Task) -> None:
    """Count that the task begins. Raises PoisonTaskError if it began too often without an end."""
    task.request.deliveries = count = _count(task.request.id)
    if count > MOST_DELIVERIES:
        end(task)
        raise PoisonTaskError(
            f"The worker died {count - 1} times while it ran {task.name}.",
            "Look at the worker's log and at the memory of the machine, then retry.",
        )


def end(task: Task) -> None:
    if task.request.id is None:
        return
    try:
        broker_client().delete(_key(task.request.id))
    except (redis.ConnectionError, redis.TimeoutError):
        logger.debug("The count of %s stays until it expires", task.request.id)


def forgive(task_ids: Iterable[str]) -> None:
    """Forget that these tasks began: their worker is ended on purpose."""
    if keys := [_key(task_id) for task_id in task_ids]:
        broker_client().delete(*keys)


def after_a_death(task: Task) -> bool:
    """Tell whether an earlier run of this task did not end: then it works alone."""
    return getattr(task.request, "deliveries", 1) > 1


def attempts(task: Task) -> int:
    """Count the runs of this task so far: retries, and runs whose worker died."""
    return int(task.request.retries) + max(1, int(getattr(task.request, "deliveries", 1)))


def _count(task_id: str | None) -> int:
    if task_id is None:
        return 1
    try:
        with broker_client().pipeline(transaction=False) as pipe:
            pipe.incr(_key(task_id))
            pipe.expire(_key(task_id), _KEPT_SECONDS)
            return int(pipe.execute()[0])
    except (redis.ConnectionError, redis.TimeoutError):
        return 1


def _key(task_id: str) -> str:
    return f"alexandria:began:{task_id}"
