"""One row of the table of hooks, and the arguments that rows take from events."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from celery import Task

from alexandria import cache_keys
from alexandria.config import get_settings
from alexandria.events import Event, SystemEvent, outbox
from alexandria.log import correlation_id
from alexandria.services.profile_ledger import EVERY
from alexandria.tasks.celery_tasks import invalidate_cache_task
from alexandria.tasks.celery_tasks.lookups import DUE
from alexandria.tasks.queueing import TaskRequest

logger = logging.getLogger(__name__)

Arguments = Callable[[Event], tuple[Any, ...]]


def resource(event: Event) -> tuple[Any, ...]:
    return (event.data["resource_id"],)


def stale_keys(event: Event) -> tuple[Any, ...]:
    return (cache_keys.stale_after_change(event.data["resource_id"]),)


def what_is_due(_event: Event) -> tuple[Any, ...]:
    return (DUE,)


def embedding_keys(event: Event) -> tuple[Any, ...]:
    return ([cache_keys.embedding(event.data["resource_id"]), cache_keys.SEARCH_PATTERN],)


def quality_keys(event: Event) -> tuple[Any, ...]:
    return ([cache_keys.quality(event.data["resource_id"]), cache_keys.SEARCH_PATTERN],)


def graph_keys(_event: Event) -> tuple[Any, ...]:
    return ([cache_keys.GRAPH_PATTERN],)


def citations(event: Event) -> tuple[Any, ...]:
    """Give the list as the event tells it, which the task does not rest on."""
    told = event.data.get("citations", [])
    logger.info("%s cites %s works", event.data["resource_id"], event.data.get("total", len(told)))
    return (event.data["resource_id"], told)


def authors(event: Event) -> tuple[Any, ...]:
    """Give the names as the event tells them, which the task does not rest on."""
    told = event.data.get("authors", [])
    logger.info(
        "%s names %s authors", event.data["resource_id"], event.data.get("total", len(told))
    )
    return (event.data["resource_id"], told)


def user(event: Event) -> tuple[Any, ...]:
    return (event.data["user_id"],)


def recommendation_keys(event: Event) -> tuple[Any, ...]:
    return ([cache_keys.recommendations(event.data["user_id"])],)


def all_recommendation_keys(_event: Event) -> tuple[Any, ...]:
    return ([cache_keys.RECOMMENDATIONS_PATTERN],)


def every_tenth(event: Event) -> bool:
    return bool(event.data["total_interactions"] % EVERY == 0)


@dataclass(frozen=True, slots=True)
class Hook:
    """One row of the table; calling it with an event queues the task.

    `countdown` in seconds. `fields`: only for events that changed one of these. `setting`: only
    while it is on. `when`: only for events of which this is true.
    """

    durable: ClassVar[bool] = True

    event: SystemEvent
    handler: str
    task: Task
    priority: int
    countdown: float
    queue: str
    arguments: Arguments = resource
    fields: frozenset[str] | None = None
    setting: str | None = None
    when: Callable[[Event], bool] | None = None

    def __call__(self, event: Event) -> None:
        if self.when is not None and not self.when(event):
            return
        if self.setting and not getattr(get_settings(), self.setting):
            return
        if self.fields is not None and not self.fields.intersection(event.data.get("fields", ())):
            return
        arguments = self.arguments(event)
        logger.info(
            "%s: queuing %s with priority %d in %g s for %s",
            *(self.handler, self.task.name, self.priority, self.countdown),
            f"{len(arguments[0])} cache keys" if self._of_keys else arguments[0],
        )
        outbox.submit(
            TaskRequest(
                task=self.task,
                args=arguments,
                priority=self.priority,
                countdown=get_settings().scaled(self.countdown),
                queue=self.queue,
                subject=None if self._of_keys else arguments[0],
                correlation_id=event.correlation_id or correlation_id.get(),
            )
        )

    @property
    def __name__(self) -> str:
        return self.handler

    @property
    def _of_keys(self) -> bool:
        return self.task is invalidate_cache_task


def also(
    hook: Hook,
    event: SystemEvent,
    handler: str,
    fields: frozenset[str] | None = None,
    arguments: Arguments | None = None,
) -> Hook:
    """Give the same task, priority, delay and queue after another event."""
    return Hook(
        event,
        handler,
        hook.task,
        hook.priority,
        hook.countdown,
        hook.queue,
        arguments or hook.arguments,
        fields,
    )
