"""How the system stands (SPEC 9)."""

from typing import Annotated

import redis
from fastapi import APIRouter, Query
from sqlalchemy import func, select

from alexandria import bootstrap
from alexandria.access import Reading
from alexandria.api.schemas.monitoring import (
    BacklogOut,
    CacheStatsOut,
    Consistency,
    EventOut,
    OutboxOut,
    PoolFigures,
    PoolOut,
    WorkersOut,
)
from alexandria.db import get_pool_status
from alexandria.errors import TransientError
from alexandria.events import outbox
from alexandria.events.event_system import HISTORY_LENGTH, process_name
from alexandria.models import Resource
from alexandria.tasks.pool_reports import reported_pools
from alexandria.tasks.status import worker_status

router = APIRouter(tags=["monitoring"])


@router.get("/events/history")
def event_history(
    services: Reading,
    limit: Annotated[int, Query(ge=1, le=HISTORY_LENGTH)] = 100,
    name: str | None = None,
    correlation_id: str | None = None,
) -> list[EventOut]:
    """Give the last events of all processes, the newest last."""
    try:
        events = bootstrap.shared_history().read(HISTORY_LENGTH)
    except (redis.ConnectionError, redis.TimeoutError):
        events = [event.as_dict() for event in outbox.newest(services.session, HISTORY_LENGTH)]
    chosen = [
        event
        for event in events
        if name in {None, event["name"]} and correlation_id in {None, event["correlation_id"]}
    ]
    return [EventOut(**event) for event in chosen[-limit:]]


@router.get("/cache/stats")
def cache_stats() -> CacheStatsOut:
    """Count hits, misses and invalidations over all processes."""
    return CacheStatsOut(**bootstrap.cache().stats.snapshot())


@router.get("/workers/status")
def workers_status() -> WorkersOut:
    """Tell who is alive and what runs: from heartbeats, and from Celery's inspect."""
    try:
        return WorkersOut(**worker_status())
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise TransientError(
            "The broker does not answer, so nothing is known of the workers.",
            "Look at the log of `alexandria up`, or of your Redis.",
        ) from error


@router.get("/db/pool")
def db_pool() -> PoolOut:
    """Count the database connections of the process that answers, of each process, and of all."""
    own = get_pool_status()
    try:
        pools = reported_pools() | {process_name(): own}
    except (redis.ConnectionError, redis.TimeoutError):
        pools = {process_name(): own}
    figures = {name: PoolFigures(**pool) for name, pool in sorted(pools.items())}
    return PoolOut(
        **own,
        processes=figures,
        together=PoolFigures.sum(figures.values()),
    )


@router.get("/consistency")
def consistency(services: Reading) -> Consistency:
    """Tell how fresh all derived data are, and how many events wait to be handed over."""
    live = select(func.count()).select_from(Resource).where(Resource.deleted_at.is_(None))
    return Consistency(
        derivations={
            name: BacklogOut(**backlog.as_dict())
            for name, backlog in services.freshness.backlog().items()
        },
        outbox=OutboxOut.model_validate(outbox.waiting(services.session)),
        resources=services.session.scalar(live) or 0,
    )
