"""The event emitter: one for each process, with handlers that can't harm each other."""

import asyncio
import inspect
import logging
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from threading import Lock
from typing import Any, ClassVar, Self

from alexandria.log import correlation_id as current_correlation_id

logger = logging.getLogger(__name__)

HISTORY_LENGTH = 1000
FAILED = "Handler %s failed on event %s (id %s)"


class EventPriority(IntEnum):
    """Higher is more urgent; the numbers are those of Celery's priorities here."""

    LOW = 3
    NORMAL = 5
    HIGH = 7
    CRITICAL = 9


@dataclass(frozen=True, slots=True)
class Event:
    """A fact in the past. `id` is its number in the outbox; None for one that is not stored."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    priority: EventPriority = EventPriority.NORMAL
    correlation_id: str | None = None
    id: int | None = None
    process: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the form in which events leave the process, ready for JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "data": self.data,
            "timestamp": self.timestamp.isoformat(),
            "priority": self.priority.name,
            "correlation_id": self.correlation_id,
            "process": self.process,
        }


Handler = Callable[[Event], Awaitable[None] | None]


def process_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


class EventEmitter:
    """`EventEmitter()` always gives the one instance of the process."""

    _instance: ClassVar[Self | None] = None
    _lock: ClassVar[Lock] = Lock()

    _handlers: dict[str, list[Handler]]
    _history: deque[Event]
    _async_tasks: set[asyncio.Task[None]]

    def __new__(cls) -> Self:
        with cls._lock:
            if cls._instance is None:
                instance = super().__new__(cls)
                instance._handlers = {}
                instance._history = deque(maxlen=HISTORY_LENGTH)
                instance._async_tasks = set()
                cls._instance = instance
            return cls._instance

    def on(self, event_name: str, handler: Handler) -> None:
        """Call `handler` with each event of that name; adding it twice adds it once."""
        handlers = self._handlers.setdefault(str(event_name), [])
        if handler not in handlers:
            handlers.append(handler)

    def off(self, event_name: str, handler: Handler) -> None:
        """Forget the handler; one that was never added is no error."""
        handlers = self._handlers.get(str(event_name), [])
        if handler in handlers:
            handlers.remove(handler)

    def get_listeners(self, event_name: str) -> list[Handler]:
        return list(self._handlers.get(str(event_name), []))

    def emit(
        self,
        event_name: str,
        data: dict[str, Any] | None = None,
        priority: EventPriority = EventPriority.NORMAL,
        correlation_id: str | None = None,
    ) -> Event:
        """Tell this process's handlers; what must not be lost goes through the outbox instead."""
        event = Event(
            name=str(event_name),
            data=data or {},
            priority=EventPriority(priority),
            correlation_id=correlation_id or current_correlation_id.get(),
            process=process_name(),
        )
        self.dispatch(event)
        return event

    def dispatch(self, event: Event) -> list[Handler]:
        """Remember the event and call its handlers; give those that raised."""
        self._history.append(event)
        return [
            handler for handler in self.get_listeners(event.name) if not self.call(handler, event)
        ]

    def get_event_history(self, limit: int = 100) -> list[Event]:
        """Give the last events of this process, the newest last."""
        return list(self._history)[-limit:] if limit > 0 else []

    def call(self, handler: Handler, event: Event) -> bool:
        """Call one handler; give whether it succeeded. A failure is logged, never raised."""
        try:
            outcome = handler(event)
            if inspect.isawaitable(outcome):
                self._await(_guarded(handler, event, outcome))
        except Exception:
            # One handler's fault must not keep the event from the others.
            logger.exception(FAILED, _name(handler), event.name, event.id)
            return False
        return True

    def _await(self, guarded: Coroutine[Any, Any, None]) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(guarded)
            return
        task = loop.create_task(guarded)
        self._async_tasks.add(task)  # the loop itself keeps only a weak reference
        task.add_done_callback(self._async_tasks.discard)


async def _guarded(handler: Handler, event: Event, outcome: Awaitable[None]) -> None:
    try:
        await outcome
    except Exception:
        logger.exception(FAILED, _name(handler), event.name, event.id)


def _name(handler: Handler) -> str:
    return getattr(handler, "__qualname__", repr(handler))


event_emitter = EventEmitter()
