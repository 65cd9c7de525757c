from collections.abc import Collection
from datetime import datetime
from typing import Any

from pydantic import BaseModel


class Alive(BaseModel):
    status: str = "ok"


class EventOut(BaseModel):
    id: int | None
    name: str
    data: dict[str, Any]
    timestamp: datetime
    priority: str
    correlation_id: str | None
    process: str


class CacheFigures(BaseModel):
    hit_rate: float
    hit_rate_percent: float
    hits: int
    misses: int
    invalidations: int
    total: int


class CacheStatsOut(CacheFigures):
    families: dict[str, CacheFigures]


class WorkerOut(BaseModel):
    name: str
    alive: bool
    heartbeat_seconds: float
    running: list[dict[str, Any]]
    done: int
    queues: list[str]


class WorkersOut(BaseModel):
    active: dict[str, list[dict[str, Any]]]
    scheduled: dict[str, list[dict[str, Any]]]
    stats: dict[str, dict[str, Any]]
    workers: list[WorkerOut]


class PoolFigures(BaseModel):
    size: int
    checked_in: int
    checked_out: int
    overflow: int
    total: int

    @classmethod
    def sum(cls, pools: Collection["PoolFigures"]) -> "PoolFigures":
        return cls(**{name: sum(getattr(one, name) for one in pools) for name in cls.model_fields})


class PoolOut(PoolFigures):
    processes: dict[str, PoolFigures]
    """By `HOST:PID`; each reports every two seconds."""
    together: PoolFigures


class BacklogOut(BaseModel):
    fresh: int
    pending: int
    stale: int
    failed: int
    oldest_seconds: float


class OutboxOut(BaseModel):
    pending: int
    oldest_seconds: float


class Consistency(BaseModel):
    derivations: dict[str, BacklogOut]
    outbox: OutboxOut
    resources: int


class DependencyOut(BaseModel):
    ok: bool
    detail: str


class Readiness(BaseModel):
    ready: bool
    dependencies: dict[str, DependencyOut]
