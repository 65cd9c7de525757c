"""`/metrics` for Prometheus: what all processes share, so that it matters not which one answers."""

from collections.abc import Iterator
from typing import Any

import redis
from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alexandria import bootstrap
from alexandria.access import Reading
from alexandria.bootstrap import Services
from alexandria.events import outbox
from alexandria.tasks.pool_reports import reported_pools
from alexandria.tasks.status import heartbeats, queue_depths

router = APIRouter(tags=["monitoring"])


_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/metrics", response_class=Response, responses=_TEXT)
def metrics(services: Reading) -> Response:
    """Give queue depths, workers, cache, pools, freshness and outbox in Prometheus' text format.

    While the broker is away, what it holds is left out, and `alexandria_broker_up` is 0.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shared(services))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Shared(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        up = 1
        try:
            yield from _of_broker()
        except (redis.ConnectionError, redis.TimeoutError):
            up = 0
        yield GaugeMetricFamily("alexandria_broker_up", "Whether the broker answers", value=up)
        yield from _of_cache()
        yield from self._of_database()

    def _of_database(self) -> Iterator[Metric]:
        rows = GaugeMetricFamily(
            "alexandria_derivations", "Rows of the ledger", labels=["derivation", "state"]
        )
        oldest = GaugeMetricFamily(
            "alexandria_derivation_oldest_seconds",
            "Age of the oldest stale row",
            labels=["derivation"],
        )
        for name, backlog in self._services.freshness.backlog().items():
            figures = backlog.as_dict()
            oldest.add_metric([name], figures.pop("oldest_seconds"))
            for state, count in figures.items():
                rows.add_metric([name, state], count)
        yield rows
        yield oldest
        waiting = outbox.waiting(self._services.session)
        yield GaugeMetricFamily(
            "alexandria_outbox_pending", "Events not handed over", value=waiting["pending"]
        )
        yield GaugeMetricFamily(
            "alexandria_outbox_oldest_seconds",
            "Age of the oldest of them",
            value=waiting["oldest_seconds"],
        )


def _of_broker() -> Iterator[Metric]:
    depth = GaugeMetricFamily(
        "alexandria_queue_depth", "Tasks that wait; delayed: for their time", labels=["queue"]
    )
    for queue, count in queue_depths().items():
        depth.add_metric([queue], count)
    workers = GaugeMetricFamily("alexandria_worker_up", "Whether a worker lives", labels=["worker"])
    done = CounterMetricFamily(
        "alexandria_worker_tasks", "Tasks that a worker did since its start", labels=["worker"]
    )
    for worker in heartbeats():
        workers.add_metric([worker["name"]], float(worker["alive"]))
        done.add_metric([worker["name"]], worker["done"])
    pool = GaugeMetricFamily(
        "alexandria_database_connections", "Of each process", labels=["process", "state"]
    )
    for process, status in reported_pools().items():
        pool.add_metric([process, "checked_in"], status["checked_in"])
        pool.add_metric([process, "checked_out"], status["checked_out"])
    yield from (depth, workers, done, pool)


def _of_cache() -> Iterator[Metric]:
    families = {
        what: CounterMetricFamily(f"alexandria_cache_{what}", help_text, labels=["family"])
        for what, help_text in (
            ("hits", "Reads that found a value"),
            ("misses", "Reads that found none"),
            ("invalidations", "Values that a change made stale"),
        )
    }
    for family, figures in bootstrap.cache().stats.snapshot()["families"].items():
        for what, metric in families.items():
            metric.add_metric([family], figures[what])
    yield from families.values()
