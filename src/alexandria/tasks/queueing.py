"""Queueing tasks: at most one waiting task for each task and subject.

The key `pending:{task}:{subject}` is set by who queues and deleted by the task before it reads,
so that the task sees the last edit, and an edit during its run gets a task of its own. Losing a
key loses nothing: what is to be done stands in the ledger.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import redis
from celery import Task
from kombu.exceptions import OperationalError

from alexandria.bootstrap import broker_client
from alexandria.config import get_settings
from alexandria.errors import TransientError
from alexandria.tasks.transport import LONGEST_DELAY_SECONDS

logger = logging.getLogger(__name__)

KEY_MARGIN_SECONDS = 60
AWAY_SECONDS = 1.0
KEYS_IN_ONE_TASK = 500


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """One task to queue. `subject`: what it works on, at most one task of which waits."""

    task: Task
    args: tuple[Any, ...]
    priority: int
    countdown: float
    queue: str
    subject: str | None = None
    correlation_id: str | None = None

    @property
    def key(self) -> str:
        return f"pending:{self.task.name}:{self.subject}"


class _Broker:
    away_until = 0.0


def queue_all(requests: Sequence[TaskRequest]) -> None:
    """Queue what is not waiting already. Raises TransientError when the broker is away.

    A broker that was away a moment ago is not asked again, so that writes stay quick meanwhile.
    """
    if monotonic() < _Broker.away_until:
        raise TransientError("The broker is away.", "Queued work is handed over when it is back.")
    try:
        for request in _new_ones(list(_merged(requests))):
            _publish(request)
    except (redis.ConnectionError, redis.TimeoutError, OperationalError) as error:
        _Broker.away_until = monotonic() + AWAY_SECONDS
        raise TransientError(
            f"The broker does not answer: {error}", "Queued work is handed over when it is back."
        ) from error


def begin(task: Task, subject: str) -> None:
    """Let the next edit of the subject queue a task again; call it before reading."""
    broker_client().delete(f"pending:{task.name}:{subject}")


def _merged(requests: Iterable[TaskRequest]) -> Iterable[TaskRequest]:
    """Join tasks without a subject, whose argument is a list of keys, into few."""
    joined: dict[tuple[str, str | None], TaskRequest] = {}
    for request in requests:
        if request.subject is not None:
            yield request
            continue
        place = (request.task.name, request.correlation_id)
        keys = [*(joined[place].args[0] if place in joined else ()), *request.args[0]]
        joined[place] = replace(request, args=(list(dict.fromkeys(keys)),))
    for request in joined.values():
        keys = request.args[0]
        for start in range(0, len(keys), KEYS_IN_ONE_TASK):
            yield replace(request, args=(keys[start : start + KEYS_IN_ONE_TASK],))


def _new_ones(requests: Sequence[TaskRequest]) -> list[TaskRequest]:
    with broker_client().pipeline(transaction=False) as pipe:
        for request in requests:
            lifetime = request.countdown + get_settings().scaled(KEY_MARGIN_SECONDS)
            if request.subject is not None:
                pipe.set(request.key, 1, nx=True, px=int(lifetime * 1000))
                pipe.pttl(request.key)
        answers = iter(pipe.execute())
    return [
        request
        for request in requests
        if request.subject is None or _is_new(request, next(answers), next(answers))
    ]


def _is_new(request: TaskRequest, was_set: bool | None, left: int) -> bool:
    """Tell whether none waits; a key that lives too long was set before the clock was set back."""
    if was_set:
        return True
    outlived = left > (LONGEST_DELAY_SECONDS + KEY_MARGIN_SECONDS) * 1000
    if outlived:
        broker_client().delete(request.key)
    return outlived


def _publish(request: TaskRequest) -> None:
    try:
        request.task.apply_async(
            args=request.args,
            priority=request.priority,
            countdown=request.countdown or None,
            queue=request.queue,
            headers={"alexandria_correlation_id": request.correlation_id},
        )
    except Exception:
        _forget(request)
        raise


def _forget(request: TaskRequest) -> None:
    try:
        broker_client().delete(request.key)
    except (redis.ConnectionError, redis.TimeoutError):
        logger.debug("Key %s stays until it expires", request.key)
