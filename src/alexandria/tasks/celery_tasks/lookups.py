"""Look-ups: one task at a time works off what is due, at the pace that the services allow."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from celery import Task
from kombu.exceptions import OperationalError

from alexandria.bootstrap import Services, broker_client
from alexandria.db import LibrarySession, new_id, release
from alexandria.log import correlation_id
from alexandria.models import DeadLetter, Lookup
from alexandria.services.dead_letters import Failure
from alexandria.tasks.base import DatabaseTask
from alexandria.tasks.celery_app import ROUTES, celery_app
from alexandria.tasks.queueing import TaskRequest, begin, queue_all

logger = logging.getLogger(__name__)

DUE = "due"
"""Subject of the task that works off what is due, whichever resources it belongs to."""
RUN_SECONDS = 5.0
"""Then it queues itself again, behind what is more urgent."""
_AT_ONCE = 20
_ALONE_KEY = "alexandria:lookups"
_ALONE_SECONDS = 120


class LookupTask(DatabaseTask):
    abstract = True

    def revive(self, services: Services, letter: DeadLetter) -> None:
        if letter.subject != DUE:
            services.lookups.revive(letter.subject)


@celery_app.task(
    bind=True,
    base=LookupTask,
    name="alexandria.tasks.look_up_task",
    max_retries=3,
    default_retry_delay=30,
)
def look_up_task(self: Task, subject: str, *, db: LibrarySession) -> dict[str, Any]:
    """Ask public services for the identifiers of a resource (`subject`), or for what is due."""
    begin(self, subject)
    services = Services(db)
    if not services.lookups.on:
        return {"subject": subject, "looked_up": 0}
    if subject != DUE:
        _look_up(self, services, subject)
        return {"subject": subject, "looked_up": 1}
    with _alone(self.request.id) as is_alone:
        count = _work_off(self, services) if is_alone else 0
    if is_alone and services.lookups.due(1):
        release(db)
        queue_look_ups()
    logger.info("look_up_task: %d resources", count)
    return {"subject": subject, "looked_up": count}


def queue_look_ups() -> None:
    """Have worked off what is due. Raises TransientError when the broker is away."""
    queue_all(
        [
            TaskRequest(
                task=look_up_task,
                args=(DUE,),
                countdown=0,
                subject=DUE,
                **ROUTES[look_up_task.name],
            )
        ]
    )


def start_look_up(services: Services, resource_id: str) -> str:
    """Have a resource's identifiers asked for now; give the task's id. Commits.

    Raises SwitchedOffError, and ConflictError for a resource without identifiers.
    """
    services.lookups.request(services.resources.get(resource_id, for_update=True))
    services.session.commit()
    task_id = new_id()
    try:
        look_up_task.apply_async(
            args=(resource_id,),
            task_id=task_id,
            headers={"alexandria_correlation_id": correlation_id.get()},
            **ROUTES[look_up_task.name],
        )
    except OperationalError as error:
        logger.warning("The look-up of %s waits for the reconciler: %s", resource_id, error)
    return task_id


def _work_off(task: Task, services: Services) -> int:
    until, count = monotonic() + RUN_SECONDS, 0
    while resource_ids := services.lookups.due(_AT_ONCE):
        release(services.session)
        for resource_id in resource_ids:
            _look_up(task, services, resource_id)
            count += 1
            if monotonic() >= until:
                return count
    return count


def _look_up(task: Task, services: Services, resource_id: str) -> None:
    failed = services.lookups.ask_for(resource_id, task.request.id)
    if failed:
        services.dead_letters.record(task.name, [resource_id], _failure(task, failed))
    else:
        services.dead_letters.forget(task.name, [resource_id])
    release(services.session)


def _failure(task: Task, failed: Sequence[Lookup]) -> Failure:
    return Failure(
        error=" ".join(row.error or "" for row in failed),
        remedy=failed[0].remedy,
        traceback="",
        attempts=max(1, *(row.attempt for row in failed)),
        task_id=task.request.id or "",
        correlation_id=correlation_id.get(),
    )


@contextmanager
def _alone(task_id: str) -> Iterator[bool]:
    """Tell whether no other task works off what is due, and keep it so meanwhile."""
    client = broker_client()
    is_alone = bool(client.set(_ALONE_KEY, task_id, nx=True, ex=_ALONE_SECONDS))
    try:
        yield is_alone
    finally:
        if is_alone:
            client.delete(_ALONE_KEY)
