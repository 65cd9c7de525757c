"""The outbox: an event is a row in its change's own transaction, and is emitted after commit.

If the process dies in between, or can't reach the broker, the relay (`claim_waiting`) hands the
event over later. A row counts as handed over once every durable handler of it succeeded.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from alexandria.db import SKEW, LibrarySession, is_over, now, writing
from alexandria.errors import TransientError
from alexandria.events.event_system import (
    Event,
    EventPriority,
    Handler,
    event_emitter,
    process_name,
)
from alexandria.events.event_types import SystemEvent
from alexandria.log import correlation_id
from alexandria.models import OutboxEvent

logger = logging.getLogger(__name__)

_RECORDED = "alexandria_events"
_LAST = "alexandria_last_event_id"
_POSTGRES_ORDER_LOCK = 0x0A1E


Queue = Callable[[Sequence[Any]], None]
"""Queues the task requests that hooks gave to `submit`; raises when it can't."""


class _Process:
    """How this process queues tasks; one without a queue leaves every event to the relay."""

    queue: Queue | None = None


_collected: ContextVar[list[Any] | None] = ContextVar("collected_task_requests", default=None)


def set_queue(queue: Queue | None) -> None:
    _Process.queue = queue


def submit(request: Any) -> None:
    """Queue a task request: with all others of the same commit, or at once outside of one."""
    collected = _collected.get()
    if collected is not None:
        collected.append(request)
    elif _Process.queue is not None:
        _Process.queue([request])


def durable(handler: Callable[[Event], None]) -> Handler:
    """Have the relay call the handler too where the event's own process did not get to it."""
    setattr(handler, "durable", True)  # noqa: B010 (functions have no such attribute of their own)
    return handler


def is_durable(handler: Handler) -> bool:
    """Tell whether the event must stay in the outbox until this handler succeeded."""
    return bool(getattr(handler, "durable", False))


def record(
    session: Session,
    name: str,
    data: dict[str, Any],
    priority: EventPriority = EventPriority.NORMAL,
) -> int:
    """Write the event in the session's transaction; give its id. Ids grow in commit order."""
    _keep_commit_order(session)
    row = OutboxEvent(
        name=str(name),
        data=data,
        priority=int(priority),
        correlation_id=correlation_id.get(),
        resource_id=data.get("resource_id"),
        process=process_name(),
        handed_over_at=None if _needs_hand_over(str(name)) else now(),
    )
    session.add(row)
    session.flush()
    session.info[_LAST] = row.id
    session.info.setdefault(_RECORDED, []).append(row)
    return row.id


def last_event_id(session: Session) -> int | None:
    """Give the highest event id of the transaction that is under way, or was just committed."""
    found: int | None = session.info.get(_LAST)
    return found


def _keep_commit_order(session: Session) -> None:
    """Let PostgreSQL give ids in commit order, as SQLite's single writer does by itself.

    Else a search could call itself complete through event 7 while event 6 is still uncommitted.
    """
    if session.get_bind().dialect.name == "postgresql" and not session.info.get(_RECORDED):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_ORDER_LOCK})


def as_event(row: OutboxEvent) -> Event:
    return Event(
        name=row.name,
        data=row.data,
        timestamp=row.created_at,
        priority=EventPriority(row.priority),
        correlation_id=row.correlation_id,
        id=row.id,
        process=row.process,
    )


def _needs_hand_over(name: str) -> bool:
    return _Process.queue is None or any(map(is_durable, event_emitter.get_listeners(name)))


@sqlalchemy_event.listens_for(LibrarySession, "after_commit")
def _emit_recorded(session: Session) -> None:
    if session.in_nested_transaction():  # SQLAlchemy tells of released savepoints as well
        return
    events = [as_event(row) for row in session.info.pop(_RECORDED, ())]
    try:
        done = _hand_over(events, event_emitter.dispatch)
        if done:
            mark_handed_over(done)
    except (TransientError, OperationalError) as error:
        # The change itself is committed, and its events are in the outbox: the relay brings them.
        logger.warning("Events %s are left to the relay: %s", [e.id for e in events], error)


@sqlalchemy_event.listens_for(LibrarySession, "after_soft_rollback")
def _forget_recorded(session: Session, _previous: object) -> None:
    """Forget what was rolled back: all of it, or what a savepoint took away."""
    session.info[_RECORDED] = [row for row in session.info.pop(_RECORDED, ()) if row in session]


def _hand_over(events: Sequence[Event], call: Callable[[Event], list[Handler]]) -> list[int]:
    """Call handlers, queue what the hooks asked for, and give the ids to mark.

    `call` gives the handlers that failed; an event with a failed hook is not marked.
    """
    token = _collected.set([])
    try:
        done = [
            event.id
            for event in events
            if not any(map(is_durable, call(event))) and _needs_hand_over(event.name) and event.id
        ]
        requests = _collected.get()
    finally:
        _collected.reset(token)
    if _Process.queue is None:
        return []
    if requests:
        _Process.queue(requests)
    return done


def mark_handed_over(ids: Iterable[int]) -> None:
    with writing() as session:
        session.execute(
            update(OutboxEvent).where(OutboxEvent.id.in_(list(ids))).values(handed_over_at=now())
        )


def relay(
    limit: int = 200,
    lease: timedelta = timedelta(seconds=30),
    settle: timedelta = timedelta(seconds=2),
) -> int:
    """Run the hooks of events that nobody handed over; give how many are handed over now.

    Raises TransientError when the broker is away: the events wait for the next turn.
    """
    events = claim_waiting(limit, lease, settle)
    done = _hand_over(events, _call_hooks)
    mark_handed_over(done)
    return len(done)


def _call_hooks(event: Event) -> list[Handler]:
    hooks = [h for h in event_emitter.get_listeners(event.name) if is_durable(h)]
    return [hook for hook in hooks if not event_emitter.call(hook, event)]


def claim_waiting(limit: int, lease: timedelta, settle: timedelta) -> list[Event]:
    """Claim events that nobody handed over, the oldest first.

    `settle` leaves the newest alone, whose own process is about to hand them over.
    """
    moment = now()
    with writing() as session:
        rows = list(
            session.scalars(
                select(OutboxEvent)
                .where(
                    OutboxEvent.handed_over_at.is_(None),
                    is_over(OutboxEvent.created_at, moment - settle, settle + SKEW),
                    or_(
                        OutboxEvent.claimed_until.is_(None),
                        is_over(OutboxEvent.claimed_until, moment, lease + SKEW),
                    ),
                )
                .order_by(OutboxEvent.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
        )
        for row in rows:
            row.claimed_until = moment + lease
        return [as_event(row) for row in rows]


def forget_before(session: Session, moment: datetime) -> int:
    """Delete events that were handed over and are older; give how many. The newest one stays."""
    newest = select(func.max(OutboxEvent.id)).scalar_subquery()
    gone = session.execute(
        delete(OutboxEvent).where(
            OutboxEvent.handed_over_at.is_not(None),
            OutboxEvent.created_at < moment,
            OutboxEvent.id < newest,
        )
    )
    return getattr(gone, "rowcount", 0)


def newest_id(session: Session) -> int:
    return session.scalar(select(func.max(OutboxEvent.id))) or 0


def events_of(session: Session, resource_id: str, limit: int = 200) -> list[Event]:
    """Give what happened to a resource, the newest first; not what readers do, which is theirs."""
    rows = session.scalars(
        select(OutboxEvent)
        .where(
            OutboxEvent.resource_id == resource_id,
            OutboxEvent.name != str(SystemEvent.USER_INTERACTION_TRACKED),
        )
        .order_by(OutboxEvent.id.desc())
        .limit(limit)
    )
    return [as_event(row) for row in rows]


def newest(session: Session, limit: int) -> list[Event]:
    """Give the last events of all processes, the newest last."""
    rows = session.scalars(select(OutboxEvent).order_by(OutboxEvent.id.desc()).limit(limit))
    return [as_event(row) for row in rows][::-1]


def waiting(session: Session) -> dict[str, float]:
    """Count the events that nobody handed over, and give the age of the oldest in seconds."""
    count, oldest = session.execute(
        select(func.count(), func.min(OutboxEvent.created_at)).where(
            OutboxEvent.handed_over_at.is_(None)
        )
    ).one()
    age = (now() - oldest).total_seconds() if oldest else 0.0
    return {"pending": count, "oldest_seconds": max(0.0, age)}
